import { defaultClassAnnotation, legacyClassAnnotation } from '../api/annotations.ts';
import type { IngressClass } from '../api/objects.ts';
import { isSolverIngress } from './solver-ingress.ts';
import type { TranslateOptions } from './translate-options.ts';
import { fieldsOf, textOf } from './unknown-input.ts';

/** Whose an object is. `unknown-class`: nobody's, for no such IngressClass exists. */
export type Ownership = 'ours' | 'foreign' | 'unknown-class';

/** Decides which objects are ours, by the IngressClasses of one snapshot. */
export class IngressClasses {
  readonly #options: ClassOptions;
  readonly #ours = new Set<string>();
  readonly #all = new Set<string>();
  readonly #takesClassless: boolean;

  constructor(classes: ReadonlyMap<string, IngressClass>, options: ClassOptions) {
    this.#options = options;
    let defaultIsOurs = false;
    for (const [name, object] of classes) {
      this.#all.add(name);
      if (fieldsOf(object.spec).controller !== options.controllerClass) continue;
      this.#ours.add(name);
      if (fieldsOf(fieldsOf(object.metadata).annotations)[defaultClassAnnotation] === 'true') defaultIsOurs = true;
    }
    this.#takesClassless = options.watchIngressWithoutClass || (defaultIsOurs && !options.namespaced);
  }

  /** The annotation from before `ingressClassName` is an Ingress's alone. */
  ownership(object: ClassedObject): Ownership {
    const legacy = legacyClassOf(object);
    if (legacy !== undefined) return this.#isOurs(legacy) ? 'ours' : 'foreign';
    const name = textOf(fieldsOf(object.spec).ingressClassName);
    // A solver's without a class is for whoever serves its host.
    if (name === undefined) return this.#takesClassless || isSolverIngress(object) ? 'ours' : 'foreign';
    if (this.#isOurs(name)) return 'ours';
    return this.#options.namespaced || this.#all.has(name) ? 'foreign' : 'unknown-class';
  }

  /** By controller where the IngressClass can be read; our own class name is ours as long as no object says otherwise. */
  #isOurs(name: string): boolean {
    const { namespaced, ingressClass } = this.#options;
    if (namespaced) return name === ingressClass;
    return this.#ours.has(name) || (name === ingressClass && !this.#all.has(name));
  }
}

/** The class that an object names; undefined: none. */
export function classNameOf(object: ClassedObject): string | undefined {
  return legacyClassOf(object) ?? textOf(fieldsOf(object.spec).ingressClassName);
}

function legacyClassOf({ kind, metadata }: ClassedObject): string | undefined {
  return kind === 'Ingress' ? textOf(fieldsOf(fieldsOf(metadata).annotations)[legacyClassAnnotation]) : undefined;
}

/** An object that names its class in `spec.ingressClassName`. */
export interface ClassedObject {
  readonly kind: string;
  readonly metadata: unknown;
  readonly spec?: unknown;
}

/** What says which classes are ours. */
export type ClassOptions = Pick<TranslateOptions, 'ingressClass' | 'controllerClass' | 'namespaced' | 'watchIngressWithoutClass'>;
