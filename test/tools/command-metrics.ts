import assert from 'node:assert/strict';
import { type MetricFamily, parseExposition } from './exposition-parser.ts';
import { get } from './get.ts';

/** The metrics of a running command, read strictly; accepted = active + Σ closed holds in every reading. */
export class CommandMetrics {
  readonly #families: ReadonlyMap<string, MetricFamily>;

  private constructor(families: ReadonlyMap<string, MetricFamily>) {
    this.#families = families;
  }

  static async scrape(statusPort: number): Promise<CommandMetrics> {
    const { status, body } = await get(statusPort, 'localhost', '/metrics');
    assert.equal(status, 200);
    const metrics = new CommandMetrics(parseExposition(body));
    const [accepted, active, closed] = ['accepted_total', 'active', 'closed_total'].map((name) =>
      metrics.sum(`smartproxy_connections_${name}`),
    );
    assert.equal(accepted, (active ?? 0) + (closed ?? 0), 'accepted = active + closed');
    return metrics;
  }

  /** The samples of a family that are not 0, by these of their labels. */
  nonZero(name: string, labels: readonly string[]): Readonly<Record<string, number>> {
    const samples = this.#families.get(name)?.samples ?? [];
    const named = samples.map((sample): [string, number] => [labels.map((label) => sample.labels[label]).join('/'), sample.value]);
    return Object.fromEntries(named.filter(([, value]) => value !== 0));
  }

  /** The sum of a family's samples that have these labels. */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number {
    const family = this.#families.get(name);
    assert.ok(family !== undefined, `${name} is exported`);
    return family.samples
      .filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
      .reduce((sum, { value }) => sum + value, 0);
  }
}
