import { type Certificate, defaultCertificateKey, type Host, type RouteTable } from '../routes/route-table.ts';
import { keepMap } from '../translate/keep-map.ts';

/**
 * Adds certificates from outside of the objects (the local CA) to tables: each for the host that it is named after, and one for names
 * that have none. What did not change since the call before keeps its reference, whole maps included.
 */
export class AddedCertificates {
  readonly #withCertificate = new WeakMap<Host, Host>();
  #hosts: RouteTable['hosts'] = new Map();
  #certificates: RouteTable['certificates'] = new Map();

  /**
   * @param hosts TLS hosts of the table without a certificate
   * @param made keys `<issuer>/<host>`, and perhaps `default`, which is used when the table has none
   */
  addTo(table: RouteTable, hosts: readonly string[], made: readonly Certificate[]): RouteTable {
    const byHost = new Map(made.map((certificate) => [hostOf(certificate), certificate]));
    const allHosts = new Map(table.hosts);
    const certificates = new Map(table.certificates);
    const defaultCertificate = byHost.get(defaultCertificateKey);
    if (defaultCertificate !== undefined && !certificates.has(defaultCertificateKey))
      certificates.set(defaultCertificateKey, defaultCertificate);
    for (const key of hosts) {
      const host = table.hosts.get(key);
      const certificate = byHost.get(key);
      if (host?.tls?.kind !== 'terminate' || certificate === undefined) continue;
      allHosts.set(key, this.#hostWith(host, certificate.key));
      certificates.set(certificate.key, certificate);
    }
    this.#hosts = keepMap(this.#hosts, allHosts);
    this.#certificates = keepMap(this.#certificates, certificates);
    return { ...table, hosts: this.#hosts, certificates: this.#certificates };
  }

  #hostWith(host: Host, certificate: string): Host {
    const known = this.#withCertificate.get(host);
    if (known?.tls?.kind === 'terminate' && known.tls.certificates[0] === certificate) return known;
    const after: Host = { ...host, tls: { kind: 'terminate', certificates: [certificate] } };
    this.#withCertificate.set(host, after);
    return after;
  }
}

/** `local-ca/shop.example.com` is for `shop.example.com`; `default` stands for itself. */
function hostOf(certificate: Certificate): string {
  return certificate.key.slice(certificate.key.indexOf('/') + 1);
}
