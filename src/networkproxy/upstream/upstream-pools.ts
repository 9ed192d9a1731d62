import type { EndpointRuntime } from '../../balancing/endpoint-runtime.ts';
import type { ServiceLoad } from '../../balancing/service-load.ts';
import { transportOf } from '../../balancing/transport.ts';
import { ReadBuffers } from '../../read-buffers.ts';
import type { Service } from '../../routes/service.ts';
import type { ClientOpening } from './client-opening.ts';
import { ClientsConnections } from './clients-connections.ts';
import { EndpointPool } from './endpoint-pool.ts';
import { Http2Pool } from './http2-pool.ts';
import type { UpstreamHandler } from './upstream-handler.ts';
import type { UpstreamPool, UpstreamShared } from './upstream-pool.ts';
import type { UpstreamRequest } from './upstream-request.ts';

/** Every upstream connection of one worker, by endpoint. */
export class UpstreamPools {
  readonly #shared: UpstreamShared;
  readonly #pools = new Map<EndpointRuntime, UpstreamPool>();
  /** Pools whose endpoint or transport is gone and whose last answers are still running. */
  readonly #retired = new Set<UpstreamPool>();

  constructor(options: Omit<UpstreamShared, 'readBuffers' | 'ofClients'>) {
    this.#shared = { ...options, readBuffers: new ReadBuffers(), ofClients: new ClientsConnections() };
  }

  /** As `UpstreamPool.acquire`, on the pool of the endpoint. Throws when the TLS settings of the backend can't be used. */
  acquire(
    endpoint: EndpointRuntime,
    service: Service,
    handler: UpstreamHandler,
    connectMs: number,
    fresh: boolean,
    opening?: ClientOpening,
  ): UpstreamRequest | undefined {
    const pool = this.#poolFor(endpoint, service);
    const found = pool.acquire(handler, connectMs, fresh, opening);
    if (found !== undefined || !endpoint.load.isFull || !this.#endIdle(endpoint.load)) return found;
    return pool.acquire(handler, connectMs, fresh, opening);
  }

  /** Called after a table change: nothing new goes to these. */
  removeEndpoints(endpoints: readonly EndpointRuntime[]): void {
    for (const endpoint of endpoints) {
      const pool = this.#pools.get(endpoint);
      if (pool === undefined) continue;
      this.#pools.delete(endpoint);
      this.#retire(pool);
    }
  }

  counts(): { readonly idle: number; readonly active: number; readonly connecting: number } {
    let idle = 0;
    let all = 0;
    let connecting = 0;
    for (const pools of [this.#pools.values(), this.#retired]) {
      for (const pool of pools) {
        idle += pool.idle;
        all += pool.size;
        connecting += pool.connecting;
      }
    }
    return { idle, active: all - idle - connecting, connecting };
  }

  close(): void {
    for (const pool of this.#pools.values()) pool.destroy();
    for (const pool of [...this.#retired]) pool.destroy();
    this.#pools.clear();
    this.#retired.clear();
  }

  #poolFor(endpoint: EndpointRuntime, service: Service): UpstreamPool {
    const transport = transportOf(service);
    const known = this.#pools.get(endpoint);
    if (known !== undefined) {
      if (known.transport === transport || known.transport.key === transport.key) return known;
      this.#retire(known);
    }
    const Pool = service.protocol === 'h2' || service.protocol === 'h2c' ? Http2Pool : EndpointPool;
    const made = new Pool(this.#shared, endpoint, transport, this.#onEmpty);
    this.#pools.set(endpoint, made);
    return made;
  }

  /** Ends an idle connection of a service that has as many as it may. */
  #endIdle(load: ServiceLoad): boolean {
    for (const [endpoint, pool] of this.#pools) if (endpoint.load === load && pool.endIdle()) return true;
    return false;
  }

  #retire(pool: UpstreamPool): void {
    pool.retire();
    if (pool.size > 0) this.#retired.add(pool);
  }

  readonly #onEmpty = (pool: UpstreamPool): void => {
    this.#retired.delete(pool);
  };
}
