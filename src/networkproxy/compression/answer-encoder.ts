import { constants, createBrotliCompress, createGzip, createZstdCompress } from 'node:zlib';
import type { CompressionPolicy } from '../../routes/policy.ts';
import type { AnswerSink, AnswerStage } from '../answer-stage.ts';
import type { Coding } from './accept-encoding.ts';
import type { EncoderMemory } from './encoder-memory.ts';

type Stream = ReturnType<typeof createGzip> | ReturnType<typeof createBrotliCompress> | ReturnType<typeof createZstdCompress>;

/** What waits on either side of a stream, in bytes. */
const waterMark = 65_536;
/** Log2 of the window of brotli and zstd: 256 KiB finds what web pages repeat, at an eighth of the memory of their own defaults. */
const windowLog = 18;

const levels = {
  fast: { gzip: 1, br: 2, zstd: 1 },
  balanced: { gzip: 5, br: 4, zstd: 3 },
  best: { gzip: 9, br: 6, zstd: 6 },
} as const;

/**
 * Compresses one answer with back-pressure on both sides: what waits in it is two water marks and the window of the coding. The work is done
 * in the thread pool, not in the event loop.
 */
export class AnswerEncoder implements AnswerStage {
  readonly #memory: EncoderMemory;
  readonly #coding: Coding;
  readonly #level: CompressionPolicy['level'];
  readonly #stream: Stream;
  /** Parts of the answer are of use by themselves: what has come is sent out at the end of every read. */
  readonly #isFlushed: boolean;
  #isFlushing = false;
  #hasUnflushed = false;
  #destroyed = false;

  /** @param memory has room for `coding`, which is taken here and given back at the end */
  constructor(coding: Coding, level: CompressionPolicy['level'], isFlushed: boolean, sink: AnswerSink, memory: EncoderMemory) {
    this.#memory = memory;
    this.#coding = coding;
    this.#level = level;
    this.#isFlushed = isFlushed;
    memory.take(coding, level);
    const stream = streamOf(coding, levels[level][coding]);
    this.#stream = stream;
    stream.on('data', (chunk: Buffer) => {
      memory.countOut(chunk.length);
      if (!sink.onStageData(chunk) && !this.#destroyed) stream.pause();
    });
    stream.on('drain', () => sink.onStageRoom());
    stream.on('end', () => {
      this.#free();
      sink.onStageEnd();
    });
    stream.on('error', (error: Error) => {
      if (!this.#destroyed) sink.onStageFailed(error);
    });
  }

  write(chunk: Buffer): void {
    this.#memory.countIn(chunk.length);
    this.#hasUnflushed = true;
    this.#stream.write(Buffer.from(chunk));
  }

  turn(): boolean {
    if (this.#isFlushed && this.#hasUnflushed && !this.#isFlushing) this.#flush();
    return !this.#stream.writableNeedDrain;
  }

  end(): void {
    this.#stream.end();
  }

  resume(): void {
    if (!this.#destroyed) this.#stream.resume();
  }

  pause(): void {
    if (!this.#destroyed) this.#stream.pause();
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#free();
    this.#stream.removeAllListeners('data').removeAllListeners('drain').removeAllListeners('end');
    this.#stream.destroy();
  }

  #flush(): void {
    this.#isFlushing = true;
    this.#hasUnflushed = false;
    this.#stream.flush(() => {
      this.#isFlushing = false;
      // More came while the flush was under way.
      if (!this.#destroyed && this.#hasUnflushed) this.#flush();
    });
  }

  #free(): void {
    if (!this.#destroyed) this.#memory.give(this.#coding, this.#level);
    this.#destroyed = true;
  }
}

function streamOf(coding: Coding, level: number): Stream {
  const marks = { writableHighWaterMark: waterMark, readableHighWaterMark: waterMark };
  switch (coding) {
    case 'gzip':
      return createGzip({ level, ...marks });
    case 'br':
      return createBrotliCompress({
        params: { [constants.BROTLI_PARAM_QUALITY]: level, [constants.BROTLI_PARAM_LGWIN]: windowLog },
        ...marks,
      });
    case 'zstd':
      return createZstdCompress({
        params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_windowLog]: windowLog },
        ...marks,
      });
  }
}
