import { type DebugChange, PageRefusal } from '../observability/admin-server.ts';
import { connectionFilterFields } from '../smartproxy/connection-filter.ts';
import type { WorkerSupervisor } from '../workers/worker-supervisor.ts';
import { connectionFilterOf } from './page-query.ts';

/** What DELETE does: ends connections by hand, as `killed`, or the drain of an endpoint. */
export function debugRemovals(supervisor: WorkerSupervisor): Readonly<Record<string, DebugChange>> {
  return {
    '/debug/connections': async (query) => {
      const filter = connectionFilterOf(query);
      if (filter instanceof PageRefusal) return filter.message;
      const isEmpty = Object.keys(filter).length === 0;
      const names = [...connectionFilterFields, 'older'].map((field) => `?${field}=`);
      return isEmpty ? `say which connections: ${names.join(', ')}` : supervisor.questions.kill(filter);
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
