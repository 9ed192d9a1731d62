import type { ConnectionRule } from './connection-rule.ts';
import { maxContinuations } from './limits.ts';

/** The header block that is being received: HEADERS, then CONTINUATION frames with nothing between them (RFC 9113 section 6.10). */
export class HeaderAssembly {
  readonly #maxBytes: number;
  /** The stream whose block is incomplete, 0 for none. */
  streamId = 0;
  /** The HEADERS frame ends its stream. */
  endStream = false;
  /** The HEADERS frame made its stream depend on itself. */
  selfDependent = false;
  #parts: Buffer[] = [];
  #bytes = 0;

  /** @param maxBytes of a block before decoding */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  begin(streamId: number, endStream: boolean, selfDependent: boolean): void {
    this.streamId = streamId;
    this.endStream = endStream;
    this.selfDependent = selfDependent;
    this.#parts = [];
    this.#bytes = 0;
  }

  /** Keeps a fragment that is not the last. */
  add(bytes: Buffer, start: number, end: number): ConnectionRule | undefined {
    this.#bytes += end - start;
    if (this.#bytes > this.#maxBytes) return 'header-block-too-large';
    if (this.#parts.length > maxContinuations) return 'too-many-continuations';
    this.#parts.push(Buffer.from(bytes.subarray(start, end)));
    return undefined;
  }

  /** The block with its last fragment, which has been added. */
  finish(): Buffer {
    const block = this.#parts.length === 1 ? (this.#parts[0] as Buffer) : Buffer.concat(this.#parts, this.#bytes);
    this.#parts = [];
    return block;
  }
}
