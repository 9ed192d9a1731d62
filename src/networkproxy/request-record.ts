import { performance } from 'node:perf_hooks';
import type { RequestSeries } from '../observability/counters/request-series.ts';
import type { ResponseFlag } from '../observability/counters/response-flag.ts';
import type { ClientFacts } from './client-facts.ts';
import { errorTable } from './error-table.ts';
import { grpcStatusOf, isGrpcCall } from './grpc.ts';
import type { RequestHead } from './http1/message-handler.ts';
import { receivedRequestId } from './http1/request-lines.ts';
import type { LocalReply } from './local-reply.ts';
import type { ProxyContext } from './proxy-context.ts';
import type { RequestAttempt, RequestLogEntry } from './request-log-entry.ts';
import type { RouteRuntime } from './route-runtime.ts';
import { sampledTraceId, type Trace } from './trace-context.ts';

const protocolNames = { 10: 'HTTP/1.0', 11: 'HTTP/1.1', 20: 'HTTP/2' } as const;

/** What one request is counted and logged by. Its exchange fills it in and uses it for all its requests in turn. */
export class RequestRecord {
  readonly #context: ProxyContext;
  readonly #facts: ClientFacts;
  requestId = '';
  clientAddress = '';
  /** Who asked, as far as a filter knows. */
  user: string | undefined;
  trace: Trace | undefined;
  startedMs = 0;
  connectMs: number | undefined;
  firstByteMs: number | undefined;
  bytesReceived = 0;
  bytesSent = 0;
  status = 0;
  flag: ResponseFlag | undefined;
  detail: string | undefined;
  endpoint: string | undefined;
  /** Attempts that others followed; undefined: none, as nearly always. */
  #earlier: RequestAttempt[] | undefined;
  #attemptStartMs = 0;
  #isPage = false;
  grpcStatus: string | undefined;
  /** Where it is counted; undefined: it has found no route yet. */
  series: RequestSeries | undefined;

  constructor(context: ProxyContext, facts: ClientFacts) {
    this.#context = context;
    this.#facts = facts;
  }

  /** Begins the clock. */
  start(head: RequestHead): void {
    const facts = this.#facts;
    this.startedMs = performance.now();
    this.requestId = (facts.trusted ? receivedRequestId(head.headers) : undefined) ?? this.#context.requestIds.next();
    this.clientAddress = facts.remoteAddress;
  }

  get elapsedMs(): number {
    return performance.now() - this.startedMs;
  }

  /** The endpoint of an attempt is known. */
  attemptBegins(endpoint: string | undefined): void {
    this.endpoint = endpoint;
    if (this.#earlier !== undefined) this.#attemptStartMs = this.elapsedMs;
  }

  /** Another attempt follows the one under way. @param status of its answer, or what stands for its failure */
  attemptOver(status: number): void {
    this.#earlier ??= [];
    this.#earlier.push(this.#attempt(status, this.elapsedMs));
  }

  /** Nobody was found for the attempt that was to follow: the one before was the last. */
  attemptFoundNobody(): void {
    this.#isPage = this.#earlier?.pop()?.page === true;
    if (this.#earlier?.length === 0) this.#earlier = undefined;
  }

  /** The error page is asked for from here on. @param status that it takes the place of */
  pageBegins(status: number): void {
    if (this.endpoint !== undefined) this.attemptOver(status);
    this.#isPage = true;
  }

  #attempt(status: number, nowMs: number): RequestAttempt {
    const durationMs = Math.round((nowMs - this.#attemptStartMs) * 1000) / 1000;
    return { endpoint: this.endpoint ?? '', status, durationMs, ...(this.#isPage ? { page: true } : {}) };
  }

  /** Why this request gets no whole answer. */
  cut(flag: ResponseFlag, detail: string | undefined): void {
    this.flag = flag;
    this.detail = detail;
    this.#context.counters.countFlag(flag);
  }

  /** What the backend answered is not passed on, and nothing takes its place. */
  declined(flag: ResponseFlag, detail: string): void {
    this.status = 0;
    this.cut(flag, detail);
  }

  /** It is answered in our own name. */
  replied(reply: LocalReply, head: RequestHead): void {
    this.status = reply.status;
    this.bytesSent = reply.body.length;
    if (isGrpcCall(head)) this.grpcStatus = String(grpcStatusOf(reply));
    this.cut(reply.flag, reply.detail);
  }

  /**
   * Counts the request, which is over, and tells who logs it.
   * @param runtime of its route; undefined: it found none
   * @param service the key of the one that was asked
   */
  settle(head: RequestHead, runtime: RouteRuntime | undefined, service: string | undefined): void {
    const durationMs = this.elapsedMs;
    const seconds = durationMs / 1000;
    const { counters, unmatched } = this.#context;
    const series = this.series ?? unmatched;
    if (this.grpcStatus !== undefined) counters.countGrpc(this.grpcStatus);
    counters.countProtocol(head.version);
    const bucket = series.observe(this.status, seconds);
    if (counters.exemplars.wants(series, bucket)) this.#offerExemplar(series, bucket, seconds, head);
    this.#report(head, runtime, service, durationMs);
  }

  /** To the access log, to who looks and, when its trace is recorded, as a span. */
  #report(head: RequestHead, runtime: RouteRuntime | undefined, service: string | undefined, durationMs: number): void {
    const { onRequest, onSpan, tap } = this.#context;
    const { trace } = this;
    const route = runtime?.compiled.route.key;
    const isLogged = onRequest !== undefined && runtime?.compiled.policy.accessLog !== false;
    const span = onSpan === undefined || trace?.sampled !== true ? undefined : trace.span;
    const isTapped = tap?.wants(head.host, route, this.#shownStatus) === true;
    if (!isLogged && span === undefined && !isTapped) return;
    const entry = this.#entry(head, route, service, durationMs);
    if (isTapped) tap.take(entry);
    if (isLogged) onRequest(entry, head);
    if (span !== undefined) onSpan?.({ ...span, entry });
  }

  /** A trace that nobody records is no use to who looks for it. */
  #offerExemplar(series: RequestSeries, bucket: number, seconds: number, head: RequestHead): void {
    const { trace } = this;
    const sampledId = trace?.sampled === true ? trace.id : sampledTraceId(head.headers);
    if (sampledId !== undefined) this.#context.counters.exemplars.take(series, bucket, sampledId, seconds);
  }

  /** For the next request. */
  reset(): void {
    this.requestId = '';
    this.clientAddress = '';
    this.user = undefined;
    this.trace = undefined;
    this.connectMs = undefined;
    this.firstByteMs = undefined;
    this.bytesReceived = 0;
    this.bytesSent = 0;
    this.status = 0;
    this.flag = undefined;
    this.detail = undefined;
    this.endpoint = undefined;
    this.#earlier = undefined;
    this.#attemptStartMs = 0;
    this.#isPage = false;
    this.grpcStatus = undefined;
    this.series = undefined;
  }

  /** What the client got, or would have got. */
  get #shownStatus(): number {
    return this.status === 0 ? errorTable[this.flag ?? 'client_gone'].status : this.status;
  }

  #entry(head: RequestHead, route: string | undefined, service: string | undefined, durationMs: number): RequestLogEntry {
    const facts = this.#facts;
    return {
      id: facts.connectionId,
      requestId: this.requestId,
      traceId: this.trace?.id,
      spanId: this.trace?.span?.id,
      user: this.user,
      method: head.method,
      host: head.host,
      path: head.path,
      status: this.#shownStatus,
      grpcStatus: this.grpcStatus,
      flag: this.flag,
      detail: this.detail,
      bytesReceived: this.bytesReceived,
      bytesSent: this.bytesSent,
      durationMs,
      connectMs: this.connectMs,
      firstByteMs: this.firstByteMs,
      route,
      service,
      endpoint: this.endpoint,
      attempts: this.#earlier && [...this.#earlier, this.#attempt(this.#shownStatus, durationMs)],
      protocol: protocolNames[head.version],
      scheme: head.scheme,
      remoteAddress: this.clientAddress,
      serverName: facts.serverName,
      tlsVersion: facts.tlsVersion,
      tlsCipher: facts.tlsCipher,
      proxied: facts.proxied?.facts,
    };
  }
}
