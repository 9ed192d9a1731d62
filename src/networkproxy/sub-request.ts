import type { Balancer } from '../balancing/balancer.ts';
import type { EndpointRuntime } from '../balancing/endpoint-runtime.ts';
import type { PolicyTimeouts } from '../routes/policy.ts';
import type { OutgoingRequest } from './forwarded-fields.ts';
import type { ResponseHead } from './http1/message-handler.ts';
import type { ProxyContext } from './proxy-context.ts';
import { UpstreamAttempts } from './upstream/upstream-attempts.ts';
import type { UpstreamFailure, UpstreamHandler } from './upstream/upstream-handler.ts';
import type { UpstreamRequest } from './upstream/upstream-request.ts';

/** A whole answer. */
export interface SubAnswer {
  readonly status: number;
  /** Flat, names in lower case. */
  readonly headers: readonly string[];
  /** latin1, undefined when it was longer than `maxBodyBytes`. */
  readonly body: string | undefined;
}

export interface SubRequestOptions {
  /** Until it has connected, and between any two bytes of the answer, in milliseconds. */
  readonly timeoutMs: number;
  /** Nobody wants the answer any more. */
  readonly signal: AbortSignal;
  /** What goes with the request, of the length that its head says. */
  readonly body?: Buffer | undefined;
}

/** A longer body is left: what we ask for is short. */
const maxBodyBytes = 65_536;

/**
 * Asks a service in the proxy's own name, over the same pools and with the same health of endpoints as requests of clients.
 * Rejects with why there was no answer. One that did not reach the service is tried again on another endpoint.
 */
export function askService(
  context: ProxyContext,
  balancer: Balancer,
  outgoing: OutgoingRequest,
  options: SubRequestOptions,
): Promise<SubAnswer> {
  return new SubRequest(context, outgoing, options).ask(balancer);
}

class SubRequest implements UpstreamHandler {
  readonly takesLent = false;
  readonly #outgoing: OutgoingRequest;
  readonly #signal: AbortSignal;
  readonly #timeouts: PolicyTimeouts;
  readonly #sent: Buffer | undefined;
  readonly #attempts: UpstreamAttempts;
  readonly #answer = Promise.withResolvers<SubAnswer>();
  #upstream: UpstreamRequest | undefined;
  #head: ResponseHead | undefined;
  #body: string | undefined = '';

  constructor(context: ProxyContext, outgoing: OutgoingRequest, { timeoutMs, signal, body }: SubRequestOptions) {
    this.#sent = body;
    this.#outgoing = outgoing;
    this.#signal = signal;
    this.#timeouts = { connectMs: timeoutMs, readMs: timeoutMs, sendMs: timeoutMs, tunnelIdleMs: 0 };
    this.#attempts = new UpstreamAttempts(context);
  }

  ask(balancer: Balancer): Promise<SubAnswer> {
    if (this.#signal.aborted) return Promise.reject(failed('nobody waits'));
    this.#signal.addEventListener('abort', this.#onAbort, { once: true });
    this.#attempts.begin(balancer, { timeouts: this.#timeouts, retries: 1 }, this.#outgoing.head.method);
    this.#dispatch(undefined, false);
    return this.#answer.promise;
  }

  onUpstreamReady(): void {
    this.#attempts.connected();
    this.#send();
  }

  onUpstreamFailed({ flag, detail, unprocessed, resetCode }: UpstreamFailure): void {
    const lost = this.#upstream;
    this.#upstream = undefined;
    const endpoint = this.#attempts.release();
    const connectionEnded = flag === 'upstream_reset' && resetCode === undefined;
    if (this.#head !== undefined || lost === undefined) this.#fail(`${flag} ${detail}`);
    else if (unprocessed && this.#attempts.mayRetry(connectionEnded ? lost : undefined)) this.#dispatch(endpoint, false);
    else if (connectionEnded && this.#attempts.mayRepeat(lost, this.#outgoing.head.method)) this.#dispatch(undefined, true);
    else this.#fail(`${flag} ${detail}`);
  }

  onResponseInformational(): void {}

  onResponseHead(head: ResponseHead): void {
    this.#head = head;
  }

  onResponseBody(chunk: Buffer): void {
    if (this.#body === undefined) return;
    if (this.#body.length + chunk.length <= maxBodyBytes) {
      this.#body += chunk.toString('latin1');
      return;
    }
    // Whatever follows need not come.
    this.#body = undefined;
    this.#upstream?.destroy();
    this.#finish();
  }

  onResponseTurn(): void {}

  onResponseEnd(): void {
    this.#finish();
  }

  onUpstreamDrain(): void {}

  readonly #onAbort = (): void => {
    this.#upstream?.destroy();
    this.#upstream = undefined;
    this.#attempts.release();
    this.#answer.reject(failed('nobody waits'));
  };

  #dispatch(avoid: EndpointRuntime | undefined, fresh: boolean): void {
    const upstream = this.#attempts.next(this, avoid, fresh);
    this.#upstream = upstream;
    if (upstream === undefined) this.#fail(this.#attempts.reply?.detail ?? this.#attempts.reply?.flag ?? 'no endpoint');
    else if (upstream.isReady) this.#send();
  }

  #send(): void {
    const upstream = this.#upstream;
    if (upstream === undefined) return;
    upstream.start(this.#outgoing, this.#timeouts);
    if (this.#sent !== undefined) {
      upstream.writeBody(this.#sent);
      upstream.endRequest([]);
    }
    upstream.flush();
  }

  #finish(): void {
    this.#upstream = undefined;
    this.#attempts.release();
    this.#signal.removeEventListener('abort', this.#onAbort);
    const { status = 0, headers = [] } = this.#head ?? {};
    this.#answer.resolve({ status, headers, body: this.#body });
  }

  #fail(why: string): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#answer.reject(failed(why));
  }
}

function failed(why: string): Error {
  return new Error(`Cannot ask the service: ${why}`);
}
