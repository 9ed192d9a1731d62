import type { Socket } from 'node:net';
import { type Flushable, type OutputTurn, slabBytes } from '../output-turn.ts';
import { clientReadBuffers } from '../shared-read-buffer.ts';

/** Pieces of a body up to this size are joined with the text around them, so that they leave in one write. */
const joinBytes = 8192;

/**
 * Puts the head and the body of a request together and writes them to a backend in few and large writes. Small pieces are text; larger
 * ones are gathered in a slab until the turn ends, because clients' reads under TLS and their frames are no larger than 16 KiB; what lies
 * in memory that is lent to the client's reads is written from there.
 */
export class RequestOutput implements Flushable {
  readonly #turn: OutputTurn;
  readonly #socket: Socket;
  readonly #onWritten: () => void;
  /** What comes next: text behind everything that was appended. */
  text = '';
  #slab: Buffer | undefined;
  #at = 0;
  /** A slab was filled in this turn, or in the one before: bulk. */
  #isFilled = false;
  #wasFilled = false;
  #isScheduled = false;
  /** Text and lent pieces in turn, in place of a slab. */
  readonly #pieces: (string | Buffer)[] = [];
  #lentBytes = 0;

  /** @param onWritten what waited for the end of the turn has been written */
  constructor(turn: OutputTurn, socket: Socket, onWritten: () => void) {
    this.#turn = turn;
    this.#socket = socket;
    this.#onWritten = onWritten;
  }

  /** A piece of the body, and the text behind it. A lent piece has to stay as it is until the next `flush` or `writeOut`, and then until the socket has drained. */
  append(chunk: Buffer, after: string): void {
    if (chunk.length <= joinBytes) {
      this.text += chunk.toString('latin1') + after;
      // A write for each chunk of one byte would let a client buy much work with few bytes.
      if (this.text.length > joinBytes) this.#settleText();
      return;
    }
    if (clientReadBuffers.isLent(chunk)) {
      this.#writeSlab();
      this.#settlePiece();
      this.#pieces.push(chunk);
      this.#lentBytes += chunk.length;
    } else {
      this.#settleText();
      this.#copy(chunk);
    }
    this.text = after;
  }

  /** All of one read has been appended: writes it, or sees to it that it is written at the end of the turn. False: there was nothing. */
  flush(): boolean {
    if (this.#slab === undefined) return this.writeOut();
    if (!this.#isScheduled) {
      this.#isScheduled = true;
      this.#turn.schedule(this);
    }
    return true;
  }

  /** Writes everything now. False: there was nothing. */
  writeOut(): boolean {
    if (this.#slab !== undefined) {
      this.#settleText();
      this.#writeSlab();
    } else if (this.#pieces.length > 0) {
      this.#settlePiece();
      this.#writePieces();
    } else if (this.text !== '') {
      const { text } = this;
      this.text = '';
      this.#socket.write(text, 'latin1');
    } else {
      return false;
    }
    return true;
  }

  /** @internal called by the turn */
  flushTurn(): void {
    this.#isScheduled = false;
    this.#wasFilled = this.#isFilled || this.#at > slabBytes;
    this.#isFilled = false;
    if (this.writeOut()) this.#onWritten();
  }

  /** Drops what was not written: the connection is over. */
  discard(): void {
    this.text = '';
    this.#pieces.length = 0;
    this.#lentBytes = 0;
    this.#at = 0;
    if (this.#slab !== undefined) this.#turn.giveSlab(this.#slab);
    this.#slab = undefined;
  }

  #settlePiece(): void {
    if (this.text === '') return;
    this.#pieces.push(this.text);
    this.text = '';
  }

  /** Puts the text where the pieces go. */
  #settleText(): void {
    if (this.#pieces.length > 0) {
      this.#settlePiece();
      this.#writePieces();
      return;
    }
    const { text } = this;
    if (text === '') return;
    this.text = '';
    if (this.#slab !== undefined && this.#at + text.length > this.#slab.length) this.#writeSlab();
    if (text.length > slabBytes) {
      this.#socket.write(text, 'latin1');
      return;
    }
    this.#slab ??= this.#takeSlab();
    this.#at += this.#slab.write(text, this.#at, 'latin1');
  }

  #copy(chunk: Buffer): void {
    let from = 0;
    while (from < chunk.length) {
      const slab = (this.#slab ??= this.#takeSlab());
      const copied = chunk.copy(slab, this.#at, from);
      this.#at += copied;
      from += copied;
      if (this.#at < slab.length) return;
      this.#isFilled = true;
      this.#writeSlab();
    }
  }

  #takeSlab(): Buffer {
    return this.#turn.takeSlab(this.#isFilled || this.#wasFilled);
  }

  /** The slab is the socket's until it has taken all of it. */
  #writeSlab(): void {
    const slab = this.#slab;
    if (slab === undefined) return;
    const length = this.#at;
    this.#slab = undefined;
    this.#at = 0;
    this.#socket.write(slab.subarray(0, length), () => this.#turn.giveSlab(slab));
  }

  #writePieces(): void {
    const socket = this.#socket;
    // So much that the socket says when it does not take it at once; less than that would be read over.
    const isMuch = this.#lentBytes >= socket.writableHighWaterMark;
    socket.cork();
    for (const piece of this.#pieces) {
      if (typeof piece === 'string') socket.write(piece, 'latin1');
      else socket.write(isMuch ? piece : Buffer.from(piece));
    }
    socket.uncork();
    this.#pieces.length = 0;
    this.#lentBytes = 0;
  }
}
