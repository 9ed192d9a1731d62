import { defaultMaxFrameBytes, type ErrorCode, Flag, FrameType, frameHeaderBytes, writeFrameHeader, writeUint32 } from './frames.ts';
import { HpackEncoder } from './hpack/encoder.ts';
import type { WriteBuffer } from './write-buffer.ts';

/** Writes the frames of one connection. Windows are the caller's business. */
export class FrameOutput {
  readonly #buffer: WriteBuffer;
  readonly #encoder = new HpackEncoder();

  constructor(buffer: WriteBuffer) {
    this.#buffer = buffer;
  }

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. */
  setMaxTableBytes(bytes: number): void {
    this.#encoder.setMaxTableBytes(bytes);
  }

  /** Our settings: ids and values in turn. */
  settings(pairs: readonly number[]): void {
    const length = (pairs.length / 2) * 6;
    const buffer = this.#buffer;
    const slab = buffer.reserve(frameHeaderBytes + length);
    let at = writeFrameHeader(slab, buffer.at, length, FrameType.settings, 0, 0);
    for (let i = 0; i < pairs.length; i += 2) {
      slab[at] = (pairs[i] as number) >>> 8;
      slab[at + 1] = pairs[i] as number;
      at = writeUint32(slab, at + 2, pairs[i + 1] as number);
    }
    buffer.at = at;
  }

  settingsAck(): void {
    const buffer = this.#buffer;
    buffer.at = writeFrameHeader(buffer.reserve(frameHeaderBytes), buffer.at, 0, FrameType.settings, Flag.ack, 0);
  }

  /** @param payload eight bytes from `start` */
  ping(payload: Buffer, start: number, isAck: boolean): void {
    const buffer = this.#buffer;
    const slab = buffer.reserve(frameHeaderBytes + 8);
    const at = writeFrameHeader(slab, buffer.at, 8, FrameType.ping, isAck ? Flag.ack : 0, 0);
    buffer.at = at + payload.copy(slab, at, start, start + 8);
  }

  windowUpdate(streamId: number, bytes: number): void {
    this.#word(FrameType.windowUpdate, streamId, bytes);
  }

  reset(streamId: number, code: ErrorCode): void {
    this.#word(FrameType.rstStream, streamId, code);
  }

  goaway(lastStreamId: number, code: ErrorCode, debug: string): void {
    const length = 8 + debug.length;
    const buffer = this.#buffer;
    const slab = buffer.reserve(frameHeaderBytes + length);
    let at = writeFrameHeader(slab, buffer.at, length, FrameType.goaway, 0, 0);
    at = writeUint32(slab, at, lastStreamId);
    at = writeUint32(slab, at, code);
    buffer.at = at + slab.write(debug, at, 'latin1');
  }

  /** DATA of any length, in as many frames as it takes. @returns how many */
  data(streamId: number, chunk: Buffer, start: number, end: number, endStream: boolean): number {
    const buffer = this.#buffer;
    let from = start;
    let frames = 0;
    do {
      const to = Math.min(from + defaultMaxFrameBytes, end);
      const slab = buffer.reserve(frameHeaderBytes + to - from);
      const flags = endStream && to === end ? Flag.endStream : 0;
      const at = writeFrameHeader(slab, buffer.at, to - from, FrameType.data, flags, streamId);
      buffer.at = at + chunk.copy(slab, at, from, to);
      from = to;
      frames++;
    } while (from < end);
    return frames;
  }

  /** HEADERS. @param status 0 for trailers */
  headers(streamId: number, status: number, fields: readonly string[], endStream: boolean): void {
    const room = HpackEncoder.maxBytes(fields);
    const flags = endStream ? Flag.endStream : 0;
    if (room > defaultMaxFrameBytes) {
      this.#largeHeaders(streamId, status, fields, flags, room);
      return;
    }
    const buffer = this.#buffer;
    const slab = buffer.reserve(frameHeaderBytes + room);
    const start = buffer.at + frameHeaderBytes;
    const end = this.#encode(status, fields, slab, start);
    writeFrameHeader(slab, buffer.at, end - start, FrameType.headers, flags | Flag.endHeaders, streamId);
    buffer.at = end;
  }

  /** A block that may be too large for one frame. */
  #largeHeaders(streamId: number, status: number, fields: readonly string[], flags: number, room: number): void {
    const block = Buffer.allocUnsafe(room);
    const length = this.#encode(status, fields, block, 0);
    const buffer = this.#buffer;
    for (let from = 0; from < length; from += defaultMaxFrameBytes) {
      const to = Math.min(from + defaultMaxFrameBytes, length);
      const slab = buffer.reserve(frameHeaderBytes + to - from);
      const endHeaders = to === length ? Flag.endHeaders : 0;
      const type = from === 0 ? FrameType.headers : FrameType.continuation;
      const at = writeFrameHeader(slab, buffer.at, to - from, type, endHeaders | (from === 0 ? flags : 0), streamId);
      buffer.at = at + block.copy(slab, at, from, to);
    }
  }

  #encode(status: number, fields: readonly string[], target: Buffer, at: number): number {
    const encoder = this.#encoder;
    let position = encoder.begin(target, at);
    if (status !== 0) position = encoder.field(':status', statusText(status), target, position);
    return encoder.fields(fields, target, position);
  }

  #word(type: number, streamId: number, value: number): void {
    const buffer = this.#buffer;
    const slab = buffer.reserve(frameHeaderBytes + 4);
    buffer.at = writeUint32(slab, writeFrameHeader(slab, buffer.at, 4, type, 0, streamId), value);
  }
}

const statusTexts: readonly string[] = Array.from({ length: 1000 }, (_, status) => String(status));

/** The same string each time, for the encoder's comparison. */
function statusText(status: number): string {
  return statusTexts[status] ?? String(status);
}
