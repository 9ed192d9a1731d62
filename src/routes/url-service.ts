import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { externalNameProblem } from './external-name.ts';
import type { Service } from './service.ts';

/** A server that is named by a URL, as a service of the table: the same pools, health and checks of addresses as for an ExternalName. */
export interface UrlService {
  readonly service: Service;
  /** The name or address to dial. */
  readonly host: string;
  /** As in the `Host` field. */
  readonly authority: string;
  /** Path and query. */
  readonly target: string;
}

export interface UrlServiceOptions {
  /** PEM that verifies the server; undefined: the public CAs that Node.js knows. */
  readonly ca: string | undefined;
  readonly loadBalancing: Service['loadBalancing'];
  /** Whether this machine, its link and metadata services may be asked. */
  readonly allowLocal: boolean;
}

/** How the server of a URL is spoken to, or why it must not be: the end of a sentence ("the URL ..."). */
export function serviceOfUrl(text: string, { ca, loadBalancing, allowLocal }: UrlServiceOptions): UrlService | string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '' || url.hash !== '')
    return 'is none; write one like "http://auth.example.com/check"';
  const host = url.hostname.replace(/\.$/, '');
  const wrong = allowLocal ? undefined : externalNameProblem(host);
  if (wrong !== undefined) return `names ${host}, which ${wrong}; name a host outside of this machine`;
  const isTls = url.protocol === 'https:';
  const port = url.port === '' ? (isTls ? 443 : 80) : Number(url.port);
  const verified = ca === undefined ? { ca, publicCas: true as const } : { ca };
  const service: Service = {
    key: `url ${url.protocol}//${host}:${port}${ca === undefined ? '' : ` #${createHash('sha256').update(ca).digest('hex').slice(0, 12)}`}`,
    namespace: '',
    name: host,
    port,
    protocol: isTls ? 'https' : 'http',
    tls: isTls ? { serverName: isIP(host) === 0 ? host : undefined, ...verified, clientCertificate: undefined } : undefined,
    loadBalancing,
  };
  return { service, host, authority: url.host, target: url.pathname + url.search };
}
