import { metricTable } from '../../../src/observability/metric-table.ts';

/** Names of samples that Prometheus itself adds to each target. */
const ofPrometheus = ['up', 'scrape_duration_seconds'];

/** The name of every sample that a query may ask for, with the type of its metric. */
export const exportedNames: ReadonlyMap<string, 'counter' | 'gauge' | 'histogram'> = new Map([
  ...ofPrometheus.map((name) => [name, 'gauge'] as const),
  ...metricTable.flatMap(({ name, type }) =>
    type === 'histogram' ? ['_bucket', '_sum', '_count'].map((suffix) => [name + suffix, 'counter'] as const) : [[name, type] as const],
  ),
]);
