import { performance } from 'node:perf_hooks';
import type { Balancer } from '../balancing/balancer.ts';
import type { EndpointRuntime } from '../balancing/endpoint-runtime.ts';
import { messageOf } from '../errors.ts';
import type { RequestSeries } from '../observability/counters/request-series.ts';
import type { ResponseFlag } from '../observability/counters/response-flag.ts';
import type { TerminationReason } from '../observability/counters/termination-reason.ts';
import type { CompiledRoute, CompiledTable } from '../routes/compiled-table.ts';
import type { Downstream } from './downstream.ts';
import { errorTable } from './error-table.ts';
import { edgeFilters, type FilterRequest } from './filters/filter-table.ts';
import type { ClientConnection } from './http1/client-connection.ts';
import { forwardedLines } from './http1/forwarded-lines.ts';
import type { RequestHead, ResponseHead } from './http1/message-handler.ts';
import { receivedRequestId, upstreamRequestHead } from './http1/request-lines.ts';
import { errorReply, type LocalReply } from './local-reply.ts';
import type { ProxyContext } from './proxy-context.ts';
import { matchRequestOf, unreadableHead } from './request-heads.ts';
import type { RequestLogEntry } from './request-log-entry.ts';
import { pickTarget, type RouteRuntime } from './route-runtime.ts';
import { bytesToKeep } from './shared-read-buffer.ts';
import type { UpstreamHandler } from './upstream/upstream-handler.ts';

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
  #phase: Phase = 'idle';
  #head: RequestHead | undefined;
  #route: CompiledRoute | undefined;
  #runtime: RouteRuntime | undefined;
  #series: RequestSeries | undefined;
  #balancer: Balancer | undefined;
  #endpoint: EndpointRuntime | undefined;
  #endpointKey: string | undefined;
  #upstream: ClientConnection | undefined;
  /** The head for the upstream: kept for a retry. */
  #upstreamHead = '';
  #requestId = '';
  #clientAddress = '';
  /** Body that came before an upstream connection was ready; bounded by one read of the client's socket. */
  #held: Buffer[] = [];
  #requestDone = false;
  #trailers: readonly string[] = [];
  #bodySent = false;
  #retriesLeft = 0;
  /** It was sent again because its pooled connection had died: that happens once. */
  #repeated = false;
  #startedMs = 0;
  #connectMs: number | undefined;
  #firstByteMs: number | undefined;
  #bytesReceived = 0;
  #bytesSent = 0;
  #status = 0;
  #flag: ResponseFlag | undefined;
  #detail: string | undefined;

  constructor(context: ProxyContext, downstream: Downstream) {
    this.#context = context;
    this.#downstream = downstream;
  }

  get isActive(): boolean {
    return this.#phase !== 'idle';
  }

  /** Begins with a request's head; its body follows through `onRequestBody` and `onRequestEnd`. */
  begin(head: RequestHead): void {
    this.#startedMs = performance.now();
    this.#head = head;
    this.#requestDone = false;
    const { facts } = this.#downstream;
    this.#requestId = (facts.trusted ? receivedRequestId(head.headers) : undefined) ?? this.#context.requestIds.next();
    this.#clientAddress = facts.remoteAddress;
    const reply = this.#decide(head, this.#context.table());
    if (reply !== undefined) this.#reply(reply);
    else this.#forward(head);
  }

  onRequestBody(chunk: Buffer): void {
    this.#bytesReceived += chunk.length;
    if (this.#phase === 'replied' || this.#phase === 'idle') return;
    const limit = this.#route?.policy.maxRequestBodyBytes ?? 0;
    if (limit > 0 && this.#bytesReceived > limit) {
      this.#refuseBody();
      return;
    }
    const upstream = this.#upstream;
    if (this.#phase === 'connecting' || upstream === undefined) {
      this.#held.push(bytesToKeep(chunk));
      this.#downstream.pauseRequest();
      return;
    }
    this.#bodySent = true;
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
    if (this.#head === undefined) {
      this.#startedMs = performance.now();
      this.#requestId = this.#context.requestIds.next();
      this.#clientAddress = this.#downstream.facts.remoteAddress;
      this.#head = unreadableHead(scheme, version);
    }
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

  onDownstreamDrain(): void {
    this.#upstream?.resume();
  }

  /** The client takes no more for now: the backend is not read until `onDownstreamDrain`. */
  holdAnswer(): void {
    if (this.#phase === 'sending' || this.#phase === 'answering') this.#upstream?.pause();
  }

  onUpstreamReady(): void {
    this.#connectMs = performance.now() - this.#startedMs;
    this.#send();
    this.#upstream?.flush();
  }

  onUpstreamFailed(flag: ResponseFlag, detail: string): void {
    const failed = this.#upstream;
    const connecting = this.#phase === 'connecting';
    this.#upstream = undefined;
    const endpoint = this.#releaseEndpoint();
    if (this.#phase === 'answering') {
      // The client must see that the answer is not whole.
      this.#markCut('upstream_truncated', `${flag} ${detail}`);
      this.#downstream.flush();
      this.#downstream.abort('upstream', flag === 'upstream_timeout' ? 'upstream_timeout' : 'upstream_failed');
      return;
    }
    if (connecting ? this.#mayRetry() : failed !== undefined && flag === 'upstream_reset' && this.#mayRepeat(failed)) {
      this.#retry(connecting ? endpoint : undefined, !connecting);
      return;
    }
    this.#reply(errorReply(flag, detail));
  }

  onResponseInformational(head: ResponseHead): void {
    // A 100 answers an expectation that we have answered ourselves.
    if (head.status !== 100 && this.#head !== undefined && this.#head.version > 10) this.#downstream.sendInformational(head);
  }

  onResponseHead(head: ResponseHead): void {
    const request = this.#head;
    const upstream = this.#upstream;
    if (request === undefined || upstream === undefined) return;
    if (this.#context.onRequest !== undefined) this.#firstByteMs = performance.now() - this.#startedMs;
    if (head.status === 101) {
      this.#switchProtocols(head, upstream);
      return;
    }
    this.#phase = 'answering';
    this.#status = head.status;
    this.#downstream.sendHead(head, request);
  }

  onResponseBody(chunk: Buffer): void {
    this.#bytesSent += chunk.length;
    this.#downstream.sendBody(chunk);
  }

  onResponseTurn(): void {
    if (this.#phase === 'answering' && !this.#downstream.flush()) this.#upstream?.pause();
  }

  onResponseEnd(trailers: readonly string[]): void {
    this.#upstream = undefined;
    this.#releaseEndpoint();
    this.#downstream.sendEnd(trailers);
    this.#downstream.flush();
    this.#settle();
    this.#downstream.exchangeDone();
  }

  onUpstreamDrain(): void {
    if (!this.#requestDone) this.#downstream.resumeRequest();
  }

  /** Finds the route and passes its filters; a reply when the request ends here. */
  #decide(head: RequestHead, table: CompiledTable): LocalReply | undefined {
    const request: FilterRequest = { head, facts: this.#downstream.facts, table };
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
    for (const filter of runtime.filters) {
      const reply = filter.check(request, route);
      if (reply !== undefined) return reply;
    }
    return undefined;
  }

  /** Chooses the service and prepares what every attempt needs. */
  #forward(head: RequestHead): void {
    const context = this.#context;
    const target = this.#runtime === undefined ? undefined : pickTarget(this.#runtime, Math.random);
    const balancer = target === undefined ? undefined : context.balancers.get(target.service);
    if (target === undefined || balancer === undefined) {
      this.#reply(errorReply('no_service'));
      return;
    }
    const { protocol } = balancer.service;
    if (protocol !== 'http' && protocol !== 'https') {
      this.#reply(errorReply('no_service', `backend protocol ${protocol} is not served`));
      return;
    }
    this.#series = target.series;
    this.#balancer = balancer;
    this.#retriesLeft = this.#route?.policy.retries ?? 0;
    context.retryBudgets.get(target.service).deposit();
    const forwarded = forwardedLines(head, this.#downstream.facts, context.trustedProxies, context.config.forwardedHeader);
    this.#clientAddress = forwarded.clientAddress;
    this.#upstreamHead = upstreamRequestHead(head, forwarded.lines, this.#requestId);
    this.#dispatch(undefined, false);
  }

  /** One more attempt, outside of the client's turn: nobody else writes the head out. */
  #retry(avoid: EndpointRuntime | undefined, fresh: boolean): void {
    this.#context.counters.upstreamRetries++;
    this.#dispatch(avoid, fresh);
    this.#upstream?.flush();
  }

  /** One attempt. */
  #dispatch(avoid: EndpointRuntime | undefined, fresh: boolean): void {
    const balancer = this.#balancer;
    let endpoint = balancer?.pick(avoid);
    if (balancer === undefined || endpoint === undefined) {
      this.#reply(errorReply('no_endpoints'));
      return;
    }
    let upstream: ClientConnection | undefined;
    try {
      upstream = this.#acquire(endpoint, balancer, fresh);
      if (upstream === undefined) {
        // It has as many connections as it may; another may have fewer.
        endpoint = balancer.pick(endpoint) ?? endpoint;
        upstream = this.#acquire(endpoint, balancer, fresh);
      }
    } catch (error) {
      this.#reply(errorReply('upstream_connect_failed', messageOf(error)));
      return;
    }
    if (upstream === undefined) {
      this.#reply(errorReply('overload', 'connections to one endpoint'));
      return;
    }
    endpoint.active++;
    this.#endpoint = endpoint;
    this.#endpointKey = endpoint.key;
    this.#upstream = upstream;
    this.#downstream.connection.note(this.#route?.route.key, endpoint.key);
    if (upstream.isReady) {
      this.#connectMs ??= 0;
      this.#send();
    } else {
      this.#phase = 'connecting';
    }
  }

  #acquire(endpoint: EndpointRuntime, balancer: Balancer, fresh: boolean): ClientConnection | undefined {
    return this.#context.pools.acquire(endpoint, balancer.service, this, this.#route?.policy.timeouts.connectMs ?? 0, fresh);
  }

  /** The upstream connection is ready: the head goes out, with what has come of the body. */
  #send(): void {
    const head = this.#head;
    const upstream = this.#upstream;
    const timeouts = this.#route?.policy.timeouts;
    if (head === undefined || upstream === undefined || timeouts === undefined) return;
    this.#phase = 'sending';
    upstream.startRequest(this.#upstreamHead, head, timeouts);
    if (!this.#downstream.flush()) upstream.pause();
    if (head.body.kind === 'none') return;
    this.#sendHeldBody(head, upstream);
  }

  #sendHeldBody(head: RequestHead, upstream: ClientConnection): void {
    let open = true;
    for (const chunk of this.#held) {
      this.#bodySent = true;
      open = upstream.writeBody(chunk);
    }
    this.#held.length = 0;
    if (this.#requestDone) {
      upstream.endRequest(this.#trailers);
      return;
    }
    if (head.expectContinue && this.#bytesReceived === 0) {
      upstream.flush();
      this.#downstream.sendContinue();
    }
    if (open) this.#downstream.resumeRequest();
  }

  #switchProtocols(head: ResponseHead, upstream: ClientConnection): void {
    this.#status = 101;
    this.#upstream = undefined;
    const idleMs = this.#route?.policy.timeouts.tunnelIdleMs ?? 0;
    // The endpoint counts as used while the tunnel lives: its connection is what `active` is about.
    const endpoint = this.#endpoint;
    this.#endpoint = undefined;
    this.#downstream.startTunnel(head, upstream, idleMs);
    if (endpoint !== undefined) upstream.socket.once('close', () => endpoint.active--);
    this.#settle();
  }

  /**
   * A pooled connection that ends without a byte of the answer was most likely closed while it was idle. The request goes out once more,
   * on a new connection, when it may be done twice. The pool's size bounds these, so the budget does not.
   */
  #mayRepeat(lost: ClientConnection): boolean {
    if (this.#repeated || !lost.reused || lost.answered || this.#bodySent) return false;
    const method = this.#head?.method;
    this.#repeated = true;
    return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
  }

  /** The connection was not made, so nothing of the request has left: any method may try elsewhere. */
  #mayRetry(): boolean {
    if (this.#retriesLeft === 0 || this.#bodySent || this.#balancer === undefined) return false;
    this.#retriesLeft--;
    return this.#context.retryBudgets.get(this.#balancer.service.key).withdraw();
  }

  #cut(flag: ResponseFlag, detail: string): void {
    if (this.#phase === 'idle') return;
    if (this.#flag === undefined) this.#markCut(flag, detail);
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
    this.#flag = flag;
    this.#detail = detail;
    this.#context.counters.countFlag(flag);
  }

  /** Answers in our own name. The exchange lasts until the rest of the request has been read, or the connection gives it up. */
  #reply(reply: LocalReply): void {
    const head = this.#head;
    if (head === undefined) return;
    this.#phase = 'replied';
    this.#held.length = 0;
    this.#status = reply.status;
    this.#flag = reply.flag;
    this.#detail = reply.detail;
    this.#bytesSent = reply.body.length;
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
    this.#releaseEndpoint();
  }

  #releaseEndpoint(): EndpointRuntime | undefined {
    const endpoint = this.#endpoint;
    if (endpoint !== undefined) endpoint.active--;
    this.#endpoint = undefined;
    return endpoint;
  }

  /** Counts and logs the request and makes the object ready for the next. */
  #settle(): void {
    const head = this.#head;
    if (head === undefined) return;
    const durationMs = performance.now() - this.#startedMs;
    (this.#series ?? this.#context.unmatched).observe(this.#status, durationMs / 1000);
    this.#context.onRequest?.(this.#logEntry(head, durationMs));
    this.#reset();
  }

  #reset(): void {
    this.#phase = 'idle';
    this.#head = undefined;
    this.#route = undefined;
    this.#runtime = undefined;
    this.#series = undefined;
    this.#balancer = undefined;
    this.#endpointKey = undefined;
    this.#upstreamHead = '';
    this.#requestId = '';
    this.#clientAddress = '';
    this.#held.length = 0;
    this.#trailers = noTrailers;
    this.#bodySent = false;
    this.#repeated = false;
    this.#connectMs = undefined;
    this.#firstByteMs = undefined;
    this.#bytesReceived = 0;
    this.#bytesSent = 0;
    this.#status = 0;
    this.#flag = undefined;
    this.#detail = undefined;
  }

  #logEntry(head: RequestHead, durationMs: number): RequestLogEntry {
    return {
      id: this.#downstream.facts.connectionId,
      requestId: this.#requestId,
      method: head.method,
      host: head.host,
      path: head.path,
      status: this.#status === 0 ? errorTable[this.#flag ?? 'client_gone'].status : this.#status,
      flag: this.#flag,
      detail: this.#detail,
      bytesReceived: this.#bytesReceived,
      bytesSent: this.#bytesSent,
      durationMs,
      connectMs: this.#connectMs,
      firstByteMs: this.#firstByteMs,
      route: this.#route?.route.key,
      service: this.#balancer?.service.key,
      endpoint: this.#endpointKey,
      protocol: protocolNames[head.version],
      scheme: head.scheme,
      remoteAddress: this.#clientAddress,
    };
  }
}

const noTrailers: readonly string[] = [];
const protocolNames = { 10: 'HTTP/1.0', 11: 'HTTP/1.1', 20: 'HTTP/2' } as const;
