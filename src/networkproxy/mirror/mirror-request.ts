import type { Balancer } from '../../balancing/balancer.ts';
import type { MirrorOutcome } from '../../observability/counters/mirror.ts';
import type { Policy } from '../../routes/policy.ts';
import type { OutgoingRequest } from '../forwarded-fields.ts';
import type { ResponseHead } from '../http1/message-handler.ts';
import type { ProxyContext } from '../proxy-context.ts';
import { UpstreamAttempts } from '../upstream/upstream-attempts.ts';
import type { UpstreamHandler } from '../upstream/upstream-handler.ts';
import type { UpstreamRequest } from '../upstream/upstream-request.ts';

/** Marks a copy, so that its backend can tell it from a request whose answer counts. */
const mark = ['x-smartproxy-mirror', '1'] as const;
/** More of an answer that is thrown away is not read: its connection ends. */
const maxAnswerBytes = 1024 * 1024;

/**
 * The copy of one request. It is sent when the body has come as a whole, and the request never waits for it: what can't be had at once is
 * given up. Its answer is thrown away.
 */
export class MirrorRequest implements UpstreamHandler {
  readonly takesLent = false;
  readonly #context: ProxyContext;
  readonly #attempts: UpstreamAttempts;
  readonly #outgoing: OutgoingRequest;
  readonly #policy: Policy;
  readonly #maxBodyBytes: number;
  readonly #chunks: Buffer[] = [];
  #trailers: readonly string[] = [];
  #bytes = 0;
  #answerBytes = 0;
  #upstream: UpstreamRequest | undefined;
  #isOver = false;

  /** @param context its room has been entered for this copy */
  constructor(context: ProxyContext, balancer: Balancer, outgoing: OutgoingRequest, policy: Policy, maxBodyBytes: number) {
    const { head } = outgoing;
    this.#context = context;
    this.#outgoing = { ...outgoing, head: { ...head, headers: [...head.headers, ...mark] } };
    this.#policy = policy;
    this.#maxBodyBytes = maxBodyBytes;
    this.#attempts = new UpstreamAttempts(context);
    this.#attempts.begin(balancer, { ...policy, retries: 0, retryRules: undefined }, head.method);
  }

  /** Takes a copy of a piece of the body. */
  body(chunk: Buffer): void {
    if (this.#isOver) return;
    if (this.#bytes + chunk.length > this.#maxBodyBytes) {
      this.#finish('too_large');
    } else if (!this.#context.mirrors.takeBytes(chunk.length)) {
      this.#finish('busy');
    } else {
      this.#bytes += chunk.length;
      this.#chunks.push(Buffer.from(chunk));
    }
  }

  /** The request is complete: the copy goes out. */
  end(trailers: readonly string[]): void {
    if (this.#isOver || this.#upstream !== undefined) return;
    this.#trailers = trailers;
    const upstream = this.#attempts.next(this, undefined, false);
    if (upstream === undefined) {
      this.#finish('failed');
      return;
    }
    this.#upstream = upstream;
    if (upstream.isReady) this.onUpstreamReady();
  }

  /** The request broke off before its end. A copy that is complete goes its way. */
  giveUp(): void {
    if (this.#upstream === undefined) this.#finish('failed');
  }

  onUpstreamReady(): void {
    const upstream = this.#upstream;
    if (upstream === undefined) return;
    upstream.start(this.#outgoing, this.#policy.timeouts);
    if (this.#outgoing.head.body.kind !== 'none') {
      for (const chunk of this.#chunks) upstream.writeBody(chunk);
      upstream.endRequest(this.#trailers);
    }
    upstream.flush();
  }

  onUpstreamFailed(): void {
    this.#upstream = undefined;
    this.#finish('failed');
  }

  onResponseInformational(): void {}

  onResponseHead({ status }: ResponseHead): void {
    if (status === 101) this.#finish('failed');
  }

  onResponseBody(chunk: Buffer): void {
    this.#answerBytes += chunk.length;
    if (this.#answerBytes > maxAnswerBytes) this.#finish('answered');
  }

  onResponseTurn(): void {}

  onResponseEnd(): void {
    this.#upstream = undefined;
    this.#finish('answered');
  }

  onUpstreamDrain(): void {}

  #finish(outcome: MirrorOutcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#upstream?.destroy();
    this.#upstream = undefined;
    this.#attempts.release();
    this.#chunks.length = 0;
    this.#context.mirrors.leave(this.#bytes);
    this.#context.counters.countMirror(outcome);
  }
}
