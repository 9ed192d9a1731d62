import type { Secret } from '../api/objects.ts';
import type { Certificate, Host, RouteTable, TerminatedTls } from '../routes/route-table.ts';
import { CertificateReader } from '../translate/certificate-reader.ts';
import { keepMap } from '../translate/keep-map.ts';
import type { Translation } from '../translate/translation.ts';

/** The part of a translation that says which host shows which certificate. */
export type CertificateView = Pick<Translation, 'routeTable' | 'hostsWithoutCertificate' | 'referencedSecrets'>;

/**
 * Lets a host keep the certificate that it had when its Secret was broken by an edit: the old pair still works, and the problem is told
 * all the same. A Secret that is deleted, or that nothing refers to any more, is meant to go. Lasts as long as the process.
 */
export class KeptCertificates {
  readonly #reader = new CertificateReader();
  readonly #withKept = new WeakMap<Host, Host>();
  #last: Pick<RouteTable, 'hosts' | 'certificates'> | undefined;

  /** @param previous the table that was published last; @param secrets all Secrets by key, as this translation saw them */
  keep(translation: CertificateView, previous: RouteTable, secrets: ReadonlyMap<string, Secret>): CertificateView {
    const { routeTable, hostsWithoutCertificate, referencedSecrets } = translation;
    const broken = this.#broken(translation, previous, secrets);
    if (broken.size === 0) return translation;
    const kept = new Map<string, readonly Certificate[]>();
    for (const key of routeTable.hosts.keys()) {
      const present = certificatesOf(routeTable, key);
      const lost = certificatesOf(previous, key).filter(
        (certificate) => broken.has(certificate.key) && present.every(({ keyType }) => keyType !== certificate.keyType),
      );
      if (lost.length > 0) kept.set(key, [...present, ...lost]);
    }
    if (kept.size === 0) return translation;
    return {
      routeTable: this.#withCertificates(routeTable, kept),
      hostsWithoutCertificate: hostsWithoutCertificate.filter((key) => !kept.has(key)),
      referencedSecrets,
    };
  }

  /** Keys of certificates that were there before, whose Secrets are referred to still and can't be used. */
  #broken(
    { routeTable, referencedSecrets }: CertificateView,
    previous: RouteTable,
    secrets: ReadonlyMap<string, Secret>,
  ): ReadonlySet<string> {
    const broken = new Set<string>();
    if (routeTable.certificates === previous.certificates) return broken;
    for (const key of previous.certificates.keys()) {
      if (!routeTable.certificates.has(key) && this.#isBroken(key, secrets) && referencedSecrets.includes(key)) broken.add(key);
    }
    return broken;
  }

  #isBroken(key: string, secrets: ReadonlyMap<string, Secret>): boolean {
    const secret = secrets.get(key);
    return secret !== undefined && this.#reader.read(key, secret).kind === 'unusable';
  }

  #withCertificates(table: RouteTable, kept: ReadonlyMap<string, readonly Certificate[]>): RouteTable {
    const hosts = new Map(table.hosts);
    const certificates = new Map(table.certificates);
    for (const [key, pairs] of kept) {
      const host = table.hosts.get(key);
      if (host?.tls?.kind !== 'terminate') continue;
      hosts.set(key, this.#hostWith(host, host.tls, pairs));
      for (const pair of pairs) certificates.set(pair.key, pair);
    }
    const last = this.#last ?? table;
    this.#last = { hosts: keepMap(last.hosts, hosts), certificates: keepMap(last.certificates, certificates) };
    return { ...table, ...this.#last };
  }

  /** With all else that the host has of TLS: who has to show a certificate has to go on. */
  #hostWith(host: Host, tls: TerminatedTls, pairs: readonly Certificate[]): Host {
    const keys = pairs.map(({ key }) => key);
    const known = this.#withKept.get(host);
    if (known?.tls?.kind === 'terminate' && known.tls.certificates.join() === keys.join()) return known;
    const after: Host = { ...host, tls: { ...tls, certificates: keys } };
    this.#withKept.set(host, after);
    return after;
  }
}

function certificatesOf(table: RouteTable, host: string): readonly Certificate[] {
  const tls = table.hosts.get(host)?.tls;
  return tls?.kind === 'terminate' ? tls.certificates.flatMap((key) => table.certificates.get(key) ?? []) : [];
}
