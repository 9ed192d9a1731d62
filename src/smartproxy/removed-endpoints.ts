import type { EndpointRuntime } from '../balancing/endpoint-runtime.ts';
import type { CompiledTable } from '../routes/compiled-table.ts';
import { Deadline, type TimerWheel } from '../timer-wheel.ts';
import type { ConnectionManager } from './connection-manager.ts';

/**
 * Ends the direct connections to endpoints that have vanished from their service, after a grace: a pod that is terminating keeps its
 * connections, and one that has gone from the list altogether has had its time. An endpoint that is listed again in the meantime keeps
 * them too.
 */
export class RemovedEndpoints {
  readonly #connections: ConnectionManager;
  readonly #wheel: TimerWheel;
  readonly #table: () => CompiledTable;
  readonly #batches = new Set<RemovedBatch>();

  constructor(connections: ConnectionManager, wheel: TimerWheel, table: () => CompiledTable) {
    this.#connections = connections;
    this.#wheel = wheel;
    this.#table = table;
  }

  /** @param endpoints those that one table change took away */
  add(endpoints: readonly EndpointRuntime[], graceMs: number): void {
    const used = endpoints.filter((endpoint) => this.#connections.ofService(endpoint.service).size > 0);
    if (used.length === 0) return;
    const batch = new RemovedBatch(used, () => this.#expire(batch));
    this.#batches.add(batch);
    this.#wheel.arm(batch, graceMs);
  }

  close(): void {
    for (const batch of this.#batches) this.#wheel.disarm(batch);
    this.#batches.clear();
  }

  #expire(batch: RemovedBatch): void {
    this.#batches.delete(batch);
    for (const endpoint of batch.endpoints) if (!this.#isListed(endpoint)) this.#endConnections(endpoint);
  }

  #isListed(endpoint: EndpointRuntime): boolean {
    const listed = this.#table().table.endpoints.get(endpoint.service)?.endpoints ?? [];
    return listed.some((candidate) => candidate.address === endpoint.address && candidate.port === endpoint.port);
  }

  #endConnections(endpoint: EndpointRuntime): void {
    for (const record of [...this.#connections.ofService(endpoint.service)]) {
      // Where the route went too, that is the cause, with a time of its own.
      const isUnrouted = record.direct?.goneSinceMs !== undefined;
      if (record.endpoint === endpoint.key && !isUnrouted) record.end('proxy', 'endpoint_removed');
    }
  }
}

class RemovedBatch extends Deadline {
  readonly endpoints: readonly EndpointRuntime[];
  readonly #expire: () => void;

  constructor(endpoints: readonly EndpointRuntime[], expire: () => void) {
    super();
    this.endpoints = endpoints;
    this.#expire = expire;
  }

  override onTimeout(): void {
    this.#expire();
  }
}
