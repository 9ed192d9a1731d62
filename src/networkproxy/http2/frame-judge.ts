import type { ConnectionRule } from './connection-rule.ts';
import type { FrameSink } from './frame-reader.ts';
import { ErrorCode, Flag, FrameType, maxWindowBytes, readUint31, readUint32 } from './frames.ts';
import { HeaderAssembly } from './header-assembly.ts';
import { PeerSettings } from './peer-settings.ts';

/** An open stream, as far as the frames of its peer change it. */
export interface JudgedStream {
  /** The peer has ended its side. */
  readonly isRemoteEnded: boolean;
  /** A DATA frame of `length` bytes, padding included, begins. False: more than the window. */
  takeWindow(length: number): boolean;
  onData(chunk: Buffer): void;
  /** Padding takes room in the window and is never passed on. */
  skipPadding(bytes: number): void;
  onEndStream(trailers: readonly string[]): void;
  /** False: the window would be larger than RFC 9113 section 6.9.1 allows. */
  growWindow(bytes: number): boolean;
  /** Sends of what waits at most `limit` bytes. */
  pump(limit: number): void;
  /** The peer broke a rule of streams. */
  fail(code: ErrorCode, rule: ConnectionRule): void;
}

/** The connection, as far as the frames of its peer change it. */
export interface JudgeTarget {
  /** A DATA frame of `length` bytes begins. False: more than the connection's window. */
  takeWindow(length: number): boolean;
  /** DATA has been passed on, or will never be. */
  credit(bytes: number): void;
  /** @param windowChange by how much the initial window moved */
  onSettings(peer: PeerSettings, windowChange: number): ConnectionRule | undefined;
  /** The peer has taken our settings. */
  onSettingsAck(): void;
  /** WINDOW_UPDATE for the connection. */
  growWindow(increment: number): ConnectionRule | undefined;
  /** @param bytes eight of them from `start` */
  onPing(bytes: Buffer, start: number, isAck: boolean): void;
  /** The peer opens no more streams, and has not looked at ours above `lastStreamId`. */
  onGoaway(lastStreamId: number, code: number): void;
}

/** Counts frames that cost us work and bring nothing, and names the rule when there were too many. */
export interface FrameGuard {
  onSettings(): ConnectionRule | undefined;
  onPing(): ConnectionRule | undefined;
  onPriority(): ConnectionRule | undefined;
  onWindowUpdate(): ConnectionRule | undefined;
  /** A frame that has no use. */
  onIdleFrame(): ConnectionRule | undefined;
}

const noTrailers: readonly string[] = [];

/**
 * Judges each frame of a connection by RFC 9113 sections 5 and 6 and hands its meaning to the stream or the connection that it is for:
 * what holds for servers and clients alike. What streams and header blocks mean is each side's own.
 */
export abstract class FrameJudge<Stream extends JudgedStream> implements FrameSink {
  readonly peer: PeerSettings;
  /** The peer's first SETTINGS have come. */
  sawSettings = false;
  readonly #target: JudgeTarget;
  readonly #guard: FrameGuard;
  readonly #pushRule: ConnectionRule;
  readonly #assembly: HeaderAssembly;
  /** The DATA frame that is being received: its stream, if it is open, and its bytes that are not passed on yet. */
  #dataStream: Stream | undefined;
  #dataEnds = false;
  #dataLeft = 0;
  #sawDataBytes = false;

  /** @param peerIsServer it is a backend that speaks; @param maxBlockBytes of a header block before decoding */
  constructor(target: JudgeTarget, guard: FrameGuard, peerIsServer: boolean, maxBlockBytes: number) {
    this.#target = target;
    this.#guard = guard;
    this.peer = new PeerSettings(peerIsServer);
    this.#pushRule = peerIsServer ? 'push-refused' : 'push-from-client';
    this.#assembly = new HeaderAssembly(maxBlockBytes);
  }

  /** The stream, if it is open. */
  protected abstract find(streamId: number): Stream | undefined;
  /** The stream has never been open, and it is none that we leave unserved. */
  protected abstract isIdle(streamId: number): boolean;
  /** DATA for a stream that is not open. */
  protected abstract onDataOfClosed(streamId: number, length: number): ConnectionRule | undefined;
  /** RST_STREAM for a stream that is not idle. */
  protected abstract onReset(streamId: number, code: number): ConnectionRule | undefined;
  /** A whole header block, which must be decoded in any case, since later blocks build on it. */
  protected abstract onBlock(
    streamId: number,
    endStream: boolean,
    selfDependent: boolean,
    bytes: Buffer,
    start: number,
    end: number,
  ): ConnectionRule | undefined;

  /** A rule that ids of HEADERS break by themselves. */
  protected headersRule(_streamId: number): ConnectionRule | undefined {
    return undefined;
  }

  /** DATA within the windows begins. False: the stream has failed over it. */
  protected takesData(_stream: Stream): boolean {
    return true;
  }

  /** A piece of a body. Whoever passes it on gives its bytes back to the connection's window. */
  protected passData(stream: Stream, chunk: Buffer): void {
    stream.onData(chunk);
  }

  /** What failing streams have made of the connection. */
  protected brokenRule(): ConnectionRule | undefined {
    return undefined;
  }

  /** A limit may be broken: time to count it. */
  protected counted(rule: ConnectionRule | undefined): ConnectionRule | undefined {
    return rule;
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
        return this.#pushRule;
      case FrameType.ping:
        return this.#onPing(flags, streamId, bytes, start, end);
      case FrameType.goaway:
        return this.#onGoaway(streamId, bytes, start, end);
      case FrameType.windowUpdate:
        return this.#onWindowUpdate(streamId, bytes, start, end);
      default:
        // Unknown types are ignored (RFC 9113 section 4.1).
        return this.#guard.onIdleFrame();
    }
  }

  onData(chunk: Buffer): ConnectionRule | undefined {
    this.#dataLeft -= chunk.length;
    this.#sawDataBytes = true;
    if (this.#dataStream === undefined) this.#target.credit(chunk.length);
    else this.passData(this.#dataStream, chunk);
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
    return this.brokenRule();
  }

  #startData(flags: number, streamId: number, length: number): ConnectionRule | undefined {
    if (streamId === 0) return 'frame-on-stream-0';
    if (!this.#target.takeWindow(length)) return this.counted('window-exceeded');
    this.#dataLeft = length;
    this.#sawDataBytes = false;
    this.#dataEnds = (flags & Flag.endStream) !== 0;
    const stream = this.find(streamId);
    if (stream === undefined) return this.isIdle(streamId) ? 'frame-on-idle-stream' : this.onDataOfClosed(streamId, length);
    if (stream.isRemoteEnded) stream.fail(ErrorCode.streamClosed, 'stream-is-closed');
    else if (!stream.takeWindow(length)) this.#failOverWindow(stream);
    else if (this.takesData(stream)) this.#dataStream = stream;
    return this.brokenRule();
  }

  #failOverWindow(stream: Stream): void {
    this.counted('window-exceeded');
    stream.fail(ErrorCode.flowControlError, 'window-exceeded');
  }

  #onHeaders(flags: number, streamId: number, bytes: Buffer, from: number, to: number): ConnectionRule | undefined {
    if (streamId === 0) return 'frame-on-stream-0';
    const rule = this.headersRule(streamId);
    if (rule !== undefined) return rule;
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
    if ((flags & Flag.endHeaders) !== 0) return this.onBlock(streamId, endStream, selfDependent, bytes, start, end);
    this.#assembly.begin(streamId, endStream, selfDependent);
    return this.counted(this.#assembly.add(bytes, start, end));
  }

  #onContinuation(flags: number, bytes: Buffer, start: number, end: number): ConnectionRule | undefined {
    const assembly = this.#assembly;
    const { streamId } = assembly;
    if (streamId === 0) return 'continuation-without-headers';
    const rule = assembly.add(bytes, start, end);
    if (rule !== undefined || (flags & Flag.endHeaders) === 0) return this.counted(rule);
    const block = assembly.finish();
    assembly.streamId = 0;
    return this.onBlock(streamId, assembly.endStream, assembly.selfDependent, block, 0, block.length);
  }

  #onPriority(streamId: number, bytes: Buffer, start: number, end: number): ConnectionRule | undefined {
    if (streamId === 0) return 'frame-on-stream-0';
    if (end - start !== 5) return 'frame-length';
    return readUint31(bytes, start) === streamId ? 'stream-depends-on-itself' : this.#guard.onPriority();
  }

  #onRstStream(streamId: number, bytes: Buffer, start: number, end: number): ConnectionRule | undefined {
    if (streamId === 0) return 'frame-on-stream-0';
    if (end - start !== 4) return 'frame-length';
    return this.isIdle(streamId) ? 'frame-on-idle-stream' : this.onReset(streamId, readUint32(bytes, start));
  }

  #onSettings(flags: number, streamId: number, bytes: Buffer, start: number, end: number): ConnectionRule | undefined {
    if (streamId !== 0) return 'frame-not-on-stream-0';
    if ((flags & Flag.ack) !== 0) {
      if (end !== start) return 'frame-length';
      this.#target.onSettingsAck();
      return this.#guard.onSettings();
    }
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

  #onGoaway(streamId: number, bytes: Buffer, start: number, end: number): ConnectionRule | undefined {
    if (streamId !== 0) return 'frame-not-on-stream-0';
    if (end - start < 8) return 'frame-length';
    this.#target.onGoaway(readUint31(bytes, start), readUint32(bytes, start + 4));
    return this.#guard.onIdleFrame();
  }

  #onWindowUpdate(streamId: number, bytes: Buffer, start: number, end: number): ConnectionRule | undefined {
    if (end - start !== 4) return 'frame-length';
    const increment = readUint31(bytes, start);
    const rule = this.#guard.onWindowUpdate();
    if (rule !== undefined) return rule;
    if (streamId === 0) return this.#target.growWindow(increment);
    const stream = this.find(streamId);
    if (stream === undefined) return this.isIdle(streamId) ? 'frame-on-idle-stream' : undefined;
    if (increment === 0) stream.fail(ErrorCode.protocolError, 'window-increment-0');
    else if (!stream.growWindow(increment)) stream.fail(ErrorCode.flowControlError, 'window-overflow');
    else stream.pump(maxWindowBytes);
    return this.brokenRule();
  }
}
