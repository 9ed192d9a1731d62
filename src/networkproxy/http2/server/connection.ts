import type { Socket } from 'node:net';
import type { TerminationReason } from '../../../observability/counters/termination-reason.ts';
import type { AcceptedConnection } from '../../accepted-connection.ts';
import type { ClientFacts } from '../../client-facts.ts';
import { type ClientStreamListeners, listenToClientStream, releaseClientStream } from '../../client-stream.ts';
import { HttpConnection } from '../../http-connection.ts';
import type { RequestHead } from '../../http1/message-handler.ts';
import type { ProxyContext } from '../../proxy-context.ts';
import { readIntoSharedBuffer } from '../../shared-read-buffer.ts';
import { ClosedStreams } from '../closed-streams.ts';
import { type ConnectionRule, connectionRules, reasonOfRule } from '../connection-rule.ts';
import { pumpFairly } from '../fair-pump.ts';
import { FrameOutput } from '../frame-output.ts';
import { FrameReader } from '../frame-reader.ts';
import { defaultWindowBytes, ErrorCode, maxStreamId, maxWindowBytes } from '../frames.ts';
import { maxConcurrentStreams } from '../limits.ts';
import type { MessageRule } from '../message-rule.ts';
import type { PeerSettings } from '../peer-settings.ts';
import { WriteBuffer } from '../write-buffer.ts';
import { AbuseGuard } from './abuse-guard.ts';
import { ConnectionWindow } from './connection-window.ts';
import { FrameDispatch, type FrameTarget } from './frame-dispatch.ts';
import { greet } from './greeting.ts';
import { type SettingsOwner, SettingsTimeout } from './settings-timeout.ts';
import { Http2Stream } from './stream.ts';
import type { OwnedStream, StreamOwner } from './stream-owner.ts';

/** What the connection's one deadline stands for at the moment. */
type Phase =
  | 'head' // the preface, or part of a frame or header block, is here
  | 'idle' // no stream is open
  | 'write' // the client does not take our bytes
  | 'busy'; // the streams have their own deadlines

/** The ping that tells when the client has seen the first GOAWAY of a drain. */
const drainPing = Buffer.from('\0\0\0\0drai', 'latin1');

/**
 * One HTTP/2 connection of a client (RFC 9113): settings, streams, windows of both directions, and its orderly end. Requests begin when the
 * turn of the event loop that brought them is over, so that those which are taken back at once cost no backend anything; all answers of a
 * turn leave in one write. The connection's end is SmartProxy's: `connection.end` asks for it and `cleanUp` is told.
 */
export class Http2Connection extends HttpConnection implements FrameTarget, StreamOwner, SettingsOwner, ClientStreamListeners {
  readonly #stream: Socket;
  readonly #reader: FrameReader;
  readonly #frames: FrameDispatch;
  readonly #buffer: WriteBuffer;
  readonly #output: FrameOutput;
  readonly #guard: AbuseGuard;
  readonly streams = new Map<number, Http2Stream>();
  readonly closedStreams = new ClosedStreams();
  /** Requests of this turn, which begin at its end. */
  #fresh: Http2Stream[] = [];
  #phase: Phase = 'head';
  #requests = 0;
  /** Ids above it are not served any more: a GOAWAY says so. */
  goawayId = maxStreamId;
  /** The first GOAWAY of a drain is out. */
  #draining = false;
  readonly #settingsTimeout: SettingsTimeout;
  #closed = false;
  /** It sent a GOAWAY: no stream follows those that are open. */
  #clientLeaves = false;
  /** Inside of a read turn: what it leads to is decided at its end. */
  #reading = false;
  /** The client has broken more streams than it may. */
  brokenRule: ConnectionRule | undefined;
  #blocked = false;
  /** What the client lets us send on all streams together. */
  #sendWindow = defaultWindowBytes;
  readonly #receiveWindow = new ConnectionWindow();
  /** Answer bytes that wait for windows. */
  #queuedBytes = 0;
  /** Backends are not read until half of what waits has gone. */
  #isFull = false;
  /** What the socket held when it was full. */
  #blockedBytes = 0;

  /** @param stream the raw socket, or the TLS socket around it after its handshake */
  constructor(context: ProxyContext, connection: AcceptedConnection, stream: Socket, facts: ClientFacts) {
    super(context, connection, facts);
    this.#stream = stream;
    this.#buffer = new WriteBuffer(context.http2.turn, stream, connection.tls !== undefined, () => this.#checkBlocked());
    this.#output = new FrameOutput(this.#buffer);
    this.#guard = new AbuseGuard(context.wheel, context.counters);
    this.#frames = new FrameDispatch(context, this, this.#guard);
    this.#reader = new FrameReader(this.#frames, true);
    this.#arm('head', context.clientLimits.headerTimeoutMs);
    this.#settingsTimeout = new SettingsTimeout(this);
    this.#awaitSettingsAck();
    listenToClientStream(stream, this);
    readIntoSharedBuffer(stream, this.#onRead);
    greet(this.#output, context.config.maxHeaderBytes);
    stream.resume();
  }

  get isBehind(): boolean {
    return this.#blocked || this.#isFull;
  }

  /** The process is ending: no more requests after those that the client may have sent already. */
  override drain(): void {
    if (this.#draining || this.#closed) return;
    this.#draining = true;
    if (!this.#frames.sawSettings) {
      this.#endGracefully();
      return;
    }
    // Two steps, so that requests on their way are still answered (RFC 9113 section 6.8): the ping's echo shows that the client knows.
    this.#output.goaway(maxStreamId, ErrorCode.noError, '');
    this.#output.ping(drainPing, 0, false);
    if (this.streams.size === 0) this.#arm('idle', this.context.clientLimits.headerTimeoutMs);
  }

  /** The worker is short of memory: a connection without a stream is asked to end. True: it is now. */
  shed(): boolean {
    if (this.#draining || this.streams.size > 0 || this.#requests === 0) return false;
    this.#shedNow();
    return true;
  }

  override giveUp(): void {
    if (this.#closed) return;
    let hasGiven = this.#blocked;
    if (this.#blocked) this.connection.end('proxy', 'write_timeout');
    else for (const stream of [...this.streams.values()]) if (stream.giveUp()) hasGiven = true;
    // Without any, the bytes are of a frame that is just coming in.
    if (hasGiven) this.context.counters.countHttp2Limit('worker_buffers');
  }

  onSettingsTimeout(): void {
    if (this.#blocked) {
      this.#awaitSettingsAck(); // the client is not read now, and has another limit
      return;
    }
    this.context.counters.countHttp2Limit('settings_ack');
    this.#end(ErrorCode.settingsTimeout, 'header_timeout', 'settings-not-acknowledged');
  }

  /** Called once when the connection ends, whoever ended it, for `reason`. */
  cleanUp(reason: TerminationReason): void {
    this.#closed = true;
    this.context.wheel.disarm(this);
    this.context.wheel.disarm(this.#settingsTimeout);
    this.letGo();
    releaseClientStream(this.#stream, this);
    for (const open of [...this.streams.values()]) open.onConnectionEnd(reason);
    this.streams.clear();
    this.context.buffers.release(this);
    this.#fresh = [];
    if (this.goawayId === maxStreamId && (reason === 'drain' || reason === 'shutdown'))
      this.#output.goaway(this.#frames.lastStreamId, ErrorCode.noError, '');
    this.#buffer.writeOut();
    this.#buffer.discard();
  }

  override onTimeout(): void {
    switch (this.#phase) {
      case 'head':
        this.#end(ErrorCode.enhanceYourCalm, 'header_timeout', 'header-timeout');
        break;
      case 'idle':
        this.#end(ErrorCode.noError, this.reasonToLeave('inactivity'), '');
        break;
      case 'write':
        this.connection.end('proxy', 'write_timeout');
        break;
      case 'busy':
        break;
    }
  }

  // FrameTarget

  openStream(streamId: number, head: RequestHead | MessageRule, endStream: boolean, selfDependent: boolean): ConnectionRule | undefined {
    if (this.streams.size >= maxConcurrentStreams) {
      this.context.counters.countHttp2Limit('concurrent_streams');
      this.#output.reset(streamId, ErrorCode.refusedStream);
      this.closedStreams.add(streamId, true);
      return this.#guard.onReset();
    }
    const isRefused = typeof head === 'string';
    const stream = new Http2Stream(this.context, this, streamId, isRefused ? undefined : head, this.#frames.peer.initialWindowBytes);
    this.streams.set(streamId, stream);
    this.#guard.onRequest();
    if (endStream) stream.onEndStream(noTrailers);
    if (selfDependent) {
      stream.fail(ErrorCode.protocolError);
    } else if (isRefused) {
      stream.refuse(head);
    } else {
      this.#fresh.push(stream);
    }
    this.#countRequest();
    if (this.context.overload.isShedding && !this.#draining) this.#shedNow();
    return this.brokenRule;
  }

  takeWindow(length: number): boolean {
    this.context.buffers.change(this, length);
    return this.#receiveWindow.take(length);
  }

  growWindow(increment: number): ConnectionRule | undefined {
    if (increment === 0) return 'window-increment-0';
    const wasClosed = this.#sendWindow <= 0;
    this.#sendWindow += increment;
    if (this.#sendWindow > maxWindowBytes) return 'window-overflow';
    if (wasClosed) this.#pumpAll();
    return undefined;
  }

  onSettings(peer: PeerSettings, windowChange: number): ConnectionRule | undefined {
    this.#output.setMaxTableBytes(peer.headerTableBytes);
    this.#output.settingsAck();
    if (this.context.isDraining()) this.drain();
    return this.#moveWindows(windowChange);
  }

  onSettingsAck(): void {
    this.context.wheel.disarm(this.#settingsTimeout);
  }

  onPing(bytes: Buffer, start: number, isAck: boolean): void {
    if (!isAck) this.#output.ping(bytes, start, true);
    else if (this.#draining && this.goawayId === maxStreamId) this.#endGracefully();
  }

  onGoaway(): void {
    this.#clientLeaves = true;
  }

  // StreamOwner

  sendHeaders(stream: OwnedStream, status: number, fields: readonly string[], endStream: boolean): void {
    if (!this.#closed) this.#output.headers(stream.id, status, fields, endStream);
  }

  sendData(stream: OwnedStream, chunk: Buffer, start: number, limit: number, endStream: boolean): number {
    if (this.#closed) return 0;
    const wanted = chunk.length - start;
    if (wanted === 0) {
      if (endStream) this.#output.data(stream.id, chunk, start, start, true);
      return 0;
    }
    const allowed = Math.min(wanted, limit, stream.sendWindow, this.#sendWindow);
    if (allowed <= 0 || this.#blocked) return 0;
    stream.sendWindow -= allowed;
    this.#sendWindow -= allowed;
    this.#guard.onDataSent(this.#output.data(stream.id, chunk, start, start + allowed, endStream && allowed === wanted));
    this.#checkRoom();
    return allowed;
  }

  sendReset(stream: OwnedStream, code: ErrorCode): void {
    if (!this.#closed) this.#output.reset(stream.id, code);
  }

  settleOutput(): void {
    this.#buffer.settle();
  }

  sendWindowUpdate(stream: OwnedStream, bytes: number): void {
    if (!this.#closed) this.#output.windowUpdate(stream.id, bytes);
  }

  takeGrowth(bytes: number): number {
    return this.#receiveWindow.takeGrowth(bytes);
  }

  giveGrowth(bytes: number): void {
    this.#receiveWindow.giveGrowth(bytes);
  }

  credit(bytes: number): void {
    this.#receiveWindow.use(bytes);
    if (this.#closed) return;
    this.context.buffers.change(this, -bytes);
    const increment = this.#receiveWindow.announce();
    if (increment > 0) this.#output.windowUpdate(0, increment);
  }

  queueChanged(bytes: number, isProgress: boolean): void {
    const { buffers } = this.context;
    buffers.change(this, bytes);
    this.#queuedBytes += bytes;
    if (!this.#isFull && this.#queuedBytes > buffers.perConnectionBytes) {
      this.#isFull = true;
      this.context.counters.countHttp2Limit('queued_bytes');
      for (const stream of this.streams.values()) stream.holdUpstream();
    } else if (isProgress) {
      this.#checkRoom();
    }
  }

  onStalled(): void {
    this.context.counters.countHttp2Limit('stalled_stream');
  }

  onMalformed(): void {
    this.brokenRule ??= this.#guard.onReset();
  }

  onStreamClosed(stream: OwnedStream, wasReset: boolean, answered: boolean): void {
    this.streams.delete(stream.id);
    this.closedStreams.add(stream.id, wasReset);
    if (answered) this.#guard.onAnswered();
    if (this.streams.size > 0) return;
    this.#isFull = false;
    if (!this.#reading) this.#onQuiet();
  }

  // The connection

  #countRequest(): void {
    const { keepAliveRequests } = this.context.clientLimits;
    this.#requests++;
    if (keepAliveRequests === 0 || this.#requests < keepAliveRequests || this.#draining) return;
    this.context.counters.countHttp2Limit('requests');
    this.drain();
  }

  /** A new initial window moves the windows of open streams too (RFC 9113 section 6.9.2). */
  #moveWindows(bytes: number): ConnectionRule | undefined {
    if (bytes === 0) return undefined;
    for (const stream of this.streams.values()) if (!stream.growWindow(bytes)) return 'window-overflow';
    if (bytes > 0) this.#pumpAll();
    return undefined;
  }

  readonly #onRead = (size: number, buffer: Buffer): true => {
    this.onClientData(buffer.subarray(0, size));
    return true;
  };

  readonly onClientData = (chunk: Buffer): void => {
    this.#reading = true;
    const rule = this.#reader.execute(chunk);
    if (rule === undefined) this.#beginFresh();
    this.#reading = false;
    if (this.#closed) return;
    if (rule !== undefined) {
      this.#end(connectionRules[rule].code, reasonOfRule(rule), rule);
      return;
    }
    this.#armForRead();
  };

  /** The requests of this turn that have not been taken back; very many of them begin in the turns that follow. */
  #beginFresh(): void {
    const fresh = this.#fresh;
    if (fresh.length === 0) return;
    this.#fresh = []; // cheaper than to empty the old one, which is a call into V8's runtime
    const { pace } = this.context.http2;
    for (let i = 0; i < fresh.length; i++) pace.begin(fresh[i] as Http2Stream);
  }

  #armForRead(): void {
    if (this.#blocked) return;
    if (!this.#frames.sawSettings || this.#reader.midFrame || this.#frames.midBlock) {
      // The whole frame has this much time: drops do not buy more.
      if (this.#phase !== 'head') this.#arm('head', this.context.clientLimits.headerTimeoutMs);
    } else if (this.streams.size > 0) {
      if (this.#phase !== 'busy') this.#arm('busy', 0);
    } else {
      this.#onQuiet();
    }
  }

  /** No stream is open. */
  #onQuiet(): void {
    if (this.#closed || this.#blocked) return;
    // Most clients answer our GOAWAY with one of their own.
    if (this.#clientLeaves || this.goawayId !== maxStreamId) this.#end(ErrorCode.noError, this.reasonToLeave('normal'), '');
    else if (this.#phase !== 'idle') this.#arm('idle', this.#draining ? this.context.clientLimits.headerTimeoutMs : this.idleMs);
  }

  /** Without its side of the connection a client can open no window and answer no ping: it is gone, and so are its requests. */
  readonly onClientEnd = (): void => this.connection.end('client', 'normal');

  readonly onClientDrain = (): void => {
    if (!this.#blocked) return;
    this.#blocked = false;
    this.context.buffers.change(this, -this.#blockedBytes);
    this.#blockedBytes = 0;
    this.#stream.resume();
    this.#phase = 'busy';
    this.#pumpAll();
    this.#releaseUpstreams();
    this.#armForRead();
  };

  /** A client that takes no answers may send no more requests either. */
  #checkBlocked(): void {
    if (this.#closed || !(this.#blocked || this.#buffer.isBlocked)) return;
    const bytes = this.#stream.writableLength;
    this.context.buffers.change(this, bytes - this.#blockedBytes);
    this.#blockedBytes = bytes;
    if (this.#blocked) return;
    this.#blocked = true;
    this.#stream.pause();
    this.#arm('write', this.context.clientLimits.bodyTimeoutMs);
  }

  #pumpAll(): void {
    pumpFairly(this.streams, () => this.#sendWindow > 0);
  }

  /**
   * Reads the backends again once the client has taken enough. Room that was won by giving up streams does not count: what is read into it
   * would wait as long again, a few streams at a time.
   */
  #checkRoom(): void {
    if (!this.#isFull || this.#queuedBytes >= this.context.buffers.perConnectionBytes / 2) return;
    this.#isFull = false;
    this.#releaseUpstreams();
  }

  #releaseUpstreams(): void {
    for (const stream of [...this.streams.values()]) stream.releaseUpstream();
  }

  /** The client knows that there will be no more requests: those that it has sent are the last. */
  #endGracefully(): void {
    this.goawayId = this.#frames.lastStreamId;
    if (this.streams.size > 0) this.#output.goaway(this.#frames.lastStreamId, ErrorCode.noError, '');
    else this.#end(ErrorCode.noError, this.reasonToLeave('normal'), '');
  }

  /** Says why in a GOAWAY and ends the connection. */
  #end(code: ErrorCode, reason: TerminationReason, debug: string): void {
    if (this.#closed) return;
    this.goawayId = this.#frames.lastStreamId;
    this.#output.goaway(this.goawayId, code, debug);
    this.#buffer.writeOut();
    this.connection.end(code === ErrorCode.noError || reason === 'header_timeout' ? 'proxy' : 'client', reason);
  }

  #shedNow(): void {
    this.leaveForOverload();
    this.drain();
  }

  #awaitSettingsAck(): void {
    const { wheel, clientLimits } = this.context;
    if (clientLimits.headerTimeoutMs > 0) wheel.arm(this.#settingsTimeout, clientLimits.headerTimeoutMs);
  }

  #arm(phase: Phase, ms: number): void {
    this.#phase = phase;
    if (ms > 0) this.context.wheel.arm(this, ms);
    else this.context.wheel.disarm(this);
  }
}

const noTrailers: readonly string[] = [];
