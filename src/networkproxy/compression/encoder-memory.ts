import type { CompressionSkip } from '../../observability/counters/compression.ts';
import type { WorkerCounters } from '../../observability/counters/worker-counters.ts';
import type { CompressionPolicy } from '../../routes/policy.ts';
import type { OverloadGuard } from '../overload/overload-guard.ts';
import type { Coding } from './accept-encoding.ts';

type Level = CompressionPolicy['level'];

/** What one answer under way takes, measured with Node 26 at the levels that we use, buffers included, rounded up. */
const encoderKib: Readonly<Record<Coding, Readonly<Record<Level, number>>>> = {
  gzip: { fast: 512, balanced: 512, best: 512 },
  br: { fast: 1280, balanced: 1280, best: 1280 },
  zstd: { fast: 768, balanced: 1536, best: 3328 },
};

const mostBytes = 64 * 1024 * 1024;
/** Of the worker's share of the memory limit. */
const share = 1 / 8;

/** Says whether a worker has memory and time to compress one more answer: without, the answer goes out as it is, which is always right. */
export class EncoderMemory {
  readonly #overload: OverloadGuard;
  readonly #counters: WorkerCounters;
  #bytes = 0;

  constructor(overload: OverloadGuard, counters: WorkerCounters) {
    this.#overload = overload;
    this.#counters = counters;
    counters.gauges.encoderBytes = () => this.#bytes;
  }

  /** Whether the answer is to be compressed; counted when it is not. */
  hasRoom(coding: Coding, level: Level): boolean {
    const { isShedding, memoryShareBytes } = this.#overload;
    const limit = memoryShareBytes > 0 ? Math.min(mostBytes, memoryShareBytes * share) : mostBytes;
    const skip: CompressionSkip | undefined = isShedding ? 'overload' : this.#bytes + bytesOf(coding, level) > limit ? 'memory' : undefined;
    if (skip !== undefined) this.#counters.countCompressionSkip(skip);
    return skip === undefined;
  }

  take(coding: Coding, level: Level): void {
    this.#bytes += bytesOf(coding, level);
    this.#counters.countCompressed(coding);
  }

  countIn(bytes: number): void {
    this.#counters.compressionBytesIn += bytes;
  }

  countOut(bytes: number): void {
    this.#counters.compressionBytesOut += bytes;
  }

  give(coding: Coding, level: Level): void {
    this.#bytes -= bytesOf(coding, level);
  }
}

function bytesOf(coding: Coding, level: Level): number {
  return encoderKib[coding][level] * 1024;
}
