import type { AnswerSink, AnswerStage } from '../answer-stage.ts';
import type { BufferRoom } from './buffer-room.ts';

/**
 * Takes an answer from its backend as fast as that sends it, however slow the client is, up to a number of bytes: the backend is done
 * sooner. Beyond that, and where the worker has no room, the backend waits for the client as without it.
 */
export class AnswerBuffer implements AnswerStage, AnswerSink {
  readonly #sink: AnswerSink;
  readonly #room: BufferRoom;
  readonly #maxBytes: number;
  /** What writes into this one; undefined: the backend itself. */
  #before: AnswerStage | undefined;
  #chunks: Buffer[] = [];
  #next = 0;
  #bytes = 0;
  #isOpen = true;
  #isFull = false;
  #isEnding = false;
  #destroyed = false;

  constructor(maxBytes: number, sink: AnswerSink, room: BufferRoom) {
    this.#maxBytes = maxBytes;
    this.#sink = sink;
    this.#room = room;
  }

  /** What comes before this stage, in place of the backend itself. */
  follow(stage: AnswerStage): void {
    this.#before = stage;
  }

  write(chunk: Buffer): void {
    if (this.#destroyed) return;
    if (this.#isOpen) {
      this.#isOpen = this.#sink.onStageData(chunk);
      return;
    }
    this.#chunks.push(Buffer.from(chunk));
    this.#bytes += chunk.length;
    // What has been read is held, whether there is room or not; what is asked is whether more may come.
    if (!this.#room.take(chunk.length)) {
      this.#room.force(chunk.length);
      this.#isFull = true;
    }
    if (this.#bytes >= this.#maxBytes) this.#isFull = true;
  }

  turn(): boolean {
    return !this.#isFull;
  }

  end(): void {
    this.#isEnding = true;
    if (this.#isOpen && !this.#destroyed) this.#finish();
  }

  pause(): void {
    this.#isOpen = false;
  }

  resume(): void {
    if (this.#destroyed) return;
    this.#isOpen = true;
    while (this.#isOpen && this.#next < this.#chunks.length) {
      const chunk = this.#chunks[this.#next] as Buffer;
      this.#chunks[this.#next++] = noBytes;
      this.#bytes -= chunk.length;
      this.#room.give(chunk.length);
      this.#isOpen = this.#sink.onStageData(chunk);
      if (this.#destroyed) return;
    }
    if (this.#next < this.#chunks.length) return;
    this.#chunks = [];
    this.#next = 0;
    if (this.#isEnding) this.#finish();
    else if (this.#isFull) this.#letMoreCome();
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#before?.destroy();
    this.#room.give(this.#bytes);
    this.#bytes = 0;
    this.#chunks = [];
  }

  onStageData(chunk: Buffer): boolean {
    this.write(chunk);
    return this.turn();
  }

  onStageRoom(): void {
    this.#sink.onStageRoom();
  }

  onStageEnd(): void {
    this.end();
  }

  onStageFailed(error: Error): void {
    this.#sink.onStageFailed(error);
  }

  #letMoreCome(): void {
    this.#isFull = false;
    if (this.#before === undefined) this.#sink.onStageRoom();
    else this.#before.resume();
  }

  #finish(): void {
    this.#destroyed = true;
    this.#sink.onStageEnd();
  }
}

const noBytes = Buffer.alloc(0);
