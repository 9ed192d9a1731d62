import { metricTable } from './metric-table.ts';
import type { MetricSpec } from './metrics/metric-spec.ts';

/** docs/metrics.md, from the metric table. */
export function renderMetricDocs(): string {
  return [
    '# Metrics',
    '',
    'Generated from `src/observability/metric-table.ts` by `npm run generate`: everything that `/metrics` on the status port exports.',
    'Counters add up all workers since the start of the main process, those of dead workers included. Every label value that is',
    'known beforehand is there from the start with 0. At every scrape `smartproxy_connections_accepted_total` equals',
    '`smartproxy_connections_active` plus the sum of `smartproxy_connections_closed_total`.',
    '',
    '| Metric | Type | Labels | Unit | Meaning |',
    '| --- | --- | --- | --- | --- |',
    ...metricTable.map(renderRow),
    '',
  ].join('\n');
}

function renderRow({ name, type, labels, unit, doc }: MetricSpec): string {
  return `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${unit} | ${doc} |`;
}
