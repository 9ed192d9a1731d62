import type { ProxyHeaderForm } from './encode-proxy-header.ts';
import { proxyV2Signature } from './proxy-header.ts';

/** Version 2, command LOCAL, family UNSPEC, nothing more. */
const version2 = Buffer.concat([proxyV2Signature, Buffer.of(0x20, 0, 0, 0)]);
const version1 = Buffer.from('PROXY UNKNOWN\r\n', 'latin1');

/** The header of a connection that is the proxy's own, such as a health check: it speaks of no client (PROXY protocol 2.1 and 2.2). */
export function localProxyHeader({ version }: Pick<ProxyHeaderForm, 'version'>): Buffer {
  return version === 1 ? version1 : version2;
}
