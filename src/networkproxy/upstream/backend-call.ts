import type { Balancer } from '../../balancing/balancer.ts';
import type { EndpointRuntime } from '../../balancing/endpoint-runtime.ts';
import { hashText } from '../../balancing/stable-hash.ts';
import type { ActivePlaces } from '../../rates/active-counts.ts';
import type { CompiledRoute } from '../../routes/compiled-table.ts';
import type { Service } from '../../routes/service.ts';
import type { Downstream } from '../downstream.ts';
import { errorTable } from '../error-table.ts';
import type { FilterRequest } from '../filters/filter-request.ts';
import { clientAddressOf, type OutgoingRequest } from '../forwarded-fields.ts';
import { isGrpcCall, isServerError } from '../grpc.ts';
import type { RequestHead } from '../http1/message-handler.ts';
import { errorReply, type LocalReply } from '../local-reply.ts';
import type { MirrorRequest } from '../mirror/mirror-request.ts';
import { outgoingRequest, withLength } from '../outgoing-request.ts';
import type { ProxyContext } from '../proxy-context.ts';
import type { RequestBodyBuffer } from '../request-body-buffer.ts';
import type { RequestRecord } from '../request-record.ts';
import { rewriteRefused } from '../request-rewriter.ts';
import { pickTarget, type RouteRuntime } from '../route-runtime.ts';
import type { StickySessions } from '../session-cookie.ts';
import { bytesToKeep } from '../shared-read-buffer.ts';
import { ClientOpening } from './client-opening.ts';
import { RetryTimer } from './retry-timer.ts';
import { UpstreamAttempts } from './upstream-attempts.ts';
import type { UpstreamFailure, UpstreamHandler } from './upstream-handler.ts';
import type { UpstreamRequest } from './upstream-request.ts';

/** Who calls. It hears of every attempt as its handler, and tells the call of what ends one. */
export interface BackendCaller extends UpstreamHandler {
  /** There is nobody to ask, or to ask again; `reply` says why. */
  onNoBackend(reply: LocalReply): void;
}

/**
 * One request on its way to a backend, attempt after attempt: who is asked, its head, what is kept of its body, the pauses in between,
 * and its copy for a mirror. An exchange uses one for all its requests in turn.
 */
export class BackendCall {
  readonly #context: ProxyContext;
  readonly #caller: BackendCaller;
  readonly #downstream: Downstream;
  readonly #record: RequestRecord;
  readonly #body: RequestBodyBuffer;
  readonly #attempts: UpstreamAttempts;
  /** The attempt that is under way. */
  #upstream: UpstreamRequest | undefined;
  /** The head has gone out on `#upstream`. */
  #isSent = false;
  /** A gRPC call whose answer has begun: only its end says how it went. */
  #isUnjudged = false;
  #outgoing: OutgoingRequest | undefined;
  #route: CompiledRoute | undefined;
  /** Made for the first request whose route pauses before retries or limits attempts. */
  #timer: RetryTimer | undefined;
  /** The endpoint that the retry after a pause goes past. */
  #avoid: EndpointRuntime | undefined;
  /** Its session is one in balance: the hash of its name decides. */
  #isInBalance = false;
  /** The session in balance that begins with this request; undefined: it has one. */
  #newSession: string | undefined;
  /** The copy of the request that goes to a mirror. */
  #mirror: MirrorRequest | undefined;

  constructor(context: ProxyContext, caller: BackendCaller, downstream: Downstream, record: RequestRecord, body: RequestBodyBuffer) {
    this.#context = context;
    this.#caller = caller;
    this.#downstream = downstream;
    this.#record = record;
    this.#body = body;
    this.#attempts = new UpstreamAttempts(context);
  }

  /** The attempt that is under way. */
  get upstream(): UpstreamRequest | undefined {
    return this.#upstream;
  }

  /** The one that is asked; undefined: none was chosen. */
  get service(): Service | undefined {
    return this.#attempts.service;
  }

  /** What the session of the client is called that has just begun, or moved; undefined: neither. */
  get begunSession(): string | undefined {
    return this.#isInBalance ? this.#newSession : this.#attempts.begunSession;
  }

  /** Chooses who is asked, and asks. Returns why nobody can be. */
  begin(request: FilterRequest, runtime: RouteRuntime): LocalReply | undefined {
    const { head, facts } = request;
    const context = this.#context;
    const record = this.#record;
    const body = this.#body;
    record.clientAddress = clientAddressOf(head, facts, context.trustedProxies);
    const session = runtime.sessions?.find(head.headers, runtime.targets, context.balancers);
    const known = runtime.hash?.hash(request, record.clientAddress);
    const hash = runtime.sessions?.isBalanced === true ? this.#hashOfSession(runtime.sessions, known) : known;
    const target = session?.target ?? pickTarget(runtime, Math.random, hash);
    const balancer = target?.service === undefined ? undefined : context.balancers.get(target.service);
    if (target === undefined || balancer === undefined) return errorReply('no_service');
    const changed = body.isInRoom ? withLength(request.changed(), body.bytes, body.trailers) : request.changed();
    const rewritten = runtime.rewriter?.rewrite(changed) ?? changed;
    if (typeof rewritten === 'string') return rewriteRefused(rewritten);
    record.series = target.series;
    const outgoing = outgoingRequest(context, facts, record, head, rewritten);
    const mirror = runtime.mirror?.begin(outgoing, context);
    this.#mirror = mirror;
    if (mirror !== undefined) for (const chunk of body.chunks) mirror.body(chunk);
    this.#ask(balancer, runtime.compiled, outgoing, hash, session?.endpoint);
    // The request has gone to its backend first, or waits for a connection.
    const isWhole = body.isComplete || rewritten.body.kind === 'none';
    if (mirror !== undefined && this.#upstream !== undefined && isWhole) mirror.end(body.trailers);
    return undefined;
  }

  /** Asks `balancer` for what takes the place of an answer, outside of the client's turn. Of the client's body it gets nothing. @param status of that answer */
  askInstead(balancer: Balancer, head: RequestHead, status: number, request: FilterRequest, { compiled }: RouteRuntime): void {
    this.#body.restart();
    this.#record.pageBegins(status);
    this.#ask(balancer, compiled, outgoingRequest(this.#context, request.facts, this.#record, request.head, head));
    this.#upstream?.flush();
  }

  /** The connection of the attempt is ready. */
  ready(): void {
    this.#record.connectMs = this.#record.elapsedMs;
    this.#attempts.connected();
    this.#send();
    this.#upstream?.flush();
  }

  /** A piece of the body. False: no more until `Downstream.resumeRequest`. */
  write(chunk: Buffer): boolean {
    this.#mirror?.body(chunk);
    const upstream = this.#upstream;
    if (upstream === undefined || !this.#isSent) {
      this.#body.hold(bytesToKeep(chunk));
      return false;
    }
    if (upstream.canBeReturned || this.#attempts.keepsBody) this.#body.copy(chunk);
    else this.#body.forget();
    return upstream.writeBody(chunk);
  }

  /** The client has sent all of its body. */
  end(): void {
    const { trailers } = this.#body;
    // The exchange may be ready for its next request before this returns.
    const mirror = this.#mirror;
    if (this.#isSent && this.#outgoing?.head.body.kind !== 'none') this.#upstream?.endRequest(trailers);
    mirror?.end(trailers);
  }

  /** An answer begins, which the record knows. False: it is given up, for another attempt. */
  answered(): boolean {
    const attempts = this.#attempts;
    const { status, grpcStatus } = this.#record;
    if (attempts.countsErrors) {
      this.#isUnjudged = status === 200 && grpcStatus === undefined && this.#isGrpcCall;
      if (!this.#isUnjudged) attempts.judge(isServerError(status, grpcStatus));
    }
    this.#stopTimer();
    if (!this.#body.isWhole || !attempts.mayGiveUp(status, grpcStatus)) return true;
    this.#upstream?.destroy();
    this.#upstream = undefined;
    this.#record.grpcStatus = undefined;
    this.#record.attemptOver(status);
    this.#pauseThenRetry(attempts.release());
    return false;
  }

  /** The answer is whole, and the record knows how it ended. */
  done(): void {
    const { status, grpcStatus } = this.#record;
    this.#upstream = undefined;
    if (this.#isUnjudged) this.#attempts.judge(isServerError(status, grpcStatus));
    this.#isUnjudged = false;
    this.#attempts.release();
  }

  /** The attempt has failed. @param mayRepeat nothing was answered yet @returns the request is tried again, or was refused */
  failed({ flag, unprocessed, resetCode }: UpstreamFailure, mayRepeat: boolean): boolean {
    const attempts = this.#attempts;
    const lost = this.#upstream;
    this.#upstream = undefined;
    this.#stopTimer();
    // What a backend resets it has looked at, or it says so.
    const connectionEnded = flag === 'upstream_reset' && resetCode === undefined;
    if (!unprocessed && !(lost?.reused === true && connectionEnded)) attempts.judge(true);
    const endpoint = attempts.release();
    if (!mayRepeat || !this.#body.isWhole) return false;
    if (unprocessed) {
      if (!attempts.mayRetry(connectionEnded ? lost : undefined)) return false;
      this.#record.attemptOver(errorTable[flag].status);
      if (connectionEnded) this.#retry(endpoint, false);
      else this.#pauseThenRetry(endpoint);
      return true;
    }
    if (connectionEnded && lost !== undefined && attempts.mayRepeat(lost, this.#outgoing?.head.method ?? '')) {
      this.#record.attemptOver(errorTable[flag].status);
      this.#retry(undefined, true);
      return true;
    }
    if (!attempts.mayRetryAfter(flag)) return false;
    this.#record.attemptOver(errorTable[flag].status);
    this.#pauseThenRetry(endpoint);
    return true;
  }

  /** The client takes no more of the answer for now. */
  pauseAnswer(): void {
    if (this.#isSent) this.#upstream?.pause();
  }

  /**
   * The connection becomes a tunnel: its endpoint counts as used while that lives, for its connection is what `active` is about.
   * @param places given back then, too
   */
  handOver(upstream: UpstreamRequest, places: ActivePlaces | undefined): void {
    this.#upstream = undefined;
    this.#attempts.keepUntilGone(upstream, places);
  }

  /** Gives up whatever is under way. */
  drop(): void {
    this.#upstream?.destroy();
    this.#upstream = undefined;
    this.#stopTimer();
    this.#attempts.release();
  }

  /** The pause before a retry is over, or the time of an attempt. */
  onRetryTimer(): void {
    const upstream = this.#upstream;
    if (upstream === undefined) {
      this.#retry(this.#avoid, false);
      return;
    }
    const unprocessed = !this.#isSent;
    upstream.destroy();
    const flag = unprocessed ? 'upstream_connect_timeout' : 'upstream_timeout';
    this.#caller.onUpstreamFailed({ flag, detail: 'perTryTimeout', unprocessed });
  }

  /** For the next request. */
  reset(): void {
    this.#outgoing = undefined;
    this.#route = undefined;
    this.#avoid = undefined;
    this.#isInBalance = false;
    this.#newSession = undefined;
    this.#mirror?.giveUp();
    this.#mirror = undefined;
    this.#attempts.reset();
  }

  /** What decides in balance: the session that the client has, or one that begins. @param known the hash of what it sent */
  #hashOfSession(sessions: StickySessions, known: number | undefined): number {
    this.#isInBalance = true;
    if (known !== undefined) return known;
    const begun = sessions.begin();
    this.#newSession = begun;
    return hashText(begun);
  }

  /**
   * @param hash what decides by consistent hash; undefined: nothing does
   * @param kept where the client's session is, which is tried first; undefined: it has none
   */
  #ask(balancer: Balancer, route: CompiledRoute, outgoing: OutgoingRequest, hash?: number, kept?: EndpointRuntime): void {
    const { head } = outgoing;
    this.#route = route;
    this.#outgoing = outgoing;
    const { connection, facts } = this.#downstream;
    const opening = ClientOpening.of(balancer.service, connection, facts, head.version);
    this.#attempts.begin(balancer, route.policy, head.method, opening, hash, kept);
    this.#dispatch(undefined, false);
  }

  get #isGrpcCall(): boolean {
    return this.#outgoing !== undefined && isGrpcCall(this.#outgoing.head);
  }

  /** One attempt. */
  #dispatch(avoid: EndpointRuntime | undefined, fresh: boolean): void {
    const attempts = this.#attempts;
    const record = this.#record;
    this.#isSent = false;
    this.#isUnjudged = false;
    const upstream = attempts.next(this.#caller, avoid, fresh);
    if (upstream === undefined) {
      record.attemptFoundNobody();
      this.#caller.onNoBackend(attempts.reply ?? errorReply('no_endpoints'));
      return;
    }
    record.attemptBegins(attempts.endpoint?.key);
    this.#upstream = upstream;
    if (attempts.perTryTimeoutMs > 0) this.#armTimer(attempts.perTryTimeoutMs);
    this.#downstream.connection.note(this.#route?.route.key, record.endpoint);
    if (!upstream.isReady) return;
    record.connectMs ??= 0;
    this.#send();
  }

  /** The upstream connection is ready: the head goes out, with what has come of the body. */
  #send(): void {
    const outgoing = this.#outgoing;
    const upstream = this.#upstream;
    const timeouts = this.#route?.policy.timeouts;
    if (outgoing === undefined || upstream === undefined || timeouts === undefined) return;
    this.#isSent = true;
    upstream.start(outgoing, timeouts);
    if (!this.#downstream.flush()) upstream.pause();
    if (outgoing.head.body.kind !== 'none') this.#sendHeldBody(outgoing.head.expectContinue, upstream);
  }

  #sendHeldBody(expectContinue: boolean, upstream: UpstreamRequest): void {
    let open = true;
    const body = this.#body;
    const { length } = body.chunks;
    for (let i = 0; i < length; i++) open = upstream.writeBody(body.chunks[i] as Buffer);
    // What is held as a whole may go to another endpoint.
    if (length > 0 && !upstream.canBeReturned && !this.#attempts.keepsBody && !body.isInRoom) body.forget();
    if (body.isComplete) {
      upstream.endRequest(body.trailers);
      return;
    }
    if (expectContinue && this.#record.bytesReceived === 0) {
      upstream.flush();
      this.#downstream.sendContinue();
    }
    if (open) this.#downstream.resumeRequest();
  }

  /** One more attempt, outside of the client's turn: nobody else writes the head out. */
  #retry(avoid: EndpointRuntime | undefined, fresh: boolean): void {
    this.#context.counters.upstreamRetries++;
    this.#dispatch(avoid, fresh);
    this.#upstream?.flush();
  }

  /** One more attempt, elsewhere if there is another endpoint, after the pause that the route wants. */
  #pauseThenRetry(avoid: EndpointRuntime | undefined): void {
    const { pauseMs } = this.#attempts;
    if (pauseMs === 0) {
      this.#retry(avoid, false);
      return;
    }
    this.#avoid = avoid;
    this.#armTimer(pauseMs);
  }

  #armTimer(ms: number): void {
    this.#timer ??= new RetryTimer(this);
    this.#context.wheel.arm(this.#timer, ms);
  }

  #stopTimer(): void {
    if (this.#timer !== undefined) this.#context.wheel.disarm(this.#timer);
  }
}
