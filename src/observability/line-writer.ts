import { fstatSync, write } from 'node:fs';

export interface LineWriterLimits {
  /** Buffered bytes that start a write at once. */
  readonly flushBytes: number;
  /** A write starts after this time at the latest. */
  readonly flushAfterMs: number;
  /** Buffered bytes beyond which lines are dropped. */
  readonly maxBytes: number;
  /** How long the end of a write is awaited when all else is given up. One to a pipe that blocks may never end; others wait for a thread. */
  readonly lastWriteMs: number;
}

const defaultLineWriterLimits: LineWriterLimits = { flushBytes: 32_768, flushAfterMs: 1000, maxBytes: 1_048_576, lastWriteMs: 2000 };

/** A pipe keeps writes of several processes apart up to this size (PIPE_BUF on Linux). */
const pipeChunkBytes = 4096;
const fileChunkBytes = 65_536;
const retryAfterMs = 50;

/**
 * Writes lines to a descriptor without ever blocking the event loop: one write is under way at a time, what comes meanwhile is
 * buffered, and when the reader is stuck the newest lines are dropped and counted.
 */
export class LineWriter {
  readonly #fd: number;
  readonly #limits: LineWriterLimits;
  readonly #chunkBytes: number;
  #lines: string[] = [];
  #bytes = 0;
  #pending: Buffer = Buffer.alloc(0);
  #writing = false;
  #timer: NodeJS.Timeout | undefined;
  #dropped = 0;
  #onIdle: (() => void) | undefined;
  /** `close` has had its time: nothing is written any more after what is under way. */
  #isGivenUp = false;

  constructor(fd: number, limits: LineWriterLimits = defaultLineWriterLimits) {
    this.#fd = fd;
    this.#limits = limits;
    this.#chunkBytes = isPipe(fd) ? pipeChunkBytes : fileChunkBytes;
  }

  /** Lines that were dropped, ever. */
  get dropped(): number {
    return this.#dropped;
  }

  /** @param line without its line feed */
  write(line: string): void {
    // Characters stand for bytes here: the limit is one of memory, and need not be exact.
    if (this.#bytes + this.#pending.length + line.length > this.#limits.maxBytes) {
      this.#dropped++;
      return;
    }
    this.#lines.push(line);
    this.#bytes += line.length + 1;
    this.#flushInTime();
  }

  /** Starts a write of what is buffered, unless one is under way. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#writing) return;
    if (this.#pending.length === 0) this.#takeLines();
    if (this.#pending.length === 0) {
      this.#onIdle?.();
      return;
    }
    this.#writing = true;
    const chunk = wholeLines(this.#pending, this.#chunkBytes);
    write(this.#fd, chunk, 0, chunk.length, null, (error, written) => this.#written(error, written));
  }

  /**
   * Resolves when all is written, or `timeoutMs` are over: what is left then is dropped. A write that is under way can not be taken back, and
   * is awaited for `lastWriteMs` longer, for the descriptor may be closed next.
   */
  close(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      let timer = setTimeout(() => {
        timer = setTimeout(() => this.#dropPending(), this.#limits.lastWriteMs);
        this.#giveUp();
      }, timeoutMs);
      this.#onIdle = () => {
        clearTimeout(timer);
        this.#onIdle = undefined;
        resolve();
      };
      this.flush();
    });
  }

  #giveUp(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#dropped += this.#lines.length;
    this.#lines = [];
    this.#bytes = 0;
    this.#isGivenUp = true;
    if (!this.#writing) this.#dropPending();
  }

  #dropPending(): void {
    this.#dropped += countLines(this.#pending);
    this.#pending = Buffer.alloc(0);
    this.#onIdle?.();
  }

  #takeLines(): void {
    if (this.#lines.length === 0) return;
    this.#pending = Buffer.from(`${this.#lines.join('\n')}\n`);
    this.#lines = [];
    this.#bytes = 0;
  }

  #written(error: NodeJS.ErrnoException | null, written: number): void {
    this.#writing = false;
    if (error === null) this.#pending = this.#pending.subarray(written);
    if (this.#isGivenUp) this.#dropPending();
    else if (error === null) this.#goOn();
    else this.#failed(error);
  }

  #failed(error: NodeJS.ErrnoException): void {
    if (error.code === 'EAGAIN') {
      this.#timer ??= setTimeout(() => this.flush(), retryAfterMs).unref();
      return;
    }
    // Nobody reads any more (EPIPE), or the disk is full: what can't be written is lost, and counted.
    this.#dropped += countLines(this.#pending);
    this.#pending = Buffer.alloc(0);
    this.#goOn();
  }

  /** After a write: what came meanwhile may have met its timer while the write was under way, so that nothing else would flush it. */
  #goOn(): void {
    if (this.#pending.length > 0 || this.#onIdle !== undefined) this.flush();
    else if (this.#bytes > 0) this.#flushInTime();
  }

  #flushInTime(): void {
    if (this.#bytes >= this.#limits.flushBytes) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), this.#limits.flushAfterMs).unref();
  }
}

/** As many whole lines as fit into `limit`, or the first line alone when it does not. */
function wholeLines(bytes: Buffer, limit: number): Buffer {
  if (bytes.length <= limit) return bytes;
  const end = bytes.lastIndexOf(10, limit - 1);
  return bytes.subarray(0, end === -1 ? bytes.indexOf(10) + 1 : end + 1);
}

function countLines(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) lines++;
  return lines;
}

function isPipe(fd: number): boolean {
  try {
    return fstatSync(fd).isFIFO();
  } catch {
    return false;
  }
}
