import type { Config } from '../config/config.ts';
import type { Controller } from '../controller/controller.ts';
import type { DebugChange, DebugPage } from '../observability/admin-server.ts';
import { debugConfig } from '../observability/debug-config.ts';
import { dumpTable } from '../routes/table-dump.ts';
import { type ConnectionFilter, connectionFilterFields } from '../smartproxy/connection-filter.ts';
import type { WorkerSupervisor } from '../workers/worker-supervisor.ts';
import { reportCertificates } from './certificate-report.ts';
import { explainPage } from './explain-page.ts';
import type { OpenedSource } from './open-source.ts';

const defaultConnections = 1000;
const maxConnections = 100_000;
const defaultCertificates = 1000;
const maxCertificates = 10_000;

/** The pages of the admin server. */
export function debugPages(
  config: Config,
  controller: Controller,
  supervisor: WorkerSupervisor,
  opened: OpenedSource,
): Readonly<Record<string, DebugPage>> {
  const locationOf = opened.kind === 'manifests' ? opened.source.locationOf.bind(opened.source) : () => undefined;
  return {
    '/debug/routes': () => dumpTable(supervisor.table),
    '/debug/connections': (query) => supervisor.connections(limitOf(query, defaultConnections, maxConnections), connectionFilter(query)),
    '/debug/drains': () => supervisor.drainedEndpoints,
    '/debug/problems': async () => ({
      sources: opened.source.store.problems(),
      objects: (controller.translation?.problems ?? []).map((problem) => {
        const { kind, namespace, name } = problem.object;
        return { ...problem, location: locationOf(kind, namespace === '' ? name : `${namespace}/${name}`) };
      }),
      endpoints: await supervisor.outEndpoints(),
    }),
    '/debug/certificates': (query) =>
      reportCertificates({
        certificates: supervisor.table.certificates,
        acme: controller.translation?.acme ?? [],
        problems: controller.translation?.problems ?? [],
        nowMs: Date.now(),
        limit: limitOf(query, defaultCertificates, maxCertificates),
      }),
    '/debug/config': () => debugConfig(config),
    '/debug/explain': explainPage(config, controller, supervisor, locationOf),
  };
}

/** What DELETE does: ends connections by hand, as `killed`, or the drain of an endpoint. */
export function debugRemovals(supervisor: WorkerSupervisor): Readonly<Record<string, DebugChange>> {
  return {
    '/debug/connections': async (query) => {
      const filter = connectionFilter(query);
      const isEmpty = Object.keys(filter).length === 0;
      return isEmpty ? `say which connections: ${connectionFilterFields.map((field) => `?${field}=`).join(', ')}` : supervisor.kill(filter);
    },
    '/debug/drains': async (query) => drain(supervisor, query, false),
  };
}

/** What PUT does: `/debug/drains?endpoint=ADDRESS:PORT` drains an endpoint by hand. */
export function debugAdditions(supervisor: WorkerSupervisor): Readonly<Record<string, DebugChange>> {
  return { '/debug/drains': async (query) => drain(supervisor, query, true) };
}

function drain(supervisor: WorkerSupervisor, query: URLSearchParams, isDrained: boolean): number | string {
  const endpoint = query.get('endpoint');
  if (endpoint === null) return 'say which endpoint: ?endpoint=ADDRESS:PORT';
  return supervisor.setDrained(endpoint, isDrained) ? 1 : 0;
}

/** `?route=...&endpoint=...`: all that the query names. */
function connectionFilter(query: URLSearchParams): ConnectionFilter {
  const given = connectionFilterFields.flatMap((field) => {
    const value = query.get(field);
    return value === null ? [] : [[field, value] as const];
  });
  return Object.fromEntries(given);
}

/** `?limit=N`; what is not a number is the default. */
function limitOf(query: URLSearchParams, byDefault: number, most: number): number {
  const limit = Number(query.get('limit') ?? byDefault);
  return Number.isInteger(limit) && limit > 0 ? Math.min(limit, most) : byDefault;
}
