import type { BoundedHistogram, MetricSource } from '../metric-source.ts';

/** One line of a counter or gauge: label values in the order of the metric's labels. */
export interface Sample {
  readonly labels: readonly string[];
  readonly value: number;
}

interface MetricBase {
  readonly name: string;
  readonly labels: readonly string[];
  /** seconds, bytes, or what is counted. */
  readonly unit: string;
  /** One sentence for `# HELP` and docs/metrics.md; no double quotes, which the two formats write differently. */
  readonly doc: string;
}

/** A metric as the table describes it: `read` says where its values are. */
export type MetricSpec =
  | (MetricBase & { readonly type: 'counter' | 'gauge'; readonly read: (source: MetricSource) => readonly Sample[] })
  | (MetricBase & { readonly type: 'histogram'; readonly read: (source: MetricSource) => BoundedHistogram })
  /** Thousands of series, one set for each route: written by `request-exposition.ts` from the fleet's block of numbers. */
  | (MetricBase & { readonly type: 'counter' | 'gauge' | 'histogram'; readonly perRoute: true; readonly read?: undefined });

/** A counter without labels. */
export function counter(name: string, unit: string, doc: string, value: (source: MetricSource) => number): MetricSpec {
  return { name, type: 'counter', labels: [], unit, doc, read: (source) => [{ labels: [], value: value(source) }] };
}

/** A gauge without labels; without a value it is absent. */
export function gauge(name: string, unit: string, doc: string, value: (source: MetricSource) => number | undefined): MetricSpec {
  return { name, type: 'gauge', labels: [], unit, doc, read: (source) => samplesOf([], value(source)) };
}

/** The one sample, or none when there is no value. */
export function samplesOf(labels: readonly string[], value: number | undefined): readonly Sample[] {
  return value === undefined ? [] : [{ labels, value }];
}
