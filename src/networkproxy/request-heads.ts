import type { BlockList } from 'node:net';
import { plainAddress } from '../address-list.ts';
import type { MatchRequest } from '../routes/compiled-table.ts';
import type { ClientCertificateRule } from '../routes/policy.ts';
import type { ClientFacts } from './client-facts.ts';
import { clientAddressOf } from './forwarded-fields.ts';
import type { RequestHead } from './http1/message-handler.ts';
import { toldField } from './told-fields.ts';

/** Stands for a request whose head could not be read. */
export function unreadableHead(scheme: RequestHead['scheme'], version: RequestHead['version']): RequestHead {
  return {
    method: '',
    scheme,
    host: '',
    authority: '',
    target: '',
    path: '',
    headers: [],
    version,
    body: { kind: 'none' },
    keepAlive: false,
    expectContinue: false,
    upgrade: undefined,
  };
}

/** What routes match of a request. */
export class HeadToMatch implements MatchRequest {
  readonly listener: string;
  readonly host: string;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: readonly string[];
  readonly #head: RequestHead;
  readonly #facts: ClientFacts;
  readonly #trustedProxies: BlockList;

  constructor(head: RequestHead, facts: ClientFacts, trustedProxies: BlockList) {
    const { target } = head;
    const mark = target.indexOf('?');
    this.listener = facts.listener.key;
    this.host = head.host;
    this.method = head.method;
    this.path = head.path;
    this.query = mark === -1 ? '' : target.slice(mark + 1);
    this.headers = head.headers;
    this.#head = head;
    this.#facts = facts;
    this.#trustedProxies = trustedProxies;
  }

  /** Found out when a route asks, which few do. */
  get client(): string {
    return plainAddress(clientAddressOf(this.#head, this.#facts, this.#trustedProxies));
  }

  told(name: string, certificate: ClientCertificateRule | undefined): string | undefined {
    return toldField(name, this.#head, this.#facts, this.#trustedProxies, certificate);
  }
}
