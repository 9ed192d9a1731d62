import { hashText } from '../balancing/stable-hash.ts';
import { firstParameter } from '../routes/query-parameter.ts';
import type { HashSource, RouteAction } from '../routes/route.ts';
import { cookieValues } from './http1/cookie-values.ts';
import type { RequestHead } from './http1/message-handler.ts';
import { fieldValue } from './http1/request-lines.ts';

/** Hashes what a route's requests are told apart by. */
export class RequestHash {
  readonly #source: HashSource;

  private constructor(source: HashSource) {
    this.#source = source;
  }

  /** undefined: nothing is hashed. */
  static of(action: RouteAction): RequestHash | undefined {
    return action.kind === 'forward' && action.hashBy !== undefined ? new RequestHash(action.hashBy) : undefined;
  }

  /** undefined: the request has nothing to be hashed. */
  hash(head: RequestHead, clientAddress: string): number | undefined {
    const text = this.#text(head, clientAddress);
    return text === undefined || text === '' ? undefined : hashText(text);
  }

  #text({ headers, target }: RequestHead, clientAddress: string): string | undefined {
    const source = this.#source;
    switch (source.kind) {
      case 'header':
        return fieldValue(headers, source.name);
      case 'cookie':
        return cookieValues(headers, source.name)[0];
      case 'query':
        return target.includes('?') ? firstParameter(target.slice(target.indexOf('?') + 1), source.name) : undefined;
      case 'client-address':
        return clientAddress;
      case 'target':
        return target;
    }
  }
}
