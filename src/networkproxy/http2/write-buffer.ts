import type { Socket } from 'node:net';
import { type Flushable, type OutputTurn, slabBytes } from '../output-turn.ts';
import { maxSocketBytes } from './limits.ts';

/** What one read of a backend brings, 64 KiB, takes so much in frames. */
const roomForRead = 65_536 + 4 * 9;

/** Puts the frames of one connection together in a slab and writes them when the turn ends, or when the slab is full. */
export class WriteBuffer implements Flushable {
  readonly #turn: OutputTurn;
  readonly #socket: Socket;
  /** A TLS socket encrypts within `write`; a plain one may go on reading our buffer until the kernel has taken it all. */
  readonly #takesAtOnce: boolean;
  readonly #onFlushed: () => void;
  #slab: Buffer | undefined;
  #scheduled = false;
  /** A slab was filled in this turn, or in the one before: bulk. */
  #isFilled = false;
  #wasFilled = false;
  /** Where the next byte goes in the slab. */
  at = 0;

  /** @param onFlushed the turn's output has been written, or a whole slab of it */
  constructor(turn: OutputTurn, socket: Socket, takesAtOnce: boolean, onFlushed: () => void) {
    this.#turn = turn;
    this.#socket = socket;
    this.#takesAtOnce = takesAtOnce;
    this.#onFlushed = onFlushed;
  }

  /** The client does not take our bytes; the socket's `drain` will tell when it has. */
  get isBlocked(): boolean {
    return this.#socket.writableNeedDrain && this.#socket.writableLength >= maxSocketBytes;
  }

  /** The slab, with room for so many bytes at `at`; the caller moves `at` behind what it wrote. At most a whole slab. */
  reserve(bytes: number): Buffer {
    if (!this.#scheduled) {
      this.#scheduled = true;
      this.#turn.schedule(this);
    }
    if (this.#slab !== undefined && this.at + bytes > this.#slab.length) {
      this.#writeFull();
    }
    this.#slab ??= this.#turn.takeSlab(this.#isFilled || this.#wasFilled);
    return this.#slab;
  }

  /** Hands everything to the socket now. */
  writeOut(): void {
    const slab = this.#slab;
    const length = this.at;
    if (slab === undefined || length === 0) return;
    this.at = 0;
    const socket = this.#socket;
    if (socket.writableLength === 0 && slab.length === slabBytes) {
      socket.write(slab.subarray(0, length));
      if (!this.#takesAtOnce && socket.writableLength > 0) this.#slab = undefined;
      return;
    }
    // It may wait in the socket's queue by reference.
    this.#slab = undefined;
    socket.write(slab.subarray(0, length), () => this.#turn.giveSlab(slab));
  }

  /** One read of a backend has been put in: a slab without room for another is written now, so that the backend is not read on when the client is behind. */
  settle(): void {
    const slab = this.#slab;
    if (slab === undefined || slab.length === slabBytes || this.at + roomForRead <= slab.length) return;
    this.#writeFull();
  }

  /** @internal called by the turn */
  flushTurn(): void {
    this.#scheduled = false;
    this.#wasFilled = this.#isFilled;
    this.#isFilled = false;
    this.writeOut();
    this.#release();
    this.#onFlushed();
  }

  /** Drops what was not written; the connection is over. */
  discard(): void {
    this.at = 0;
    this.#release();
  }

  #writeFull(): void {
    this.#isFilled = true;
    this.writeOut();
    this.#release();
    this.#onFlushed();
  }

  #release(): void {
    if (this.#slab !== undefined) this.#turn.giveSlab(this.#slab);
    this.#slab = undefined;
  }
}
