import type { Controller } from '../controller/controller.ts';
import { messageOf, SmartProxyError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Listener, RouteTable } from '../routes/route-table.ts';
import { validateTable } from '../routes/validate-table.ts';
import type { TableSnapshot } from '../snapshot/table-snapshot.ts';
import type { WorkerSupervisor } from '../workers/worker-supervisor.ts';

/** How long the source may take before the snapshot is served in its place: its endpoints may be out of date. */
const graceMs = 5000;

export interface ServeSnapshotOptions {
  readonly snapshot: TableSnapshot;
  /** Of this run: the snapshot's own may be those of another configuration. */
  readonly listeners: readonly Listener[];
  readonly controller: Controller;
  readonly supervisor: WorkerSupervisor;
  readonly log: Log;
}

/**
 * Serves the last-good table when the source has delivered nothing after a grace; its first own table takes over. The returned
 * function calls that off.
 */
export function serveSnapshotWithoutSource({ snapshot, listeners, controller, supervisor, log }: ServeSnapshotOptions): () => void {
  const isNeeded = () => controller.stats.generation === 0;
  const serve = async () => {
    if (!isNeeded()) return;
    try {
      const table = await snapshot.load();
      if (table === undefined || !isNeeded()) return;
      const usable = withListeners(table, listeners);
      log.warn({ hosts: table.hosts.size }, 'serving the last-good snapshot: the API server has not delivered anything yet');
      supervisor.publish(usable);
    } catch (error) {
      log.error({ reason: messageOf(error) }, 'last-good snapshot not usable');
    }
  };
  const timer = setTimeout(() => void serve(), graceMs).unref();
  return () => clearTimeout(timer);
}

/** The kept table on the ports of this run, checked as every table is before workers get it: they end over a broken one. */
function withListeners(kept: RouteTable, own: readonly Listener[]): RouteTable {
  const listeners = restoredListeners(kept.listeners, own);
  const l4 = new Map([...kept.l4].filter(([, { listener }]) => listeners.has(listener)));
  const table = { ...kept, listeners, l4 };
  const broken = validateTable(table);
  if (broken.length > 0) throw new SmartProxyError('SNAPSHOT_INVALID', `Cannot serve the last-good snapshot: ${broken.join('; ')}`);
  return table;
}

/** Those of this run's options, and of the others, which a SmartProxyConfig made, those whose ports are left. */
function restoredListeners(kept: RouteTable['listeners'], own: readonly Listener[]): RouteTable['listeners'] {
  const ports = new Set(own.map(({ port }) => port));
  const others = [...kept.values()].filter(({ key, port }) => !ports.has(port) && own.every((listener) => listener.key !== key));
  return new Map([...own, ...others].map((listener) => [listener.key, listener]));
}
