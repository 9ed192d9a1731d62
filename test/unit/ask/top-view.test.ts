import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderTapLine } from '../../../src/ask/reports/render-tap.ts';
import { renderTopView } from '../../../src/ask/reports/render-top.ts';
import { noTotals, type RequestTotals } from '../../../src/ask/reports/request-totals.ts';
import type { StatusReport } from '../../../src/ask/reports/status-report.ts';
import { quantileMs, type TopSample, topView } from '../../../src/ask/reports/top-view.ts';
import { httpDurationBounds } from '../../../src/observability/counters/histogram.ts';

function status(changes: Partial<StatusReport['totals']>, workers: StatusReport['workers']): StatusReport {
  const totals = {
    requests: 0,
    byStatusClass: {},
    connectionsAccepted: 0,
    connectionsActive: 0,
    bytesReceived: 0,
    bytesSent: 0,
    ...changes,
  };
  return { ready: true, workers, totals } as unknown as StatusReport;
}

function worker(pid: number, cpuSeconds: number): StatusReport['workers'][number] {
  const common = { state: 'serving', generation: 1, restarts: 0, connections: 3, overload: 'normal' } as const;
  return { id: pid % 10, pid, cpuSeconds, rssBytes: 1024 ** 2, ...common };
}

function sample(atMs: number, report: StatusReport, totals: Readonly<Record<string, Partial<RequestTotals>>>): TopSample {
  const routes = Object.entries(totals).map(([route, some]) => ({
    route,
    object: { kind: 'Ingress', namespace: 'shop', name: route },
    hosts: [],
    rules: [],
    moreRules: 0,
    moreProblems: 0,
    totals: { ...noTotals, ...some },
    problems: [],
  }));
  return { status: report, routes: { total: routes.length, routes, durationBounds: httpDurationBounds, seriesRefused: 0 }, atMs };
}

const buckets = (first: number): readonly number[] => [first, ...noTotals.durationBuckets.slice(1)];
const before = sample(0, status({ requests: 10, connectionsAccepted: 4 }, [worker(10, 1), worker(11, 5)]), {
  web: { requests: 10, byStatusClass: { '5xx': 1 }, durationBuckets: buckets(10) },
  idle: {},
});
const after = sample(2000, status({ requests: 50, connectionsAccepted: 5, connectionsActive: 2 }, [worker(10, 2), worker(21, 0.5)]), {
  web: { requests: 50, byStatusClass: { '5xx': 5 }, durationBuckets: buckets(50) },
  idle: {},
  fresh: { requests: 7, connectionsActive: 1 },
});

test('a view has what changed between two moments, a second, and the busiest routes first', () => {
  const view = topView(before, after);
  assert.deepEqual([view.requests, view.connectionsAccepted, view.connectionsActive], [20, 0.5, 2]);
  assert.deepEqual(
    view.routes.map(({ object, requests, errors }) => [object, requests, errors]),
    [
      ['Ingress shop/web', 20, 2],
      ['Ingress shop/fresh', 0, 0],
      ['Ingress shop/idle', 0, 0],
    ],
  );
  assert.deepEqual([view.routes[0]?.medianMs, view.routes[2]?.medianMs], [2.5, undefined]);
  assert.deepEqual(
    view.workers.map(({ cpuPercent }) => cpuPercent),
    [50, undefined],
    'a process that was not there has no difference',
  );
});

test('a program that began anew has no rates below zero', () => {
  const view = topView(after, before);
  assert.deepEqual([view.requests, view.routes[0]?.requests], [0, 0]);
});

test('quantiles are within the bucket that they fall into', () => {
  assert.equal(quantileMs([0, 0], [1], 0.5), undefined);
  assert.equal(quantileMs([4, 0, 0], [0.1, 0.2], 0.5), 50);
  assert.equal(Math.round(quantileMs([1, 1, 0], [0.1, 0.2], 0.75) ?? 0), 150);
  assert.equal(quantileMs([0, 0, 5], [0.1, 0.2], 0.5), 200, 'above all bounds it is the last');
});

test('a view fits into the lines and columns that there are', () => {
  const text = renderTopView(topView(before, after), 'title', { rows: 8, columns: 30 });
  const lines = text.split('\n');
  assert.ok(lines.length <= 8 && lines.every((line) => line.length <= 30), text);
  assert.match(text, /^OBJECT/m);
  assert.match(text, /^Ingress shop\/web +20\/s +2\.$/m);
  assert.match(renderTopView(topView(before, after), 'title', { rows: 9, columns: 90 }), /^\.\.\. and 2 more$/m);
});

test('how many connections are open is unknown where nobody can count them', () => {
  const { connectionsActive: _, ...uncounted } = noTotals;
  const { routes, ...more } = sample(3000, after.status, { kernel: {}, none: {} });
  const unknown = {
    ...more,
    routes: { ...routes, routes: routes.routes.map((route, index) => (index === 0 ? { ...route, totals: uncounted } : route)) },
  };
  const view = topView(after, unknown);
  assert.deepEqual(
    view.routes.map((route) => route.connectionsActive),
    [undefined, 0],
  );
  const text = renderTopView(view, 'title', { rows: 20, columns: 90 });
  assert.match(text, /^Ingress shop\/kernel .* unknown$/m);
  assert.match(text, /^Ingress shop\/none .* 0$/m);
});

test('what a client asked for is shown and not obeyed', () => {
  const request = { kind: 'request', endedAtMs: 0, method: 'GET', scheme: 'http', host: 'a', path: '/\u001b[2J', status: 503 } as const;
  const line = renderTapLine({ ...request, flag: 'no_endpoints', durationMs: 1.26, remoteAddress: '192.0.2.1' });
  assert.equal(line, '00:00:00.000  503 no_endpoints  GET http://a/\\x1b[2J  1.3 ms  192.0.2.1 -> -  -');
  assert.equal(renderTapLine({ kind: 'skipped', count: 3 }), '... 3 more (--rate)');
});
