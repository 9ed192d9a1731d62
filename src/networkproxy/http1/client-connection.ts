import type { OnReadOpts, Socket } from 'node:net';
import { dial } from '../../balancing/transport.ts';
import type { ResponseFlag } from '../../observability/counters/response-flag.ts';
import type { PolicyTimeouts } from '../../routes/policy.ts';
import { Deadline } from '../../timer-wheel.ts';
import type { OutgoingRequest } from '../forwarded-fields.ts';
import { ReadTarget } from '../read-target.ts';
import type { TunnelEnd, UpstreamHandler } from '../upstream/upstream-handler.ts';
import type { ConnectionOwner } from '../upstream/upstream-pool.ts';
import type { UpstreamRequest } from '../upstream/upstream-request.ts';
import { chunkEnd, chunkHeader, lastChunk } from './chunk-framing.ts';
import { type BodyFraming, defaultParserLimits, type ParserLimits, type ResponseHead } from './message-handler.ts';
import { upstreamRequestHead } from './request-lines.ts';
import { RequestOutput } from './request-output.ts';
import { type ResponseHandler, ResponseParser } from './response-parser.ts';

type State = 'connecting' | 'idle' | 'busy' | 'tunnel' | 'closed';

/** The pool, as a connection sees it. */
export interface Http1Owner extends ConnectionOwner {
  /** Takes a connection back after a whole answer. False: there is no room. */
  release(connection: ClientConnection): boolean;
  /** The connection is gone. */
  remove(connection: ClientConnection): void;
}

/** Answers may have longer heads than requests: cookies and policies are set in them. */
const responseLimits: ParserLimits = { ...defaultParserLimits, maxHeadBytes: 65_536, maxLineBytes: 16_384, maxHeaders: 256 };

/**
 * One HTTP/1.1 connection to a backend: one request at a time, kept in its pool in between. It owns its socket, its listeners and its
 * one deadline, which is the dial, send, read or idle time-out in turn.
 */
export class ClientConnection extends Deadline implements ResponseHandler, UpstreamRequest {
  readonly canBeReturned = false;
  readonly socket: Socket;
  /** It has served a request before: its end may just be the backend's idle time-out. */
  reused = false;
  /** Something of the answer has arrived. */
  answered = false;
  /** It began with what names one client, and serves nobody else. */
  readonly isClients: boolean;
  readonly #owner: Http1Owner;
  readonly #parser: ResponseParser;
  readonly #target: ReadTarget;
  readonly #output: RequestOutput;
  #state: State = 'connecting';
  #handler: UpstreamHandler | undefined;
  #tunnel: TunnelEnd | undefined;
  #readMs = 0;
  #sendMs = 0;
  #framing: BodyFraming['kind'] = 'none';
  #requestDone = false;
  #keepAlive = false;
  #complete = false;
  #trailers: readonly string[] = [];
  #blocked = false;
  #paused = false;

  /**
   * Dials. `handler` is told when the connection is ready or has failed, never before the constructor returns.
   * @param opening what the connection begins with, of one client
   */
  constructor(owner: Http1Owner, handler: UpstreamHandler, connectMs: number, opening?: Buffer) {
    super();
    this.#owner = owner;
    this.#handler = handler;
    this.#parser = new ResponseParser(responseLimits, this);
    const { shared, endpoint, transport } = owner;
    this.#target = new ReadTarget(shared.readBuffers);
    const onread: OnReadOpts = { buffer: () => this.#target.next() as Buffer, callback: (size) => this.#onRead(size) };
    this.isClients = opening !== undefined;
    this.socket = dial(endpoint, transport, { onread, lookup: shared.lookup, opening });
    if (this.isClients && transport.tls !== undefined) this.socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    this.#output = new RequestOutput(shared.http2.turn, this.socket, () => this.#onWritten());
    owner.connecting++;
    // All listeners are there before the socket can fail: a late one would make a refused connect an uncaught error.
    this.socket.on(transport.tls === undefined ? 'connect' : 'secureConnect', () => this.#onConnected());
    this.socket.on('error', (error: Error & { code?: string }) => this.#onGone(error));
    this.socket.on('close', () => this.#onGone(undefined));
    this.socket.on('end', () => this.#onEnd());
    this.socket.on('drain', () => this.#onDrain());
    if (connectMs > 0) shared.wheel.arm(this, connectMs);
  }

  /** A request can be started. */
  get isReady(): boolean {
    return this.#state === 'busy';
  }

  /** An idle connection that nobody has closed, as far as is known here. */
  get isAlive(): boolean {
    return this.#state === 'idle' && !this.socket.destroyed && this.socket.readable && this.socket.writable;
  }

  get keepsLent(): boolean {
    return this.#blocked;
  }

  /** Gives an idle connection its next request. */
  assign(handler: UpstreamHandler): void {
    this.#handler = handler;
    this.#state = 'busy';
    this.reused = true;
  }

  start(outgoing: OutgoingRequest, timeouts: PolicyTimeouts): void {
    const { head } = outgoing;
    this.#framing = head.body.kind;
    this.#readMs = timeouts.readMs;
    this.#sendMs = timeouts.sendMs;
    this.answered = false;
    this.#complete = false;
    this.#requestDone = false;
    this.#parser.startResponse(head.method, head.upgrade !== undefined);
    this.#output.text = upstreamRequestHead(outgoing);
    if (head.body.kind === 'none') this.endRequest([]);
  }

  /** `flush` or the end of the request writes small pieces out. */
  writeBody(chunk: Buffer): boolean {
    if (this.#state !== 'busy') return true;
    const output = this.#output;
    if (this.#framing !== 'chunked') {
      output.append(chunk, '');
    } else if (chunk.length > 0) {
      output.text += chunkHeader(chunk.length);
      output.append(chunk, chunkEnd);
    }
    return this.#checkBlocked();
  }

  endRequest(trailers: readonly string[]): void {
    if (this.#state !== 'busy') return;
    const output = this.#output;
    if (this.#framing === 'chunked') output.text += lastChunk(trailers);
    output.writeOut();
    this.#requestDone = true;
    if (this.#checkBlocked()) this.#armRead();
  }

  flush(): boolean {
    if (this.#state !== 'busy' || !this.#output.flush()) return true;
    return this.#checkBlocked();
  }

  pause(): void {
    if (this.#paused || this.#state === 'closed') return;
    this.#paused = true;
    this.socket.pause();
  }

  resume(): void {
    if (!this.#paused || this.#state === 'closed') return;
    this.#paused = false;
    if (this.#state === 'busy') this.#armRead();
    this.socket.resume();
  }

  startTunnel(tunnel: TunnelEnd): void {
    this.#owner.shared.wheel.disarm(this);
    this.#handler = undefined;
    this.#tunnel = tunnel;
    this.#state = 'tunnel';
  }

  writeTunnel(chunk: Buffer): boolean {
    return this.socket.write(chunk);
  }

  endTunnel(): void {
    this.socket.end();
  }

  onceGone(callback: () => void): void {
    this.socket.once('close', callback);
  }

  destroy(): void {
    if (this.#state === 'closed') return;
    if (this.#state === 'connecting') this.#owner.connecting--;
    this.#state = 'closed';
    this.#handler = undefined;
    this.#tunnel = undefined;
    this.#output.discard();
    this.#target.letGo();
    this.#owner.shared.wheel.disarm(this);
    this.#owner.remove(this);
    this.socket.destroy();
  }

  onInformational(head: ResponseHead): void {
    this.#handler?.onResponseInformational(head);
  }

  onHead(head: ResponseHead): void {
    this.#keepAlive = head.keepAlive;
    this.#handler?.onResponseHead(head);
  }

  onBody(chunk: Buffer): void {
    this.#handler?.onResponseBody(chunk, this.#target.isLent);
  }

  onEnd(trailers: readonly string[]): void {
    this.#complete = true;
    this.#trailers = trailers;
  }

  override onTimeout(): void {
    switch (this.#state) {
      case 'connecting':
        this.#owner.endpoint.connectFailed();
        this.#owner.shared.counters.upstreamConnectFailures++;
        this.#fail('upstream_connect_timeout', 'dial');
        break;
      case 'idle':
        this.destroy();
        break;
      case 'busy':
        // A paused answer is the client's time-out, an incomplete body that we wait for too.
        if (this.#blocked) this.#fail('upstream_timeout', 'send');
        else if (this.#requestDone && !this.#paused) this.#fail('upstream_timeout', 'read');
        break;
      case 'tunnel':
      case 'closed':
        break;
    }
  }

  #onConnected(): void {
    if (this.#state !== 'connecting') return;
    this.#owner.connecting--;
    this.#state = 'busy';
    this.#owner.shared.wheel.disarm(this);
    this.#owner.shared.counters.upstreamConnects++;
    this.#owner.endpoint.connectSucceeded();
    this.#handler?.onUpstreamReady();
  }

  #onRead(size: number): boolean {
    if (this.#state === 'busy') this.#onBusyRead(size);
    else if (this.#state === 'tunnel') this.#tunnel?.fromUpstream(Buffer.from(this.#target.bytes(size)));
    else this.destroy(); // nobody asked: bytes of an idle connection could only poison the next answer
    return true;
  }

  /** Where `onread` can't be had: bytes come in memory of Node's, and are read as all others are. */
  #onData(chunk: Buffer): void {
    for (let offset = 0; offset < chunk.length; ) {
      const size = chunk.copy(this.#target.bytes(chunk.length - offset), 0, offset);
      offset += size;
      if (this.#isClosed()) return;
      this.#onRead(size);
    }
  }

  #onBusyRead(size: number): void {
    this.#onAnswer(this.#target.bytes(size));
    if (this.#state !== 'busy') return;
    this.#target.afterRead(size, this.#paused, this.#handler?.takesLent === true);
    // Node starts to read again by itself when it was paused in the tick of a resume, and would read over what waits.
    if (this.#paused) this.socket.pause();
  }

  #onAnswer(chunk: Buffer): void {
    this.answered = true;
    const consumed = this.#parser.execute(chunk);
    if (this.#isClosed()) return; // the handler gave the answer up
    if (this.#parser.failure !== undefined) {
      this.#fail(this.#parser.failure.flag, this.#parser.failure.rule);
    } else if (this.#state === 'tunnel') {
      if (consumed < chunk.length) this.#tunnel?.fromUpstream(Buffer.from(chunk.subarray(consumed)));
    } else if (this.#complete) {
      this.#finish(consumed === chunk.length);
    } else {
      // Only now: most answers come in one read, and arming looks at the clock.
      if (this.#requestDone) this.#armRead();
      this.#handler?.onResponseTurn();
    }
  }

  /** Asked anew: callbacks change the state behind the compiler's back. */
  #isClosed(): boolean {
    return this.#state === 'closed';
  }

  /** The answer is whole. The connection goes back before the handler hears of it, so that its next request finds it. */
  #finish(clean: boolean): void {
    const handler = this.#handler;
    const trailers = this.#trailers;
    this.#complete = false;
    if (clean && this.#keepAlive && this.#requestDone && !this.#blocked && this.socket.writable && this.#goIdle()) {
      handler?.onResponseEnd(trailers);
      return;
    }
    this.destroy();
    handler?.onResponseEnd(trailers);
  }

  #goIdle(): boolean {
    if (!this.#owner.release(this)) return false;
    this.#state = 'idle';
    this.#handler = undefined;
    this.#target.letGo();
    if (this.#paused) this.resume();
    this.#owner.shared.wheel.arm(this, this.#owner.shared.idleTimeoutMs);
    return true;
  }

  #onEnd(): void {
    if (this.#state === 'tunnel') {
      this.#tunnel?.upstreamEnded();
      return;
    }
    if (this.#state !== 'busy') {
      this.#onGone(undefined);
      return;
    }
    this.#parser.finish();
    if (this.#complete) this.#finish(false);
    else this.#fail('upstream_reset', 'the connection ended');
  }

  #onGone(error: (Error & { code?: string }) | undefined): void {
    const detail = error?.code ?? (error === undefined ? 'closed' : 'error');
    switch (this.#state) {
      case 'connecting':
        this.#owner.shared.counters.upstreamConnectFailures++;
        this.#owner.endpoint.connectFailed();
        this.#fail('upstream_connect_failed', detail);
        break;
      case 'busy':
        this.#fail('upstream_reset', detail);
        break;
      case 'tunnel': {
        const tunnel = this.#tunnel;
        this.destroy();
        tunnel?.upstreamClosed(error);
        break;
      }
      case 'idle':
        this.destroy();
        break;
      case 'closed':
        break;
    }
  }

  #fail(flag: ResponseFlag, detail: string): void {
    const handler = this.#handler;
    const unprocessed = this.#state === 'connecting';
    this.destroy();
    handler?.onUpstreamFailed({ flag, detail, unprocessed });
  }

  #onDrain(): void {
    if (this.#state === 'tunnel') {
      this.#tunnel?.upstreamDrained();
      return;
    }
    if (!this.#blocked) return;
    this.#blocked = false;
    if (this.#requestDone) this.#armRead();
    else this.#owner.shared.wheel.disarm(this);
    this.#handler?.onUpstreamDrain();
  }

  #armRead(): void {
    if (this.#readMs > 0) this.#owner.shared.wheel.arm(this, this.#readMs);
    else this.#owner.shared.wheel.disarm(this);
  }

  #checkBlocked(): boolean {
    if (!this.socket.writableNeedDrain || this.socket.writableLength === 0) return true;
    this.#blocked = true;
    if (this.#sendMs > 0) this.#owner.shared.wheel.arm(this, this.#sendMs);
    return false;
  }

  /** Bulk has been written at the end of the turn. */
  #onWritten(): void {
    if (this.#state === 'busy') this.#checkBlocked();
  }
}
