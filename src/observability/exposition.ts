import { setImmediate } from 'node:timers/promises';
import { type Metric, type MetricObjectWithValues, type MetricValue, Registry } from 'prom-client';
import type { BoundedHistogram, MetricSource } from './metric-source.ts';
import { type MetricSpec, metricTable } from './metric-table.ts';
import { RequestExposition } from './request-exposition.ts';

type Values = MetricObjectWithValues<MetricValue<string>>;
type ReadableSpec = Exclude<MetricSpec, { readonly perRoute: true }>;

/**
 * The text of `/metrics`. prom-client's registry renders the metric table by asking each metric for its values, which are read from
 * one picture of all workers; the per-route families are too many for it and have a writer of their own.
 */
export class Exposition {
  readonly #gather: () => Promise<MetricSource>;
  readonly #requests = new RequestExposition();
  #underWay: Promise<readonly string[]> | undefined;

  /** @param gather takes the picture that a scrape shows */
  constructor(gather: () => Promise<MetricSource>) {
    this.#gather = gather;
  }

  /** For the `Content-Type` of the answer. */
  get contentType(): string {
    return Registry.PROMETHEUS_CONTENT_TYPE;
  }

  /** The exposition in pieces. Scrapes at the same time share one rendering. */
  render(): Promise<readonly string[]> {
    this.#underWay ??= this.#renderOnce().finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  async #renderOnce(): Promise<readonly string[]> {
    const source = await this.#gather();
    const registry = new Registry();
    for (const spec of metricTable) if (spec.read !== undefined) registry.registerMetric(metricOf(spec, source));
    const perRoute = await this.#requests.render(source.fleet, helpOf, () => setImmediate());
    return [await registry.metrics(), ...perRoute];
  }
}

/** A metric of prom-client's registry that has no state of its own: `get` reads the source. */
function metricOf(spec: ReadableSpec, source: MetricSource): Metric {
  const get = async (): Promise<Values> =>
    ({
      name: spec.name,
      help: spec.doc,
      type: spec.type,
      aggregator: 'sum',
      values: spec.type === 'histogram' ? histogramValues(spec.name, spec.read(source)) : sampleValues(spec, source),
    }) as unknown as Values;
  return { name: spec.name, get } as unknown as Metric;
}

function sampleValues(spec: Exclude<ReadableSpec, { readonly type: 'histogram' }>, source: MetricSource): readonly MetricValue<string>[] {
  return spec.read(source).map(({ labels, value }) => ({
    labels: Object.fromEntries(spec.labels.map((name, index) => [name, labels[index] ?? ''])),
    value,
  }));
}

function histogramValues(name: string, { bounds, buckets, sum, count }: BoundedHistogram): readonly object[] {
  let cumulative = 0;
  const lines: object[] = buckets.map((value, index) => {
    cumulative += value;
    return { metricName: `${name}_bucket`, labels: { le: index < bounds.length ? bounds[index] : '+Inf' }, value: cumulative };
  });
  lines.push({ metricName: `${name}_sum`, labels: {}, value: sum }, { metricName: `${name}_count`, labels: {}, value: count });
  return lines;
}

const specs = new Map(metricTable.map((spec) => [spec.name, spec]));

function helpOf(metric: string): string {
  const spec = specs.get(metric);
  return `# HELP ${metric} ${spec?.doc ?? ''}\n# TYPE ${metric} ${spec?.type ?? 'untyped'}\n`;
}
