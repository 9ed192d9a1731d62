import type { IngressClass } from '../api/objects.ts';
import { type Claimant, compareClaimants } from './host-claim.ts';
import { type ClassedObject, IngressClasses } from './ingress-classes.ts';
import { describe, quote } from './problem-list.ts';
import type { TranslateDefaults } from './translate-options.ts';
import type { Problem } from './translation.ts';
import { fieldsOf } from './unknown-input.ts';

/** Which objects of a kind are ours, read. */
export interface ReadObjects<R> {
  /** Oldest first, then by `namespace/name`; those of unknown age last. */
  readonly ours: readonly R[];
  /** Of objects whose class does not exist. */
  readonly problems: readonly Problem[];
}

interface Entry<O, R> {
  readonly object: O;
  readonly reading: R | undefined;
  readonly problem: Problem | undefined;
}

/** Reads the objects of a kind, each once; a snapshot with the same objects and classes has the same answer by reference. */
export class ObjectReadings<O extends ClassedObject, R extends Claimant> {
  readonly #options: TranslateDefaults;
  readonly #readOne: (key: string, object: O) => R;
  #objects: ReadonlyMap<string, O> | undefined;
  #classObjects: ReadonlyMap<string, IngressClass> | undefined;
  readonly #entries = new Map<string, Entry<O, R>>();
  #result: ReadObjects<R> = { ours: [], problems: [] };

  /** @param readOne takes the key `namespace/name` and the object */
  constructor(options: TranslateDefaults, readOne: (key: string, object: O) => R) {
    this.#options = options;
    this.#readOne = readOne;
  }

  read(objects: ReadonlyMap<string, O>, classObjects: ReadonlyMap<string, IngressClass>): ReadObjects<R> {
    if (objects === this.#objects && classObjects === this.#classObjects) return this.#result;
    const sameClasses = classObjects === this.#classObjects;
    const classes = new IngressClasses(classObjects, this.#options);
    const ours: R[] = [];
    const problems: Problem[] = [];
    for (const [key, object] of objects) {
      let entry = this.#entries.get(key);
      if (entry === undefined || !sameClasses || entry.object !== object)
        this.#entries.set(key, (entry = this.#entry(key, object, classes)));
      if (entry.reading !== undefined) ours.push(entry.reading);
      if (entry.problem !== undefined) problems.push(entry.problem);
    }
    if (this.#entries.size > objects.size) for (const key of this.#entries.keys()) if (!objects.has(key)) this.#entries.delete(key);
    this.#objects = objects;
    this.#classObjects = classObjects;
    this.#result = { ours: ours.sort(compareClaimants), problems };
    return this.#result;
  }

  #entry(key: string, object: O, classes: IngressClasses): Entry<O, R> {
    const ownership = classes.ownership(object);
    if (ownership === 'foreign') return { object, reading: undefined, problem: undefined };
    if (ownership === 'ours') return { object, reading: this.#reading(key, object), problem: undefined };
    return { object, reading: undefined, problem: unknownClass(this.#readOne(key, object), object) };
  }

  /** A change of classes alone keeps what was read. */
  #reading(key: string, object: O): R {
    const before = this.#entries.get(key);
    return before?.object === object && before.reading !== undefined ? before.reading : this.#readOne(key, object);
  }
}

function unknownClass({ ref }: Claimant, object: ClassedObject): Problem {
  const name = quote(fieldsOf(object.spec).ingressClassName);
  const field = 'spec.ingressClassName';
  const message = `${describe(ref)}, ${field}: IngressClass ${name} does not exist, so no controller serves this ${ref.kind}; create it or correct the name.`;
  return { object: ref, reason: 'ClassNotFound', field, message };
}
