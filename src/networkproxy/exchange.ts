import type { ResponseFlag } from '../observability/counters/response-flag.ts';
import type { TerminationReason } from '../observability/counters/termination-reason.ts';
import type { ActivePlaces } from '../rates/active-counts.ts';
import { Admission, type AdmissionOwner } from './admission.ts';
import { AnswerStages, type StagesOwner } from './answer-stages.ts';
import type { Downstream } from './downstream.ts';
import type { FilterRequest } from './filters/filter-request.ts';
import { isGrpcCall } from './grpc.ts';
import type { RequestHead, ResponseHead } from './http1/message-handler.ts';
import { lastFieldValue } from './http1/request-lines.ts';
import { ErrorCode } from './http2/frames.ts';
import { errorReply, type LocalReply } from './local-reply.ts';
import { markedAnswer, markedReply, switchingAnswer } from './marked-answer.ts';
import { PageInPlace } from './page-in-place.ts';
import type { ProxyContext } from './proxy-context.ts';
import { RequestBodyBuffer } from './request-body-buffer.ts';
import { unreadableHead } from './request-heads.ts';
import { RequestRecord } from './request-record.ts';
import type { RouteRuntime } from './route-runtime.ts';
import { BackendCall, type BackendCaller } from './upstream/backend-call.ts';
import type { UpstreamFailure } from './upstream/upstream-handler.ts';
import type { UpstreamRequest } from './upstream/upstream-request.ts';

/**
 * `idle` between two requests; `deciding` until a backend may be asked; `asking` until the head of its answer; `answering` until that
 * one's end; `replied` when the answer is our own.
 */
type Phase = 'idle' | 'deciding' | 'asking' | 'answering' | 'replied';

/**
 * One request's life: admitted, given to an endpoint, its body and its answer streamed with back-pressure, counted and logged. A
 * connection uses one Exchange for all its requests in turn. The table is read once, at the start: a change in between does not tear a
 * request apart.
 */
export class Exchange implements AdmissionOwner, BackendCaller, StagesOwner {
  readonly #context: ProxyContext;
  readonly #downstream: Downstream;
  readonly #record: RequestRecord;
  readonly #body: RequestBodyBuffer;
  readonly #admission: Admission;
  readonly #call: BackendCall;
  /** Made for the first answer that goes through some. */
  #stages: AnswerStages | undefined;
  #phase: Phase = 'idle';
  #head: RequestHead | undefined;
  /** Made when a page takes the place of the answer. */
  #page: PageInPlace | undefined;

  constructor(context: ProxyContext, downstream: Downstream) {
    this.#context = context;
    this.#downstream = downstream;
    this.#record = new RequestRecord(context, downstream.facts);
    this.#body = new RequestBodyBuffer(context.bufferRoom);
    this.#admission = new Admission(context, this, downstream, this.#record, this.#body);
    this.#call = new BackendCall(context, this, downstream, this.#record, this.#body);
  }

  get takesLent(): boolean {
    return this.#downstream.takesLent;
  }

  /** The backend has not taken all of the body yet: lent memory may still be read. */
  get keepsLent(): boolean {
    return this.#call.upstream?.keepsLent === true;
  }

  get isActive(): boolean {
    return this.#phase !== 'idle';
  }

  // From the client

  /** Begins with a request's head; its body follows through `onRequestBody` and `onRequestEnd`. */
  begin(head: RequestHead): void {
    this.#start(head);
    this.#admission.begin(head);
  }

  onRequestBody(chunk: Buffer): void {
    const record = this.#record;
    const admission = this.#admission;
    record.bytesReceived += chunk.length;
    if (this.#phase === 'replied' || this.#phase === 'idle' || this.#page?.instead !== undefined) return;
    if (admission.maxBodyBytes > 0 && record.bytesReceived > admission.maxBodyBytes) {
      this.#refuseBody();
      return;
    }
    if (admission.isBuffering) admission.buffer(chunk);
    else if (!this.#call.write(chunk)) this.#downstream.pauseRequest();
  }

  onRequestEnd(trailers: readonly string[]): void {
    if (this.#phase === 'idle') return;
    this.#body.end(trailers);
    if (this.#phase === 'replied') this.#finishReply();
    else if (this.#phase === 'deciding') this.#admission.bodyDone();
    else this.#call.end();
  }

  /** All that one read of the client brought has been passed on. */
  onRequestTurn(): void {
    const { upstream } = this.#call;
    if (upstream !== undefined && !upstream.flush() && !this.#body.isComplete) this.#downstream.pauseRequest();
  }

  /**
   * The request broke a rule or a time-out, before or after its head: answered when nothing was answered yet. False: it is too late for
   * an answer, and the connection must be cut.
   */
  refuse(reply: LocalReply, scheme: RequestHead['scheme'], version: RequestHead['version']): boolean {
    if (this.#phase === 'replied') return false;
    this.#drop();
    if (this.#phase === 'answering') {
      this.#record.cut(reply.flag, reply.detail);
      return false;
    }
    if (this.#head === undefined) this.#start(unreadableHead(scheme, version));
    this.#body.isComplete = true;
    // The connection may not outlive this turn: nobody is asked for a page.
    this.#sendReply(reply);
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
    this.#record.cut('client_gone', detail);
    this.#settle();
  }

  onDownstreamDrain(): void {
    if (this.#stages?.resume() ?? true) this.#call.upstream?.resume();
  }

  /** The client takes no more for now: the backend is not read until `onDownstreamDrain`. */
  holdAnswer(): void {
    if (this.#stages?.first !== undefined) this.#stages.pause();
    else this.#call.pauseAnswer();
  }

  // From its admission

  onAdmitted(request: FilterRequest, runtime: RouteRuntime, isLate: boolean): void {
    this.#phase = 'asking';
    const reply = this.#call.begin(request, runtime);
    if (reply !== undefined) this.#reply(reply);
    else if (isLate) this.#call.upstream?.flush();
  }

  onRefused(reply: LocalReply): void {
    this.#reply(reply);
  }

  /** The request has had its time. @param cause who gave it: its own grpc-timeout, or the route */
  onCallTimeout(cause: string): void {
    if (this.#phase === 'idle' || this.#phase === 'replied') return;
    this.#drop();
    if (this.#phase !== 'answering') {
      this.#reply(errorReply('deadline_exceeded', cause));
      return;
    }
    this.#record.cut('deadline_exceeded', cause);
    this.#downstream.flush();
    // What a gRPC server's own deadline does: clients read it as DEADLINE_EXCEEDED.
    this.#downstream.abort('proxy', 'upstream_timeout', ErrorCode.cancel);
  }

  // From the backend

  onNoBackend(reply: LocalReply): void {
    this.#reply(this.#page?.instead ?? reply);
  }

  onUpstreamReady(): void {
    this.#call.ready();
  }

  onUpstreamFailed(failure: UpstreamFailure): void {
    const { flag, detail, resetCode } = failure;
    const page = this.#duePage;
    if (this.#call.failed(failure, this.#phase !== 'answering' && page === undefined)) return;
    if (this.#phase !== 'answering') {
      if (page !== undefined) this.#servePage(page);
      else this.#reply(this.#page?.instead ?? errorReply(flag, detail));
      return;
    }
    this.#stages?.drop();
    // The client must see that the answer is not whole.
    this.#record.cut('upstream_truncated', `${flag} ${detail}`);
    this.#downstream.flush();
    this.#downstream.abort('upstream', flag === 'upstream_timeout' ? 'upstream_timeout' : 'upstream_failed', resetCode);
  }

  onResponseInformational(head: ResponseHead): void {
    // A 100 answers an expectation that we have answered ourselves.
    if (head.status !== 100 && this.#head !== undefined && this.#head.version > 10) this.#downstream.sendInformational(head);
  }

  onResponseHead(head: ResponseHead): void {
    const call = this.#call;
    const { upstream } = call;
    const { request, runtime } = this.#admission;
    if (request === undefined || upstream === undefined) return;
    const record = this.#record;
    if (this.#context.onRequest !== undefined) record.firstByteMs = record.elapsedMs;
    if (head.version === 20 && head.body.kind === 'none') record.grpcStatus = lastFieldValue(head.headers, 'grpc-status');
    record.status = head.status;
    if (!call.answered()) return;
    if (head.status === 101) {
      this.#switchProtocols(head, request, upstream);
      return;
    }
    const instead = this.#page?.instead;
    const page = instead === undefined ? runtime?.errorPages?.forStatus(head.status) : undefined;
    if (page !== undefined && !isGrpcCall(request.head)) {
      this.#page = new PageInPlace(page, head.headers);
      return;
    }
    if (instead !== undefined) this.#context.counters.countFlag(instead.flag);
    this.#phase = 'answering';
    this.#body.forget();
    const marked = markedAnswer(head, request, runtime, call.begunSession);
    this.#downstream.sendHead(runtime?.hasStages === true ? this.#staged(marked, request.head, runtime) : marked, request.head);
  }

  onResponseBody(chunk: Buffer, isLent: boolean): void {
    const page = this.#duePage;
    if (page !== undefined) {
      if (!page.discard(chunk)) this.#servePage(page);
      return;
    }
    const stage = this.#stages?.first;
    if (stage !== undefined) {
      stage.write(chunk);
      return;
    }
    this.#record.bytesSent += chunk.length;
    this.#downstream.sendBody(chunk, isLent);
  }

  onResponseTurn(): void {
    if (this.#phase !== 'answering') return;
    const isOpen = this.#downstream.flush();
    const stage = this.#stages?.first;
    if (stage !== undefined && !isOpen) this.#stages?.pause();
    if (!(stage?.turn() ?? isOpen)) this.#call.upstream?.pause();
  }

  onResponseEnd(trailers: readonly string[]): void {
    const page = this.#duePage;
    if (page === undefined && trailers.length > 0) this.#record.grpcStatus = lastFieldValue(trailers, 'grpc-status');
    this.#call.done();
    if (page !== undefined) {
      this.#servePage(page);
      return;
    }
    if (this.#stages?.first === undefined) this.#finishAnswer(trailers);
    else this.#stages.end(trailers);
  }

  onUpstreamDrain(): void {
    if (!this.#body.isComplete) this.#downstream.resumeRequest();
  }

  // From what the answer goes through

  onStagesRoom(): void {
    this.#call.upstream?.resume();
  }

  onStagesEnd(trailers: readonly string[]): void {
    this.#finishAnswer(trailers);
  }

  onStagesFailed(error: Error): void {
    this.#drop();
    this.#record.cut('upstream_truncated', `compression: ${error.message}`);
    this.#downstream.abort('proxy', 'error');
  }

  #start(head: RequestHead): void {
    this.#record.start(head);
    this.#head = head;
    this.#phase = 'deciding';
  }

  #switchProtocols(head: ResponseHead, request: FilterRequest, upstream: UpstreamRequest): void {
    const { runtime } = this.#admission;
    if (runtime === undefined) return;
    const answer = switchingAnswer(head, request, runtime, this.#call.begunSession);
    this.#call.handOver(upstream, this.#takePlaces());
    if (!this.#downstream.startTunnel(answer, upstream, runtime.compiled))
      this.#record.declined('upstream_protocol_error', 'sec-websocket-accept');
    this.#settle();
  }

  #staged(head: ResponseHead, request: RequestHead, runtime: RouteRuntime): ResponseHead {
    this.#stages ??= new AnswerStages(this.#context, this.#downstream, this.#record, this);
    return this.#stages.begin(head, request, runtime);
  }

  #finishAnswer(trailers: readonly string[]): void {
    this.#downstream.sendEnd(trailers);
    this.#downstream.flush();
    this.#settle();
    this.#downstream.exchangeDone();
  }

  #cut(flag: ResponseFlag, detail: string): void {
    if (this.#phase === 'idle') return;
    if (this.#record.flag === undefined) this.#record.cut(flag, detail);
    this.#drop();
    this.#settle();
  }

  /** The body grew over the limit while it was streamed. */
  #refuseBody(): void {
    this.#drop();
    if (this.#phase !== 'answering') {
      this.#reply(errorReply('body_too_large'));
      return;
    }
    this.#record.cut('body_too_large', undefined);
    this.#downstream.abort('proxy', 'limit_exceeded');
  }

  /** What takes the place of the backend's error, while that is read to its end. */
  get #duePage(): PageInPlace | undefined {
    const page = this.#page;
    return page?.instead === undefined ? page : undefined;
  }

  /** In place of a backend's error. */
  #servePage(page: PageInPlace): void {
    this.#drop();
    const { headers } = page;
    this.#replyWith(page, { ...errorReply('error_page', undefined, this.#record.status), headers });
  }

  /** Answers, with the route's error page where there is one for it. */
  #reply(answer: LocalReply): void {
    const page = this.#page?.instead === undefined ? this.#admission.runtime?.errorPages?.forReply(answer) : undefined;
    if (page === undefined || this.#head === undefined || isGrpcCall(this.#head)) this.#sendReply(answer);
    else this.#replyWith(new PageInPlace(page, []), answer);
  }

  #replyWith(page: PageInPlace, answer: LocalReply): void {
    const { request, runtime } = this.#admission;
    const balancer = page.service(this.#context.balancers);
    if (request === undefined || runtime === undefined || balancer === undefined) {
      this.#sendReply(page.text(answer, this.#context.table().table));
      return;
    }
    this.#record.flag = answer.flag;
    this.#record.detail = answer.detail;
    this.#page = page;
    this.#phase = 'asking';
    this.#call.askInstead(balancer, page.ask(answer, request, runtime, this.#call.service), answer.status, request, runtime);
    if (this.#page !== undefined && !this.#body.isComplete && request.head.body.kind !== 'none') this.#downstream.resumeRequest();
  }

  /** Answers in our own name. The exchange lasts until the rest of the request has been read, or the connection gives it up. */
  #sendReply(answer: LocalReply): void {
    const head = this.#head;
    if (head === undefined) return;
    const { request, runtime } = this.#admission;
    const reply = markedReply(answer, request, runtime);
    this.#page = undefined;
    this.#phase = 'replied';
    this.#body.forget();
    this.#record.replied(reply, head);
    this.#downstream.sendReply(reply, head);
    if (this.#body.isComplete || head.body.kind === 'none') {
      // The parser still has to say that the request ends; `onRequestEnd` finishes then.
      if (this.#body.isComplete) this.#finishReply();
    } else {
      this.#downstream.resumeRequest();
    }
  }

  #finishReply(): void {
    this.#settle();
    this.#downstream.exchangeDone();
  }

  /** Lets go of whatever the request waits for. */
  #drop(): void {
    this.#admission.cancel();
    this.#call.drop();
    this.#stages?.drop();
  }

  /** Whoever takes them over gives them back; undefined: the request has none. */
  #takePlaces(): ActivePlaces | undefined {
    const { request } = this.#admission;
    const places = request?.places;
    if (request !== undefined) request.places = undefined;
    return places;
  }

  /** Counts and logs the request and makes the object ready for the next. */
  #settle(): void {
    const head = this.#head;
    if (head === undefined) return;
    const places = this.#takePlaces();
    if (places !== undefined) this.#context.rates.active.release(places);
    this.#record.user = this.#admission.request?.user;
    this.#record.settle(head, this.#admission.runtime, this.#call.service?.key);
    this.#reset();
  }

  #reset(): void {
    this.#phase = 'idle';
    this.#head = undefined;
    this.#page = undefined;
    this.#admission.reset();
    this.#call.reset();
    this.#record.reset();
    this.#body.reset();
  }
}
