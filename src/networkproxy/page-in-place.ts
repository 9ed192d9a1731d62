import type { Balancer } from '../balancing/balancer.ts';
import type { Balancers } from '../balancing/balancers.ts';
import type { ErrorPage } from '../routes/policy.ts';
import type { RouteTable } from '../routes/route-table.ts';
import type { Service } from '../routes/service.ts';
import { withoutClaims } from './auth/without-claims.ts';
import { fieldsOfError, pageRequestHead, withPageText } from './error-pages.ts';
import type { FilterRequest } from './filters/filter-request.ts';
import type { RequestHead } from './http1/message-handler.ts';
import { fieldsBesideType, type LocalReply } from './local-reply.ts';
import type { RouteRuntime } from './route-runtime.ts';

/** More of a backend's error is not read to save its connection. */
const maxDiscardedBytes = 65_536;

/**
 * An error page in the place of one answer: first a backend's error may have to be read to its end, then the page is said, or the Service
 * asked that has it.
 */
export class PageInPlace {
  readonly #page: ErrorPage;
  /** What the backend's error says for its client beside its body, flat. */
  readonly headers: readonly string[];
  #discardedBytes = 0;
  #instead: LocalReply | undefined;

  /** @param headers of the backend's error; none: the error is our own */
  constructor(page: ErrorPage, headers: readonly string[]) {
    this.#page = page;
    this.headers = fieldsOfError(headers);
  }

  /** The Service of pages has been asked: what is said when it has none; undefined: it has not been asked yet. */
  get instead(): LocalReply | undefined {
    return this.#instead;
  }

  /** Takes a piece of a backend's error, which is read to its end when that is near: it saves the connection. False: it is not near. */
  discard(chunk: Buffer): boolean {
    this.#discardedBytes += chunk.length;
    return this.#discardedBytes <= maxDiscardedBytes;
  }

  /** Who has the page; undefined: nobody has to be asked, and `text` is it. */
  service(balancers: Balancers): Balancer | undefined {
    const { content } = this.#page;
    return content.kind === 'service' ? balancers.get(content.service) : undefined;
  }

  /** What is said in our own name in place of `answer`. */
  text(answer: LocalReply, { pages }: Pick<RouteTable, 'pages'>): LocalReply {
    const { content } = this.#page;
    if (content.kind === 'service') return answer;
    const text = content.kind === 'text' ? content.text : pages.get(content.page)?.text;
    return text === undefined ? answer : withPageText(answer, content.contentType, text);
  }

  /** What the Service of pages is asked in place of `answer`. @param service that the request was for; undefined: none */
  ask(answer: LocalReply, request: FilterRequest, { compiled }: RouteRuntime, service: Service | undefined): RequestHead {
    this.#instead = { ...answer, headers: [] };
    if (answer.headers.length > 0) request.addToAnswer(fieldsBesideType(answer));
    return pageRequestHead(withoutClaims(request.forOthers(), compiled.policy), answer.status, compiled, service);
  }
}
