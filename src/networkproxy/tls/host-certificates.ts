import { type Certificate, defaultCertificateKey, type HostTls, type RouteTable } from '../../routes/route-table.ts';

/** The certificates that a TLS connection for a host is to be shown: its own, as far as the table has them, else the default one. */
export function certificatesForHost(table: RouteTable, tls: HostTls | undefined): readonly Certificate[] {
  const own = tls?.kind === 'terminate' ? certificatesOf(table, tls.certificates) : [];
  return own.length > 0 ? own : certificatesOf(table, [defaultCertificateKey]);
}

/** Those of `keys` that the table has. */
export function certificatesOf(table: RouteTable, keys: readonly string[]): readonly Certificate[] {
  const found: Certificate[] = [];
  for (const key of keys) {
    const certificate = table.certificates.get(key);
    if (certificate !== undefined) found.push(certificate);
  }
  return found;
}

/**
 * Whether each of `certificates` names `host` (normalised), itself or by a wildcard for its first label (RFC 9525 section 6.3). Each,
 * because which of them a client was shown depends on the client.
 */
export function certificatesCover(certificates: readonly Certificate[], host: string): boolean {
  const dot = host.indexOf('.');
  const wildcard = dot > 0 ? `*${host.slice(dot)}` : undefined;
  for (const { names } of certificates) {
    if (!names.includes(host) && (wildcard === undefined || !names.includes(wildcard))) return false;
  }
  return true;
}

/** Whether both lists have the same keys, in the same order; a certificate that was renewed under its key counts as the same. */
export function haveSameKeys(a: readonly Certificate[], b: readonly Certificate[]): boolean {
  return a.length === b.length && a.every(({ key }, i) => key === b[i]?.key);
}
