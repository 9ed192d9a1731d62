import assert from 'node:assert/strict';
import type { ProcessState } from './process-probe.ts';
import type { MemorySample } from './soaked-program.ts';

const mib = 1_048_576;

/**
 * What may be more at the end than in the middle, each after garbage collection. The heap and what hangs on it are exact but for code
 * that V8 compiled meanwhile and freed later. Resident memory has the allocator's holes too: pages that one long-lived block keeps.
 */
const heapAllowanceBytes = 3 * mib;
const residentAllowanceBytes = 12 * mib;

/** How the first process that holds more than it did has grown, with all samples taken meanwhile; undefined: none has. */
export function growth(
  earlier: ReadonlyMap<string, ProcessState>,
  later: ReadonlyMap<string, ProcessState>,
  samples: readonly MemorySample[],
): string | undefined {
  for (const [name, before] of earlier) {
    const now = later.get(name);
    assert.ok(now !== undefined);
    const heapGrowth = now.heapUsed + now.external - before.heapUsed - before.external;
    const residentGrowth = now.rss - before.rss;
    if (heapGrowth > heapAllowanceBytes || residentGrowth > residentAllowanceBytes)
      return `${name} grew by ${inMib(heapGrowth)} of heap, ${inMib(residentGrowth)} resident:\n${series(name, samples)}`;
  }
  return undefined;
}

/** Memory of each process at some moments, in MiB. */
export function describeLevels(levels: Readonly<Record<string, ReadonlyMap<string, ProcessState>>>): string {
  const lines = Object.entries(levels).flatMap(([moment, states]) =>
    [...states].map(
      ([name, { rss, heapUsed, external }]) => `${moment} ${name}: rss ${inMib(rss)}, heap ${inMib(heapUsed)}, external ${inMib(external)}`,
    ),
  );
  return lines.join('\n');
}

function series(name: string, samples: readonly MemorySample[]): string {
  return samples.map(({ atMs, residentBytes }) => `${(atMs / 1000).toFixed(0)} s: ${inMib(residentBytes[name] ?? 0)}`).join(', ');
}

function inMib(bytes: number): string {
  return `${(bytes / mib).toFixed(1)} MiB`;
}
