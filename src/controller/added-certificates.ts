import {
  type Certificate,
  defaultCertificateKey,
  emptyRouteTable,
  type Host,
  type RouteTable,
  type TerminatedTls,
} from '../routes/route-table.ts';
import { keepMap } from '../translate/keep-map.ts';
import { sameItems } from '../translate/same-items.ts';

/** What was added last, and to what: most changes are of endpoints alone and need the same again. */
interface Addition {
  readonly table: Pick<RouteTable, 'hosts' | 'certificates'>;
  readonly without: readonly string[];
  readonly made: readonly Certificate[];
  readonly result: Pick<RouteTable, 'hosts' | 'certificates'>;
}

/**
 * Adds certificates from outside of the objects (the local CA) to tables: each for the host that it is named after, and one for names
 * that have none. What did not change since the call before keeps its reference, whole maps included.
 */
export class AddedCertificates {
  readonly #withCertificate = new WeakMap<Host, Host>();
  #last: Addition | undefined;

  /**
   * @param hosts TLS hosts of the table without a certificate
   * @param made keys `<issuer>/<host>`, and perhaps `default`, which is used when the table has none
   */
  addTo(table: RouteTable, hosts: readonly string[], made: readonly Certificate[]): RouteTable {
    const last = this.#last;
    const isKnown = last?.table.hosts === table.hosts && last.table.certificates === table.certificates;
    if (!isKnown || !sameItems(last.without, hosts) || !sameItems(last.made, made)) this.#last = this.#add(table, hosts, made);
    return { ...table, ...this.#last?.result };
  }

  #add(table: RouteTable, without: readonly string[], made: readonly Certificate[]): Addition {
    const byHost = new Map(made.map((certificate) => [hostOf(certificate), certificate]));
    const hosts = new Map(table.hosts);
    const certificates = new Map(table.certificates);
    const defaultCertificate = byHost.get(defaultCertificateKey);
    if (defaultCertificate !== undefined && !certificates.has(defaultCertificateKey))
      certificates.set(defaultCertificateKey, defaultCertificate);
    for (const key of without) {
      const host = table.hosts.get(key);
      const certificate = byHost.get(key);
      if (host?.tls?.kind !== 'terminate' || certificate === undefined) continue;
      hosts.set(key, this.#hostWith(host, host.tls, certificate.key));
      certificates.set(certificate.key, certificate);
    }
    const before = this.#last?.result ?? emptyRouteTable;
    const result = { hosts: keepMap(before.hosts, hosts), certificates: keepMap(before.certificates, certificates) };
    return { table: { hosts: table.hosts, certificates: table.certificates }, without, made, result };
  }

  /** With all else that the host has of TLS. */
  #hostWith(host: Host, tls: TerminatedTls, certificate: string): Host {
    const known = this.#withCertificate.get(host);
    if (known?.tls?.kind === 'terminate' && known.tls.certificates[0] === certificate) return known;
    const after: Host = { ...host, tls: { ...tls, certificates: [certificate] } };
    this.#withCertificate.set(host, after);
    return after;
  }
}

/** `local-ca/shop.example.com` is for `shop.example.com`; `default` stands for itself. */
function hostOf(certificate: Certificate): string {
  return certificate.key.slice(certificate.key.indexOf('/') + 1);
}
