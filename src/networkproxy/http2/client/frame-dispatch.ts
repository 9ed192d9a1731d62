import type { TimerWheel } from '../../../timer-wheel.ts';
import { ClosedStreams } from '../closed-streams.ts';
import type { ConnectionRule } from '../connection-rule.ts';
import type { FrameSink } from '../frame-reader.ts';
import { ErrorCode, Flag, FrameType, maxWindowBytes, readUint31, readUint32 } from '../frames.ts';
import { HeaderAssembly } from '../header-assembly.ts';
import { HpackDecoder } from '../hpack/decoder.ts';
import type { Http2Shared } from '../http2-shared.ts';
import { PeerSettings } from '../peer-settings.ts';
import { TokenBucket } from '../token-bucket.ts';
import { idleFrameAllowance, maxResponseBlockBytes, windowUpdateAllowance } from './limits.ts';
import { ResponseFields } from './response-fields.ts';
import type { Http2ClientStream } from './stream.ts';

/** The connection, as far as the backend's frames change it. */
export interface ResponseTarget {
  /** The open ones. */
  readonly streams: ReadonlyMap<number, Http2ClientStream>;
  /** The highest id that the backend can know of: what a read brings was sent before it. */
  readonly knownStreamId: number;
  /** A DATA frame of `length` bytes begins. False: more than the connection's window. */
  takeWindow(length: number): boolean;
  /** DATA has been passed on, or dropped. */
  credit(bytes: number): void;
  /** The stream has got something: `onTurn` follows at the end of the read. */
  touched(stream: Http2ClientStream): void;
  /** @param windowChange by how much the initial window moved */
  onSettings(peer: PeerSettings, windowChange: number): ConnectionRule | undefined;
  /** WINDOW_UPDATE for the connection. */
  growWindow(increment: number): ConnectionRule | undefined;
  /** @param bytes eight of them from `start` */
  onPing(bytes: Buffer, start: number, isAck: boolean): void;
  /** Streams above `lastStreamId` have not been looked at, and there will be no new ones. */
  onGoaway(lastStreamId: number, code: number): void;
}

/** Judges each frame of a backend by RFC 9113 sections 5 and 6 and hands its meaning to the stream or the connection that it is for. */
export class ResponseDispatch implements FrameSink {
  readonly peer = new PeerSettings(true);
  /** The backend's first SETTINGS have come. */
  sawSettings = false;
  readonly #target: ResponseTarget;
  readonly #wheel: TimerWheel;
  readonly #decoder: HpackDecoder;
  readonly #fields = new ResponseFields();
  readonly #assembly = new HeaderAssembly(maxResponseBlockBytes);
  readonly #closedStreams = new ClosedStreams();
  readonly #idleFrames: TokenBucket;
  readonly #windowUpdates: TokenBucket;
  /** What may still come of streams that we gave up: no more than their windows had room for. */
  #lateBytes = 0;
  /** The DATA frame that is being received: its stream, if it is open, and its bytes that are not passed on yet. */
  #dataStream: Http2ClientStream | undefined;
  #dataEnds = false;
  #dataLeft = 0;
  #sawDataBytes = false;

  constructor(target: ResponseTarget, wheel: TimerWheel, { hpackScratch }: Http2Shared) {
    this.#target = target;
    this.#wheel = wheel;
    this.#decoder = new HpackDecoder(hpackScratch);
    this.#idleFrames = new TokenBucket(idleFrameAllowance.capacity, idleFrameAllowance.perSecond, wheel.nowMs);
    this.#windowUpdates = new TokenBucket(windowUpdateAllowance.capacity, windowUpdateAllowance.perSecond, wheel.nowMs);
  }

  onFrameStart(type: number, flags: number, streamId: number, length: number): ConnectionRule | undefined {
    const { streamId: assembling } = this.#assembly;
    if (assembling !== 0) {
      return type === FrameType.continuation && streamId === assembling ? undefined : 'frame-inside-header-block';
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
        return this.#onPriority(streamId, end - start);
      case FrameType.rstStream:
        return this.#onRstStream(streamId, bytes, start, end);
      case FrameType.settings:
        return this.#onSettings(flags, streamId, bytes, start, end);
      case FrameType.pushPromise:
        return 'push-refused';
      case FrameType.ping:
        return this.#onPing(flags, streamId, bytes, start, end);
      case FrameType.goaway:
        return this.#onGoaway(streamId, bytes, start, end);
      case FrameType.windowUpdate:
        return this.#onWindowUpdate(streamId, bytes, start, end);
      default:
        // Unknown types are ignored (RFC 9113 section 4.1).
        return this.#onIdleFrame();
    }
  }

  onData(chunk: Buffer): ConnectionRule | undefined {
    this.#dataLeft -= chunk.length;
    this.#sawDataBytes = true;
    this.#target.credit(chunk.length);
    this.#dataStream?.onData(chunk);
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
    if (this.#dataEnds) stream?.onEndStream();
    else if (!this.#sawDataBytes) return this.#onIdleFrame();
    return undefined;
  }

  /** A stream has ended: some frames for it may still come. */
  onStreamOver(stream: Http2ClientStream): void {
    this.#closedStreams.add(stream.id, !stream.isRemoteEnded);
    if (!stream.isRemoteEnded) this.#lateBytes += stream.windowLeft;
    this.#idleFrames.earn(4);
    this.#windowUpdates.earn(2);
  }

  /** Servers of gRPC measure the way with a PING for what they receive. */
  onDataSent(frames: number): void {
    this.#idleFrames.earn(2 * frames);
    this.#windowUpdates.earn(10 * frames);
  }

  #onIdleFrame(): ConnectionRule | undefined {
    return this.#idleFrames.take(this.#wheel.nowMs) ? undefined : 'too-many-idle-frames';
  }

  /** The stream, if it is open; `idle` when it has never been. */
  #find(streamId: number): Http2ClientStream | 'idle' | undefined {
    if (streamId % 2 === 0 || streamId > this.#target.knownStreamId) return 'idle';
    return this.#target.streams.get(streamId);
  }

  #startData(flags: number, streamId: number, length: number): ConnectionRule | undefined {
    if (streamId === 0) return 'frame-on-stream-0';
    if (!this.#target.takeWindow(length)) return 'window-exceeded';
    this.#dataLeft = length;
    this.#sawDataBytes = false;
    this.#dataEnds = (flags & Flag.endStream) !== 0;
    const stream = this.#find(streamId);
    if (stream === 'idle') return 'frame-on-idle-stream';
    if (stream === undefined) return this.#onLateData(streamId, length);
    if (!stream.isHeadDone) {
      stream.fail('data-before-head', ErrorCode.protocolError);
    } else if (stream.isRemoteEnded) {
      stream.fail('stream-is-closed', ErrorCode.streamClosed);
    } else if (!stream.takeWindow(length)) {
      stream.fail('window-exceeded', ErrorCode.flowControlError);
    } else {
      this.#dataStream = stream;
      this.#target.touched(stream);
    }
    return undefined;
  }

  /** DATA for a stream that is over: it may have been on its way when we gave the stream up. */
  #onLateData(streamId: number, length: number): ConnectionRule | undefined {
    if (this.#closedStreams.find(streamId) === 'ended') return 'stream-is-closed';
    this.#lateBytes -= length;
    return this.#lateBytes < 0 ? 'window-exceeded' : undefined;
  }

  #onHeaders(flags: number, streamId: number, bytes: Buffer, from: number, to: number): ConnectionRule | undefined {
    if (streamId === 0) return 'frame-on-stream-0';
    let start = from;
    let end = to;
    if ((flags & Flag.padded) !== 0) {
      if (start >= end) return 'frame-length';
      const padding = bytes[start++] as number;
      if (padding > end - start) return 'padding-too-long';
      end -= padding;
    }
    if ((flags & Flag.priority) !== 0) {
      if (end - start < 5) return 'frame-length';
      start += 5;
    }
    const endStream = (flags & Flag.endStream) !== 0;
    if ((flags & Flag.endHeaders) !== 0) return this.#onBlock(streamId, endStream, bytes, start, end);
    this.#assembly.begin(streamId, endStream, false);
    return this.#assembly.add(bytes, start, end);
  }

  #onContinuation(flags: number, bytes: Buffer, start: number, end: number): ConnectionRule | undefined {
    const assembly = this.#assembly;
    const { streamId } = assembly;
    if (streamId === 0) return 'continuation-without-headers';
    const rule = assembly.add(bytes, start, end);
    if (rule !== undefined || (flags & Flag.endHeaders) === 0) return rule;
    const block = assembly.finish();
    assembly.streamId = 0;
    return this.#onBlock(streamId, assembly.endStream, block, 0, block.length);
  }

  /** A whole header block. It is decoded in any case, since later blocks build on it. */
  #onBlock(streamId: number, endStream: boolean, bytes: Buffer, start: number, end: number): ConnectionRule | undefined {
    const stream = this.#find(streamId);
    if (stream === 'idle') return 'frame-on-idle-stream';
    const fields = this.#fields;
    fields.begin(stream?.isHeadDone === true);
    if (!this.#decoder.decode(bytes, start, end, fields)) return 'bad-compression';
    if (stream === undefined) return this.#closedStreams.find(streamId) === 'ended' ? 'stream-is-closed' : this.#onIdleFrame();
    if (stream.isRemoteEnded) {
      stream.fail('stream-is-closed', ErrorCode.streamClosed);
      return undefined;
    }
    this.#target.touched(stream);
    stream.onHeaders(fields, endStream);
    return undefined;
  }

  /** Only servers act on it. */
  #onPriority(streamId: number, length: number): ConnectionRule | undefined {
    if (streamId === 0) return 'frame-on-stream-0';
    return length === 5 ? this.#onIdleFrame() : 'frame-length';
  }

  #onRstStream(streamId: number, bytes: Buffer, start: number, end: number): ConnectionRule | undefined {
    if (streamId === 0) return 'frame-on-stream-0';
    if (end - start !== 4) return 'frame-length';
    const stream = this.#find(streamId);
    if (stream === 'idle') return 'frame-on-idle-stream';
    stream?.onReset(readUint32(bytes, start));
    return stream === undefined ? this.#onIdleFrame() : undefined;
  }

  #onSettings(flags: number, streamId: number, bytes: Buffer, start: number, end: number): ConnectionRule | undefined {
    if (streamId !== 0) return 'frame-not-on-stream-0';
    if ((flags & Flag.ack) !== 0) return end === start ? this.#onIdleFrame() : 'frame-length';
    if ((end - start) % 6 !== 0) return 'frame-length';
    const windowBefore = this.peer.initialWindowBytes;
    const rule = this.peer.apply(bytes, start, end) ?? this.#onIdleFrame();
    if (rule !== undefined) return rule;
    this.sawSettings = true;
    return this.#target.onSettings(this.peer, this.peer.initialWindowBytes - windowBefore);
  }

  #onPing(flags: number, streamId: number, bytes: Buffer, start: number, end: number): ConnectionRule | undefined {
    if (streamId !== 0) return 'frame-not-on-stream-0';
    if (end - start !== 8) return 'frame-length';
    this.#target.onPing(bytes, start, (flags & Flag.ack) !== 0);
    return this.#onIdleFrame();
  }

  #onGoaway(streamId: number, bytes: Buffer, start: number, end: number): ConnectionRule | undefined {
    if (streamId !== 0) return 'frame-not-on-stream-0';
    if (end - start < 8) return 'frame-length';
    this.#target.onGoaway(readUint31(bytes, start), readUint32(bytes, start + 4));
    return this.#onIdleFrame();
  }

  #onWindowUpdate(streamId: number, bytes: Buffer, start: number, end: number): ConnectionRule | undefined {
    if (end - start !== 4) return 'frame-length';
    if (!this.#windowUpdates.take(this.#wheel.nowMs)) return 'too-many-window-updates';
    const increment = readUint31(bytes, start);
    if (streamId === 0) return this.#target.growWindow(increment);
    const stream = this.#find(streamId);
    if (stream === 'idle') return 'frame-on-idle-stream';
    if (stream === undefined) return undefined;
    if (increment === 0) stream.fail('window-increment-0', ErrorCode.protocolError);
    else if (!stream.growWindow(increment)) stream.fail('window-overflow', ErrorCode.flowControlError);
    else stream.pump(maxWindowBytes);
    return undefined;
  }
}
