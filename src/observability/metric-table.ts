import { connectionMetrics } from './metrics/connection-metrics.ts';
import { controllerMetrics } from './metrics/controller-metrics.ts';
import type { MetricSpec } from './metrics/metric-spec.ts';
import { processMetrics } from './metrics/process-metrics.ts';
import { proxyMetrics } from './metrics/proxy-metrics.ts';
import { requestMetrics } from './metrics/request-metrics.ts';

/** The table of metrics: all that is exported. docs/metrics.md and the scrape come from it. */
export const metricTable: readonly MetricSpec[] = [
  ...connectionMetrics,
  ...proxyMetrics,
  ...requestMetrics,
  ...controllerMetrics,
  ...processMetrics,
];
