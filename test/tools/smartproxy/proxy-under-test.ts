import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { Balancers } from '../../../src/balancing/balancers.ts';
import type { Config } from '../../../src/config/config.ts';
import type { NetworkProxyEntry } from '../../../src/networkproxy/accepted-connection.ts';
import {
  type ConnectionSide,
  closedIndex,
  connectionSides,
  type TerminationReason,
  terminationReasons,
} from '../../../src/observability/counters/termination-reason.ts';
import { WorkerCounters } from '../../../src/observability/counters/worker-counters.ts';
import { RateLimiters } from '../../../src/rates/rate-limiters.ts';
import { CompiledTable } from '../../../src/routes/compiled-table.ts';
import type { Policy } from '../../../src/routes/policy.ts';
import { emptyRouteTable, type Host, type Listener, type RouteTable } from '../../../src/routes/route-table.ts';
import type { Endpoint } from '../../../src/routes/service.ts';
import type { ConnectionRecord } from '../../../src/smartproxy/connection-record.ts';
import { SmartProxy } from '../../../src/smartproxy/smart-proxy.ts';
import { TimerWheel } from '../../../src/timer-wheel.ts';
import { eventually } from '../eventually.ts';

/** The part of Config that SmartProxy reads, without limits that a test does not ask for. */
export const openConfig: Partial<Config> = {
  networkProxyTransport: 'handoff',
  drainTimeoutMs: 1000,
  allowLocalExternalNames: false,
  firstByteTimeoutMs: 30_000,
  handshakeTimeoutMs: 30_000,
  maxConnectionLifetimeMs: 0,
  maxConnections: 0,
  maxConnectionsPerIp: 0,
  connectionRatePerMinute: 0,
  allowCidrs: [],
  denyCidrs: [],
};

export const httpListener: Listener = listenerOf('http', 'http');
export const httpsListener: Listener = listenerOf('https', 'https');

export function listenerOf(key: string, protocol: Listener['protocol'], proxyProtocolFrom: readonly string[] = []): Listener {
  return { key, addresses: ['127.0.0.1'], port: 0, publishedPort: 443, protocol, proxyProtocolFrom };
}

export function policyOf(timeouts: Partial<Policy['timeouts']> = {}): Policy {
  return {
    key: 'policy',
    redirectToHttps: false,
    timeouts: { connectMs: 5000, readMs: 0, sendMs: 0, tunnelIdleMs: 0, ...timeouts },
    maxRequestBodyBytes: 0,
    maxCallBytes: 0,
    retries: 1,
  };
}

export function endpointOf(port: number, address = '127.0.0.1'): Endpoint {
  return { address, port, state: 'ready', zone: undefined, forZones: [] };
}

/** Host name -> endpoints of its passthrough service. */
export type Passthrough = Readonly<Record<string, readonly Endpoint[]>>;

export function tableOf(
  passthrough: Passthrough,
  policy = policyOf(),
  listeners: readonly Listener[] = [httpListener, httpsListener],
): RouteTable {
  const names = Object.keys(passthrough);
  const service = (name: string) => `test/${name}:443`;
  const host = (name: string): Host => ({
    key: name,
    routes: [],
    tls: {
      kind: 'passthrough',
      key: `SmartRoute test/${name} ${name} passthrough`,
      backends: [{ service: service(name), weight: 1 }],
      policy: policy.key,
      source: { kind: 'Ingress', namespace: 'test', name },
    },
  });
  return {
    ...emptyRouteTable,
    listeners: new Map(listeners.map((listener) => [listener.key, listener])),
    hosts: new Map(names.map((name) => [name, host(name)])),
    policies: new Map([[policy.key, policy]]),
    services: new Map(
      names.map((name) => [
        service(name),
        { key: service(name), namespace: 'test', name, port: 443, protocol: 'http', tls: undefined, loadBalancing: 'round-robin' },
      ]),
    ),
    endpoints: new Map(names.map((name) => [service(name), { key: service(name), endpoints: passthrough[name] ?? [] }])),
  };
}

export interface TestOptions {
  readonly config?: Partial<Config>;
  readonly table?: RouteTable;
  readonly networkProxy?: NetworkProxyEntry;
  readonly wheel?: TimerWheel;
}

/** A SmartProxy with real sockets, and the means to see that nothing is left behind. */
export class ProxyUnderTest {
  readonly counters = new WorkerCounters();
  readonly wheel: TimerWheel;
  readonly closed: ConnectionRecord[] = [];
  readonly smartProxy: SmartProxy;
  readonly balancers: Balancers;
  #table: CompiledTable;

  constructor({ config = {}, table = tableOf({}), networkProxy = refuseAll, wheel = new TimerWheel(undefined, 10) }: TestOptions = {}) {
    this.wheel = wheel;
    this.#table = CompiledTable.compile(table);
    this.balancers = new Balancers({ counters: this.counters, now: () => performance.now(), random: () => 0 });
    this.balancers.update(table);
    this.smartProxy = new SmartProxy({
      config: { ...openConfig, ...config } as Config,
      counters: this.counters,
      wheel: this.wheel,
      idPrefix: 'test',
      table: () => this.#table,
      balancers: this.balancers,
      rates: new RateLimiters({ wheel: this.wheel, counters: this.counters, now: () => performance.now() }),
      networkProxy,
      onClosed: (record) => this.closed.push(record),
    });
  }

  publish(table: RouteTable): void {
    const previous = this.#table;
    this.#table = CompiledTable.compile(table, previous);
    this.smartProxy.tableChanged(previous, this.#table, this.balancers.update(table));
  }

  open(listener: Listener): Promise<number> {
    return this.smartProxy.openPort(listener, '127.0.0.1', { bind: true });
  }

  closedBy(side: ConnectionSide, reason: TerminationReason): number {
    return this.counters.connectionsClosed[closedIndex(side, reason)] as number;
  }

  /** The counts that are not zero, as `side/reason`. */
  closedReasons(): Record<string, number> {
    const found: Record<string, number> = {};
    for (const side of connectionSides) {
      for (const reason of terminationReasons) {
        const count = this.closedBy(side, reason);
        if (count > 0) found[`${side}/${reason}`] = count;
      }
    }
    return found;
  }

  /** accepted = active + closed, and the sweep finds nothing. */
  assertBooks(): void {
    const { connectionsAccepted, connectionsActive, connectionsClosed } = this.counters.snapshot();
    const closed = connectionsClosed.reduce((sum, count) => sum + count, 0);
    assert.equal(connectionsAccepted, connectionsActive + closed);
    assert.equal(this.counters.zombies, 0);
  }

  async idle(): Promise<void> {
    const manager = this.smartProxy.connectionManager;
    await eventually('no connection is left', () => manager.size === 0 && manager.closingSockets === 0);
    this.assertBooks();
  }

  /** Ends the proxy and checks that nothing is left: no record, no socket, no timer. */
  async close(): Promise<void> {
    this.assertBooks();
    await this.smartProxy.close();
    this.assertBooks();
    assert.equal(this.smartProxy.connectionManager.size, 0);
    assert.equal(this.smartProxy.connectionManager.closingSockets, 0);
    assert.equal(this.wheel.size, 0, 'no timer is left');
    this.wheel.close();
  }
}

const refuseAll: NetworkProxyEntry = { handleConnection: (connection) => connection.end('proxy', 'no_route') };

/** Open descriptors of this process. */
export function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}
