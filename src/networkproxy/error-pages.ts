import type { CompiledRoute } from '../routes/compiled-table.ts';
import type { ErrorPage, Policy } from '../routes/policy.ts';
import type { Service } from '../routes/service.ts';
import type { RequestHead } from './http1/message-handler.ts';
import { lastFieldValue } from './http1/request-lines.ts';
import { fieldsBesideType, type LocalReply } from './local-reply.ts';

/** The error pages of one route. */
export class ErrorPages {
  /** By status, for errors of backends and for our own; the first page that names a status has it. */
  readonly #ofBackends = new Map<number, ErrorPage>();
  readonly #ofOurs = new Map<number, ErrorPage>();

  private constructor(pages: readonly ErrorPage[]) {
    for (const page of pages)
      for (const status of page.statuses) {
        if (!this.#ofOurs.has(status)) this.#ofOurs.set(status, page);
        if (!page.onlyOwn && !this.#ofBackends.has(status)) this.#ofBackends.set(status, page);
      }
  }

  /** undefined: errors go on as they are. */
  static of({ errorPages }: Policy): ErrorPages | undefined {
    return errorPages && new ErrorPages(errorPages);
  }

  /** In place of an answer of a backend. */
  forStatus(status: number): ErrorPage | undefined {
    return this.#ofBackends.get(status);
  }

  /** In place of an answer of our own; what the route itself says is no error. */
  forReply({ status, flag }: LocalReply): ErrorPage | undefined {
    return saidByRoute.has(flag) ? undefined : this.#ofOurs.get(status);
  }
}

/** Flags of answers that the route has words of its own for. */
const saidByRoute: ReadonlySet<string> = new Set(['route_response', 'maintenance']);

/** What a client needs of an error to go on, whoever words it (RFC 9110, sections 10.2.1, 10.2.3 and 11.6.1). */
const usedByClients: ReadonlySet<string> = new Set(['allow', 'retry-after', 'www-authenticate']);

/** What a backend's error says for its client beside its body, for the page in its place; flat. */
export function fieldsOfError(headers: readonly string[]): readonly string[] {
  return headers.filter((_, index) => usedByClients.has(headers[index - (index % 2)] as string));
}

/** Our answer with the text of a page in place of its own; what else it says stays. */
export function withPageText(reply: LocalReply, contentType: string, text: string): LocalReply {
  const headers = ['content-type', contentType, ...fieldsBesideType(reply)];
  return { ...reply, headers, body: Buffer.from(text, 'utf8').toString('latin1') };
}

/** Fields that speak of the body or the resource that was asked for, and those that tell of the error, which nobody else may. */
const dropped: ReadonlySet<string> = new Set([
  ...['content-length', 'content-type', 'content-encoding', 'transfer-encoding', 'trailer', 'range', 'if-range'],
  ...['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since'],
  ...['x-code', 'x-format', 'x-original-uri', 'x-namespace', 'x-ingress-name', 'x-service-name', 'x-service-port'],
]);

/**
 * What the Service of error pages is asked: `/` with the method and the query of the request, and in headers what happened, as the default
 * backend of ingress-nginx is told it.
 *
 * @param service that the request was for; undefined: none
 */
export function pageRequestHead(head: RequestHead, status: number, { route }: CompiledRoute, service: Service | undefined): RequestHead {
  const headers: string[] = [];
  for (let i = 0; i < head.headers.length; i += 2) {
    const name = head.headers[i] as string;
    if (!dropped.has(name)) headers.push(name, head.headers[i + 1] as string);
  }
  headers.push('x-code', String(status), 'x-format', lastFieldValue(head.headers, 'accept') ?? '', 'x-original-uri', head.target);
  headers.push('x-namespace', route.source.namespace, 'x-ingress-name', route.source.name);
  if (service !== undefined) headers.push('x-service-name', service.name, 'x-service-port', String(service.port));
  if (head.method !== 'GET' && head.method !== 'HEAD') headers.push('content-length', '0');
  const query = head.target.indexOf('?');
  return {
    ...head,
    target: query === -1 ? '/' : `/${head.target.slice(query)}`,
    path: '/',
    headers,
    body: { kind: 'none' },
    expectContinue: false,
    upgrade: undefined,
  };
}
