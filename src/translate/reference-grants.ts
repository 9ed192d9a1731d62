import type { ReferenceGrant } from '../api/objects.ts';
import { quote } from './problem-list.ts';
import { fieldsOf, itemsOf } from './unknown-input.ts';

/** A reference to an object of another namespace, whose owner must permit it. */
export interface ForeignReference {
  /** Kind and namespace of the object that refers. */
  readonly fromKind: 'SmartRoute' | 'SmartProxyConfig';
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

  permit({ fromKind, fromNamespace, toKind, toNamespace, toName }: ForeignReference): boolean {
    return (this.#byNamespace.get(toNamespace) ?? []).some((grant) => {
      const { from, to } = fieldsOf(grant.spec);
      return (
        itemsOf(from).some((item) => {
          const { group, kind, namespace } = fieldsOf(item);
          return group === 'smartproxy.dev' && kind === fromKind && namespace === fromNamespace;
        }) &&
        itemsOf(to).some((item) => {
          const { group, kind, name } = fieldsOf(item);
          return group === '' && kind === toKind && (name === undefined || name === null || name === '' || name === toName);
        })
      );
    });
  }
}

/** That nobody permits a reference, and what to do, as a sentence. */
export function missingGrant({ fromKind, fromNamespace, toKind, toNamespace, toName }: ForeignReference): string {
  return `no ReferenceGrant in namespace ${quote(toNamespace)} permits ${fromKind}s of ${quote(fromNamespace)} to refer to ${toKind} ${quote(toName)}; make one, or move the object`;
}
