import { cpus, totalmem } from 'node:os';
import { type Measurement, median } from './measure.ts';
import type { TrafficCase } from './traffic.ts';

const number = (value: number): string => (value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2));

/** One table for a case: every peer with its CPU time a unit, spread, rate and ratio to the peer that judges. */
export function renderTrafficCase(test: TrafficCase, measurements: readonly Measurement[]): string {
  const judge = measurements.find((measurement) => measurement.peer === test.judge);
  const base = median(judge?.cpuPerUnit ?? []);
  const rows = measurements.map(({ peer, cpuPerUnit, unitsPerSecond }) => {
    const cells = [peer, number(median(cpuPerUnit)), `${number(cpuPerUnit[0] ?? 0)} - ${number(cpuPerUnit.at(-1) ?? 0)}`];
    return `| ${[...cells, number(unitsPerSecond), number(median(cpuPerUnit) / base)].join(' | ')} |`;
  });
  const ours = median(measurements.find((measurement) => measurement.peer === 'smartproxy')?.cpuPerUnit ?? []) / base;
  const verdict = ours <= test.stretch ? 'met, stretch too' : ours <= test.budget ? 'met' : 'MISSED';
  return [
    `### ${test.name}`,
    '',
    `Budget ${test.budget} (stretch ${test.stretch}) x ${test.judge}: ${number(ours)}, **${verdict}**.`,
    '',
    `| peer | CPU µs / ${test.unit} (median) | spread | ${test.unit}s / s | x ${test.judge} |`,
    '|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

/** A single figure with its budget, where there is one. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  readonly budget?: number;
}

export function renderFigures(title: string, figures: readonly Figure[]): string {
  const rows = figures.map(({ name, unit, value, budget }) => {
    const verdict = budget === undefined ? '' : value <= budget ? 'met' : '**MISSED**';
    return `| ${name} | ${number(value)} ${unit} | ${budget === undefined ? '' : `${budget} ${unit}`} | ${verdict} |`;
  });
  return [`### ${title}`, '', '| figure | value | budget | |', '|---|---|---|---|', ...rows, ''].join('\n');
}

/** What the figures were taken on. */
export function renderMachine(): string {
  const model = cpus()[0]?.model ?? 'unknown CPU';
  return `${cpus().length} x ${model}, ${Math.round(totalmem() / 1024 ** 3)} GiB, Node ${process.version}, ${process.platform}.`;
}
