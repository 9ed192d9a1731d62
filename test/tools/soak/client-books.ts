import { statusClasses } from '../../../src/observability/counters/request-series.ts';
import type { ResponseFlag } from '../../../src/observability/counters/response-flag.ts';
import { describe, judge, type Received, type Sent, type Verdict } from './verdict.ts';

/** What the clients of a soak saw, to be compared with what the program counted. */
export class ClientBooks {
  /** Requests that the program has to count, by status class; `other`: the client left before an answer. */
  readonly byClass: Record<string, number> = Object.fromEntries(statusClasses.map((each) => [each, 0]));
  /** Answers that were the program's own or broke off, by flag. */
  readonly byFlag: Partial<Record<ResponseFlag, number>> = {};
  /** Right answers by kind of client. */
  readonly right: Record<string, number> = {};
  /** Resolves with the first thing that went wrong. */
  readonly firstWrong: Promise<string>;
  readonly #wrong: (what: string) => void;
  /** gRPC calls that the program has to count, by status. */
  readonly byGrpcStatus: Record<string, number> = {};
  wrong = 0;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.firstWrong = promise;
    this.#wrong = resolve;
  }

  /** Judges and counts the answer to one request. */
  answered(sent: Sent, received: Received): Verdict {
    const verdict = judge(sent, received);
    if (verdict.kind === 'wrong') this.fail(describe(verdict.why, sent, received));
    this.countStatus(received.status);
    if (verdict.kind === 'expected') this.countFlag(verdict.flag);
    if (verdict.kind === 'right') this.countRight(sent.client);
    return verdict;
  }

  /** @param status 0: the client left before an answer */
  countStatus(status: number): void {
    const name = status === 0 ? 'other' : `${Math.floor(status / 100)}xx`;
    this.byClass[name] = (this.byClass[name] ?? 0) + 1;
  }

  countFlag(flag: ResponseFlag): void {
    this.byFlag[flag] = (this.byFlag[flag] ?? 0) + 1;
  }

  countGrpc(status: string): void {
    this.byGrpcStatus[status] = (this.byGrpcStatus[status] ?? 0) + 1;
  }

  countRight(client: string): void {
    this.right[client] = (this.right[client] ?? 0) + 1;
  }

  fail(what: string): void {
    this.wrong++;
    this.#wrong(what);
  }

  get requests(): number {
    return Object.values(this.byClass).reduce((sum, count) => sum + count, 0);
  }
}
