/** The stream that a queue belongs to. */
export interface QueueTarget {
  /** Sends what windows and socket allow of `chunk` from `start`, at most `limit` bytes; returns how many went. */
  sendFromQueue(chunk: Buffer, start: number, limit: number, endStream: boolean): number;
  /** Ends the stream, with trailers if there are any. */
  endFromQueue(trailers: readonly string[]): void;
}

/** Body bytes of one stream that wait for windows, and what comes behind them. */
export class SendQueue {
  readonly #target: QueueTarget;
  readonly #chunks: Buffer[] = [];
  /** Where the first chunk begins. */
  #start = 0;
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

  /** The chunk is the queue's from now on. */
  push(chunk: Buffer): void {
    if (chunk.length > 0) this.#chunks.push(chunk);
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
      const isLast = this.#chunks.length === 1 && this.#end?.length === 0;
      const sent = this.#target.sendFromQueue(chunk, this.#start, left, isLast);
      left -= sent;
      this.#start += sent;
      if (this.#start < chunk.length) return limit - left;
      this.#chunks.shift();
      this.#start = 0;
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
    let bytes = -this.#start;
    for (const chunk of this.#chunks) bytes += chunk.length;
    this.#chunks.length = 0;
    this.#start = 0;
    return bytes;
  }
}
