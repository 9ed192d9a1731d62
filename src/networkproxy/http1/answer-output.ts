import type { Socket } from 'node:net';
import { chunkEnd, chunkHeader, lastChunk } from './chunk-framing.ts';
import type { BodyFraming } from './message-handler.ts';

/** Bodies up to this size are joined with the text before them, so that they leave in one write (bench: one copy costs less than a writev). */
const joinBytes = 16_384;

/** Puts the answers of one client connection together: heads and small pieces are text that leaves with `writeOut`, larger ones are written at once. */
export class AnswerOutput {
  readonly #stream: Socket;
  /** What comes next: text behind everything that was written. */
  text = '';
  /** How the client tells where the body of the answer in hand ends. */
  framing: BodyFraming['kind'] = 'none';

  constructor(stream: Socket) {
    this.#stream = stream;
  }

  /** A piece of the body. @param isLent it may be kept for as long as the stream needs it when `write` did not take it at once */
  body(chunk: Buffer, isLent: boolean): void {
    switch (this.framing) {
      case 'none':
        return;
      case 'length':
      case 'close':
        this.#append(chunk, '', isLent);
        return;
      case 'chunked':
        if (chunk.length === 0) return;
        this.text += chunkHeader(chunk.length);
        this.#append(chunk, chunkEnd, isLent);
        return;
    }
  }

  /** The body is whole. */
  end(trailers: readonly string[]): void {
    if (this.framing === 'chunked') this.text += lastChunk(trailers);
  }

  /** Writes what waits. */
  writeOut(): void {
    if (this.text === '') return;
    const { text } = this;
    this.text = '';
    this.#stream.write(text, 'latin1');
  }

  #append(chunk: Buffer, after: string, isLent: boolean): void {
    if (chunk.length <= joinBytes) {
      this.text += chunk.toString('latin1') + after;
      return;
    }
    const stream = this.#stream;
    const before = this.text;
    this.text = after;
    stream.cork();
    if (before !== '') stream.write(before, 'latin1');
    // So much that the stream says when it is not taken at once; anything else is copied, because the read buffer is used again.
    stream.write(isLent && chunk.length >= stream.writableHighWaterMark ? chunk : Buffer.from(chunk));
    stream.uncork();
  }
}
