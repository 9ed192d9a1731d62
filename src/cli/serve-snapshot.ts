import type { Controller } from '../controller/controller.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Listener } from '../routes/route-table.ts';
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
      log.warn({ hosts: table.hosts.size }, 'serving the last-good snapshot: the API server has not delivered anything yet');
      supervisor.publish({ ...table, listeners: new Map(listeners.map((listener) => [listener.key, listener])) });
    } catch (error) {
      log.error({ reason: messageOf(error) }, 'last-good snapshot not usable');
    }
  };
  const timer = setTimeout(() => void serve(), graceMs).unref();
  return () => clearTimeout(timer);
}
