/** How much of a body is kept for a backend that may send the request back unread: most gRPC messages fit. */
const maxReplayBytes = 65_536;

/**
 * The beginning of a request's body: what came before a connection was ready, bounded by one read of the client, and what may have to be
 * sent again.
 */
export class RequestBodyBuffer {
  /** What is kept, in order. */
  readonly chunks: Buffer[] = [];
  #bytes = 0;
  #isWhole = true;

  /** Nothing of the body so far is missing here: the request can begin anew. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** Keeps a chunk, which is the buffer's from now on. */
  hold(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  /** Keeps a copy of a chunk that was passed on, while all of the body fits. */
  copy(chunk: Buffer): void {
    if (!this.#isWhole) return;
    if (this.#bytes + chunk.length > maxReplayBytes) this.forget();
    else this.hold(Buffer.from(chunk));
  }

  /** The body has gone out and can't be asked for again. */
  forget(): void {
    this.#isWhole = false;
    this.#drop();
  }

  /** For the next request. */
  reset(): void {
    this.#isWhole = true;
    this.#drop();
  }

  /** Most requests have nothing here, and to set a length costs a call into V8's runtime even when it is the same. */
  #drop(): void {
    if (this.chunks.length === 0) return;
    this.chunks.length = 0;
    this.#bytes = 0;
  }
}
