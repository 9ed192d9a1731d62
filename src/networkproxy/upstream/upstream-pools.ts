import type { LookupFunction } from 'node:net';
import type { EndpointRuntime } from '../../balancing/endpoint-runtime.ts';
import type { WorkerCounters } from '../../observability/counters/worker-counters.ts';
import type { Service } from '../../routes/route-table.ts';
import type { TimerWheel } from '../../timer-wheel.ts';
import { ClientConnection } from '../http1/client-connection.ts';
import { EndpointPool } from './endpoint-pool.ts';
import { transportOf } from './transport.ts';
import type { UpstreamHandler } from './upstream-handler.ts';

/** One read buffer serves all upstream sockets of a worker: a read is consumed before its callback returns. */
const readBufferBytes = 65_536;

/** What the pools need from outside. Times in milliseconds; 0 = no limit for the counts. */
export interface UpstreamPoolsOptions {
  readonly counters: WorkerCounters;
  readonly wheel: TimerWheel;
  readonly idlePerEndpoint: number;
  readonly idleTimeoutMs: number;
  readonly maxConnectionsPerEndpoint: number;
  readonly lookup: LookupFunction | undefined;
}

/** Every upstream connection of one worker, by endpoint. */
export class UpstreamPools {
  readonly options: UpstreamPoolsOptions;
  readonly readBuffer = Buffer.allocUnsafeSlow(readBufferBytes);
  readonly #pools = new Map<EndpointRuntime, EndpointPool>();
  /** Pools whose endpoint or transport is gone and whose last answers are still running. */
  readonly #retired = new Set<EndpointPool>();

  constructor(options: UpstreamPoolsOptions) {
    this.options = options;
  }

  /**
   * A connection for one request: an idle one, or a new one that will tell `handler` when it is ready. Undefined: the endpoint has as
   * many as it may. Throws when the backend's CA does not parse.
   * @param fresh never a pooled one: the request was already lost on one
   */
  acquire(
    endpoint: EndpointRuntime,
    service: Service,
    handler: UpstreamHandler,
    connectMs: number,
    fresh: boolean,
  ): ClientConnection | undefined {
    const pool = this.#poolFor(endpoint, service);
    const idle = fresh ? undefined : pool.take();
    if (idle !== undefined) {
      idle.assign(handler);
      return idle;
    }
    const { maxConnectionsPerEndpoint } = this.options;
    if (maxConnectionsPerEndpoint !== 0 && pool.size >= maxConnectionsPerEndpoint) return undefined;
    return new ClientConnection(this, pool, handler, connectMs);
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

  /** A connection of `pool` ended. */
  connectionGone(pool: EndpointPool): void {
    if (pool.size === 0) this.#retired.delete(pool);
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

  #poolFor(endpoint: EndpointRuntime, service: Service): EndpointPool {
    const transport = transportOf(service);
    const known = this.#pools.get(endpoint);
    if (known !== undefined) {
      if (known.transport === transport || known.transport.key === transport.key) return known;
      this.#retire(known);
    }
    const made = new EndpointPool(endpoint, transport, this.options.idlePerEndpoint);
    this.#pools.set(endpoint, made);
    return made;
  }

  #retire(pool: EndpointPool): void {
    pool.retire();
    if (pool.size > 0) this.#retired.add(pool);
  }
}
