import type { ConnectionSide, TerminationReason } from '../../../observability/counters/termination-reason.ts';
import type { CompiledRoute } from '../../../routes/compiled-table.ts';
import type { ClientConnectionPolicy } from '../../../routes/policy.ts';
import { Deadline } from '../../../timer-wheel.ts';
import type { AcceptedConnection } from '../../accepted-connection.ts';
import type { ClientFacts } from '../../client-facts.ts';
import type { Downstream } from '../../downstream.ts';
import { Exchange } from '../../exchange.ts';
import { grpcReplyHeaders, isGrpcCall } from '../../grpc.ts';
import { hasDate, httpDate } from '../../http-date.ts';
import type { RequestHead, ResponseHead } from '../../http1/message-handler.ts';
import { errorReply, type LocalReply, localReplyHeaders } from '../../local-reply.ts';
import type { ProxyContext } from '../../proxy-context.ts';
import { bytesToKeep } from '../../shared-read-buffer.ts';
import { Tunnel } from '../../tunnel.ts';
import type { UpstreamRequest } from '../../upstream/upstream-request.ts';
import { ErrorCode, maxWindowBytes } from '../frames.ts';
import { type MessageRule, messageFailure } from '../message-rule.ts';
import { type QueueTarget, SendQueue } from '../send-queue.ts';
import { isAgreedOn } from '../websocket-key.ts';
import { ReceiveWindow } from './receive-window.ts';
import { withoutField } from './request-fields.ts';
import type { StreamOwner } from './stream-owner.ts';
import { endsInOrder, resetCodeOf, StreamTunnelClient } from './stream-tunnel.ts';

/** What the stream's one deadline stands for at the moment. */
type Phase = 'body' | 'write' | 'busy';

const noTrailers: readonly string[] = [];

/**
 * One request and its answer on an HTTP/2 connection (RFC 9113 section 5.1), in the state open, half closed on either side, or closed.
 * The request's bytes are counted against the stream's window until the exchange has taken them; the answer's wait here, at most one read
 * of the backend, when the client's windows are closed.
 */
export class Http2Stream extends Deadline implements Downstream, QueueTarget {
  readonly id: number;
  readonly facts: ClientFacts;
  readonly connection: AcceptedConnection;
  readonly takesLent = false;
  /** What the client lets us send; negative after it has taken some of it back. */
  sendWindow: number;
  readonly #context: ProxyContext;
  readonly #owner: StreamOwner;
  readonly #head: RequestHead | undefined;
  readonly #exchange: Exchange;
  #phase: Phase = 'busy';
  /** The exchange has begun: not before the end of the turn in which the request came. */
  #begun = false;
  #exchangeDone = false;
  #closed = false;
  #localEnded = false;
  #remoteEnded = false;
  /** Our own answer is out: what comes of the request is thrown away. */
  #replied = false;

  // The request
  /** Body that came in the turn of its head. */
  #early: Buffer[] | undefined;
  #trailers: readonly string[] = noTrailers;
  #expectedBytes: number;
  #receivedBytes = 0;
  readonly #window = new ReceiveWindow();
  #requestPaused = true;
  /** Received and not taken by the exchange. */
  #untaken = 0;

  // The answer
  /** Bytes that are missing of an answer whose last one ends the stream; -1: something else does. */
  #missing = -1;
  readonly #queue = new SendQueue(this);
  #upstreamHeld = false;
  /** The client was given up. */
  #isStalled = false;
  /** Moved since the deadline was last set: drops do not move it. */
  #movedBytes = 0;
  /** What the stream has become: the client's end of a WebSocket. */
  #tunnel: Tunnel | undefined;

  /** What the stream ends with when its answer is out. */
  #closeCode: ErrorCode = ErrorCode.noError;

  /** @param head undefined: it could not be read, and `refuse` follows */
  constructor(context: ProxyContext, owner: StreamOwner, id: number, head: RequestHead | undefined, sendWindow: number) {
    super();
    this.id = id;
    this.facts = owner.facts;
    this.connection = owner.connection;
    this.sendWindow = sendWindow;
    this.#context = context;
    this.#owner = owner;
    this.#head = head;
    this.#expectedBytes = head?.body.kind === 'length' ? head.body.bytes : -1;
    this.#exchange = new Exchange(context, this);
  }

  get #isConnect(): boolean {
    return this.#head?.upgrade !== undefined;
  }

  get isRemoteEnded(): boolean {
    return this.#remoteEnded;
  }

  /** Something of the answer waits for the client's windows or socket. */
  get isWaiting(): boolean {
    return !this.#queue.isEmpty;
  }

  // From the connection: the request

  /** The turn in which the request came is over, and the client has not taken it back. */
  begin(): void {
    if (this.#closed || this.#begun || this.#head === undefined) return;
    this.#begun = true;
    this.#exchange.begin(this.#head);
    const early = this.#early;
    if (this.#isConnect) {
      // Its bytes are the tunnel's and wait for it; the request is its head alone.
      this.#exchange.onRequestEnd(noTrailers);
      return;
    }
    this.#early = undefined;
    if (early !== undefined) for (const chunk of early) this.#pass(chunk);
    if (this.#remoteEnded && !this.#exchangeDone) this.#exchange.onRequestEnd(this.#trailers);
    this.#exchange.onRequestTurn();
  }

  /** A DATA frame of `length` bytes, padding included, begins. False: more than the window. */
  takeWindow(length: number): boolean {
    return this.#window.take(length);
  }

  /** Padding takes room in the window and is never passed on. */
  skipPadding(bytes: number): void {
    if (!this.#closed) this.#announce(bytes);
  }

  onData(chunk: Buffer): void {
    if (this.#closed) {
      this.#owner.credit(chunk.length);
      return;
    }
    this.#receivedBytes += chunk.length;
    this.#untaken += chunk.length;
    if (this.#expectedBytes !== -1 && this.#receivedBytes > this.#expectedBytes) this.refuse('content-length-mismatch');
    else if (this.#tunnel !== undefined) this.#toTunnel(this.#tunnel, chunk);
    else if (this.#begun && !this.#isConnect) this.#pass(chunk);
    else (this.#early ??= []).push(bytesToKeep(chunk));
  }

  onEndStream(trailers: readonly string[]): void {
    if (this.#closed) return;
    this.#remoteEnded = true;
    this.#trailers = trailers;
    if (this.#phase === 'body') this.#arm('busy');
    if (this.#expectedBytes !== -1 && this.#receivedBytes !== this.#expectedBytes) this.refuse('content-length-mismatch');
    else if (this.#tunnel !== undefined) this.#tunnel.clientEnded();
    else if (this.#begun && !this.#isConnect) this.#exchange.onRequestEnd(trailers);
  }

  /** The client ended the stream. */
  onReset(code: number): void {
    if (this.#closed) return;
    this.#leave(false, 'econnreset');
    if (!this.#begun && this.#head !== undefined) this.#exchange.onTakenBack(this.#head, `RST_STREAM ${code}`);
    else this.#exchange.onCancelled(`RST_STREAM ${code}`);
  }

  /** The request breaks `rule`: answered where that is still possible; a malformed one then ends with an error (RFC 9113 section 8.1.1). */
  refuse(rule: MessageRule): void {
    const failure = messageFailure(rule);
    this.#begun = true;
    if (failure.malformed) {
      this.#owner.onMalformed();
      this.#closeCode = ErrorCode.protocolError;
    }
    if (this.#refuseExchange(errorReply(failure.flag, failure.rule, failure.status), 'protocol_error') && !failure.malformed) return;
    this.#reset(ErrorCode.protocolError);
  }

  /** The client broke a rule of streams. */
  fail(code: ErrorCode): void {
    this.#owner.onMalformed();
    this.#endExchange('protocol_error');
    this.#reset(code, 'protocol_error');
  }

  /** The connection is over for `reason`. */
  onConnectionEnd(reason: TerminationReason): void {
    this.#closed = true;
    this.#context.wheel.disarm(this);
    this.#queue.clear();
    this.#endExchange(reason);
    this.#tunnel?.close(reason);
  }

  // From the connection: the answer

  /** False: the window would be larger than RFC 9113 section 6.9.1 allows. */
  growWindow(bytes: number): boolean {
    this.sendWindow += bytes;
    return this.sendWindow <= maxWindowBytes;
  }

  /** Sends of the queue what may go now, at most `limit` bytes; returns how many went. */
  pump(limit: number): number {
    if (this.#closed || !this.isWaiting) return 0;
    const sent = this.#queue.send(limit);
    if (this.#closed) return sent;
    if (this.isWaiting) {
      this.#movedBytes += sent;
      if (this.#movedBytes >= this.#context.clientLimits.renewalBytes) this.#arm('write');
      return sent;
    }
    this.#arm('busy');
    this.releaseUpstream();
    this.#closeIfDone();
    return sent;
  }

  /** The client takes bytes again: goes on reading the backend. */
  releaseUpstream(): void {
    if (!this.#upstreamHeld || this.isWaiting || this.#owner.isBehind || this.#closed) return;
    this.#upstreamHeld = false;
    if (this.#phase === 'write') this.#arm('busy');
    if (this.#tunnel !== undefined) this.#tunnel.clientDrained();
    else this.#exchange.onDownstreamDrain();
  }

  /** The connection holds too much already: the backend is not read for now. */
  holdUpstream(): void {
    if (this.#exchangeDone) return;
    this.#hold();
    if (this.#tunnel !== undefined) this.#tunnel.holdUpstream();
    else this.#exchange.holdAnswer();
  }

  /** The worker holds too much: what waits here is given up. False: nothing does. */
  giveUp(): boolean {
    if (this.#closed || (!this.#queue.hasBytes && this.#untaken === 0)) return false;
    this.#isStalled = true;
    this.#exchange.onConnectionEnd('write_timeout');
    this.#reset(ErrorCode.enhanceYourCalm, 'write_timeout');
    return true;
  }

  // QueueTarget

  sendFromQueue(chunk: Buffer, start: number, limit: number, endStream: boolean): number {
    const sent = this.#owner.sendData(this, chunk, start, limit, endStream);
    if (sent > 0) this.#owner.queueChanged(-sent, true);
    if (endStream && start + sent === chunk.length) this.#localEnded = true;
    return sent;
  }

  endFromQueue(trailers: readonly string[]): void {
    this.#localEnded = true;
    if (trailers.length > 0) this.#owner.sendHeaders(this, 0, trailers, true);
    else this.#owner.sendData(this, noBytes, 0, 0, true);
  }

  // From the exchange

  keepAs(policy: ClientConnectionPolicy | undefined): void {
    this.#owner.keepAs(policy);
  }

  resumeRequest(): void {
    if (this.#closed) return;
    if (this.#replied) {
      this.#exchange.onRequestEnd(noTrailers);
      return;
    }
    this.#requestPaused = false;
    this.#creditTaken();
    if (!this.#remoteEnded && !this.isWaiting) this.#arm('body');
  }

  pauseRequest(): void {
    this.#requestPaused = true;
    this.#window.wasPaused = true;
    if (this.#phase === 'body') this.#arm('busy');
  }

  sendContinue(): void {
    if (!this.#localEnded) this.#owner.sendHeaders(this, 100, noTrailers, false);
  }

  sendInformational(head: ResponseHead): void {
    this.#owner.sendHeaders(this, head.status, head.headers, false);
  }

  sendHead(head: ResponseHead, _request: RequestHead): void {
    const { body } = head;
    // HTTP/2 answers may have trailers behind a body of known length too.
    this.#missing = body.kind === 'length' && head.version !== 20 ? body.bytes : -1;
    const isWhole = body.kind === 'none' || (body.kind === 'length' && body.bytes === 0);
    this.#localEnded = isWhole;
    const { headers } = head;
    const fields = hasDate(headers) ? headers : [...headers, 'date', httpDate(Date.now())];
    // Without a 101 there is no WebSocket, and a client would take any 2xx for one (RFC 8441 section 5).
    const status = this.#isConnect && head.status < 300 ? 502 : head.status;
    this.#owner.sendHeaders(this, status, fields, isWhole);
  }

  sendBody(chunk: Buffer): void {
    if (this.#localEnded || this.#closed) return;
    let isLast = false;
    if (this.#missing !== -1) {
      this.#missing -= chunk.length;
      isLast = this.#missing === 0;
    } else if (chunk.length === 0) {
      return;
    }
    const sent = this.isWaiting ? 0 : this.#owner.sendData(this, chunk, 0, chunk.length, isLast);
    if (sent < chunk.length) {
      if (isLast) this.#queue.endWith(noTrailers);
      this.#enqueue(chunk, sent);
    } else if (isLast) {
      this.#localEnded = true;
    }
  }

  sendEnd(trailers: readonly string[]): void {
    if (this.#localEnded || this.#closed || this.#queue.isEnding) return;
    if (this.#queue.hasBytes) this.#queue.endWith(trailers);
    else this.endFromQueue(trailers);
  }

  flush(): boolean {
    this.#owner.settleOutput();
    if (!this.isWaiting && !this.#owner.isBehind) return true;
    this.#hold();
    return false;
  }

  sendReply(reply: LocalReply, request: RequestHead): void {
    this.#replied = true;
    if (isGrpcCall(request)) {
      this.#localEnded = true;
      this.#owner.sendHeaders(this, 200, grpcReplyHeaders(reply, new Date()), true);
      return;
    }
    const isWhole = request.method === 'HEAD' || reply.body.length === 0;
    this.#owner.sendHeaders(this, reply.status, localReplyHeaders(reply, new Date()), isWhole);
    this.#localEnded = isWhole;
    if (isWhole) return;
    this.#missing = reply.body.length;
    this.sendBody(Buffer.from(reply.body, 'latin1'));
  }

  exchangeDone(): void {
    this.#exchangeDone = true;
    this.#closeIfDone();
  }

  abort(_side: ConnectionSide, reason: TerminationReason, code: ErrorCode = ErrorCode.internalError): void {
    // A reset without an error would look like an answer that is whole.
    this.#reset(code === ErrorCode.noError ? ErrorCode.internalError : code);
    this.#exchange.onConnectionEnd(reason);
  }

  startTunnel(head: ResponseHead, upstream: UpstreamRequest, route: CompiledRoute): boolean {
    if (!isAgreedOn(this.#head?.headers ?? [], head.headers)) {
      upstream.destroy();
      this.#reset(ErrorCode.connectError);
      return false;
    }
    this.#owner.sendHeaders(this, 200, withoutField(head.headers, 'sec-websocket-accept'), false);
    const client = new StreamTunnelClient(this);
    const way = { route, listener: this.facts.listener.key };
    const tunnel = new Tunnel(this.#context, client, upstream, way, (_side, reason) => this.#onTunnelEnd(reason));
    this.#tunnel = tunnel;
    const early = this.#early;
    this.#early = undefined;
    this.#requestPaused = false;
    if (early !== undefined) for (const chunk of early) this.#toTunnel(tunnel, chunk);
    if (this.#remoteEnded) tunnel.clientEnded();
    return true;
  }

  override onTimeout(): void {
    this.#isStalled = true;
    this.#owner.onStalled();
    if (this.#phase === 'body' && this.#refuseExchange(errorReply('request_timeout', 'body_timeout'), 'body_timeout')) return;
    this.#exchange.onConnectionEnd('write_timeout');
    this.#reset(ErrorCode.cancel);
  }

  /** False: it is too late for an answer, and the exchange is over without one. */
  #refuseExchange(reply: LocalReply, reason: TerminationReason): boolean {
    if (!this.#exchangeDone && this.#tunnel === undefined && this.#exchange.refuse(reply, this.facts.scheme, 20)) return true;
    this.#exchange.onConnectionEnd(reason);
    return false;
  }

  #endExchange(reason: TerminationReason): void {
    if (!this.#begun && this.#head !== undefined) this.#exchange.onTakenBack(this.#head, reason);
    else this.#exchange.onConnectionEnd(reason);
  }

  #toTunnel(tunnel: Tunnel, chunk: Buffer): void {
    tunnel.fromClient(bytesToKeep(chunk));
    if (!this.#requestPaused) this.#creditTaken();
  }

  #onTunnelEnd(reason: TerminationReason): void {
    if (this.#closed) return;
    this.#exchangeDone = true;
    const inOrder = endsInOrder(reason) && !this.isWaiting;
    if (inOrder) this.sendEnd(noTrailers);
    if (inOrder || (reason === 'normal' && this.#remoteEnded)) this.#closeIfDone();
    else this.#reset(resetCodeOf(reason));
    this.#tunnel?.close(reason);
  }

  #pass(chunk: Buffer): void {
    if (!this.#replied && !this.#exchangeDone) this.#exchange.onRequestBody(chunk);
    if (this.#closed) return;
    if (!this.#requestPaused || this.#replied || this.#exchangeDone) this.#creditTaken();
    if (this.#requestPaused || this.#remoteEnded || this.#phase === 'write') return;
    this.#movedBytes += chunk.length;
    // Drops do not buy a body of known length more time; another may have nothing to say for a while.
    const isSlow = this.#expectedBytes !== -1 && this.#phase === 'body' && this.#movedBytes < this.#context.clientLimits.renewalBytes;
    if (!isSlow) this.#arm('body');
  }

  #creditTaken(): void {
    const bytes = this.#untaken;
    if (bytes === 0) return;
    this.#untaken = 0;
    this.#owner.credit(bytes);
    this.#announce(bytes);
  }

  /** Tells the client of room in the window, half a window at a time; of twice as much while the backend takes all at once. */
  #announce(bytes: number): void {
    const window = this.#window;
    if (!window.use(bytes) || this.#remoteEnded) return;
    const wanted = window.wantedGrowth;
    this.#owner.sendWindowUpdate(this, window.announce(wanted === 0 ? 0 : this.#owner.takeGrowth(wanted)));
  }

  /** The backend is not read; the client has the time of a body to change that. */
  #hold(): void {
    this.#upstreamHeld = true;
    if (this.#phase !== 'write') this.#arm('write');
  }

  #enqueue(chunk: Buffer, from: number): void {
    if (from === chunk.length) return;
    this.#queue.push(chunk, from);
    if (this.#phase !== 'write') this.#arm('write');
    this.#owner.queueChanged(chunk.length - from, false);
  }

  /** Both sides are done, or ours is and the rest of the request is not wanted (RFC 9113 section 8.1). */
  #closeIfDone(): void {
    if (!this.#localEnded || !this.#exchangeDone || this.#closed) return;
    const cutShort = !this.#remoteEnded || this.#closeCode !== ErrorCode.noError;
    this.#leave(cutShort, 'normal');
    if (cutShort) this.#owner.sendReset(this, this.#closeCode);
  }

  /** @param reason why its tunnel ends, if it has one that did not end by itself */
  #reset(code: ErrorCode, reason: TerminationReason = 'normal'): void {
    if (this.#closed) return;
    this.#leave(true, reason);
    this.#owner.sendReset(this, code);
  }

  #leave(wasReset: boolean, reason: TerminationReason): void {
    this.#closed = true;
    this.#context.wheel.disarm(this);
    const queued = this.#queue.clear();
    this.#early = undefined;
    if (queued > 0) this.#owner.queueChanged(-queued, !this.#isStalled);
    if (this.#untaken > 0) this.#owner.credit(this.#untaken);
    this.#untaken = 0;
    this.#tunnel?.close(reason);
    this.#owner.giveGrowth(this.#window.growth);
    this.#owner.onStreamClosed(this, wasReset, this.#localEnded && this.#closeCode === ErrorCode.noError);
  }

  /** A tunnel has its own deadline, for silence in both directions. */
  #arm(phase: Phase): void {
    this.#phase = phase;
    this.#movedBytes = 0;
    const bodyTimeoutMs = this.#tunnel === undefined ? this.#context.clientLimits.bodyTimeoutMs : 0;
    if (phase !== 'busy' && bodyTimeoutMs > 0) this.#context.wheel.arm(this, bodyTimeoutMs);
    else this.#context.wheel.disarm(this);
  }
}

const noBytes = Buffer.alloc(0);
