import type { Socket } from 'node:net';
import { reasonOfSocketError, type TerminationReason } from '../../observability/counters/termination-reason.ts';
import { Deadline } from '../../timer-wheel.ts';
import type { AcceptedConnection } from '../accepted-connection.ts';
import type { ClientFacts } from '../client-facts.ts';
import { defaultParserLimits } from '../http1/message-handler.ts';
import type { ProxyContext } from '../proxy-context.ts';
import { AbuseGuard } from './abuse-guard.ts';
import { ClosedStreams } from './closed-streams.ts';
import { type ConnectionRule, connectionRules, reasonOfRule } from './connection-rule.ts';
import { FrameOutput } from './frame-output.ts';
import { FrameReader, type FrameSink } from './frame-reader.ts';
import { defaultWindowBytes, ErrorCode, Flag, FrameType, maxStreamId, maxWindowBytes, readUint31, readUint32 } from './frames.ts';
import { HeaderAssembly } from './header-assembly.ts';
import { HpackDecoder } from './hpack/decoder.ts';
import { connectionWindowBytes, maxConcurrentStreams, maxQueuedBytes, streamWindowBytes } from './limits.ts';
import { PeerSettings, Setting } from './peer-settings.ts';
import { RequestFields } from './request-fields.ts';
import { Http2Stream, type StreamOwner } from './stream.ts';
import { WriteBuffer } from './write-buffer.ts';

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
export class Http2Connection extends Deadline implements FrameSink, StreamOwner {
  readonly facts: ClientFacts;
  readonly connection: AcceptedConnection;
  readonly #context: ProxyContext;
  readonly #stream: Socket;
  readonly #reader: FrameReader;
  readonly #decoder: HpackDecoder;
  readonly #fields: RequestFields;
  readonly #assembly: HeaderAssembly;
  readonly #buffer: WriteBuffer;
  readonly #output: FrameOutput;
  readonly #guard: AbuseGuard;
  readonly #peer = new PeerSettings();
  readonly #streams = new Map<number, Http2Stream>();
  readonly #closedStreams = new ClosedStreams();
  /** Requests of this turn, which begin at its end. */
  readonly #fresh: Http2Stream[] = [];
  #phase: Phase = 'head';
  #sawSettings = false;
  #lastStreamId = 0;
  #requests = 0;
  /** Ids above it are not served any more: a GOAWAY says so. */
  #goawayId = maxStreamId;
  /** The first GOAWAY of a drain is out. */
  #draining = false;
  #closed = false;
  #clientEnded = false;
  /** Inside of a read turn: what it leads to is decided at its end. */
  #reading = false;
  /** The client has broken more streams than it may. */
  #malformed: ConnectionRule | undefined;
  #blocked = false;
  /** The DATA frame that is being received: its stream, if it is open, and its bytes that are not passed on yet. */
  #dataStream: Http2Stream | undefined;
  #dataEnds = false;
  #dataLeft = 0;
  #sawDataBytes = false;
  /** What the client lets us send on all streams together. */
  #sendWindow = defaultWindowBytes;
  #receiveWindow = connectionWindowBytes;
  #unannounced = 0;
  /** Answer bytes that wait for windows. */
  #queuedBytes = 0;
  /** Backends are not read until half of what waits has gone. */
  #isFull = false;

  /** @param stream the raw socket, or the TLS socket around it after its handshake */
  constructor(context: ProxyContext, connection: AcceptedConnection, stream: Socket, facts: ClientFacts) {
    super();
    this.facts = facts;
    this.connection = connection;
    this.#context = context;
    this.#stream = stream;
    const { maxHeaderBytes, maxHeaders } = context.config;
    this.#reader = new FrameReader(this);
    this.#decoder = new HpackDecoder(context.http2.hpackScratch);
    const { maxLineBytes, maxTrailerBytes } = defaultParserLimits;
    this.#fields = new RequestFields({ maxBytes: maxHeaderBytes, maxTrailerBytes, maxFields: maxHeaders, maxPathBytes: maxLineBytes });
    this.#assembly = new HeaderAssembly(context.http2.maxBlockBytes);
    this.#buffer = new WriteBuffer(context.http2.turn, stream, connection.tls !== undefined, () => this.#checkBlocked());
    this.#output = new FrameOutput(this.#buffer);
    this.#guard = new AbuseGuard(context.wheel, context.counters);
    this.#arm('head', context.config.headerTimeoutMs);
    stream.on('data', this.#onData);
    stream.on('end', this.#onClientEnd);
    stream.on('drain', this.#onDrain);
    stream.on('error', this.#onError);
    this.#greet(maxHeaderBytes);
    stream.resume();
  }

  get isBehind(): boolean {
    return this.#blocked || this.#isFull;
  }

  /** The process is ending: no more requests after those that the client may have sent already. */
  drain(): void {
    if (this.#draining || this.#closed) return;
    this.#draining = true;
    if (!this.#sawSettings) {
      this.#endGracefully();
      return;
    }
    // Two steps, so that requests on their way are still answered (RFC 9113 section 6.8): the ping's echo shows that the client knows.
    this.#output.goaway(maxStreamId, ErrorCode.noError, '');
    this.#output.ping(drainPing, 0, false);
    if (this.#streams.size === 0) this.#arm('idle', this.#context.config.headerTimeoutMs);
  }

  /** Called once when the connection ends, whoever ended it, for `reason`. */
  cleanUp(reason: TerminationReason): void {
    this.#closed = true;
    this.#context.wheel.disarm(this);
    const stream = this.#stream;
    stream.off('data', this.#onData);
    stream.off('end', this.#onClientEnd);
    stream.off('drain', this.#onDrain);
    stream.off('error', this.#onError);
    stream.on('error', ignoreError);
    // What the client still sends is read and dropped: unread bytes would turn our FIN into a reset, and the last frames would be lost.
    stream.resume();
    for (const open of [...this.#streams.values()]) open.onConnectionEnd(reason);
    this.#streams.clear();
    this.#fresh.length = 0;
    if (reason === 'drain' || reason === 'shutdown') this.#output.goaway(this.#lastStreamId, ErrorCode.noError, '');
    this.#buffer.writeOut();
    this.#buffer.discard();
  }

  override onTimeout(): void {
    switch (this.#phase) {
      case 'head':
        this.#end(ErrorCode.enhanceYourCalm, 'header_timeout', 'header-timeout');
        break;
      case 'idle':
        this.#end(ErrorCode.noError, this.#draining ? 'drain' : 'inactivity', '');
        break;
      case 'write':
        this.connection.end('proxy', 'write_timeout');
        break;
      case 'busy':
        break;
    }
  }

  // FrameSink

  onFrameStart(type: number, flags: number, streamId: number, length: number): ConnectionRule | undefined {
    const { streamId: assembling } = this.#assembly;
    if (assembling !== 0) {
      if (type !== FrameType.continuation || streamId !== assembling) return 'frame-inside-header-block';
      return undefined;
    }
    if (!this.#sawSettings && (type !== FrameType.settings || (flags & Flag.ack) !== 0)) return 'settings-not-first';
    return type === FrameType.data ? this.#startData(flags, streamId, length) : undefined;
  }

  onPayload(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): ConnectionRule | undefined {
    switch (type) {
      case FrameType.headers:
        return this.#onHeaders(flags, streamId, bytes, start, end);
      case FrameType.continuation:
        return this.#onContinuation(flags, bytes, start, end);
      case FrameType.priority:
        return this.#onPriority(streamId, bytes, start, end);
      case FrameType.rstStream:
        return this.#onRstStream(streamId, bytes, start, end);
      case FrameType.settings:
        return this.#onSettings(flags, streamId, bytes, start, end);
      case FrameType.pushPromise:
        return 'push-from-client';
      case FrameType.ping:
        return this.#onPing(flags, streamId, bytes, start, end);
      case FrameType.goaway:
        return this.#onGoaway(streamId, end - start);
      case FrameType.windowUpdate:
        return this.#onWindowUpdate(streamId, bytes, start, end);
      default:
        // Unknown types are ignored (RFC 9113 section 4.1); PRIORITY_UPDATE (RFC 9218) is one of them.
        return this.#guard.onIdleFrame();
    }
  }

  onData(chunk: Buffer): ConnectionRule | undefined {
    this.#dataLeft -= chunk.length;
    this.#sawDataBytes = true;
    if (this.#dataStream === undefined) this.credit(chunk.length);
    else this.#dataStream.onData(chunk);
    return undefined;
  }

  onDataEnd(): ConnectionRule | undefined {
    const stream = this.#dataStream;
    const padding = this.#dataLeft;
    this.#dataStream = undefined;
    if (padding > 0) {
      this.credit(padding);
      stream?.skipPadding(padding);
    }
    if (this.#dataEnds) stream?.onEndStream(noTrailers);
    else if (!this.#sawDataBytes) return this.#guard.onIdleFrame();
    return this.#malformed;
  }

  // StreamOwner

  sendHeaders(stream: Http2Stream, status: number, fields: readonly string[], endStream: boolean): void {
    if (!this.#closed) this.#output.headers(stream.id, status, fields, endStream);
  }

  sendData(stream: Http2Stream, chunk: Buffer, start: number, endStream: boolean): number {
    if (this.#closed) return 0;
    const wanted = chunk.length - start;
    if (wanted === 0) {
      if (endStream) this.#output.data(stream.id, chunk, start, start, true);
      return 0;
    }
    const allowed = Math.min(wanted, stream.sendWindow, this.#sendWindow);
    if (allowed <= 0 || this.#blocked) return 0;
    stream.sendWindow -= allowed;
    this.#sendWindow -= allowed;
    this.#guard.onDataSent(this.#output.data(stream.id, chunk, start, start + allowed, endStream && allowed === wanted));
    return allowed;
  }

  sendReset(stream: Http2Stream, code: ErrorCode): void {
    if (!this.#closed) this.#output.reset(stream.id, code);
  }

  sendWindowUpdate(stream: Http2Stream, bytes: number): void {
    if (!this.#closed) this.#output.windowUpdate(stream.id, bytes);
  }

  credit(bytes: number): void {
    this.#unannounced += bytes;
    if (this.#unannounced < connectionWindowBytes / 2 || this.#closed) return;
    this.#receiveWindow += this.#unannounced;
    this.#output.windowUpdate(0, this.#unannounced);
    this.#unannounced = 0;
  }

  queueChanged(bytes: number): void {
    this.#queuedBytes += bytes;
    if (!this.#isFull && this.#queuedBytes > maxQueuedBytes) {
      this.#isFull = true;
      this.#context.counters.countHttp2Limit('queued_bytes');
      for (const stream of this.#streams.values()) stream.holdUpstream();
    } else if (this.#isFull && this.#queuedBytes < maxQueuedBytes / 2) {
      this.#isFull = false;
      this.#releaseUpstreams();
    }
  }

  onStalled(): void {
    this.#context.counters.countHttp2Limit('stalled_stream');
  }

  onMalformed(): void {
    this.#malformed ??= this.#guard.onReset();
  }

  onStreamClosed(stream: Http2Stream, wasReset: boolean, answered: boolean): void {
    this.#streams.delete(stream.id);
    this.#closedStreams.add(stream.id, wasReset);
    if (answered) this.#guard.onAnswered();
    if (this.#streams.size === 0 && !this.#reading) this.#onQuiet();
  }

  // Frames

  #startData(flags: number, streamId: number, length: number): ConnectionRule | undefined {
    if (streamId === 0) return 'frame-on-stream-0';
    this.#receiveWindow -= length;
    if (this.#receiveWindow < 0) return 'window-exceeded';
    this.#dataLeft = length;
    this.#sawDataBytes = false;
    this.#dataEnds = (flags & Flag.endStream) !== 0;
    const stream = this.#streams.get(streamId);
    this.#dataStream = stream;
    if (stream === undefined) return this.#onFrameOfClosed(streamId);
    if (stream.isRemoteEnded) {
      stream.fail(ErrorCode.streamClosed);
      this.#dataStream = undefined;
    } else if (!stream.takeWindow(length)) {
      stream.fail(ErrorCode.flowControlError);
      this.#dataStream = undefined;
    }
    return this.#malformed;
  }

  /** DATA for a stream that is over: it may have been on its way when we reset it. */
  #onFrameOfClosed(streamId: number): ConnectionRule | undefined {
    if (streamId > this.#lastStreamId) return streamId > this.#goawayId ? undefined : 'frame-on-idle-stream';
    return this.#closedStreams.find(streamId) === 'ended' ? 'stream-is-closed' : this.#guard.onIdleFrame();
  }

  #onHeaders(flags: number, streamId: number, bytes: Buffer, from: number, to: number): ConnectionRule | undefined {
    if (streamId === 0) return 'frame-on-stream-0';
    if (streamId % 2 === 0) return 'stream-id-even';
    let start = from;
    let end = to;
    let selfDependent = false;
    if ((flags & Flag.padded) !== 0) {
      if (start >= end) return 'frame-length';
      const padding = bytes[start++] as number;
      if (padding > end - start) return 'padding-too-long';
      end -= padding;
    }
    if ((flags & Flag.priority) !== 0) {
      if (end - start < 5) return 'frame-length';
      selfDependent = readUint31(bytes, start) === streamId;
      start += 5;
    }
    const endStream = (flags & Flag.endStream) !== 0;
    if ((flags & Flag.endHeaders) !== 0) return this.#onBlock(streamId, endStream, selfDependent, bytes, start, end);
    this.#assembly.begin(streamId, endStream, selfDependent);
    return this.#countedAssembly(this.#assembly.add(bytes, start, end));
  }

  #onContinuation(flags: number, bytes: Buffer, start: number, end: number): ConnectionRule | undefined {
    const assembly = this.#assembly;
    const { streamId } = assembly;
    if (streamId === 0) return 'continuation-without-headers';
    const rule = assembly.add(bytes, start, end);
    if (rule !== undefined || (flags & Flag.endHeaders) === 0) return this.#countedAssembly(rule);
    const block = assembly.finish();
    assembly.streamId = 0;
    return this.#onBlock(streamId, assembly.endStream, assembly.selfDependent, block, 0, block.length);
  }

  #countedAssembly(rule: ConnectionRule | undefined): ConnectionRule | undefined {
    if (rule === 'header-block-too-large') this.#context.counters.countHttp2Limit('header_block');
    else if (rule === 'too-many-continuations') this.#context.counters.countHttp2Limit('continuations');
    return rule;
  }

  /** A whole header block: a request, or the trailers of one. It is decoded in any case, since later blocks build on it. */
  #onBlock(
    streamId: number,
    endStream: boolean,
    selfDependent: boolean,
    bytes: Buffer,
    start: number,
    end: number,
  ): ConnectionRule | undefined {
    const open = this.#streams.get(streamId);
    const fields = this.#fields;
    fields.begin(open !== undefined);
    if (!this.#decoder.decode(bytes, start, end, fields)) return 'bad-compression';
    if (fields.rule !== undefined && (fields.rule === 'head-too-large' || fields.rule === 'too-many-headers')) {
      this.#context.counters.countHttp2Limit('header_list');
    }
    if (open !== undefined) return this.#onTrailers(open, endStream);
    if (streamId <= this.#lastStreamId) return this.#onHeadersOfClosed(streamId);
    if (streamId > this.#goawayId) return this.#guard.onIdleFrame();
    this.#lastStreamId = streamId;
    return this.#open(streamId, endStream, selfDependent);
  }

  #onHeadersOfClosed(streamId: number): ConnectionRule | undefined {
    const how = this.#closedStreams.find(streamId);
    if (how === 'reset') return this.#guard.onIdleFrame();
    return how === 'ended' ? 'stream-is-closed' : 'stream-id-not-increasing';
  }

  #onTrailers(stream: Http2Stream, endStream: boolean): ConnectionRule | undefined {
    if (stream.isRemoteEnded) {
      stream.fail(ErrorCode.streamClosed);
      return this.#malformed;
    }
    const trailers = endStream ? this.#fields.trailers() : 'trailers-without-end';
    if (typeof trailers === 'string') stream.refuse(trailers);
    else stream.onEndStream(trailers);
    return this.#malformed;
  }

  #open(streamId: number, endStream: boolean, selfDependent: boolean): ConnectionRule | undefined {
    if (this.#streams.size >= maxConcurrentStreams) {
      this.#context.counters.countHttp2Limit('concurrent_streams');
      this.#output.reset(streamId, ErrorCode.refusedStream);
      this.#closedStreams.add(streamId, true);
      return this.#guard.onReset();
    }
    const head = this.#fields.head(this.facts, endStream);
    const isRefused = typeof head === 'string';
    const stream = new Http2Stream(this.#context, this, streamId, isRefused ? undefined : head, this.#peer.initialWindowBytes);
    this.#streams.set(streamId, stream);
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
    return this.#malformed;
  }

  #countRequest(): void {
    const { keepAliveRequests } = this.#context.config;
    if (++this.#requests !== keepAliveRequests) return;
    this.#context.counters.countHttp2Limit('requests');
    this.drain();
  }

  #onPriority(streamId: number, bytes: Buffer, start: number, end: number): ConnectionRule | undefined {
    if (streamId === 0) return 'frame-on-stream-0';
    if (end - start !== 5) return 'frame-length';
    return readUint31(bytes, start) === streamId ? 'stream-depends-on-itself' : this.#guard.onPriority();
  }

  #onRstStream(streamId: number, bytes: Buffer, start: number, end: number): ConnectionRule | undefined {
    if (streamId === 0) return 'frame-on-stream-0';
    if (end - start !== 4) return 'frame-length';
    if (streamId > this.#lastStreamId) return streamId > this.#goawayId ? undefined : 'frame-on-idle-stream';
    this.#streams.get(streamId)?.onReset(readUint32(bytes, start));
    return this.#guard.onReset();
  }

  #onSettings(flags: number, streamId: number, bytes: Buffer, start: number, end: number): ConnectionRule | undefined {
    if (streamId !== 0) return 'frame-not-on-stream-0';
    if ((flags & Flag.ack) !== 0) return end === start ? this.#guard.onSettings() : 'frame-length';
    if ((end - start) % 6 !== 0) return 'frame-length';
    this.#sawSettings = true;
    const windowBefore = this.#peer.initialWindowBytes;
    const rule = this.#peer.apply(bytes, start, end) ?? this.#guard.onSettings();
    if (rule !== undefined) return rule;
    this.#output.setMaxTableBytes(this.#peer.headerTableBytes);
    this.#output.settingsAck();
    return this.#moveWindows(this.#peer.initialWindowBytes - windowBefore);
  }

  /** A new initial window moves the windows of open streams too (RFC 9113 section 6.9.2). */
  #moveWindows(bytes: number): ConnectionRule | undefined {
    if (bytes === 0) return undefined;
    for (const stream of this.#streams.values()) if (!stream.growWindow(bytes)) return 'window-overflow';
    if (bytes > 0) this.#pumpAll();
    return undefined;
  }

  #onPing(flags: number, streamId: number, bytes: Buffer, start: number, end: number): ConnectionRule | undefined {
    if (streamId !== 0) return 'frame-not-on-stream-0';
    if (end - start !== 8) return 'frame-length';
    if ((flags & Flag.ack) === 0) this.#output.ping(bytes, start, true);
    else if (this.#draining && this.#goawayId === maxStreamId) this.#endGracefully();
    return this.#guard.onPing();
  }

  #onGoaway(streamId: number, length: number): ConnectionRule | undefined {
    if (streamId !== 0) return 'frame-not-on-stream-0';
    if (length < 8) return 'frame-length';
    this.#clientEnded = true;
    return undefined;
  }

  #onWindowUpdate(streamId: number, bytes: Buffer, start: number, end: number): ConnectionRule | undefined {
    if (end - start !== 4) return 'frame-length';
    const increment = readUint31(bytes, start);
    const rule = this.#guard.onWindowUpdate();
    if (rule !== undefined) return rule;
    if (streamId === 0) return this.#growWindow(increment);
    const stream = this.#streams.get(streamId);
    if (stream === undefined) {
      return streamId > this.#lastStreamId && streamId <= this.#goawayId ? 'frame-on-idle-stream' : undefined;
    }
    if (increment === 0) stream.fail(ErrorCode.protocolError);
    else if (!stream.growWindow(increment)) stream.fail(ErrorCode.flowControlError);
    else stream.pump();
    return this.#malformed;
  }

  #growWindow(increment: number): ConnectionRule | undefined {
    if (increment === 0) return 'window-increment-0';
    const wasClosed = this.#sendWindow <= 0;
    this.#sendWindow += increment;
    if (this.#sendWindow > maxWindowBytes) return 'window-overflow';
    if (wasClosed) this.#pumpAll();
    return undefined;
  }

  // The connection

  #greet(maxHeaderBytes: number): void {
    this.#output.settings([
      ...[Setting.maxConcurrentStreams, maxConcurrentStreams],
      ...[Setting.initialWindowSize, streamWindowBytes],
      ...[Setting.maxHeaderListSize, maxHeaderBytes],
      ...[Setting.noRfc7540Priorities, 1],
    ]);
    this.#output.windowUpdate(0, connectionWindowBytes - defaultWindowBytes);
  }

  readonly #onData = (chunk: Buffer): void => {
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

  /** The requests of this turn that have not been taken back. */
  #beginFresh(): void {
    const fresh = this.#fresh;
    for (let i = 0; i < fresh.length; i++) fresh[i]?.begin();
    fresh.length = 0;
  }

  #armForRead(): void {
    if (this.#blocked) return;
    if (!this.#sawSettings || this.#reader.midFrame || this.#assembly.streamId !== 0) {
      // The whole frame has this much time: drops do not buy more.
      if (this.#phase !== 'head') this.#arm('head', this.#context.config.headerTimeoutMs);
    } else if (this.#streams.size > 0) {
      if (this.#phase !== 'busy') this.#arm('busy', 0);
    } else {
      this.#onQuiet();
    }
  }

  /** No stream is open. */
  #onQuiet(): void {
    if (this.#closed || this.#blocked) return;
    if (this.#clientEnded) this.#end(ErrorCode.noError, 'normal', '');
    else if (this.#goawayId !== maxStreamId) this.#end(ErrorCode.noError, this.#context.isDraining() ? 'drain' : 'normal', '');
    else if (this.#phase !== 'idle')
      this.#arm('idle', this.#draining ? this.#context.config.headerTimeoutMs : this.#context.config.keepAliveTimeoutMs);
  }

  readonly #onClientEnd = (): void => {
    this.#clientEnded = true;
    if (this.#streams.size === 0) this.connection.end('client', 'normal');
  };

  readonly #onDrain = (): void => {
    if (!this.#blocked) return;
    this.#blocked = false;
    this.#stream.resume();
    this.#phase = 'busy';
    this.#pumpAll();
    this.#releaseUpstreams();
    this.#armForRead();
  };

  readonly #onError = (error: Error & { code?: string }): void => {
    this.connection.end('client', reasonOfSocketError(error));
  };

  /** A client that takes no answers may send no more requests either. */
  #checkBlocked(): void {
    if (this.#closed || this.#blocked || !this.#buffer.isBlocked) return;
    this.#blocked = true;
    this.#stream.pause();
    this.#arm('write', this.#context.config.bodyTimeoutMs);
  }

  #pumpAll(): void {
    for (const stream of [...this.#streams.values()]) stream.pump();
  }

  #releaseUpstreams(): void {
    for (const stream of [...this.#streams.values()]) stream.releaseUpstream();
  }

  /** The client knows that there will be no more requests: those that it has sent are the last. */
  #endGracefully(): void {
    this.#goawayId = this.#lastStreamId;
    if (this.#streams.size > 0) this.#output.goaway(this.#lastStreamId, ErrorCode.noError, '');
    else this.#end(ErrorCode.noError, this.#context.isDraining() ? 'drain' : 'normal', '');
  }

  /** Says why in a GOAWAY and ends the connection. */
  #end(code: ErrorCode, reason: TerminationReason, debug: string): void {
    if (this.#closed) return;
    this.#output.goaway(this.#lastStreamId, code, debug);
    this.#buffer.writeOut();
    this.connection.end(code === ErrorCode.noError || reason === 'header_timeout' ? 'proxy' : 'client', reason);
  }

  #arm(phase: Phase, ms: number): void {
    this.#phase = phase;
    if (ms > 0) this.#context.wheel.arm(this, ms);
    else this.#context.wheel.disarm(this);
  }
}

const noTrailers: readonly string[] = [];

function ignoreError(): void {}
