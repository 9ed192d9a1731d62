import type { Socket } from 'node:net';
import type { ConnectionSide, TerminationReason } from '../../observability/counters/termination-reason.ts';
import type { CompiledRoute } from '../../routes/compiled-table.ts';
import type { AcceptedConnection } from '../accepted-connection.ts';
import type { ClientFacts } from '../client-facts.ts';
import { type ClientStreamListeners, listenToClientStream, releaseClientStream } from '../client-stream.ts';
import type { Downstream } from '../downstream.ts';
import { Exchange } from '../exchange.ts';
import { HttpConnection } from '../http-connection.ts';
import { errorReply, type LocalReply, serialiseLocalReply } from '../local-reply.ts';
import type { ProxyContext } from '../proxy-context.ts';
import { ReadTarget } from '../read-target.ts';
import { bytesToKeep, clientReadBuffers, readIntoSharedBuffer, setNextBuffer } from '../shared-read-buffer.ts';
import { Tunnel } from '../tunnel.ts';
import type { UpstreamRequest } from '../upstream/upstream-request.ts';
import { AnswerOutput } from './answer-output.ts';
import { limitOfRule } from './limit-of-rule.ts';
import { defaultParserLimits, type MessageHandler, type ParseFailure, type RequestHead, type ResponseHead } from './message-handler.ts';
import { RequestParser } from './request-parser.ts';
import { clientFraming, clientResponseHead, informationalHead } from './response-lines.ts';

/** What the connection's one deadline stands for at the moment. */
type Phase =
  | 'idle' // between two requests
  | 'head' // part of a head is here
  | 'body' // the rest of a body is missing
  | 'write' // the client does not take our bytes
  | 'busy'; // the exchange has its own deadlines

/** A declared rest of a body that is read and thrown away, to keep a connection whose request was answered early. */
const discardBytes = 65_536;
/** Of requests that wait for the answer to the one before them, read beyond what the first read brought. */
const readAheadBytes = 4096;
/** How long a drain leaves an idle connection open: its next request may be on the way, and an end now would lose it. */
const drainIdleMs = 1000;

/**
 * One HTTP/1.x client connection: parses requests one at a time, gives each to its exchange, and writes the answers. Requests that come
 * before the answer to the last one wait, unread beyond one buffer. A client that sends FIN is gone, with all that it asked for. The
 * connection's end is SmartProxy's: `connection.end` asks for it and `cleanUp` is told.
 */
export class ServerConnection extends HttpConnection implements MessageHandler<RequestHead>, Downstream, ClientStreamListeners {
  readonly takesLent = true;
  readonly #stream: Socket;
  readonly #parser: RequestParser;
  readonly #exchange: Exchange;
  readonly #output: AnswerOutput;
  #tunnel: Tunnel | undefined;
  /** Made when a body fills the shared buffer for the first time. */
  #target: ReadTarget | undefined;
  #phase: Phase = 'idle';
  #requests = 0;
  /** Between the head and the end of a request. */
  #inMessage = false;
  #midHead = false;
  /** The body in hand has a known length, so it must come at a rate. */
  #hasLength = false;
  /** Of the body, since its deadline was last moved. */
  #movedBytes = 0;
  #consuming = false;
  /** The answer is out, the rest of its request is thrown away. */
  #discarding = false;
  /** Read but not parsed: the beginning of the next request. */
  #pending: Buffer | undefined;
  #paused = false;
  #blocked = false;
  #closed = false;
  #keepAlive = true;
  /** The answer in hand closes the connection, whatever its request says. */
  #isLast = false;
  /** Why the connection ends after the answer in hand. */
  #endSide: ConnectionSide = 'proxy';
  #endReason: TerminationReason = 'normal';

  /** @param stream the raw socket, or the TLS socket around it after its handshake */
  constructor(context: ProxyContext, connection: AcceptedConnection, stream: Socket, facts: ClientFacts) {
    super(context, connection, facts);
    this.#stream = stream;
    this.#output = new AnswerOutput(stream);
    const { maxHeaderBytes, maxHeaders } = context.config;
    this.#parser = new RequestParser({ ...defaultParserLimits, maxHeadBytes: maxHeaderBytes, maxHeaders }, facts.scheme, this);
    this.#exchange = new Exchange(context, this);
    this.#phase = 'head';
    const { headerTimeoutMs } = context.clientLimits;
    if (headerTimeoutMs > 0) context.wheel.arm(this, headerTimeoutMs);
    listenToClientStream(stream, this);
    readIntoSharedBuffer(stream, this.#onRead);
    stream.resume();
  }

  /** The process is ending: a busy connection ends after its answer, a new one after its first, an idle one when no request comes soon. */
  override drain(): void {
    if (this.#phase === 'idle' && !this.#exchange.isActive && this.#requests > 0) this.#arm('idle', drainIdleMs);
  }

  /** The worker is short of memory: an idle connection ends when no request comes soon. True: it does now. */
  shed(): boolean {
    if (this.isLeaving || this.#phase !== 'idle' || this.#exchange.isActive || this.#requests === 0) return false;
    this.leaveForOverload();
    this.#arm('idle', drainIdleMs);
    return true;
  }

  override giveUp(): void {
    this.context.counters.countHttp1Limit('worker_buffers');
    this.connection.end('proxy', 'write_timeout');
  }

  /** Called once when the connection ends, whoever ended it, for `reason`. */
  cleanUp(reason: TerminationReason): void {
    this.#closed = true;
    this.context.wheel.disarm(this);
    this.context.buffers.release(this);
    releaseClientStream(this.#stream, this);
    this.#target?.letGo();
    this.#pending = undefined;
    this.#output.text = '';
    this.#exchange.onConnectionEnd(reason);
    this.#tunnel?.close(reason);
    this.letGo();
  }

  onHead(head: RequestHead): void {
    this.#inMessage = true;
    this.#midHead = false;
    this.#requests++;
    this.#hasLength = head.body.kind === 'length';
    this.#movedBytes = 0;
    this.#exchange.begin(head);
  }

  onBody(chunk: Buffer): void {
    this.#movedBytes += chunk.length;
    if (!this.#discarding) this.#exchange.onRequestBody(chunk);
  }

  onEnd(trailers: readonly string[]): void {
    this.#inMessage = false;
    if (this.#discarding) this.#discarding = false;
    else this.#exchange.onRequestEnd(trailers);
  }

  resumeRequest(): void {
    if (this.#closed || this.#pending !== undefined) return;
    if (this.#inMessage) this.#arm('body', this.context.clientLimits.bodyTimeoutMs);
    if (!this.#paused) return;
    this.#paused = false;
    this.#stream.resume();
  }

  pauseRequest(): void {
    if (this.#phase === 'body') this.#phase = 'busy';
    this.#pause();
  }

  sendContinue(): void {
    this.#stream.write('HTTP/1.1 100 Continue\r\n\r\n', 'latin1');
  }

  sendInformational(head: ResponseHead): void {
    this.#output.text += informationalHead(head);
    this.flush();
  }

  sendHead(head: ResponseHead, request: RequestHead): void {
    const framing = clientFraming(head, request);
    this.#output.framing = framing.kind;
    this.#keepAlive = framing.kind !== 'close' && this.#mayKeepAlive(request);
    this.#output.text += clientResponseHead(head, framing, this.#keepAlive, request);
  }

  sendBody(chunk: Buffer, isLent: boolean): void {
    this.#output.body(chunk, isLent);
  }

  sendEnd(trailers: readonly string[]): void {
    this.#output.end(trailers);
  }

  flush(): boolean {
    const stream = this.#stream;
    this.#output.writeOut();
    if (!stream.writableNeedDrain || stream.writableLength === 0) return true;
    if (!this.#blocked) {
      this.#blocked = true;
      this.context.buffers.change(this, stream.writableLength);
      this.#arm('write', this.context.clientLimits.bodyTimeoutMs);
    }
    return false;
  }

  sendReply(reply: LocalReply, request: RequestHead): void {
    // An HTTP/1.0 client reads to the end of the connection unless it is told `keep-alive`; our own answers just close it.
    this.#keepAlive = request.version > 10 && this.#mayKeepAlive(request);
    this.#output.text += serialiseLocalReply(reply, this.#keepAlive, request.method === 'HEAD', new Date());
    this.flush();
    // Nothing of the body will be used: do not wait for it.
    if (!this.#keepAlive && this.#inMessage && request.body.kind !== 'none') this.#endInOrder();
  }

  exchangeDone(): void {
    if (this.#closed) return;
    if (!this.#keepAlive) {
      this.#endInOrder();
      return;
    }
    if (this.#inMessage) {
      this.#discarding = true;
      this.resumeRequest();
      return;
    }
    if (!this.#consuming) this.#next();
  }

  abort(side: ConnectionSide, reason: TerminationReason): void {
    // A client can tell a broken answer of known framing from a whole one; one that ends with the connection needs a reset for that.
    if (this.#output.framing === 'close') this.connection.socket.resetAndDestroy();
    this.connection.end(side, reason);
  }

  startTunnel(head: ResponseHead, upstream: UpstreamRequest, route: CompiledRoute): boolean {
    this.#output.text += informationalHead(head);
    this.flush();
    this.context.wheel.disarm(this);
    this.context.buffers.release(this);
    this.#phase = 'busy';
    this.letGo();
    this.connection.setOutgoing(upstream.socket);
    const way = { route, listener: this.facts.listener.key };
    const tunnel = new Tunnel(this.context, this.#stream, upstream, way, (side, reason) => this.connection.end(side, reason));
    this.#tunnel = tunnel;
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending !== undefined) tunnel.fromClient(pending);
    if (!this.#paused) return true;
    this.#paused = false;
    this.#stream.resume();
    return true;
  }

  override onTimeout(): void {
    switch (this.#phase) {
      case 'idle':
        this.connection.end('proxy', this.reasonToLeave('inactivity'));
        break;
      case 'head':
        this.#onLate('header_timeout', this.#midHead);
        break;
      case 'body':
        this.#onLate('body_timeout', !this.#discarding);
        break;
      case 'write':
        this.connection.end('proxy', 'write_timeout');
        break;
      case 'busy':
        break;
    }
  }

  readonly #onRead = (size: number, buffer: Buffer): true => {
    this.onClientData(buffer.subarray(0, size));
    if (size === clientReadBuffers.shared.length || this.#target !== undefined) this.#afterRead(size);
    return true;
  };

  readonly onClientData = (chunk: Buffer): void => {
    if (this.#tunnel !== undefined) this.#tunnel.fromClient(bytesToKeep(chunk));
    else if (this.#exchange.isActive && !this.#inMessage) this.#hold(chunk);
    else this.#consume(chunk);
  };

  readonly onClientEnd = (): void => {
    if (this.#tunnel !== undefined) {
      this.#tunnel.clientEnded();
      return;
    }
    // Nothing tells a client that closes its side alone from one that is gone, and answers for those that are gone cost their backends.
    if (this.#exchange.isActive) this.abort('client', 'normal');
    else this.connection.end('client', 'normal');
  };

  readonly onClientDrain = (): void => {
    if (this.#tunnel !== undefined) {
      this.#tunnel.clientDrained();
      return;
    }
    if (!this.#blocked) return;
    this.#blocked = false;
    this.context.buffers.release(this);
    if (this.#phase === 'write') this.#phase = 'busy';
    if (this.#inMessage && !this.#paused) this.#arm('body', this.context.clientLimits.bodyTimeoutMs);
    if (this.#exchange.isActive) this.#exchange.onDownstreamDrain();
    else if (!this.#inMessage) this.#next();
  };

  /** A body that fills the shared buffer is read into lent memory, and written to its backend from there. */
  #afterRead(size: number): void {
    const wantsMore = this.#inMessage && this.#tunnel === undefined && !this.#closed;
    if (this.#target === undefined) {
      if (!wantsMore) return;
      const made = new ReadTarget(clientReadBuffers);
      this.#target = made;
      setNextBuffer(this.#stream, () => made.next());
    }
    const target = this.#target;
    // The next request is read while the backend still takes the end of this one.
    if (!wantsMore && this.#exchange.keepsLent) target.letGo();
    else target.afterRead(size, this.#paused && wantsMore, wantsMore);
    // Node starts to read again by itself when it was paused in the tick of a resume, and would read over what waits.
    if (this.#paused) this.#stream.pause();
  }

  /** Parses what is there. Stops when an exchange waits for its answer; the rest is held. */
  #consume(chunk: Buffer): void {
    this.#consuming = true;
    let offset = 0;
    while (offset < chunk.length && !this.#closed) {
      if (!this.#inMessage) {
        if (this.#exchange.isActive || this.#blocked) {
          this.#hold(offset === 0 ? chunk : chunk.subarray(offset));
          break;
        }
        this.#midHead = true;
      }
      offset += this.#parser.execute(offset === 0 ? chunk : chunk.subarray(offset));
      const { failure } = this.#parser;
      if (failure !== undefined) {
        this.#consuming = false;
        this.#onRefused(failure);
        return;
      }
    }
    this.#consuming = false;
    if (this.#closed || this.#tunnel !== undefined) return;
    this.#exchange.onRequestTurn();
    this.#armForRequest();
  }

  #armForRequest(): void {
    const { clientLimits } = this.context;
    if (this.#inMessage) {
      // Drops do not buy a body of known length more time; another may have nothing to say for a while.
      const isSlow = this.#hasLength && this.#phase === 'body' && this.#movedBytes < clientLimits.renewalBytes;
      if (!this.#paused && !this.#blocked && !isSlow) this.#arm('body', clientLimits.bodyTimeoutMs);
    } else if (this.#exchange.isActive) {
      if (!this.#blocked) this.#phase = 'busy';
    } else if (this.#midHead) {
      // The whole head has this much time: drops do not buy more.
      if (this.#phase !== 'head') this.#arm('head', clientLimits.headerTimeoutMs);
    } else if (!this.#blocked) {
      this.#next();
    }
  }

  /** Ready for the next request. */
  #next(): void {
    if (this.#closed || this.#blocked) return;
    const pending = this.#pending;
    if (pending !== undefined) {
      this.#pending = undefined;
      this.#consume(pending);
      return;
    }
    this.#arm('idle', this.isLeaving || this.context.isDraining() ? drainIdleMs : this.idleMs);
    if (!this.#paused) return;
    this.#paused = false;
    this.#stream.resume();
  }

  #hold(chunk: Buffer): void {
    const pending = this.#pending === undefined ? bytesToKeep(chunk) : Buffer.concat([this.#pending, chunk]);
    this.#pending = pending;
    // Who reads on hears of the client's end.
    if (pending.length >= readAheadBytes) this.#pause();
  }

  #pause(): void {
    if (this.#paused || this.#closed) return;
    this.#paused = true;
    this.#stream.pause();
  }

  #mayKeepAlive(request: RequestHead): boolean {
    if (this.#isLast || this.isLeaving || !request.keepAlive || this.context.isDraining()) return false;
    const { clientLimits, counters, overload } = this.context;
    if (clientLimits.keepAliveRequests > 0 && this.#requests >= clientLimits.keepAliveRequests) {
      counters.countHttp1Limit('requests');
      return false;
    }
    const isRestCheap = request.body.kind === 'length' && request.body.bytes <= discardBytes && !request.expectContinue;
    if (this.#inMessage && request.body.kind !== 'none' && !isRestCheap) return false;
    if (overload.isShedding) this.leaveForOverload();
    return !this.isLeaving;
  }

  #onRefused(failure: ParseFailure): void {
    this.#endSide = 'client';
    this.#endReason = failure.flag === 'bad_request' ? 'protocol_error' : 'limit_exceeded';
    const limit = limitOfRule[failure.rule];
    if (limit !== undefined) this.context.counters.countHttp1Limit(limit);
    this.#refuse(errorReply(failure.flag, failure.rule, failure.status));
  }

  #onLate(reason: TerminationReason, answer: boolean): void {
    this.#endReason = reason;
    if (answer) this.#refuse(errorReply('request_timeout', reason));
    else this.connection.end('proxy', reason);
  }

  /** The answer in hand was the last one. */
  #endInOrder(): void {
    this.connection.end(this.#endSide, this.#endReason === 'normal' ? this.reasonToLeave('normal') : this.#endReason);
  }

  /** Answers and ends, or breaks the answer off that is out already. */
  #refuse(reply: LocalReply): void {
    this.#inMessage = false;
    this.#keepAlive = false;
    this.#isLast = true;
    if (!this.#exchange.refuse(reply, this.facts.scheme, 11)) this.abort(this.#endSide, this.#endReason);
  }

  #arm(phase: Phase, ms: number): void {
    this.#phase = phase;
    this.#movedBytes = 0;
    if (ms > 0) this.context.wheel.arm(this, ms);
    else this.context.wheel.disarm(this);
  }
}
