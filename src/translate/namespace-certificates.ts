import type { Certificate } from '../routes/route-table.ts';
import type { HostClaim } from './host-claim.ts';
import type { ResolvedObject } from './resolved-object.ts';

/** The certificates that the objects of each namespace refer to, found by name. Made new for each merge, filled when first asked. */
export class NamespaceCertificates {
  readonly #objects: readonly ResolvedObject[];
  #byName: Map<string, Certificate[]> | undefined;

  constructor(objects: readonly ResolvedObject[]) {
    this.#objects = objects;
  }

  /** Those of the claims' namespaces that cover `host`, by exact name before wildcard, oldest object first. */
  covering(host: string, claims: readonly HostClaim[]): readonly Certificate[] {
    const namespaces = new Set(claims.map((claim) => claim.from.ref.namespace));
    const dot = host.indexOf('.');
    const names = host.startsWith('*') || dot === -1 ? [host] : [host, `*${host.slice(dot)}`];
    const found = [...namespaces].flatMap((namespace) => names.flatMap((name) => this.#index().get(`${namespace} ${name}`) ?? []));
    return [...new Set(found)];
  }

  #index(): Map<string, Certificate[]> {
    if (this.#byName !== undefined) return this.#byName;
    const byName = new Map<string, Certificate[]>();
    for (const { reading, certificates } of this.#objects) {
      for (const certificate of certificates) {
        for (const name of certificate.names) {
          const key = `${reading.ref.namespace} ${name}`;
          const known = byName.get(key);
          if (known === undefined) byName.set(key, [certificate]);
          else if (!known.includes(certificate)) known.push(certificate);
        }
      }
    }
    this.#byName = byName;
    return byName;
  }
}
