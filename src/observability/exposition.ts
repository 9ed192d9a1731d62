import { setImmediate } from 'node:timers/promises';
import { type Metric, type MetricObjectWithValues, type MetricValue, Registry, type RegistryContentType } from 'prom-client';
import { boundText, type ExpositionFormat, familyHead, familyName, openMetricsEnd, unitOf } from './exposition-format.ts';
import type { BoundedHistogram, MetricSource } from './metric-source.ts';
import { metricTable } from './metric-table.ts';
import type { MetricSpec } from './metrics/metric-spec.ts';
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
  readonly #underWay = new Map<ExpositionFormat, Promise<readonly string[]>>();

  /** @param gather takes the picture that a scrape shows */
  constructor(gather: () => Promise<MetricSource>) {
    this.#gather = gather;
  }

  /** The exposition in pieces. Scrapes at the same time in the same format share one rendering. */
  render(format: ExpositionFormat = 'text'): Promise<readonly string[]> {
    const shared = this.#underWay.get(format);
    if (shared !== undefined) return shared;
    const rendering = this.#renderOnce(format).finally(() => this.#underWay.delete(format));
    this.#underWay.set(format, rendering);
    return rendering;
  }

  async #renderOnce(format: ExpositionFormat): Promise<readonly string[]> {
    const source = await this.#gather();
    const registry = new Registry<RegistryContentType>();
    if (format === 'openmetrics') registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    for (const spec of metricTable) if (spec.read !== undefined) registry.registerMetric(metricOf(spec, source, format));
    const head = (metric: string): string => headOf(metric, format);
    const perRoute = await this.#requests.render(source.fleet, { format, head, yieldToLoop: () => setImmediate() });
    const table = await registry.metrics();
    return format === 'text' ? [table, ...perRoute] : [withUnits(table.slice(0, -openMetricsEnd.length)), ...perRoute, openMetricsEnd];
  }
}

/** A metric of prom-client's registry that has no state of its own: `get` reads the source. */
function metricOf(spec: ReadableSpec, source: MetricSource, format: ExpositionFormat): Metric {
  const name = familyName(spec.name, spec.type, format);
  const get = async (): Promise<Values> =>
    ({
      name,
      help: spec.doc,
      type: spec.type,
      aggregator: 'sum',
      values: spec.type === 'histogram' ? histogramValues(spec.name, spec.read(source), format) : sampleValues(spec, source),
    }) as unknown as Values;
  return { name, get } as unknown as Metric;
}

function sampleValues(spec: Exclude<ReadableSpec, { readonly type: 'histogram' }>, source: MetricSource): readonly MetricValue<string>[] {
  return spec.read(source).map(({ labels, value }) => ({
    labels: Object.fromEntries(spec.labels.map((name, index) => [name, labels[index] ?? ''])),
    value,
  }));
}

function histogramValues(name: string, { bounds, buckets, sum, count }: BoundedHistogram, format: ExpositionFormat): readonly object[] {
  let cumulative = 0;
  const lines: object[] = buckets.map((value, index) => {
    cumulative += value;
    const bound = bounds[index];
    return { metricName: `${name}_bucket`, labels: { le: bound === undefined ? '+Inf' : boundText(bound, format) }, value: cumulative };
  });
  lines.push({ metricName: `${name}_sum`, labels: {}, value: sum }, { metricName: `${name}_count`, labels: {}, value: count });
  return lines;
}

/** prom-client knows no units. */
function withUnits(text: string): string {
  return text.replace(/^# TYPE (\S+) .*$/gm, (line, family: string) => {
    const unit = unitOf(family);
    return unit === undefined ? line : `${line}\n# UNIT ${family} ${unit}`;
  });
}

const specs = new Map(metricTable.map((spec) => [spec.name, spec]));

function headOf(metric: string, format: ExpositionFormat): string {
  const spec = specs.get(metric);
  return familyHead(metric, spec?.type ?? 'unknown', spec?.doc ?? '', format);
}
