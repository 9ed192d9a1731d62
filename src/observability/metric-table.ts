import { acmeMetrics } from './metrics/acme-metrics.ts';
import { connectionMetrics } from './metrics/connection-metrics.ts';
import { controllerMetrics } from './metrics/controller-metrics.ts';
import { kernelMetrics } from './metrics/kernel-metrics.ts';
import type { MetricSpec } from './metrics/metric-spec.ts';
import { processMetrics } from './metrics/process-metrics.ts';
import { proxyMetrics } from './metrics/proxy-metrics.ts';
import { requestMetrics } from './metrics/request-metrics.ts';
import { trafficMetrics } from './metrics/traffic-metrics.ts';
import { udpMetrics } from './metrics/udp-metrics.ts';

/** The table of metrics: all that is exported. docs/metrics.md and the scrape come from it. */
export const metricTable: readonly MetricSpec[] = [
  ...connectionMetrics,
  ...udpMetrics,
  ...kernelMetrics,
  ...proxyMetrics,
  ...trafficMetrics,
  ...requestMetrics,
  ...controllerMetrics,
  ...acmeMetrics,
  ...processMetrics,
];
