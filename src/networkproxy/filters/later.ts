import { Deadline, type TimerWheel } from '../../timer-wheel.ts';
import type { LocalReply } from '../local-reply.ts';

/** What a filter says of a request: an answer that ends it, or undefined, and it goes on. */
export type Verdict = LocalReply | undefined;

/** Why there is no verdict: the time is over, or what was thrown. */
export type NoVerdict = { readonly kind: 'late' } | { readonly kind: 'failed'; readonly error: unknown };

/** What a verdict that comes later is made of. */
export interface LaterOptions {
  /** How long it may take, in milliseconds. */
  readonly timeoutMs: number;
  /** @param signal aborted when nobody waits any more: the client left, or the time is over */
  decide(signal: AbortSignal): Promise<Verdict>;
  /** What holds without a verdict: an answer, or undefined to let the request go on, which somebody must have asked for. */
  otherwise(why: NoVerdict): Verdict;
}

/**
 * A verdict that comes later. The request waits for it with its body unread, but for what came with the head; the filters behind are asked
 * after it. It belongs to one request.
 */
export class Later extends Deadline {
  readonly #options: LaterOptions;
  readonly #abort = new AbortController();
  #wheel: TimerWheel | undefined;
  #tell: ((verdict: Verdict) => void) | undefined;

  constructor(options: LaterOptions) {
    super();
    this.#options = options;
  }

  /** Begins to wait. @param tell called once, never from within this call, unless `cancel` comes first */
  begin(wheel: TimerWheel, tell: (verdict: Verdict) => void): void {
    const { timeoutMs, decide, otherwise } = this.#options;
    this.#wheel = wheel;
    this.#tell = tell;
    wheel.arm(this, timeoutMs);
    decide(this.#abort.signal).then(
      (verdict) => this.#end()?.(verdict),
      (error: unknown) => this.#end()?.(otherwise({ kind: 'failed', error })),
    );
  }

  /** Nobody wants to know any more. */
  cancel(): void {
    this.#end();
    this.#abort.abort();
  }

  override onTimeout(): void {
    this.#end()?.(this.#options.otherwise({ kind: 'late' }));
    this.#abort.abort();
  }

  /** Who waits, once. */
  #end(): ((verdict: Verdict) => void) | undefined {
    const tell = this.#tell;
    this.#tell = undefined;
    this.#wheel?.disarm(this);
    return tell;
  }
}
