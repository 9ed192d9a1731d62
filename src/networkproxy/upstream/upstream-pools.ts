import type { EndpointRuntime } from '../../balancing/endpoint-runtime.ts';
import { ReadBuffers } from '../../read-buffers.ts';
import type { Service } from '../../routes/route-table.ts';
import { EndpointPool } from './endpoint-pool.ts';
import { Http2Pool } from './http2-pool.ts';
import { transportOf } from './transport.ts';
import type { UpstreamHandler } from './upstream-handler.ts';
import type { UpstreamPool, UpstreamShared } from './upstream-pool.ts';
import type { UpstreamRequest } from './upstream-request.ts';

/** Every upstream connection of one worker, by endpoint. */
export class UpstreamPools {
  readonly #shared: UpstreamShared;
  readonly #pools = new Map<EndpointRuntime, UpstreamPool>();
  /** Pools whose endpoint or transport is gone and whose last answers are still running. */
  readonly #retired = new Set<UpstreamPool>();

  constructor(options: Omit<UpstreamShared, 'readBuffers'>) {
    this.#shared = { ...options, readBuffers: new ReadBuffers() };
  }

  /** As `UpstreamPool.acquire`, on the pool of the endpoint. Throws when the TLS settings of the backend can't be used. */
  acquire(
    endpoint: EndpointRuntime,
    service: Service,
    handler: UpstreamHandler,
    connectMs: number,
    fresh: boolean,
  ): UpstreamRequest | undefined {
    return this.#poolFor(endpoint, service).acquire(handler, connectMs, fresh);
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

  #retire(pool: UpstreamPool): void {
    pool.retire();
    if (pool.size > 0) this.#retired.add(pool);
  }

  readonly #onEmpty = (pool: UpstreamPool): void => {
    this.#retired.delete(pool);
  };
}
