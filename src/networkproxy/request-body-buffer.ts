import type { BufferRoom } from './buffering/buffer-room.ts';
import { bytesToKeep } from './shared-read-buffer.ts';

/** How much of a body is kept for a backend that may send the request back unread: most gRPC messages fit. */
const maxReplayBytes = 65_536;

const noTrailers: readonly string[] = [];

/**
 * The beginning of a request's body: what came before a connection was ready, bounded by one read of the client, and what may have to be
 * sent again; or all of it, where the route asks for that.
 */
export class RequestBodyBuffer {
  /** What is kept, in order. */
  readonly chunks: Buffer[] = [];
  /** The client has sent all of it, or nobody waits for more. */
  isComplete = false;
  trailers: readonly string[] = noTrailers;
  readonly #room: BufferRoom;
  #bytes = 0;
  /** Of them, those that are in the worker's room. */
  #roomBytes = 0;
  #isWhole = true;

  constructor(room: BufferRoom) {
    this.#room = room;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The body is here because its route asks for it. */
  get isInRoom(): boolean {
    return this.#roomBytes > 0;
  }

  /** Nothing of the body so far is missing here: the request can begin anew. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** Keeps a chunk, which is the buffer's from now on. */
  hold(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  /** Keeps a piece of a body of at most `maxBytes` in the worker's room. */
  holdWithin(chunk: Buffer, maxBytes: number): 'held' | 'too-large' | 'no-room' {
    if (this.#bytes + chunk.length > maxBytes) return 'too-large';
    if (!this.#room.take(chunk.length)) return 'no-room';
    this.#roomBytes += chunk.length;
    this.hold(bytesToKeep(chunk));
    return 'held';
  }

  /** Takes out what is kept. */
  takeAll(): readonly Buffer[] {
    const all = this.chunks.slice();
    this.#drop();
    return all;
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

  /** The client has sent all of it. */
  end(trailers: readonly string[]): void {
    this.isComplete = true;
    this.trailers = trailers;
  }

  /** Another request is made in place of the client's, and begins without a body. */
  restart(): void {
    this.#isWhole = true;
    this.#drop();
  }

  /** For the next request. */
  reset(): void {
    this.isComplete = false;
    this.trailers = noTrailers;
    this.restart();
  }

  /** Most requests have nothing here, and to set a length costs a call into V8's runtime even when it is the same. */
  #drop(): void {
    if (this.chunks.length === 0) return;
    this.chunks.length = 0;
    this.#bytes = 0;
    if (this.#roomBytes > 0) this.#room.give(this.#roomBytes);
    this.#roomBytes = 0;
  }
}
