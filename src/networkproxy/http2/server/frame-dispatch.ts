import type { WorkerCounters } from '../../../observability/counters/worker-counters.ts';
import type { ClientFacts } from '../../client-facts.ts';
import { defaultParserLimits, type RequestHead } from '../../http1/message-handler.ts';
import type { ProxyContext } from '../../proxy-context.ts';
import type { ClosedStreams } from '../closed-streams.ts';
import type { ConnectionRule } from '../connection-rule.ts';
import type { FrameSink } from '../frame-reader.ts';
import { ErrorCode, Flag, FrameType, maxWindowBytes, readUint31, readUint32 } from '../frames.ts';
import { HeaderAssembly } from '../header-assembly.ts';
import { HpackDecoder } from '../hpack/decoder.ts';
import type { MessageRule } from '../message-rule.ts';
import { PeerSettings } from '../peer-settings.ts';
import type { AbuseGuard } from './abuse-guard.ts';
import { RequestFields } from './request-fields.ts';
import type { Http2Stream } from './stream.ts';

/** The connection, as far as its client's frames change it. */
export interface FrameTarget {
  readonly facts: ClientFacts;
  /** The open ones. */
  readonly streams: ReadonlyMap<number, Http2Stream>;
  readonly closedStreams: ClosedStreams;
  /** Streams above it are not served any more. */
  readonly goawayId: number;
  /** Set when the client has broken more streams than it may. */
  readonly brokenRule: ConnectionRule | undefined;
  /** A DATA frame of `length` bytes begins. False: more than the connection's window. */
  takeWindow(length: number): boolean;
  /** Body bytes have been used, or will never be. */
  credit(bytes: number): void;
  /** A request. `head` may name the rule that it broke. */
  openStream(streamId: number, head: RequestHead | MessageRule, endStream: boolean, selfDependent: boolean): ConnectionRule | undefined;
  /** @param windowChange by how much the initial window moved */
  onSettings(peer: PeerSettings, windowChange: number): ConnectionRule | undefined;
  /** WINDOW_UPDATE for the connection. */
  growWindow(increment: number): ConnectionRule | undefined;
  /** @param bytes eight of them from `start` */
  onPing(bytes: Buffer, start: number, isAck: boolean): void;
  /** The client opens no more streams. */
  onGoaway(): void;
}

const noTrailers: readonly string[] = [];

/** Judges each frame of a client by RFC 9113 sections 5 and 6 and hands its meaning to the stream or the connection that it is for. */
export class FrameDispatch implements FrameSink {
  readonly peer = new PeerSettings(false);
  /** The client's first SETTINGS have come. */
  sawSettings = false;
  /** The highest id of a request. */
  lastStreamId = 0;
  readonly #target: FrameTarget;
  readonly #guard: AbuseGuard;
  readonly #counters: WorkerCounters;
  readonly #decoder: HpackDecoder;
  readonly #fields: RequestFields;
  readonly #assembly: HeaderAssembly;
  /** The DATA frame that is being received: its stream, if it is open, and its bytes that are not passed on yet. */
  #dataStream: Http2Stream | undefined;
  #dataEnds = false;
  #dataLeft = 0;
  #sawDataBytes = false;

  constructor(context: ProxyContext, target: FrameTarget, guard: AbuseGuard) {
    const { maxHeaderBytes, maxHeaders } = context.config;
    const { maxLineBytes, maxTrailerBytes } = defaultParserLimits;
    this.#target = target;
    this.#guard = guard;
    this.#counters = context.counters;
    this.#decoder = new HpackDecoder(context.http2.hpackScratch);
    this.#fields = new RequestFields({ maxBytes: maxHeaderBytes, maxTrailerBytes, maxFields: maxHeaders, maxPathBytes: maxLineBytes });
    this.#assembly = new HeaderAssembly(context.http2.maxBlockBytes);
  }

  /** A header block is here in part. */
  get midBlock(): boolean {
    return this.#assembly.streamId !== 0;
  }

  onFrameStart(type: number, flags: number, streamId: number, length: number): ConnectionRule | undefined {
    const { streamId: assembling } = this.#assembly;
    if (assembling !== 0) {
      if (type !== FrameType.continuation || streamId !== assembling) return 'frame-inside-header-block';
      return undefined;
    }
    if (!this.sawSettings && (type !== FrameType.settings || (flags & Flag.ack) !== 0)) return 'settings-not-first';
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
    if (this.#dataStream === undefined) this.#target.credit(chunk.length);
    else this.#dataStream.onData(chunk);
    return undefined;
  }

  onDataEnd(): ConnectionRule | undefined {
    const stream = this.#dataStream;
    const padding = this.#dataLeft;
    this.#dataStream = undefined;
    if (padding > 0) {
      this.#target.credit(padding);
      stream?.skipPadding(padding);
    }
    if (this.#dataEnds) stream?.onEndStream(noTrailers);
    else if (!this.#sawDataBytes) return this.#guard.onIdleFrame();
    return this.#target.brokenRule;
  }

  #startData(flags: number, streamId: number, length: number): ConnectionRule | undefined {
    if (streamId === 0) return 'frame-on-stream-0';
    if (!this.#target.takeWindow(length)) return 'window-exceeded';
    this.#dataLeft = length;
    this.#sawDataBytes = false;
    this.#dataEnds = (flags & Flag.endStream) !== 0;
    const stream = this.#target.streams.get(streamId);
    this.#dataStream = stream;
    if (stream === undefined) return this.#onFrameOfClosed(streamId);
    if (stream.isRemoteEnded) {
      stream.fail(ErrorCode.streamClosed);
      this.#dataStream = undefined;
    } else if (!stream.takeWindow(length)) {
      stream.fail(ErrorCode.flowControlError);
      this.#dataStream = undefined;
    }
    return this.#target.brokenRule;
  }

  /** DATA for a stream that is over: it may have been on its way when we reset it. */
  #onFrameOfClosed(streamId: number): ConnectionRule | undefined {
    if (streamId > this.lastStreamId) return streamId > this.#target.goawayId ? undefined : 'frame-on-idle-stream';
    return this.#target.closedStreams.find(streamId) === 'ended' ? 'stream-is-closed' : this.#guard.onIdleFrame();
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
    if (rule === 'header-block-too-large') this.#counters.countHttp2Limit('header_block');
    else if (rule === 'too-many-continuations') this.#counters.countHttp2Limit('continuations');
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
    const open = this.#target.streams.get(streamId);
    const fields = this.#fields;
    fields.begin(open !== undefined);
    if (!this.#decoder.decode(bytes, start, end, fields)) return 'bad-compression';
    if (fields.rule !== undefined && (fields.rule === 'head-too-large' || fields.rule === 'too-many-headers')) {
      this.#counters.countHttp2Limit('header_list');
    }
    if (open !== undefined) return this.#onTrailers(open, endStream);
    if (streamId <= this.lastStreamId) return this.#onHeadersOfClosed(streamId);
    if (streamId > this.#target.goawayId) return this.#guard.onIdleFrame();
    this.lastStreamId = streamId;
    return this.#target.openStream(streamId, fields.head(this.#target.facts, endStream), endStream, selfDependent);
  }

  #onHeadersOfClosed(streamId: number): ConnectionRule | undefined {
    const how = this.#target.closedStreams.find(streamId);
    if (how === 'reset') return this.#guard.onIdleFrame();
    return how === 'ended' ? 'stream-is-closed' : 'stream-id-not-increasing';
  }

  #onTrailers(stream: Http2Stream, endStream: boolean): ConnectionRule | undefined {
    if (stream.isRemoteEnded) {
      stream.fail(ErrorCode.streamClosed);
      return this.#target.brokenRule;
    }
    const trailers = endStream ? this.#fields.trailers() : 'trailers-without-end';
    if (typeof trailers === 'string') stream.refuse(trailers);
    else stream.onEndStream(trailers);
    return this.#target.brokenRule;
  }

  #onPriority(streamId: number, bytes: Buffer, start: number, end: number): ConnectionRule | undefined {
    if (streamId === 0) return 'frame-on-stream-0';
    if (end - start !== 5) return 'frame-length';
    return readUint31(bytes, start) === streamId ? 'stream-depends-on-itself' : this.#guard.onPriority();
  }

  #onRstStream(streamId: number, bytes: Buffer, start: number, end: number): ConnectionRule | undefined {
    if (streamId === 0) return 'frame-on-stream-0';
    if (end - start !== 4) return 'frame-length';
    if (streamId > this.lastStreamId) return streamId > this.#target.goawayId ? undefined : 'frame-on-idle-stream';
    this.#target.streams.get(streamId)?.onReset(readUint32(bytes, start));
    return this.#guard.onReset();
  }

  #onSettings(flags: number, streamId: number, bytes: Buffer, start: number, end: number): ConnectionRule | undefined {
    if (streamId !== 0) return 'frame-not-on-stream-0';
    if ((flags & Flag.ack) !== 0) return end === start ? this.#guard.onSettings() : 'frame-length';
    if ((end - start) % 6 !== 0) return 'frame-length';
    this.sawSettings = true;
    const windowBefore = this.peer.initialWindowBytes;
    const rule = this.peer.apply(bytes, start, end) ?? this.#guard.onSettings();
    if (rule !== undefined) return rule;
    return this.#target.onSettings(this.peer, this.peer.initialWindowBytes - windowBefore);
  }

  #onPing(flags: number, streamId: number, bytes: Buffer, start: number, end: number): ConnectionRule | undefined {
    if (streamId !== 0) return 'frame-not-on-stream-0';
    if (end - start !== 8) return 'frame-length';
    this.#target.onPing(bytes, start, (flags & Flag.ack) !== 0);
    return this.#guard.onPing();
  }

  #onGoaway(streamId: number, length: number): ConnectionRule | undefined {
    if (streamId !== 0) return 'frame-not-on-stream-0';
    if (length < 8) return 'frame-length';
    this.#target.onGoaway();
    return undefined;
  }

  #onWindowUpdate(streamId: number, bytes: Buffer, start: number, end: number): ConnectionRule | undefined {
    if (end - start !== 4) return 'frame-length';
    const increment = readUint31(bytes, start);
    const rule = this.#guard.onWindowUpdate();
    if (rule !== undefined) return rule;
    if (streamId === 0) return this.#target.growWindow(increment);
    const stream = this.#target.streams.get(streamId);
    if (stream === undefined) {
      return streamId > this.lastStreamId && streamId <= this.#target.goawayId ? 'frame-on-idle-stream' : undefined;
    }
    if (increment === 0) stream.fail(ErrorCode.protocolError);
    else if (!stream.growWindow(increment)) stream.fail(ErrorCode.flowControlError);
    else stream.pump(maxWindowBytes);
    return this.#target.brokenRule;
  }
}
