import type { ConnectionRule } from './connection-rule.ts';
import { clientPreface, defaultMaxFrameBytes, Flag, FrameType, frameHeaderBytes, readUint31 } from './frames.ts';

/** Takes the frames of one connection. Each call may name a rule that the frame broke, after which nothing more is read. */
export interface FrameSink {
  /** A frame begins. `length` is that of its payload, padding included. */
  onFrameStart(type: number, flags: number, streamId: number, length: number): ConnectionRule | undefined;
  /** The payload of a frame other than DATA: `bytes` from `start` to `end`, valid during the call only. */
  onPayload(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): ConnectionRule | undefined;
  /** A piece of a DATA frame without its padding, valid during the call only. */
  onData(chunk: Buffer): ConnectionRule | undefined;
  /** The DATA frame is complete. */
  onDataEnd(): ConnectionRule | undefined;
}

const State = { preface: 0, header: 1, payload: 2, padLength: 3, data: 4, padding: 5 } as const;
type State = (typeof State)[keyof typeof State];

/**
 * Cuts the bytes of a connection into frames, whatever pieces they come in. DATA goes on as it comes; of other frames at most one payload
 * is kept, and none is larger than 16 KiB.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #partial = Buffer.allocUnsafe(frameHeaderBytes);
  #partialBytes = 0;
  #state: State;
  #type = 0;
  #flags = 0;
  #streamId = 0;
  /** Bytes of the payload, or of the preface, that are missing. */
  #left = clientPreface.length;
  #padding = 0;
  /** The payload of a frame that came in pieces. */
  #payload: Buffer | undefined;
  #payloadBytes = 0;

  /** @param expectsPreface it is a client that speaks */
  constructor(sink: FrameSink, expectsPreface: boolean) {
    this.#sink = sink;
    this.#state = expectsPreface ? State.preface : State.header;
  }

  /** Part of a frame other than DATA has come, or part of the preface. */
  get midFrame(): boolean {
    return this.#state === State.preface || this.#state === State.payload || this.#partialBytes > 0;
  }

  /** Reads a whole chunk; returns the rule that was broken, if any. */
  execute(chunk: Buffer): ConnectionRule | undefined {
    let at = 0;
    const end = chunk.length;
    while (at < end) {
      let rule: ConnectionRule | undefined;
      switch (this.#state) {
        case State.header: {
          let bytes = chunk;
          let start = at;
          if (this.#partialBytes > 0 || end - at < frameHeaderBytes) {
            const taken = Math.min(frameHeaderBytes - this.#partialBytes, end - at);
            chunk.copy(this.#partial, this.#partialBytes, at, at + taken);
            this.#partialBytes += taken;
            at += taken;
            if (this.#partialBytes < frameHeaderBytes) return undefined;
            this.#partialBytes = 0;
            bytes = this.#partial;
            start = 0;
          } else {
            at += frameHeaderBytes;
          }
          rule = this.#startFrame(bytes, start);
          break;
        }
        case State.payload:
          at = this.#readPayload(chunk, at);
          if (this.#left === 0) rule = this.#finishPayload(chunk, at);
          break;
        case State.data: {
          const stop = Math.min(at + this.#left, end);
          this.#left -= stop - at;
          rule = this.#sink.onData(at === 0 && stop === end ? chunk : chunk.subarray(at, stop));
          at = stop;
          if (this.#left === 0) rule ??= this.#finishData();
          break;
        }
        case State.padLength:
          rule = this.#takePadLength(chunk[at] as number);
          at++;
          break;
        case State.padding: {
          const skipped = Math.min(this.#padding, end - at);
          this.#padding -= skipped;
          at += skipped;
          if (this.#padding === 0) rule = this.#endData();
          break;
        }
        default:
          at = this.#readPreface(chunk, at);
          if (at === -1) return 'bad-preface';
      }
      if (rule !== undefined) return rule;
    }
    return undefined;
  }

  #readPreface(chunk: Buffer, from: number): number {
    const done = clientPreface.length - this.#left;
    const taken = Math.min(this.#left, chunk.length - from);
    if (chunk.compare(clientPreface, done, done + taken, from, from + taken) !== 0) return -1;
    this.#left -= taken;
    if (this.#left === 0) this.#state = State.header;
    return from + taken;
  }

  #startFrame(bytes: Buffer, at: number): ConnectionRule | undefined {
    const length = ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
    if (length > defaultMaxFrameBytes) return 'frame-too-large';
    const type = bytes[at + 3] as number;
    const flags = bytes[at + 4] as number;
    const streamId = readUint31(bytes, at + 5);
    this.#type = type;
    this.#flags = flags;
    this.#streamId = streamId;
    this.#left = length;
    const rule = this.#sink.onFrameStart(type, flags, streamId, length);
    if (rule !== undefined) return rule;
    if (type === FrameType.data) return this.#startData(flags, length);
    this.#payloadBytes = 0;
    this.#state = State.payload;
    return length === 0 ? this.#finishPayload(bytes, 0) : undefined;
  }

  #startData(flags: number, length: number): ConnectionRule | undefined {
    this.#padding = 0;
    if ((flags & Flag.padded) !== 0) {
      if (length === 0) return 'frame-length';
      this.#state = State.padLength;
      return undefined;
    }
    this.#state = State.data;
    return length === 0 ? this.#finishData() : undefined;
  }

  #takePadLength(padding: number): ConnectionRule | undefined {
    this.#left--;
    if (padding > this.#left) return 'padding-too-long';
    this.#padding = padding;
    this.#left -= padding;
    this.#state = State.data;
    return this.#left === 0 ? this.#finishData() : undefined;
  }

  #finishData(): ConnectionRule | undefined {
    if (this.#padding === 0) return this.#endData();
    this.#state = State.padding;
    return undefined;
  }

  #endData(): ConnectionRule | undefined {
    this.#state = State.header;
    return this.#sink.onDataEnd();
  }

  /** Takes what there is of a payload; one that is whole in `chunk` is not copied. */
  #readPayload(chunk: Buffer, from: number): number {
    const taken = Math.min(this.#left, chunk.length - from);
    const isWhole = this.#payloadBytes === 0 && taken === this.#left;
    if (!isWhole) {
      this.#payload ??= Buffer.allocUnsafeSlow(this.#left);
      chunk.copy(this.#payload, this.#payloadBytes, from, from + taken);
    }
    this.#payloadBytes += taken;
    this.#left -= taken;
    return from + taken;
  }

  /** @param end where the payload ends in `chunk`, when it is whole there */
  #finishPayload(chunk: Buffer, end: number): ConnectionRule | undefined {
    const kept = this.#payload;
    const length = this.#payloadBytes;
    this.#payload = undefined;
    this.#payloadBytes = 0;
    this.#state = State.header;
    if (kept !== undefined) return this.#sink.onPayload(this.#type, this.#flags, this.#streamId, kept, 0, length);
    return this.#sink.onPayload(this.#type, this.#flags, this.#streamId, chunk, end - length, end);
  }
}
