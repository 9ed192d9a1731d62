import type { RequestSeriesTable } from '../../src/observability/counters/request-series.ts';
import { closedIndex } from '../../src/observability/counters/termination-reason.ts';
import { WorkerCounters } from '../../src/observability/counters/worker-counters.ts';
import { type FleetTotals, sumReports } from '../../src/observability/fleet-totals.ts';
import type { MetricSource } from '../../src/observability/metric-source.ts';
import { RequestSeriesIndex } from '../../src/observability/request-series-index.ts';
import { tableApplyBounds } from '../../src/observability/table-durations.ts';

/** The fleet totals of one worker that counted by hand what `count` does. */
export function fleetOf(count: (counters: WorkerCounters) => void): FleetTotals {
  const counters = new WorkerCounters();
  count(counters);
  return fleetOfWorker(counters);
}

/** The fleet totals of one worker. */
export function fleetOfWorker(counters: WorkerCounters): FleetTotals {
  const index = new RequestSeriesIndex();
  const requests: RequestSeriesTable = counters.requests;
  const requestIndexes = requests.labelsFrom(0).map((labels) => index.indexOf(labels));
  return sumReports([{ totals: counters.totals(), requestValues: requests.values(), requestIndexes }], index);
}

/** Three connections, one still open, and one request. */
export function someTraffic(counters: WorkerCounters): void {
  counters.connectionsAccepted = 3;
  counters.connectionsClosed[closedIndex('client', 'normal')] = 1;
  counters.connectionsClosed[closedIndex('proxy', 'drain')] = 1;
  counters.gauges.connectionsActive = () => 1;
  counters.connectionDuration.observe(0.2);
  counters.connectionDuration.observe(70_000_000);
  counters.countFlag('no_host');
  counters.requests.get({ routeKind: 'Ingress', routeNamespace: 'shop', route: 'we"b\\\n', service: 'shop/web:80' }).observe(200, 0.3);
}

const processFacts = {
  startedAtMs: 1_780_000_000_000,
  cpuSeconds: 1.5,
  residentBytes: 80_000_000,
  heapBytes: 20_000_000,
  heapLimitBytes: 4_000_000_000,
  openFiles: 31,
  maxFiles: 1024,
};

export function metricSource(fleet: FleetTotals): MetricSource {
  const durations = { bounds: tableApplyBounds, buckets: new Array<number>(tableApplyBounds.length + 1).fill(1), sum: 2, count: 14 };
  const vitals = { eventLoopDelayMs: 1.5, memoryShare: 0.5, heapShare: 0.25, process: processFacts };
  return {
    fleet,
    workers: [
      { slot: 0, serving: true, generation: 4, restarts: 0, vitals, overloadLevel: 'refusing' },
      { slot: 1, serving: false, generation: 0, restarts: 2, vitals: undefined, overloadLevel: 'normal' },
    ],
    controller: {
      tableGeneration: 4,
      tableAgeMs: 2500,
      translateDurations: durations,
      publishDurations: durations,
      applyDurations: durations,
      failures: 0,
      problems: { ServiceNotFound: 2, InvalidHost: 0 },
      sources: [{ resource: 'ingresses', healthy: true, restarts: 1, lastEventMs: 1_780_000_000_000 }],
      tableEntries: { hosts: 3, certificates: 1 },
      certificates: [{ key: 'shop/tls', notAfterMs: 1_790_000_000_000 }],
      snapshotWrittenAtMs: 1_780_000_000_500,
      snapshotFailures: 0,
      objects: { Ingress: 2, Secret: 0 },
      leader: true,
      statusWrites: { ok: 4, failed: 1 },
      eventLoopDelayMs: 3,
    },
    kernel: {
      programmed: true,
      refused: 0,
      transactions: 3,
      repairs: 1,
      failures: 0,
      routes: [
        {
          source: { kind: 'SmartRoute', namespace: 'net', name: 'dns' },
          listener: 'dns',
          service: 'coredns',
          connections: { packets: 2, bytes: 120 },
          received: { packets: 5, bytes: 400 },
          sent: { packets: 4, bytes: 900 },
          refused: { packets: 1, bytes: 60 },
          limited: { packets: 0, bytes: 0 },
          crowded: { packets: 0, bytes: 0 },
          clientCrowded: { packets: 0, bytes: 0 },
          open: undefined,
        },
      ],
    },
    program: {
      version: '1.2.3',
      nodeVersion: '26.0.0',
      podNamespace: 'ingress',
      podName: 'proxy-0',
      ingressClass: 'smartproxy',
      controllerClass: 'smartproxy.dev/ingress-controller',
      source: 'cluster',
      transport: 'handoff',
      writesStatus: true,
      limits: { 'max-connections': 0, 'max-route-series': 2000 },
      process: processFacts,
    },
  };
}
