import { treeCpuSeconds } from './process-cpu.ts';

/** One thing to measure on one peer. */
export interface Subject {
  readonly peer: string;
  readonly pid: number;
  /** Applies load for about `seconds`; resolves to the units of work done. */
  readonly load: (seconds: number) => Promise<number>;
}

export interface Measurement {
  readonly peer: string;
  /** CPU microseconds a unit, one value a round, sorted. */
  readonly cpuPerUnit: readonly number[];
  readonly unitsPerSecond: number;
}

export interface Effort {
  readonly warmUpSeconds: number;
  readonly rounds: number;
  readonly secondsPerRound: number;
}

/** Warms every subject up, then measures them in turn, round after round, so that a slow moment of the machine hits all alike. */
export async function measure(subjects: readonly Subject[], effort: Effort): Promise<readonly Measurement[]> {
  for (const subject of subjects) await subject.load(effort.warmUpSeconds);
  const rounds = new Map<string, { cpu: number; rate: number }[]>();
  for (let round = 0; round < effort.rounds; round++) {
    for (const subject of subjects) {
      const cpuBefore = treeCpuSeconds(subject.pid);
      const started = performance.now();
      const units = await subject.load(effort.secondsPerRound);
      const seconds = (performance.now() - started) / 1000;
      const cpu = ((treeCpuSeconds(subject.pid) - cpuBefore) * 1e6) / units;
      rounds.set(subject.peer, [...(rounds.get(subject.peer) ?? []), { cpu, rate: units / seconds }]);
    }
  }
  return [...rounds].map(([peer, values]) => ({
    peer,
    cpuPerUnit: values.map((value) => value.cpu).sort((a, b) => a - b),
    unitsPerSecond: median(values.map((value) => value.rate)),
  }));
}

/** The middle value; 0 for none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
