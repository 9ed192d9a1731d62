import type { EndpointRuntime } from '../balancing/endpoint-runtime.ts';
import type { RequestSeries } from '../observability/counters/request-series.ts';
import type { ResponseFlag } from '../observability/counters/response-flag.ts';
import type { TerminationReason } from '../observability/counters/termination-reason.ts';
import type { CompiledRoute, CompiledTable } from '../routes/compiled-table.ts';
import { CallDeadline } from './call-deadline.ts';
import { preflightDetail } from './cors.ts';
import type { Downstream } from './downstream.ts';
import { edgeFilters, type FilterRequest, maxBodyBytes } from './filters/filter-table.ts';
import { clientAddressOf, type OutgoingRequest } from './forwarded-fields.ts';
import { grpcStatusOf, grpcTimeoutMs, isGrpcCall } from './grpc.ts';
import type { RequestHead, ResponseHead } from './http1/message-handler.ts';
import { lastFieldValue, receivedRequestId } from './http1/request-lines.ts';
import { ErrorCode } from './http2/frames.ts';
import { errorReply, type LocalReply } from './local-reply.ts';
import type { ProxyContext } from './proxy-context.ts';
import { RequestBodyBuffer } from './request-body-buffer.ts';
import { matchRequestOf, unreadableHead } from './request-heads.ts';
import { RequestRecord } from './request-record.ts';
import { pickTarget, type RouteRuntime } from './route-runtime.ts';
import { bytesToKeep } from './shared-read-buffer.ts';
import { sampledTraceId } from './trace-context.ts';
import { UpstreamAttempts } from './upstream/upstream-attempts.ts';
import type { UpstreamFailure, UpstreamHandler } from './upstream/upstream-handler.ts';
import type { UpstreamRequest } from './upstream/upstream-request.ts';

/**
 * `idle` between two requests; `connecting` until an upstream connection is there; `sending` until the head of the answer;
 * `answering` until its end; `replied` when the answer is our own.
 */
type Phase = 'idle' | 'connecting' | 'sending' | 'answering' | 'replied';

/**
 * One request's life: matched, filtered, given to an endpoint, its body and its answer streamed with back-pressure, counted and logged.
 * A connection uses one Exchange for all its requests in turn. The table is read once, at the start: a change in between does not tear a
 * request apart.
 */
export class Exchange implements UpstreamHandler {
  readonly #context: ProxyContext;
  readonly #downstream: Downstream;
  readonly #record = new RequestRecord();
  readonly #attempts: UpstreamAttempts;
  readonly #body = new RequestBodyBuffer();
  #phase: Phase = 'idle';
  #head: RequestHead | undefined;
  #route: CompiledRoute | undefined;
  #runtime: RouteRuntime | undefined;
  #series: RequestSeries | undefined;
  #upstream: UpstreamRequest | undefined;
  #outgoing: OutgoingRequest | undefined;
  /** 0: no limit. */
  #maxBodyBytes = 0;
  #requestDone = false;
  #trailers: readonly string[] = [];
  /** Made for the first gRPC call that has a time. */
  #callDeadline: CallDeadline | undefined;

  constructor(context: ProxyContext, downstream: Downstream) {
    this.#context = context;
    this.#downstream = downstream;
    this.#attempts = new UpstreamAttempts(context);
  }

  get takesLent(): boolean {
    return this.#downstream.takesLent;
  }

  /** The backend has not taken all of the body yet: lent memory may still be read. */
  get keepsLent(): boolean {
    return this.#upstream?.keepsLent === true;
  }

  get isActive(): boolean {
    return this.#phase !== 'idle';
  }

  /** Begins with a request's head; its body follows through `onRequestBody` and `onRequestEnd`. */
  begin(head: RequestHead): void {
    this.#start(head);
    const reply = this.#decide(head, this.#context.table());
    if (reply !== undefined) this.#reply(reply);
    else this.#forward(head);
  }

  onRequestBody(chunk: Buffer): void {
    const record = this.#record;
    record.bytesReceived += chunk.length;
    if (this.#phase === 'replied' || this.#phase === 'idle') return;
    if (this.#maxBodyBytes > 0 && record.bytesReceived > this.#maxBodyBytes) {
      this.#refuseBody();
      return;
    }
    const upstream = this.#upstream;
    if (this.#phase === 'connecting' || upstream === undefined) {
      this.#body.hold(bytesToKeep(chunk));
      this.#downstream.pauseRequest();
      return;
    }
    if (upstream.canBeReturned && this.#phase === 'sending') this.#body.copy(chunk);
    else this.#body.forget();
    if (!upstream.writeBody(chunk)) this.#downstream.pauseRequest();
  }

  onRequestEnd(trailers: readonly string[]): void {
    this.#requestDone = true;
    this.#trailers = trailers;
    if (this.#phase === 'idle') return;
    if (this.#phase === 'replied') this.#finishReply();
    else if (this.#phase !== 'connecting' && this.#head?.body.kind !== 'none') this.#upstream?.endRequest(trailers);
  }

  /** All that one read of the client brought has been passed on. */
  onRequestTurn(): void {
    const upstream = this.#upstream;
    if (upstream !== undefined && !upstream.flush() && !this.#requestDone) this.#downstream.pauseRequest();
  }

  /**
   * The request broke a rule or a time-out, before or after its head: answered when nothing was answered yet. False: it is too late for
   * an answer, and the connection must be cut.
   */
  refuse(reply: LocalReply, scheme: RequestHead['scheme'], version: RequestHead['version']): boolean {
    if (this.#phase === 'replied') return false;
    this.#dropUpstream();
    if (this.#phase === 'answering') {
      this.#markCut(reply.flag, reply.detail);
      return false;
    }
    if (this.#head === undefined) this.#start(unreadableHead(scheme, version));
    this.#requestDone = true;
    this.#reply(reply);
    return true;
  }

  /** The client's connection is ending for `reason`. Logs the request with what is known. */
  onConnectionEnd(reason: TerminationReason): void {
    this.#cut(reason === 'drain' || reason === 'shutdown' ? 'draining' : 'client_gone', reason);
  }

  /** The client gives this request up and keeps its connection (HTTP/2). */
  onCancelled(detail: string): void {
    this.#cut('client_gone', detail);
  }

  /** The client took the request back before it began: it is counted and logged, and nothing else. */
  onTakenBack(head: RequestHead, detail: string): void {
    this.#start(head);
    this.#markCut('client_gone', detail);
    this.#settle();
  }

  onDownstreamDrain(): void {
    this.#upstream?.resume();
  }

  /** The gRPC call is over by its own grpc-timeout. */
  onCallTimeout(): void {
    if (this.#phase === 'idle' || this.#phase === 'replied') return;
    this.#dropUpstream();
    if (this.#phase !== 'answering') {
      this.#reply(errorReply('deadline_exceeded', 'grpc-timeout'));
      return;
    }
    this.#markCut('deadline_exceeded', 'grpc-timeout');
    this.#downstream.flush();
    // What a gRPC server's own deadline does: clients read it as DEADLINE_EXCEEDED.
    this.#downstream.abort('proxy', 'upstream_timeout', ErrorCode.cancel);
  }

  /** The client takes no more for now: the backend is not read until `onDownstreamDrain`. */
  holdAnswer(): void {
    if (this.#phase === 'sending' || this.#phase === 'answering') this.#upstream?.pause();
  }

  onUpstreamReady(): void {
    this.#record.connectMs = this.#record.elapsedMs;
    this.#send();
    this.#upstream?.flush();
  }

  onUpstreamFailed({ flag, detail, unprocessed, resetCode }: UpstreamFailure): void {
    const failed = this.#upstream;
    this.#upstream = undefined;
    const endpoint = this.#attempts.release();
    if (this.#phase === 'answering') {
      // The client must see that the answer is not whole.
      this.#markCut('upstream_truncated', `${flag} ${detail}`);
      this.#downstream.flush();
      this.#downstream.abort('upstream', flag === 'upstream_timeout' ? 'upstream_timeout' : 'upstream_failed', resetCode);
      return;
    }
    // What a backend resets it has looked at, or it says so.
    const connectionEnded = flag === 'upstream_reset' && resetCode === undefined;
    if (unprocessed && this.#body.isWhole && this.#attempts.mayRetry(connectionEnded ? failed : undefined)) this.#retry(endpoint, false);
    else if (!unprocessed && connectionEnded && failed !== undefined && this.#mayRepeat(failed)) this.#retry(undefined, true);
    else this.#reply(errorReply(flag, detail));
  }

  onResponseInformational(head: ResponseHead): void {
    // A 100 answers an expectation that we have answered ourselves.
    if (head.status !== 100 && this.#head !== undefined && this.#head.version > 10) this.#downstream.sendInformational(head);
  }

  onResponseHead(head: ResponseHead): void {
    const request = this.#head;
    const upstream = this.#upstream;
    if (request === undefined || upstream === undefined) return;
    const record = this.#record;
    if (this.#context.onRequest !== undefined) record.firstByteMs = record.elapsedMs;
    if (head.version === 20 && head.body.kind === 'none') record.grpcStatus = lastFieldValue(head.headers, 'grpc-status');
    record.status = head.status;
    if (head.status === 101) {
      this.#switchProtocols(head, upstream);
      return;
    }
    this.#phase = 'answering';
    this.#body.forget();
    this.#downstream.sendHead(this.#marked(head, request), request);
  }

  onResponseBody(chunk: Buffer, isLent: boolean): void {
    this.#record.bytesSent += chunk.length;
    this.#downstream.sendBody(chunk, isLent);
  }

  onResponseTurn(): void {
    if (this.#phase === 'answering' && !this.#downstream.flush()) this.#upstream?.pause();
  }

  onResponseEnd(trailers: readonly string[]): void {
    this.#upstream = undefined;
    this.#attempts.release();
    if (trailers.length > 0) this.#record.grpcStatus = lastFieldValue(trailers, 'grpc-status');
    this.#downstream.sendEnd(trailers);
    this.#downstream.flush();
    this.#settle();
    this.#downstream.exchangeDone();
  }

  onUpstreamDrain(): void {
    if (!this.#requestDone) this.#downstream.resumeRequest();
  }

  #start(head: RequestHead): void {
    const record = this.#record;
    const { facts } = this.#downstream;
    record.start();
    record.requestId = (facts.trusted ? receivedRequestId(head.headers) : undefined) ?? this.#context.requestIds.next();
    record.clientAddress = facts.remoteAddress;
    this.#head = head;
    this.#requestDone = false;
  }

  /** Finds the route and passes its filters; a reply when the request ends here. */
  #decide(head: RequestHead, table: CompiledTable): LocalReply | undefined {
    const { overload, trustedProxies } = this.#context;
    const request: FilterRequest = { head, facts: this.#downstream.facts, table, overload, trustedProxies };
    for (const filter of edgeFilters) {
      const reply = filter.check(request);
      if (reply !== undefined) return reply;
    }
    const result = table.match(matchRequestOf(head));
    if (result.kind !== 'route') return errorReply(result.kind);
    const { route } = result;
    const runtime = this.#context.routes.get(route, table.table);
    this.#route = route;
    this.#runtime = runtime;
    this.#series = runtime.series;
    if (head.body.kind !== 'none') this.#maxBodyBytes = maxBodyBytes(head, route.policy);
    for (const filter of runtime.filters) {
      const reply = filter.check(request, route);
      if (reply !== undefined) return reply;
    }
    return undefined;
  }

  /** Chooses the service and prepares what every attempt needs. */
  #forward(head: RequestHead): void {
    const context = this.#context;
    const route = this.#route;
    const target = this.#runtime === undefined ? undefined : pickTarget(this.#runtime, Math.random);
    const balancer = target?.service === undefined ? undefined : context.balancers.get(target.service);
    if (route === undefined || target === undefined || balancer === undefined) {
      this.#reply(errorReply('no_service'));
      return;
    }
    const rewritten = this.#runtime?.rewriter?.rewrite(head) ?? head;
    if (typeof rewritten === 'string') {
      this.#reply(errorReply('bad_request', `rewritten: ${rewritten}`));
      return;
    }
    const { facts } = this.#downstream;
    const record = this.#record;
    this.#series = target.series;
    record.clientAddress = clientAddressOf(head, facts, context.trustedProxies);
    const trace = context.traces?.traceOf(head.headers);
    record.traceId = trace?.id;
    record.isTraceSampled = trace?.sampled ?? false;
    this.#outgoing = {
      head: rewritten,
      askedAuthority: head.authority,
      facts,
      clientAddress: record.clientAddress,
      requestId: record.requestId,
      traceparent: trace?.traceparent,
      withForwarded: context.config.forwardedHeader,
    };
    this.#attempts.begin(balancer, route.policy);
    this.#armCallDeadline(head);
    this.#dispatch(undefined, false);
  }

  #armCallDeadline(head: RequestHead): void {
    const ms = isGrpcCall(head) ? grpcTimeoutMs(head.headers) : undefined;
    if (ms === undefined) return;
    this.#callDeadline ??= new CallDeadline(this);
    this.#context.wheel.arm(this.#callDeadline, ms);
  }

  /** One more attempt, outside of the client's turn: nobody else writes the head out. */
  #retry(avoid: EndpointRuntime | undefined, fresh: boolean): void {
    this.#context.counters.upstreamRetries++;
    this.#dispatch(avoid, fresh);
    this.#upstream?.flush();
  }

  /** One attempt. */
  #dispatch(avoid: EndpointRuntime | undefined, fresh: boolean): void {
    const attempts = this.#attempts;
    const upstream = attempts.next(this, avoid, fresh);
    if (upstream === undefined) {
      this.#reply(attempts.reply ?? errorReply('no_endpoints'));
      return;
    }
    this.#record.endpoint = attempts.endpoint?.key;
    this.#upstream = upstream;
    this.#downstream.connection.note(this.#route?.route.key, this.#record.endpoint);
    if (upstream.isReady) {
      this.#record.connectMs ??= 0;
      this.#send();
    } else {
      this.#phase = 'connecting';
    }
  }

  /** The upstream connection is ready: the head goes out, with what has come of the body. */
  #send(): void {
    const outgoing = this.#outgoing;
    const upstream = this.#upstream;
    const timeouts = this.#route?.policy.timeouts;
    if (outgoing === undefined || upstream === undefined || timeouts === undefined) return;
    this.#phase = 'sending';
    upstream.start(outgoing, timeouts);
    if (!this.#downstream.flush()) upstream.pause();
    if (outgoing.head.body.kind !== 'none') this.#sendHeldBody(outgoing.head, upstream);
  }

  #sendHeldBody(head: RequestHead, upstream: UpstreamRequest): void {
    let open = true;
    const body = this.#body;
    const { length } = body.chunks;
    for (let i = 0; i < length; i++) open = upstream.writeBody(body.chunks[i] as Buffer);
    if (length > 0 && !upstream.canBeReturned) body.forget();
    if (this.#requestDone) {
      upstream.endRequest(this.#trailers);
      return;
    }
    if (head.expectContinue && this.#record.bytesReceived === 0) {
      upstream.flush();
      this.#downstream.sendContinue();
    }
    if (open) this.#downstream.resumeRequest();
  }

  #switchProtocols(head: ResponseHead, upstream: UpstreamRequest): void {
    this.#upstream = undefined;
    const idleMs = this.#route?.policy.timeouts.tunnelIdleMs ?? 0;
    this.#context.counters.upgrades++;
    // The endpoint counts as used while the tunnel lives: its connection is what `active` is about.
    this.#attempts.keepUntilGone(upstream);
    this.#downstream.startTunnel(head, upstream, idleMs);
    this.#settle();
  }

  /** As the route lets the client see it. */
  #marked(head: ResponseHead, request: RequestHead): ResponseHead {
    const marker = this.#runtime?.marker;
    return marker === undefined ? head : { ...head, headers: marker.mark(head.headers, request.headers) };
  }

  #mayRepeat(lost: UpstreamRequest): boolean {
    return this.#body.isWhole && this.#attempts.mayRepeat(lost, this.#head?.method ?? '');
  }

  #cut(flag: ResponseFlag, detail: string): void {
    if (this.#phase === 'idle') return;
    if (this.#record.flag === undefined) this.#markCut(flag, detail);
    this.#dropUpstream();
    this.#settle();
  }

  /** The body grew over the limit while it was streamed. */
  #refuseBody(): void {
    this.#dropUpstream();
    if (this.#phase === 'answering') {
      this.#markCut('body_too_large', undefined);
      this.#downstream.abort('proxy', 'limit_exceeded');
      return;
    }
    this.#reply(errorReply('body_too_large'));
  }

  /** Notes why this request gets no whole answer. */
  #markCut(flag: ResponseFlag, detail: string | undefined): void {
    this.#record.flag = flag;
    this.#record.detail = detail;
    this.#context.counters.countFlag(flag);
  }

  /** Answers in our own name. The exchange lasts until the rest of the request has been read, or the connection gives it up. */
  #reply(answer: LocalReply): void {
    const head = this.#head;
    if (head === undefined) return;
    const cors = this.#runtime?.marker?.cors;
    // A page may know that it failed; a preflight says so itself.
    const reply =
      cors === undefined || answer.detail === preflightDetail ? answer : { ...answer, headers: cors.mark(answer.headers, head.headers) };
    const record = this.#record;
    this.#phase = 'replied';
    this.#body.forget();
    record.status = reply.status;
    record.flag = reply.flag;
    record.detail = reply.detail;
    record.bytesSent = reply.body.length;
    if (isGrpcCall(head)) record.grpcStatus = String(grpcStatusOf(reply));
    this.#context.counters.countFlag(reply.flag);
    this.#downstream.sendReply(reply, head);
    if (this.#requestDone || head.body.kind === 'none') {
      // The parser still has to say that the request ends; `onRequestEnd` finishes then.
      if (this.#requestDone) this.#finishReply();
    } else {
      this.#downstream.resumeRequest();
    }
  }

  #finishReply(): void {
    this.#settle();
    this.#downstream.exchangeDone();
  }

  #dropUpstream(): void {
    this.#upstream?.destroy();
    this.#upstream = undefined;
    this.#attempts.release();
  }

  /** Counts and logs the request and makes the object ready for the next. */
  #settle(): void {
    const head = this.#head;
    if (head === undefined) return;
    const record = this.#record;
    const durationMs = record.elapsedMs;
    const { counters } = this.#context;
    const series = this.#series ?? this.#context.unmatched;
    if (record.grpcStatus !== undefined) counters.countGrpc(record.grpcStatus);
    counters.countProtocol(head.version);
    const bucket = series.observe(record.status, durationMs / 1000);
    if (counters.exemplars.wants(series, bucket)) this.#offerExemplar(series, bucket, durationMs / 1000, head);
    const { facts } = this.#downstream;
    this.#context.onRequest?.(record.entry(facts.connectionId, head, this.#route?.route.key, this.#attempts.service, durationMs));
    this.#reset();
  }

  /** A trace that nobody records is no use to who looks for it. */
  #offerExemplar(series: RequestSeries, bucket: number, seconds: number, head: RequestHead): void {
    const { traceId, isTraceSampled } = this.#record;
    const sampledId = isTraceSampled ? traceId : sampledTraceId(head.headers);
    if (sampledId !== undefined) this.#context.counters.exemplars.take(series, bucket, sampledId, seconds);
  }

  #reset(): void {
    if (this.#callDeadline !== undefined) this.#context.wheel.disarm(this.#callDeadline);
    this.#phase = 'idle';
    this.#head = undefined;
    this.#route = undefined;
    this.#runtime = undefined;
    this.#series = undefined;
    this.#outgoing = undefined;
    this.#maxBodyBytes = 0;
    this.#trailers = noTrailers;
    this.#record.reset();
    this.#attempts.reset();
    this.#body.reset();
  }
}

const noTrailers: readonly string[] = [];
