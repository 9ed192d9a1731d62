import { messageOf } from '../src/errors.ts';
import { treeCpuSeconds, treeRssBytes } from './process-tree.ts';

/** Applies load for about `seconds`; resolves to the units of work done. */
export type Load = (seconds: number) => Promise<number>;

/** One thing to measure on one peer. */
export interface Subject {
  readonly peer: string;
  readonly pid: number;
  readonly load: Load;
}

export interface Measurement {
  readonly peer: string;
  /** CPU microseconds a unit, one value a round, sorted. */
  readonly cpuPerUnit: readonly number[];
  readonly unitsPerSecond: number;
  /** The most resident bytes that its process tree had in any round. */
  readonly peakRssBytes: number;
}

/** A peer without a measurement, and why. */
export interface Unmeasured {
  readonly peer: string;
  readonly reason: string;
  /** It should have been able to. */
  readonly failed: boolean;
}

export interface Effort {
  readonly warmUpSeconds: number;
  readonly rounds: number;
  readonly secondsPerRound: number;
}

const rssSampleMs = 200;

/**
 * Warms every subject up, then measures them in turn, round after round, so that a slow moment of the machine hits all alike. A subject
 * that fails is left out from there on.
 */
export async function measure(
  subjects: readonly Subject[],
  effort: Effort,
): Promise<{ measurements: readonly Measurement[]; failures: readonly Unmeasured[] }> {
  const runs = subjects.map((subject) => new SubjectRun(subject));
  for (const run of runs) await run.attempt(() => run.subject.load(effort.warmUpSeconds));
  for (let round = 0; round < effort.rounds; round++) {
    for (const run of runs) await run.attempt(() => run.round(effort.secondsPerRound));
  }
  return {
    measurements: runs.filter(({ failure }) => failure === undefined).map((run) => run.result),
    failures: runs.flatMap(({ failure }) => failure ?? []),
  };
}

/** What was measured of one subject so far. */
class SubjectRun {
  readonly subject: Subject;
  failure: Unmeasured | undefined;
  readonly #cpuPerUnit: number[] = [];
  readonly #rates: number[] = [];
  #peakRssBytes = 0;

  constructor(subject: Subject) {
    this.subject = subject;
  }

  /** Does `work` unless something failed before. */
  async attempt(work: () => Promise<unknown>): Promise<void> {
    if (this.failure !== undefined) return;
    try {
      await work();
    } catch (error) {
      this.failure = { peer: this.subject.peer, reason: messageOf(error), failed: true };
    }
  }

  async round(seconds: number): Promise<void> {
    const { pid, load } = this.subject;
    const sampler = setInterval(() => this.#sampleRss(), rssSampleMs);
    try {
      const cpuBefore = treeCpuSeconds(pid);
      const startedMs = performance.now();
      const units = await load(seconds);
      if (units === 0) throw new Error('Cannot measure: no unit of work was done');
      this.#rates.push((units * 1000) / (performance.now() - startedMs));
      this.#cpuPerUnit.push(((treeCpuSeconds(pid) - cpuBefore) * 1e6) / units);
    } finally {
      clearInterval(sampler);
      this.#sampleRss();
    }
  }

  get result(): Measurement {
    return {
      peer: this.subject.peer,
      cpuPerUnit: this.#cpuPerUnit.toSorted((a, b) => a - b),
      unitsPerSecond: median(this.#rates),
      peakRssBytes: this.#peakRssBytes,
    };
  }

  #sampleRss(): void {
    this.#peakRssBytes = Math.max(this.#peakRssBytes, treeRssBytes(this.subject.pid));
  }
}

/** The middle value; 0 for none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
