import type { Config } from '../config/config.ts';
import type { Controller } from '../controller/controller.ts';
import type { DebugPage, DebugRemoval } from '../observability/admin-server.ts';
import { debugConfig } from '../observability/debug-config.ts';
import { dumpTable } from '../routes/table-dump.ts';
import type { WorkerSupervisor } from '../workers/worker-supervisor.ts';
import type { OpenedSource } from './open-source.ts';

const defaultConnections = 1000;
const maxConnections = 100_000;

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
    '/debug/connections': (query) => supervisor.connections(connectionLimit(query)),
    '/debug/problems': async () => ({
      sources: opened.source.store.problems(),
      objects: (controller.translation?.problems ?? []).map((problem) => {
        const { kind, namespace, name } = problem.object;
        return { ...problem, location: locationOf(kind, namespace === '' ? name : `${namespace}/${name}`) };
      }),
      endpoints: await supervisor.ejectedEndpoints(),
    }),
    '/debug/config': () => debugConfig(config),
  };
}

/** What DELETE does: `/debug/connections?id=ID` ends a connection by hand, as `killed`. */
export function debugRemovals(supervisor: WorkerSupervisor): Readonly<Record<string, DebugRemoval>> {
  return { '/debug/connections': (query) => supervisor.kill(query.get('id') ?? '') };
}

/** `?limit=N`; what is not a number is the default. */
function connectionLimit(query: URLSearchParams): number {
  const limit = Number(query.get('limit') ?? defaultConnections);
  return Number.isInteger(limit) && limit > 0 ? Math.min(limit, maxConnections) : defaultConnections;
}
