import type { RouteTable } from './route-table.ts';

/** What a CA offers, alone, in the handshake that looks at an answer (RFC 8737, 3). */
export const acmeTlsProtocol = 'acme-tls/1';

const keyPrefix = `${acmeTlsProtocol} `;

/** The key in `certificates` of the answer for a name: no key of a Secret, for it has a space. */
export function acmeTlsKey(name: string): string {
  return `${keyPrefix}${name}`;
}

/** Whether the certificate under this key is the answer to a challenge, and nobody's certificate. */
export function isAcmeTlsKey(key: string): boolean {
  return key.startsWith(keyPrefix);
}

/** Whether who offers these protocols wants the answer to a challenge. It never gets anything else, nor does anybody else get that. */
export function asksForAcmeTls(alpn: readonly string[]): boolean {
  return alpn.length === 1 && alpn[0] === acmeTlsProtocol;
}

/** Whether this hello is to be shown the answer to a challenge, which the table has. */
export function isAcmeTlsAnswer(
  table: Pick<RouteTable, 'certificates'>,
  { serverName, alpn }: { readonly serverName: string | undefined; readonly alpn: readonly string[] },
): boolean {
  return serverName !== undefined && asksForAcmeTls(alpn) && table.certificates.has(acmeTlsKey(serverName));
}
