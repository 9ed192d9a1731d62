import { createHash, randomBytes } from 'node:crypto';
import type { AnswerCache, ExternalAuth } from '../../routes/auth-policy.ts';
import { cookieValues } from '../http1/cookie-values.ts';
import type { RequestHead } from '../http1/message-handler.ts';
import type { SubAnswer } from '../sub-request.ts';
import { BoundedEntries } from './bounded-entries.ts';

/** What a request is told apart by, for `keyOf`. */
export interface AskedRequest {
  /** The key of its route: another one's server may see another path. */
  readonly route: string;
  readonly head: Pick<RequestHead, 'headers' | 'target' | 'authority'>;
  readonly clientAddress: string;
}

/** Longer answers are asked for each time. */
const maxAnswerLength = 4096;

/**
 * Answers of servers that decide, for as long as their routes say. Bounded: those that were not used for longest make room. What they are
 * kept by is hashed with a secret of this process, for there are passwords and tokens in it.
 */
export class KeptAnswers {
  readonly #entries: BoundedEntries<SubAnswer>;
  readonly #secret = randomBytes(32);
  readonly #ids = new WeakMap<ExternalAuth, number>();
  #lastId = 0;

  constructor(maxEntries?: number, maxLength?: number) {
    this.#entries = new BoundedEntries(maxEntries, maxLength);
  }

  get size(): number {
    return this.#entries.size;
  }

  /** By what the answer about a request is kept; undefined: it has nothing of all that requests are told apart by, so it is asked about. */
  keyOf(auth: ExternalAuth, { by }: AnswerCache, { route, head, clientAddress }: AskedRequest): string | undefined {
    const parts = by.map((source) => partOf(source, head, clientAddress));
    if (parts.every((part) => part.length === 0)) return undefined;
    // The same object until its policy changes, and a change forgets what was kept.
    const text = JSON.stringify([this.#idOf(auth), route, head.authority, parts]);
    return createHash('sha256').update(this.#secret).update(text, 'utf8').digest('base64');
  }

  /** @param nowMs monotonic milliseconds, as for `keep` */
  find(key: string, nowMs: number): SubAnswer | undefined {
    return this.#entries.find(key, nowMs);
  }

  /** Keeps an answer if it may be: its status has a time, and it is neither too long nor for this client alone. */
  keep(key: string, { durations }: AnswerCache, answer: SubAnswer, nowMs: number): void {
    const { status, headers, body } = answer;
    const ms = durations.find(({ statuses }) => statuses.includes(status))?.ms;
    const size = headers.reduce((sum, text) => sum + text.length, body?.length ?? 0);
    if (ms === undefined || size > maxAnswerLength || body === undefined || isForOne(headers)) return;
    this.#entries.keep(key, answer, size, nowMs + ms);
  }

  #idOf(auth: ExternalAuth): number {
    let id = this.#ids.get(auth);
    if (id === undefined) this.#ids.set(auth, (id = ++this.#lastId));
    return id;
  }
}

/** A cookie is for one client, and a server may say itself that nobody should keep its answer (RFC 9111 section 5.2.2). */
function isForOne(headers: readonly string[]): boolean {
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] === 'set-cookie') return true;
    if (headers[i] === 'cache-control' && /\b(?:no-store|no-cache|private)\b/i.test(headers[i + 1] as string)) return true;
  }
  return false;
}

/** All values of a part: a server may look at another of them than we would. */
function partOf(source: AnswerCache['by'][number], head: AskedRequest['head'], clientAddress: string): readonly string[] {
  switch (source.kind) {
    case 'header': {
      const values: string[] = [];
      for (let i = 0; i < head.headers.length; i += 2) if (head.headers[i] === source.name) values.push(head.headers[i + 1] as string);
      return values;
    }
    case 'cookie':
      return cookieValues(head.headers, source.name);
    case 'query': {
      const mark = head.target.indexOf('?');
      return mark === -1 ? [] : new URLSearchParams(head.target.slice(mark + 1)).getAll(source.name);
    }
    case 'client-address':
      return [clientAddress];
    case 'target':
      return [head.target];
  }
}
