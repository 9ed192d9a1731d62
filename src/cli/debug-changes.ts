import { type DebugChange, PageRefusal } from '../observability/admin-server.ts';
import { connectionFilterFields } from '../smartproxy/connection-filter.ts';
import type { WorkerSupervisor } from '../workers/worker-supervisor.ts';
import type { KernelForwarding } from './kernel-forwarding.ts';
import { connectionFilterOf } from './page-query.ts';

/** What is changed. */
export interface ChangedParts {
  readonly supervisor: WorkerSupervisor;
  readonly kernel: Pick<KernelForwarding, 'update'>;
}

/** What DELETE does: ends connections by hand, as `killed`, or the drain of an endpoint. */
export function debugRemovals(parts: ChangedParts): Readonly<Record<string, DebugChange>> {
  return {
    '/debug/connections': async (query) => {
      const filter = connectionFilterOf(query);
      if (filter instanceof PageRefusal) return filter.message;
      const isEmpty = Object.keys(filter).length === 0;
      const names = [...connectionFilterFields, 'older'].map((field) => `?${field}=`);
      return isEmpty ? `say which connections: ${names.join(', ')}` : parts.supervisor.questions.kill(filter);
    },
    '/debug/drains': async (query) => drain(parts, query, false),
  };
}

/** What PUT does: `/debug/drains?endpoint=ADDRESS:PORT` drains an endpoint by hand. */
export function debugAdditions(parts: ChangedParts): Readonly<Record<string, DebugChange>> {
  return { '/debug/drains': async (query) => drain(parts, query, true) };
}

function drain({ supervisor, kernel }: ChangedParts, query: URLSearchParams, isDrained: boolean): number | string {
  const endpoint = query.get('endpoint');
  if (endpoint === null) return 'say which endpoint: ?endpoint=ADDRESS:PORT';
  const isChanged = supervisor.setDrained(endpoint, isDrained);
  if (isChanged) kernel.update();
  return isChanged ? 1 : 0;
}
