import { hashText } from '../balancing/stable-hash.ts';
import type { CompiledRoute } from '../routes/compiled-table.ts';
import type { ClientCertificateRule } from '../routes/policy.ts';
import { firstParameter } from '../routes/query-parameter.ts';
import type { HashSource } from '../routes/route.ts';
import type { FilterRequest } from './filters/filter-request.ts';
import { cookieValues } from './http1/cookie-values.ts';
import { fieldValue } from './http1/request-lines.ts';
import { believedField } from './told-fields.ts';

/** Hashes what a route's requests are told apart by. */
export class RequestHash {
  readonly #source: HashSource;
  readonly #certificate: ClientCertificateRule | undefined;

  private constructor(source: HashSource, certificate: ClientCertificateRule | undefined) {
    this.#source = source;
    this.#certificate = certificate;
  }

  /** undefined: nothing is hashed. */
  static of({ route: { action }, policy }: CompiledRoute): RequestHash | undefined {
    if (action.kind !== 'forward' || action.hashBy === undefined) return undefined;
    return new RequestHash(action.hashBy, policy.clientCertificate);
  }

  /** undefined: the request has nothing to be hashed. */
  hash(request: FilterRequest, clientAddress: string): number | undefined {
    const text = this.#text(request, clientAddress);
    return text === undefined || text === '' ? undefined : hashText(text);
  }

  #text(request: FilterRequest, clientAddress: string): string | undefined {
    const { headers, target } = request.head;
    const source = this.#source;
    switch (source.kind) {
      case 'header':
        return believedField(source.name, request, this.#certificate, fieldValue);
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
