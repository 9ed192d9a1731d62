import type { ResponseFlag } from '../../../observability/counters/response-flag.ts';
import type { PolicyTimeouts } from '../../../routes/policy.ts';
import { Deadline } from '../../../timer-wheel.ts';
import type { OutgoingRequest } from '../../forwarded-fields.ts';
import type { ResponseHead } from '../../http1/message-handler.ts';
import { lastFieldValue } from '../../http1/request-lines.ts';
import type { TunnelEnd, UpstreamFailure, UpstreamHandler } from '../../upstream/upstream-handler.ts';
import type { UpstreamShared } from '../../upstream/upstream-pool.ts';
import type { UpstreamRequest } from '../../upstream/upstream-request.ts';
import type { ConnectionRule } from '../connection-rule.ts';
import { ErrorCode, maxWindowBytes } from '../frames.ts';
import { answerFailure, type MessageRule } from '../message-rule.ts';
import { type QueueTarget, SendQueue } from '../send-queue.ts';
import { acceptOf } from '../websocket-key.ts';
import { maxInformational, responseWindowBytes } from './limits.ts';
import { requestFieldList } from './request-fields.ts';
import type { ResponseFields } from './response-fields.ts';

/** What a stream needs of its connection. */
export interface ClientStreamOwner {
  readonly shared: UpstreamShared;
  readonly scheme: 'http' | 'https';
  /** The backend takes extended CONNECT (RFC 8441 section 3). */
  readonly allowsConnect: boolean;
  /** Begins the stream: gives it its id and window. */
  open(stream: Http2ClientStream, fields: readonly string[], endStream: boolean): void;
  sendData(stream: Http2ClientStream, chunk: Buffer, start: number, limit: number, endStream: boolean): number;
  sendTrailers(stream: Http2ClientStream, trailers: readonly string[]): void;
  sendReset(stream: Http2ClientStream, code: ErrorCode): void;
  sendWindowUpdate(stream: Http2ClientStream, bytes: number): void;
  /** The stream leaves, whether it has been opened or not. */
  leave(stream: Http2ClientStream): void;
}

/** `waiting` for the connection, or for `start`; `open` from the head on; `tunnel` after a WebSocket was accepted. */
type State = 'waiting' | 'open' | 'tunnel' | 'closed';

const noTrailers: readonly string[] = [];
/** A backend that lowers its limit with every connection would have us dial for ever. */
const maxMoves = 2;
const noBytes = Buffer.alloc(0);

/**
 * One request and its answer on an HTTP/2 connection to a backend. The request's bytes wait here when the backend's windows are closed;
 * the answer's are passed on as they come, and the window is not opened again while the client is behind. Its one deadline is the send
 * or read time-out in turn.
 */
export class Http2ClientStream extends Deadline implements UpstreamRequest, QueueTarget {
  readonly socket = undefined;
  readonly canBeReturned = true;
  readonly keepsLent = false;
  /** 0 until the head is sent. */
  id = 0;
  /** What the backend lets us send; negative after it has taken some of it back. */
  sendWindow = 0;
  reused = false;
  answered = false;
  #owner: ClientStreamOwner;
  #handler: UpstreamHandler | undefined;
  #tunnel: TunnelEnd | undefined;
  #onGone: (() => void) | undefined;
  #state: State = 'waiting';
  isReady = false;
  #moves = 0;

  // The request
  #method = '';
  /** The key of a WebSocket that is asked for. */
  #webSocketKey: string | undefined;
  readonly #queue = new SendQueue(this);
  #requestDone = false;
  #localEnded = false;
  #readMs = 0;
  #sendMs = 0;

  // The answer
  #headDone = false;
  #informational = 0;
  #remoteEnded = false;
  /** Bytes that are missing of an answer of known length; -1: unknown. */
  #missing = -1;
  /** The head says that there is no body. */
  #bodyless = false;
  #receiveWindow = responseWindowBytes;
  #unannounced = 0;
  #paused = false;

  constructor(owner: ClientStreamOwner, handler: UpstreamHandler) {
    super();
    this.#owner = owner;
    this.#handler = handler;
  }

  // From the exchange

  start(outgoing: OutgoingRequest, timeouts: PolicyTimeouts): void {
    const owner = this.#owner;
    const { head } = outgoing;
    this.#state = 'open';
    this.#method = head.method;
    this.#readMs = timeouts.readMs;
    this.#sendMs = timeouts.sendMs;
    if (head.upgrade !== undefined) {
      if (!owner.allowsConnect) {
        // Not within this call: the exchange is about to use the stream.
        setImmediate(() => this.#fail('upstream_protocol_error', 'no-extended-connect', ErrorCode.cancel));
        return;
      }
      this.#webSocketKey = lastFieldValue(head.headers, 'sec-websocket-key') ?? '';
    }
    const isWhole = head.body.kind === 'none' && head.upgrade === undefined;
    this.#requestDone = head.body.kind === 'none';
    this.#localEnded = isWhole;
    owner.open(this, requestFieldList(outgoing, owner.scheme), isWhole);
    this.#arm();
  }

  writeBody(chunk: Buffer): boolean {
    if ((this.#state !== 'open' && this.#state !== 'tunnel') || this.#localEnded) return true;
    const wasOpen = this.#queue.isEmpty;
    const sent = wasOpen ? this.#owner.sendData(this, chunk, 0, chunk.length, false) : 0;
    if (sent === chunk.length) return true;
    this.#queue.push(chunk, sent);
    // What the client adds to a queue that stands still buys it no time.
    if (wasOpen) this.#arm();
    return false;
  }

  endRequest(trailers: readonly string[]): void {
    if (this.#state === 'closed' || this.#localEnded) return;
    this.#requestDone = true;
    if (this.#queue.isEmpty) this.endFromQueue(trailers);
    else this.#queue.endWith(trailers);
    this.#arm();
  }

  /** The connection writes by itself at the end of the turn. */
  flush(): boolean {
    return this.#queue.isEmpty;
  }

  pause(): void {
    this.#paused = true;
    this.#arm();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#announce();
    this.#arm();
  }

  destroy(): void {
    if (this.#state === 'closed') return;
    if (this.id !== 0 && !(this.#localEnded && this.#remoteEnded)) this.#owner.sendReset(this, ErrorCode.cancel);
    this.#leave();
  }

  startTunnel(tunnel: TunnelEnd): void {
    this.#handler = undefined;
    this.#tunnel = tunnel;
    this.#state = 'tunnel';
    this.#requestDone = false;
    this.#arm();
  }

  writeTunnel(chunk: Buffer): boolean {
    return this.writeBody(chunk);
  }

  endTunnel(): void {
    this.endRequest(noTrailers);
  }

  onceGone(callback: () => void): void {
    this.#onGone = callback;
  }

  // QueueTarget

  sendFromQueue(chunk: Buffer, start: number, limit: number, endStream: boolean): number {
    const sent = this.#owner.sendData(this, chunk, start, limit, endStream);
    if (endStream && start + sent === chunk.length) this.#localEnded = true;
    return sent;
  }

  endFromQueue(trailers: readonly string[]): void {
    this.#localEnded = true;
    if (trailers.length > 0) this.#owner.sendTrailers(this, trailers);
    else this.#owner.sendData(this, noBytes, 0, 0, true);
  }

  // From the connection

  /** Another connection takes it, because the first has no room after all. False: that was once too often. */
  moveTo(owner: ClientStreamOwner): boolean {
    this.#owner = owner;
    return ++this.#moves <= maxMoves;
  }

  /** The connection has made room for it. @param reused it has served others */
  onReady(reused: boolean): void {
    this.isReady = true;
    this.reused = reused;
  }

  /** Tells the exchange, after `onReady`. */
  announceReady(): void {
    this.#handler?.onUpstreamReady();
  }

  /** No connection has room for it. */
  onUnplaced(detail: string): void {
    const handler = this.#handler;
    this.#state = 'closed';
    this.#handler = undefined;
    handler?.onUpstreamFailed({ flag: 'overload', detail, unprocessed: true });
  }

  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  /** Something of the request waits for windows or for the socket. */
  get isWaiting(): boolean {
    return !this.#queue.isEmpty;
  }

  /** The backend owes an answer to a whole request. */
  get isOwed(): boolean {
    return this.#state === 'open' && this.#localEnded && !this.#headDone;
  }

  get isHeadDone(): boolean {
    return this.#headDone;
  }

  get isRemoteEnded(): boolean {
    return this.#remoteEnded;
  }

  /** False: the window would be larger than RFC 9113 section 6.9.1 allows. */
  growWindow(bytes: number): boolean {
    this.sendWindow += bytes;
    return this.sendWindow <= maxWindowBytes;
  }

  /** Sends of the queue what may go now, at most `limit` bytes; returns how many went. */
  pump(limit: number): number {
    if (this.#queue.isEmpty) return 0;
    const sent = this.#queue.send(limit);
    if (sent > 0 || this.#queue.isEmpty) this.#arm();
    if (this.#queue.isEmpty) this.#onDrained();
    return sent;
  }

  /** A DATA frame of `length` bytes, padding included, begins. False: more than the window. */
  takeWindow(length: number): boolean {
    this.#receiveWindow -= length;
    return this.#receiveWindow >= 0;
  }

  /** What the backend may still send. */
  get windowLeft(): number {
    return Math.max(0, this.#receiveWindow);
  }

  /** Padding takes room in the window and is never passed on. */
  skipPadding(bytes: number): void {
    this.#unannounced += bytes;
  }

  /** The bytes are valid during the call only. */
  onData(chunk: Buffer): void {
    if (this.#state === 'closed') return;
    this.#unannounced += chunk.length;
    if (this.#tunnel !== undefined) {
      this.#tunnel.fromUpstream(Buffer.from(chunk));
    } else {
      if (!this.#headDone) {
        this.#refuse('data-before-head');
        return;
      }
      if (this.#missing !== -1 && chunk.length > 0) {
        this.#missing -= chunk.length;
        if (this.#missing < 0) {
          this.#refuse(this.#bodyless ? 'body-on-bodyless-answer' : 'content-length-mismatch');
          return;
        }
      }
      this.#handler?.onResponseBody(chunk, false);
    }
  }

  /** A header block; `fields` holds it. */
  onHeaders(fields: ResponseFields, endStream: boolean): void {
    if (this.#state === 'closed') return;
    this.answered = true;
    if (this.#headDone) this.#onTrailers(fields, endStream);
    else this.#onHead(fields.head(this.#method, endStream), endStream);
  }

  onEndStream(): void {
    if (this.#state === 'closed') return;
    this.#remoteEnded = true;
    if (this.#tunnel !== undefined) this.#tunnel.upstreamEnded();
    else if (!this.#headDone) this.#refuse('data-before-head');
    else if (this.#missing > 0) this.#refuse('content-length-mismatch');
    else this.#finish(noTrailers);
  }

  /** All that one read brought has been passed on. Only now is it known whether the client keeps up. */
  onTurn(): void {
    if (this.#state === 'open') {
      if (this.#requestDone) this.#arm();
      this.#handler?.onResponseTurn();
    }
    this.#announce();
  }

  /** The backend ended the stream. */
  onReset(code: number): void {
    const failure: UpstreamFailure = {
      flag: 'upstream_reset',
      detail: `RST_STREAM ${code}`,
      unprocessed: code === ErrorCode.refusedStream,
      resetCode: code as ErrorCode,
    };
    this.onLost(failure, code === ErrorCode.noError || code === ErrorCode.cancel ? undefined : failure.detail);
  }

  /** The stream is over without a whole answer. @param error what a tunnel is told; undefined: an ordinary end */
  onLost(failure: UpstreamFailure, error: string | undefined): void {
    if (this.#state === 'closed') return;
    const handler = this.#handler;
    const tunnel = this.#tunnel;
    this.#leave();
    handler?.onUpstreamFailed(failure);
    tunnel?.upstreamClosed(error === undefined ? undefined : Object.assign(new Error(error), { code: 'ECONNRESET' }));
  }

  /** The backend broke a rule of streams, or the answer's. */
  fail(code: ErrorCode, rule: ConnectionRule | MessageRule): void {
    this.#fail('upstream_protocol_error', rule, code);
  }

  override onTimeout(): void {
    if (!this.#queue.isEmpty) {
      this.#fail('upstream_timeout', 'send', ErrorCode.cancel);
    } else if (this.#requestDone && !this.#paused) {
      this.#fail('upstream_timeout', 'read', ErrorCode.cancel);
    } else {
      this.#arm();
    }
  }

  #onHead(head: ResponseHead | MessageRule, endStream: boolean): void {
    if (typeof head === 'string') {
      this.#refuse(head);
      return;
    }
    if (head.status < 200) {
      if (++this.#informational > maxInformational) this.#refuse('too-many-informational');
      else this.#handler?.onResponseInformational(head);
      return;
    }
    this.#headDone = true;
    if (this.#webSocketKey !== undefined && head.status < 300 && !endStream) {
      this.#handler?.onResponseHead(switchingHead(head, this.#webSocketKey));
      return;
    }
    if (head.body.kind === 'length') this.#missing = head.body.bytes;
    else if (head.body.kind === 'none') {
      this.#missing = 0;
      this.#bodyless = true;
    }
    this.#handler?.onResponseHead(head);
    if (endStream && this.#state === 'open') {
      this.#remoteEnded = true;
      this.#finish(noTrailers);
    }
  }

  #onTrailers(fields: ResponseFields, endStream: boolean): void {
    const trailers = endStream ? fields.trailers() : 'trailers-without-end';
    if (typeof trailers === 'string') {
      this.#refuse(trailers);
      return;
    }
    this.#remoteEnded = true;
    if (this.#tunnel !== undefined) this.#tunnel.upstreamEnded();
    else if (this.#missing > 0) this.#refuse('content-length-mismatch');
    else this.#finish(trailers);
  }

  /** The answer is whole. The connection has room again before the handler hears of it. */
  #finish(trailers: readonly string[]): void {
    const handler = this.#handler;
    // A rest of the request is of no use any more (RFC 9113 section 8.1).
    if (!this.#localEnded) this.#owner.sendReset(this, ErrorCode.noError);
    this.#leave();
    handler?.onResponseEnd(trailers);
  }

  #refuse(rule: MessageRule): void {
    this.#fail(answerFailure(rule), rule, ErrorCode.protocolError);
  }

  #fail(flag: ResponseFlag, detail: string, code: ErrorCode): void {
    if (this.#state === 'closed') return;
    if (this.id !== 0) this.#owner.sendReset(this, code);
    this.onLost({ flag, detail, unprocessed: false }, detail);
  }

  #leave(): void {
    this.#state = 'closed';
    this.#handler = undefined;
    this.#tunnel = undefined;
    this.#queue.clear();
    this.#owner.shared.wheel.disarm(this);
    this.#owner.leave(this);
    this.#onGone?.();
  }

  #onDrained(): void {
    if (this.#tunnel !== undefined) this.#tunnel.upstreamDrained();
    else this.#handler?.onUpstreamDrain();
  }

  /** Tells the backend of room in the window, half a window at a time, unless the client is behind. */
  #announce(): void {
    if (this.#paused || this.#remoteEnded || this.#unannounced < responseWindowBytes / 2 || this.#state === 'closed') return;
    this.#receiveWindow += this.#unannounced;
    this.#owner.sendWindowUpdate(this, this.#unannounced);
    this.#unannounced = 0;
  }

  /** A tunnel has its own deadline. */
  #arm(): void {
    if (this.#state === 'closed') return;
    const { wheel } = this.#owner.shared;
    const ms = this.#state !== 'open' ? 0 : !this.#queue.isEmpty ? this.#sendMs : this.#requestDone && !this.#paused ? this.#readMs : 0;
    if (ms > 0) wheel.arm(this, ms);
    else wheel.disarm(this);
  }
}

/** The answer to an extended CONNECT as HTTP/1.1 knows it (RFC 8441 section 5). */
function switchingHead(head: ResponseHead, key: string): ResponseHead {
  const headers = [...head.headers, 'sec-websocket-accept', acceptOf(key)];
  return { ...head, status: 101, reason: 'Switching Protocols', headers, body: { kind: 'none' }, upgrade: 'websocket' };
}
