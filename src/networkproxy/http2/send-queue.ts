/** The stream that a queue belongs to. */
export interface QueueTarget {
  /** Sends what windows and socket allow of `chunk` from `start`, at most `limit` bytes; returns how many went. */
  sendFromQueue(chunk: Buffer, start: number, limit: number, endStream: boolean): number;
  /** Ends the stream, with trailers if there are any. */
  endFromQueue(trailers: readonly string[]): void;
}

/** One DATA frame: what waits leaves in as few frames as it can. */
const blockBytes = 16_384;
/** Below that a stream keeps what waits in memory of its size, so that a block holds at least a quarter of what it takes. */
const leastBytes = 4096;
/** Blocks that are kept for what waits next, 4 MiB: a copy of its own for each message is most of what there is to collect (bench: grpc-server-streaming). */
const keptBlocks = 256;

const freeBlocks: Buffer[] = [];

function takeBlock(): Buffer {
  return freeBlocks.pop() ?? Buffer.allocUnsafeSlow(blockBytes);
}

/** Takes a chunk back if it is a block. */
function giveBlock(chunk: Buffer): void {
  if (chunk.length === blockBytes && freeBlocks.length < keptBlocks) freeBlocks.push(chunk);
}

/** Body bytes of one stream that wait for windows, and what comes behind them. */
export class SendQueue {
  readonly #target: QueueTarget;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  /** Where the first chunk begins, and where the last one ends. */
  #start = 0;
  #lastEnd = 0;
  #end: readonly string[] | undefined;

  constructor(target: QueueTarget) {
    this.#target = target;
  }

  get isEmpty(): boolean {
    return this.#chunks.length === 0 && this.#end === undefined;
  }

  /** Bytes wait, not only the end. */
  get hasBytes(): boolean {
    return this.#chunks.length > 0;
  }

  /** What ends the stream is known. */
  get isEnding(): boolean {
    return this.#end !== undefined;
  }

  /** Copies the bytes from `from` on. */
  push(bytes: Buffer, from: number): void {
    let at = from;
    while (at < bytes.length) {
      const last = this.#chunks.at(-1);
      if (last === undefined || this.#lastEnd === last.length) {
        const wanted = bytes.length - at;
        this.#chunks.push(this.#bytes + wanted < leastBytes ? Buffer.allocUnsafe(wanted) : takeBlock());
        this.#lastEnd = 0;
        continue;
      }
      const copied = bytes.copy(last, this.#lastEnd, at);
      this.#lastEnd += copied;
      this.#bytes += copied;
      at += copied;
    }
  }

  /** What is there is the last; trailers follow it. */
  endWith(trailers: readonly string[]): void {
    this.#end = trailers;
  }

  /** Sends what may go now, at most `limit` bytes; returns how many went. */
  send(limit: number): number {
    let left = limit;
    while (this.#chunks.length > 0) {
      const chunk = this.#chunks[0] as Buffer;
      const isOnly = this.#chunks.length === 1;
      const end = isOnly ? this.#lastEnd : chunk.length;
      const isLast = isOnly && this.#end?.length === 0;
      const sent = this.#target.sendFromQueue(end === chunk.length ? chunk : chunk.subarray(0, end), this.#start, left, isLast);
      left -= sent;
      this.#start += sent;
      this.#bytes -= sent;
      if (this.#start < end) return limit - left;
      this.#chunks.shift();
      this.#start = 0;
      giveBlock(chunk);
      if (isLast) this.#end = undefined;
    }
    const trailers = this.#end;
    this.#end = undefined;
    if (trailers !== undefined) this.#target.endFromQueue(trailers);
    return limit - left;
  }

  /** Drops everything; returns how many bytes that were. */
  clear(): number {
    this.#end = undefined;
    // The usual case, and to set a length costs a call into V8's runtime even when it is the same.
    if (this.#chunks.length === 0) return 0;
    const bytes = this.#bytes;
    for (const chunk of this.#chunks) giveBlock(chunk);
    this.#chunks.length = 0;
    this.#bytes = 0;
    this.#start = 0;
    return bytes;
  }
}
