import { cpus, totalmem } from 'node:os';
import { type Measurement, median, type Unmeasured } from './measure.ts';
import type { TrafficCase } from './traffic/traffic-case.ts';

const number = (value: number): string => (value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2));
const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);

const ours = 'smartproxy';
const twoThirdsOf = ['Envoy', 'Traefik', 'Caddy'];

const costOf = (measurement: Measurement | undefined): number | undefined => measurement && median(measurement.cpuPerUnit);

/** One table for a case: every peer with its CPU time a unit, spread, rate, ratio to the peer that judges, and memory. */
export function renderTrafficCase(test: TrafficCase, measurements: readonly Measurement[], unmeasured: readonly Unmeasured[] = []): string {
  const cost = (peer: string): number | undefined => costOf(measurements.find((measurement) => measurement.peer === peer));
  const base = cost(test.judge) ?? Number.NaN;
  const rows = measurements.map(({ peer, cpuPerUnit, unitsPerSecond, peakRssBytes }) => {
    const ratio = median(cpuPerUnit) / base;
    const cells = [peer, number(median(cpuPerUnit)), `${number(cpuPerUnit[0] ?? 0)} - ${number(cpuPerUnit.at(-1) ?? 0)}`];
    return `| ${[...cells, number(unitsPerSecond), Number.isNaN(ratio) ? '' : number(ratio), mebibytes(peakRssBytes)].join(' | ')} |`;
  });
  return [
    `### ${test.name}`,
    '',
    ...verdicts(test, cost),
    '',
    `| peer | CPU µs / ${test.unit} (median) | spread | ${test.unit}s / s | x ${test.judge} | MiB at most |`,
    '|---|---|---|---|---|---|',
    ...rows,
    '',
    ...unmeasured.flatMap(({ peer, reason, failed }) => [`${peer}: ${failed ? '**failed**' : 'not measured'}. ${reason}.`, '']),
  ].join('\n');
}

/** What the figures say of the budgets; nothing of a budget whose peers are missing. */
function verdicts({ judge, budget, twoThirds }: TrafficCase, cost: (peer: string) => number | undefined): readonly string[] {
  const mine = cost(ours);
  const judges = cost(judge);
  if (mine === undefined) return ['No verdict: smartproxy was not measured.'];
  const lines: string[] = [];
  if (judges !== undefined && budget !== undefined) {
    const ratio = mine / judges;
    const verdict = ratio <= budget.stretch ? 'met, stretch too' : ratio <= budget.gate ? 'met' : 'MISSED';
    lines.push(`Budget ${budget.gate} (stretch ${budget.stretch}) x ${judge}: ${number(ratio)}, **${verdict}**.`);
  } else if (judges !== undefined) lines.push(`No budget; ${number(mine / judges)} x ${judge}.`);
  if (twoThirds) {
    const ratios = twoThirdsOf.flatMap((peer) => {
      const theirs = cost(peer);
      return theirs === undefined ? [] : [{ peer, ratio: mine / theirs }];
    });
    const shown = ratios.map(({ peer, ratio }) => `${number(ratio)} x ${peer}`).join(', ');
    const isMet = ratios.every(({ ratio }) => ratio <= 2 / 3);
    if (ratios.length > 0) lines.push(`At most two thirds of ${twoThirdsOf.join(', ')}: ${shown}, **${isMet ? 'met' : 'MISSED'}**.`);
  }
  return lines.length === 0 ? ['No verdict: none of the peers that judge was measured.'] : lines;
}

/** A single figure with its budget, where there is one. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  readonly budget?: number;
}

/** A table of figures. */
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
