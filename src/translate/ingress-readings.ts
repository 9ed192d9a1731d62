import type { Ingress, IngressClass } from '../api/objects.ts';
import { compareClaimants } from './host-claim.ts';
import { IngressClasses } from './ingress-classes.ts';
import type { IngressReading } from './ingress-reading.ts';
import { describe, quote } from './problem-list.ts';
import { readIngress } from './read-ingress.ts';
import type { TranslateDefaults } from './translate-options.ts';
import type { Problem } from './translation.ts';
import { fieldsOf } from './unknown-input.ts';

/** Which Ingresses are ours, read. */
export interface ReadIngresses {
  /** Oldest first, then by `namespace/name`; those of unknown age last. */
  readonly ours: readonly IngressReading[];
  /** Of Ingresses whose class does not exist. */
  readonly problems: readonly Problem[];
}

type Entry = { readonly ingress: Ingress; readonly reading: IngressReading | undefined; readonly problem: Problem | undefined };

/** Reads Ingresses, each object once; a snapshot with the same Ingresses and classes has the same answer by reference. */
export class IngressReadings {
  readonly #options: TranslateDefaults;
  #ingresses: ReadonlyMap<string, Ingress> | undefined;
  #classObjects: ReadonlyMap<string, IngressClass> | undefined;
  readonly #entries = new Map<string, Entry>();
  #result: ReadIngresses = { ours: [], problems: [] };

  constructor(options: TranslateDefaults) {
    this.#options = options;
  }

  read(ingresses: ReadonlyMap<string, Ingress>, classObjects: ReadonlyMap<string, IngressClass>): ReadIngresses {
    if (ingresses === this.#ingresses && classObjects === this.#classObjects) return this.#result;
    const sameClasses = classObjects === this.#classObjects;
    const classes = new IngressClasses(classObjects, this.#options);
    const ours: IngressReading[] = [];
    const problems: Problem[] = [];
    for (const [key, ingress] of ingresses) {
      let entry = this.#entries.get(key);
      if (entry === undefined || !sameClasses || entry.ingress !== ingress)
        this.#entries.set(key, (entry = this.#entry(key, ingress, classes)));
      if (entry.reading !== undefined) ours.push(entry.reading);
      if (entry.problem !== undefined) problems.push(entry.problem);
    }
    if (this.#entries.size > ingresses.size) for (const key of this.#entries.keys()) if (!ingresses.has(key)) this.#entries.delete(key);
    this.#ingresses = ingresses;
    this.#classObjects = classObjects;
    this.#result = { ours: ours.sort(compareClaimants), problems };
    return this.#result;
  }

  #entry(key: string, ingress: Ingress, classes: IngressClasses): Entry {
    const ownership = classes.ownership(ingress);
    if (ownership === 'foreign') return { ingress, reading: undefined, problem: undefined };
    if (ownership === 'ours') return { ingress, reading: this.#reading(key, ingress), problem: undefined };
    return { ingress, reading: undefined, problem: unknownClass(key, ingress) };
  }

  /** A change of classes alone keeps what was read. */
  #reading(key: string, ingress: Ingress): IngressReading {
    const before = this.#entries.get(key);
    return before?.ingress === ingress && before.reading !== undefined ? before.reading : readIngress(key, ingress);
  }
}

function unknownClass(key: string, ingress: Ingress): Problem {
  const { ref } = readIngress(key, ingress);
  const name = quote(fieldsOf(ingress.spec).ingressClassName);
  const field = 'spec.ingressClassName';
  const message = `${describe(ref)}, ${field}: IngressClass ${name} does not exist, so no controller serves this Ingress; create it or correct the name.`;
  return { object: ref, reason: 'ClassNotFound', field, message };
}
