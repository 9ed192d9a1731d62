import type { CorsPolicy } from '../routes/policy.ts';
import type { RequestHead } from './http1/message-handler.ts';
import { lastFieldValue } from './http1/request-lines.ts';
import type { LocalReply } from './local-reply.ts';

/** What the log says of the answer to a preflight. */
const preflightDetail = 'CORS preflight';
const refusedPreflightDetail = 'CORS preflight of an origin that is not allowed';

/** Whether a reply is the answer to a preflight, which says all of CORS itself. */
export function isPreflightReply({ detail }: LocalReply): boolean {
  return detail === preflightDetail || detail === refusedPreflightDetail;
}

const known = new WeakMap<CorsPolicy, Cors>();

/** The CORS protocol (Fetch standard, section 3.2) for one route: it answers preflights and marks answers. */
export class Cors {
  readonly #policy: CorsPolicy;
  readonly #exact: ReadonlySet<string>;
  /** Scheme and suffix of each wildcard: `https://` and `.example.com`, with its port. */
  readonly #wildcards: readonly (readonly [scheme: string, suffix: string])[];
  readonly #allowsAll: boolean;

  /** One for each policy. */
  static of(policy: CorsPolicy): Cors {
    let cors = known.get(policy);
    if (cors === undefined) known.set(policy, (cors = new Cors(policy)));
    return cors;
  }

  private constructor(policy: CorsPolicy) {
    const { allowOrigins } = policy;
    this.#policy = policy;
    this.#exact = new Set(allowOrigins);
    this.#allowsAll = this.#exact.has('*');
    this.#wildcards = allowOrigins
      .filter((origin) => origin.includes('//*.'))
      .map((origin) => [origin.slice(0, origin.indexOf('*')), origin.slice(origin.indexOf('*') + 1)]);
  }

  /** The answer to a preflight; undefined: the request is none. One of an origin that may not ask is answered without permission. */
  preflight(head: Pick<RequestHead, 'method' | 'headers'>): LocalReply | undefined {
    const origin = lastFieldValue(head.headers, 'origin');
    const method = lastFieldValue(head.headers, 'access-control-request-method');
    if (head.method !== 'OPTIONS' || origin === undefined || method === undefined) return undefined;
    return {
      flag: 'route_response',
      status: 204,
      body: '',
      headers: this.#preflightHeaders(head.headers, origin),
      detail: this.#isAllowed(origin) ? preflightDetail : refusedPreflightDetail,
    };
  }

  /** The headers of an answer with what the request's origin may know. What a backend says of CORS itself gives way. */
  mark(headers: readonly string[], requestHeaders: readonly string[]): readonly string[] {
    const { exposeHeaders } = this.#policy;
    const marked: string[] = [];
    for (let i = 0; i < headers.length; i += 2) {
      const name = headers[i] as string;
      if (!name.startsWith('access-control-')) marked.push(name, headers[i + 1] as string);
    }
    const origin = lastFieldValue(requestHeaders, 'origin');
    if (!this.#allowsAll || this.#policy.allowCredentials) marked.push('vary', 'Origin');
    if (origin === undefined || !this.#isAllowed(origin)) return marked;
    this.#permit(marked, origin);
    if (exposeHeaders.length > 0) marked.push('access-control-expose-headers', exposeHeaders.join(', '));
    return marked;
  }

  #preflightHeaders(requestHeaders: readonly string[], origin: string): readonly string[] {
    const { allowMethods, allowHeaders, maxAgeSeconds } = this.#policy;
    const headers = ['vary', 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers'];
    if (!this.#isAllowed(origin)) return headers;
    this.#permit(headers, origin);
    headers.push('access-control-allow-methods', allowMethods.join(', '));
    const asked = allowHeaders?.join(', ') ?? lastFieldValue(requestHeaders, 'access-control-request-headers') ?? '';
    if (asked !== '') headers.push('access-control-allow-headers', asked);
    if (maxAgeSeconds !== undefined) headers.push('access-control-max-age', String(maxAgeSeconds));
    return headers;
  }

  #permit(headers: string[], origin: string): void {
    headers.push('access-control-allow-origin', this.#allowsAll ? '*' : origin);
    if (this.#policy.allowCredentials) headers.push('access-control-allow-credentials', 'true');
  }

  #isAllowed(origin: string): boolean {
    if (this.#allowsAll || this.#exact.has(origin)) return true;
    return this.#wildcards.some(([scheme, suffix]) => {
      if (!origin.startsWith(scheme) || !origin.endsWith(suffix)) return false;
      const labels = origin.slice(scheme.length, origin.length - suffix.length);
      return /^[a-z0-9-]+(?:\.[a-z0-9-]+)*$/.test(labels);
    });
  }
}
