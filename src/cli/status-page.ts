import packageJson from '../../package.json' with { type: 'json' };
import { noTotals, totalsByObject } from '../ask/reports/request-totals.ts';
import type { StatusListener, StatusReport, StatusSource, StatusTotals, StatusWorker } from '../ask/reports/status-report.ts';
import type { Config } from '../config/config.ts';
import type { AdminToken } from '../observability/admin-token.ts';
import type { FleetTotals } from '../observability/fleet-totals.ts';
import type { RouteTable } from '../routes/route-table.ts';
import { reasonDoc } from '../translate/problem-docs.ts';
import type { Problem } from '../translate/translation.ts';
import type { WorkerState, WorkerSupervisor } from '../workers/worker-supervisor.ts';
import type { OpenedSource } from './open-source.ts';
import type { ServersOptions } from './start-servers.ts';

/** The page `/debug/status`. */
export async function statusReport(options: ServersOptions, token: AdminToken): Promise<StatusReport> {
  const { config, controller, supervisor, opened, readiness } = options;
  const fleet = await supervisor.totals();
  const checks = readiness.checks();
  const uptimeSeconds = process.uptime();
  const { publishedAtMs } = controller.stats;
  return {
    version: packageJson.version,
    node: process.versions.node,
    ...podOf(config, opened),
    startedAt: new Date(Date.now() - uptimeSeconds * 1000).toISOString(),
    uptimeSeconds: Math.round(uptimeSeconds),
    ready: checks.every(({ state }) => state !== 'failed'),
    troubles: checks
      .filter(({ state }) => state !== 'ok')
      .map(({ name, state, reason, message }) => ({ part: name, keepsFromReady: state === 'failed', reason, message })),
    source: sourceOf(config, opened),
    table: {
      generation: supervisor.generation,
      ...(publishedAtMs !== undefined && { publishedAt: new Date(publishedAtMs).toISOString() }),
      ...countsOf(supervisor.table),
    },
    listeners: listenersOf(supervisor),
    workers: supervisor.workers.map(workerOf),
    totals: totalsOf(fleet),
    problems: countProblems(controller.translation?.problems ?? [], opened.source.store.problems().length),
    admin: { canChange: (await token.obstacle()) === undefined },
  };
}

function podOf({ podNamespace, podName }: Config, { kind }: OpenedSource): Pick<StatusReport, 'pod'> {
  return kind === 'cluster' ? { pod: { namespace: podNamespace, name: podName } } : {};
}

function sourceOf(config: Config, opened: OpenedSource): StatusSource {
  if (opened.kind === 'manifests') return { kind: 'manifests', folder: config.manifests ?? '' };
  return { kind: 'cluster', ingressClass: config.ingressClass, leader: opened.status.isLeader, writesStatus: config.status };
}

function countsOf({ hosts, l4, services, endpoints, certificates }: RouteTable): Omit<StatusReport['table'], 'generation' | 'publishedAt'> {
  let routes = l4.size;
  for (const host of hosts.values()) routes += host.routes.length;
  let count = 0;
  for (const set of endpoints.values()) count += set.endpoints.length;
  return { routes, hosts: hosts.size, services: services.size, endpoints: count, certificates: certificates.size };
}

function listenersOf({ addresses, listenerTroubles }: WorkerSupervisor): readonly StatusListener[] {
  const open = addresses.map(({ listener, address, port }) => ({
    listener,
    address: address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`,
  }));
  const closed = [...listenerTroubles].map(([listener, { message }]) => ({ listener, problem: message }));
  return [...open, ...closed];
}

function workerOf({ slot, pid, serving, generation, restarts, connections, vitals, overloadLevel }: WorkerState): StatusWorker {
  return {
    id: slot,
    ...(pid !== undefined && { pid }),
    state: pid === undefined ? 'gone' : serving ? 'serving' : 'starting',
    generation,
    restarts,
    connections,
    ...(vitals && {
      rssBytes: vitals.process.residentBytes,
      cpuSeconds: vitals.process.cpuSeconds,
      eventLoopDelayMs: Math.round(vitals.eventLoopDelayMs * 10) / 10,
    }),
    overload: overloadLevel,
  };
}

function totalsOf(fleet: FleetTotals): StatusTotals {
  const byStatusClass: Record<string, number> = { ...noTotals.byStatusClass };
  let requests = 0;
  for (const totals of totalsByObject(fleet).values()) {
    requests += totals.requests;
    for (const [name, count] of Object.entries(totals.byStatusClass)) byStatusClass[name] = (byStatusClass[name] ?? 0) + count;
  }
  const { connectionsAccepted, connectionsActive, bytesReceived, bytesSent } = fleet.totals;
  return { requests, byStatusClass, connectionsAccepted, connectionsActive, bytesReceived, bytesSent };
}

function countProblems(problems: readonly Problem[], ofSources: number): StatusReport['problems'] {
  const errors = problems.filter(({ reason }) => reasonDoc(reason).level === 'error').length;
  return { errors: errors + ofSources, warnings: problems.length - errors };
}
