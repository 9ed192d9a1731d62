import type { ReferenceGrant } from '../api/objects.ts';
import { fieldsOf, itemsOf } from './unknown-input.ts';

/** A reference to an object of another namespace, whose owner must permit it. */
export interface ForeignReference {
  /** Namespace of the SmartRoute that refers. */
  readonly fromNamespace: string;
  readonly toKind: 'Service' | 'Secret';
  readonly toNamespace: string;
  readonly toName: string;
}

const grantsByObjects = new WeakMap<ReadonlyMap<string, ReferenceGrant>, ReferenceGrants>();

/** The ReferenceGrants of one snapshot. */
export class ReferenceGrants {
  readonly #byNamespace = new Map<string, ReferenceGrant[]>();

  private constructor(objects: ReadonlyMap<string, ReferenceGrant>) {
    for (const [key, grant] of objects) {
      const namespace = key.slice(0, key.indexOf('/'));
      const known = this.#byNamespace.get(namespace);
      if (known === undefined) this.#byNamespace.set(namespace, [grant]);
      else known.push(grant);
    }
  }

  /** The same for the same objects, by reference. */
  static of(objects: ReadonlyMap<string, ReferenceGrant>): ReferenceGrants {
    let grants = grantsByObjects.get(objects);
    if (grants === undefined) grantsByObjects.set(objects, (grants = new ReferenceGrants(objects)));
    return grants;
  }

  permit({ fromNamespace, toKind, toNamespace, toName }: ForeignReference): boolean {
    return (this.#byNamespace.get(toNamespace) ?? []).some((grant) => {
      const { from, to } = fieldsOf(grant.spec);
      return (
        itemsOf(from).some((item) => {
          const { group, kind, namespace } = fieldsOf(item);
          return group === 'smartproxy.dev' && kind === 'SmartRoute' && namespace === fromNamespace;
        }) &&
        itemsOf(to).some((item) => {
          const { group, kind, name } = fieldsOf(item);
          return group === '' && kind === toKind && (name === undefined || name === null || name === '' || name === toName);
        })
      );
    });
  }
}
