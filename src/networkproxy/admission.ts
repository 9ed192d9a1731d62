import { CallDeadline } from './call-deadline.ts';
import type { Downstream } from './downstream.ts';
import { FilterRequest } from './filters/filter-request.ts';
import { edgeFilters, maxBodyBytes } from './filters/filter-table.ts';
import { Later } from './filters/later.ts';
import { grpcTimeoutMs, isGrpcCall } from './grpc.ts';
import type { RequestHead } from './http1/message-handler.ts';
import { errorReply, type LocalReply } from './local-reply.ts';
import type { ProxyContext } from './proxy-context.ts';
import type { RequestBodyBuffer } from './request-body-buffer.ts';
import { HeadToMatch } from './request-heads.ts';
import type { RequestRecord } from './request-record.ts';
import type { RouteRuntime } from './route-runtime.ts';

/** Who wants a request let in. */
export interface AdmissionOwner {
  /** A backend may be looked for. @param isLate outside of the client's turn, or at its end: nobody else writes the head out */
  onAdmitted(request: FilterRequest, runtime: RouteRuntime, isLate: boolean): void;
  onRefused(reply: LocalReply): void;
  /** See `CallDeadline`. */
  onCallTimeout(cause: string): void;
}

/**
 * What happens to a request before a backend is looked for: it finds its route, filters decide on it, and its body comes where the route
 * asks for that. An exchange uses one for all its requests in turn.
 */
export class Admission {
  readonly #context: ProxyContext;
  readonly #owner: AdmissionOwner;
  readonly #downstream: Downstream;
  readonly #record: RequestRecord;
  readonly #body: RequestBodyBuffer;
  #request: FilterRequest | undefined;
  #runtime: RouteRuntime | undefined;
  /** What the request waits for. */
  #later: Later | undefined;
  #isBuffering = false;
  #maxBodyBytes = 0;
  /** Made for the first request that has a time: a gRPC call's own, or one that its route gives. */
  #deadline: CallDeadline | undefined;

  constructor(context: ProxyContext, owner: AdmissionOwner, downstream: Downstream, record: RequestRecord, body: RequestBodyBuffer) {
    this.#context = context;
    this.#owner = owner;
    this.#downstream = downstream;
    this.#record = record;
    this.#body = body;
  }

  /** undefined: its head could not be read. */
  get request(): FilterRequest | undefined {
    return this.#request;
  }

  /** Of its route; undefined: none was found. */
  get runtime(): RouteRuntime | undefined {
    return this.#runtime;
  }

  /** Bodies may not be larger; 0: no limit. */
  get maxBodyBytes(): number {
    return this.#maxBodyBytes;
  }

  /** The body is waited for: it comes through `buffer`. */
  get isBuffering(): boolean {
    return this.#isBuffering;
  }

  begin(head: RequestHead): void {
    const request = new FilterRequest(head, this.#downstream.facts, this.#context.table(), this.#context, this.#record.requestId);
    this.#request = request;
    const reply = this.#findRoute(request);
    if (reply !== undefined) this.#owner.onRefused(reply);
    else this.#passFilters(request, 0);
  }

  /** Keeps a piece of the body, within the bounds of the route and of the worker. */
  buffer(chunk: Buffer): void {
    switch (this.#body.holdWithin(chunk, this.#runtime?.requestBufferBytes ?? 0)) {
      case 'too-large':
        this.#refuseBuffering(errorReply('body_too_large', 'buffering'));
        break;
      case 'no-room':
        this.#refuseBuffering(errorReply('overload', 'buffers of requests'));
        break;
      case 'held':
        break;
    }
  }

  /** The client has sent all of its body. */
  bodyDone(): void {
    if (!this.#isBuffering || this.#request === undefined) return;
    this.#isBuffering = false;
    this.#admit(this.#request, true);
  }

  /** Nobody waits for a decision any more. */
  cancel(): void {
    this.#later?.cancel();
    this.#later = undefined;
    this.#isBuffering = false;
  }

  /** For the next request. */
  reset(): void {
    if (this.#deadline !== undefined) this.#context.wheel.disarm(this.#deadline);
    this.#request = undefined;
    this.#runtime = undefined;
    this.#maxBodyBytes = 0;
  }

  /** A reply when the request ends before its route. */
  #findRoute(request: FilterRequest): LocalReply | undefined {
    const { head, table } = request;
    for (const filter of edgeFilters) {
      const reply = filter.check(request);
      if (reply !== undefined) return reply;
    }
    const result = table.match(new HeadToMatch(head, request.facts, this.#context.trustedProxies));
    if (result.kind !== 'route') return errorReply(result.kind);
    const { route } = result;
    request.sessionCookies = table.sessionCookies(head.host);
    const runtime = this.#context.routes.get(route, table.table, request.facts.listener.key);
    this.#runtime = runtime;
    this.#record.series = runtime.series;
    this.#downstream.keepAs(route.policy.clientConnection);
    if (head.body.kind !== 'none') this.#maxBodyBytes = maxBodyBytes(head, route.policy);
    return undefined;
  }

  /** Asks the filters of the route, from the one at `from` on, and lets the request go on that all of them let through. */
  #passFilters(request: FilterRequest, from: number): void {
    const runtime = this.#runtime;
    if (runtime === undefined) return;
    const { filters, compiled, requestBufferBytes } = runtime;
    for (let index = from; index < filters.length; index++) {
      const verdict = filters[index]?.check(request, compiled);
      if (verdict === undefined) continue;
      if (verdict instanceof Later) {
        if (from === 0) this.#armDeadline(request.head);
        this.#wait(verdict, request, index + 1);
      } else this.#owner.onRefused(verdict);
      return;
    }
    if (requestBufferBytes > 0 && isBuffered(request.head) && !this.#body.isComplete) this.#beginBuffering(request.head, from > 0);
    else this.#admit(request, from > 0);
  }

  /** @param next the filter to be asked after the verdict */
  #wait(later: Later, request: FilterRequest, next: number): void {
    this.#later = later;
    later.begin(this.#context.wheel, (verdict) => {
      this.#later = undefined;
      if (verdict !== undefined) this.#owner.onRefused(verdict);
      else this.#passFilters(request, next);
    });
  }

  /** @param hasWaited its deadline runs already */
  #beginBuffering(head: RequestHead, hasWaited: boolean): void {
    if (head.body.kind === 'length' && head.body.bytes > (this.#runtime?.requestBufferBytes ?? 0)) {
      this.#owner.onRefused(errorReply('body_too_large', 'buffering'));
      return;
    }
    if (!hasWaited) this.#armDeadline(head);
    this.#isBuffering = true;
    const early = this.#body.takeAll();
    if (head.expectContinue && this.#record.bytesReceived === 0) this.#downstream.sendContinue();
    for (const chunk of early) if (this.#isBuffering) this.buffer(chunk);
    if (this.#isBuffering) this.#downstream.resumeRequest();
  }

  #refuseBuffering(reply: LocalReply): void {
    this.#isBuffering = false;
    this.#owner.onRefused(reply);
  }

  /** @param hasWaited its deadline runs already */
  #admit(request: FilterRequest, hasWaited: boolean): void {
    if (this.#runtime === undefined) return;
    if (!hasWaited) this.#armDeadline(request.head);
    this.#owner.onAdmitted(request, this.#runtime, hasWaited);
  }

  #armDeadline(head: RequestHead): void {
    const own = isGrpcCall(head) ? grpcTimeoutMs(head.headers) : undefined;
    const given = this.#runtime?.compiled.policy.timeouts.requestMs;
    if (own === undefined && given === undefined) return;
    this.#deadline ??= new CallDeadline(this.#owner);
    this.#deadline.cause = given === undefined || (own !== undefined && own < given) ? 'grpc-timeout' : 'timeouts.request';
    this.#context.wheel.arm(this.#deadline, Math.min(own ?? Number.POSITIVE_INFINITY, given ?? Number.POSITIVE_INFINITY));
  }
}

/** Calls of gRPC and upgrades live by what goes both ways. */
function isBuffered(head: RequestHead): boolean {
  return head.body.kind !== 'none' && head.upgrade === undefined && !isGrpcCall(head);
}
