import type { ClientCertificateRule } from './policy.ts';

/** What routes are matched with: one request, normalised by whoever parsed it. */
export interface MatchRequest {
  /** Key of the listener that it came in by. */
  readonly listener: string;
  /** The client's address in plain form; asked for only where a route is for certain clients. */
  readonly client: string;
  /** Lower case, no port, no trailing dot, IPv6 in brackets; '' when the request has none. */
  readonly host: string;
  readonly method: string;
  /** Normalised, without query. */
  readonly path: string;
  /** Without '?'; '' when there is none. */
  readonly query: string;
  /** Flat list: name, value, name, value ... with names in lower case. */
  readonly headers: readonly string[];
  /** What the proxy itself says in a field that is `isToldField`, asked for only where a route goes by it; undefined: nothing. */
  told(name: string, certificate: ClientCertificateRule | undefined): string | undefined;
}
