import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { plainAddress } from '../address-list.ts';
import type { Balancers } from '../balancing/balancers.ts';
import type { EndpointRuntime } from '../balancing/endpoint-runtime.ts';
import { guardedLookup } from '../balancing/guarded-lookup.ts';
import type { Config } from '../config/config.ts';
import type { NetworkProxyEntry, SniffedTls } from '../networkproxy/accepted-connection.ts';
import type { WorkerCounters } from '../observability/counters/worker-counters.ts';
import { ReadBuffers } from '../read-buffers.ts';
import { isClientAllowed } from '../routes/client-access.ts';
import type { CompiledTable } from '../routes/compiled-table.ts';
import { anyHost, type HostTls, type L4Route, type Listener } from '../routes/route-table.ts';
import type { TimerWheel } from '../timer-wheel.ts';
import { ConnectionManager } from './connection-manager.ts';
import type { ConnectionRecord, Ending } from './connection-record.ts';
import { DirectConnection, type DirectConnectionContext } from './direct-connection.ts';
import { LoopbackListener } from './loopback-listener.ts';
import { HandoffBridge, LoopbackBridge, type NetworkProxyBridge } from './network-proxy-bridge.ts';
import { type OpenPort, PortManager, type SocketSource } from './port-manager.ts';
import { RemovedEndpoints } from './removed-endpoints.ts';
import { SecurityManager } from './security-manager.ts';
import { type ParsedProxyHeader, Sniffer, type SniffPlan } from './sniffer.ts';
import { TimeoutManager } from './timeout-manager.ts';

export interface SmartProxyOptions {
  readonly config: Config;
  readonly counters: WorkerCounters;
  readonly wheel: TimerWheel;
  /** First part of every connection id. */
  readonly idPrefix: string;
  /** The table for connections that come now. */
  readonly table: () => CompiledTable;
  readonly balancers: Balancers;
  readonly networkProxy: NetworkProxyEntry;
  /** Called once a connection at its end; for the access log. */
  readonly onClosed?: ((record: ConnectionRecord) => void) | undefined;
}

/** One open connection, for `/debug/connections`. */
export interface ConnectionView {
  readonly id: string;
  readonly state: string;
  readonly listener: string;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly serverName: string | undefined;
  readonly route: string | undefined;
  readonly endpoint: string | undefined;
  readonly ageMs: number;
  readonly idleMs: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
}

const nothing = Buffer.alloc(0);

/**
 * Owns every client connection of a process: accepts it, finds out what it is, sends it the right way (NetworkProxy, or straight to an
 * endpoint) and sees to its end.
 */
export class SmartProxy {
  readonly connectionManager: ConnectionManager;
  readonly #options: SmartProxyOptions;
  readonly #timeouts: TimeoutManager;
  readonly #security: SecurityManager;
  readonly #ports: PortManager;
  readonly #removedEndpoints: RemovedEndpoints;
  readonly #direct: DirectConnectionContext;
  readonly #bridge: NetworkProxyBridge;
  readonly #loopback: LoopbackListener | undefined;
  /** For connections that begin with a ClientHello. */
  readonly #sniffHello: SniffPlan;
  /** For connections through a balancer, which begin with its PROXY header. */
  readonly #sniffHeader: SniffPlan;
  #loopbackPort: Promise<number> | undefined;
  #networkProxyPort = 0;

  constructor(options: SmartProxyOptions) {
    const { config, counters, wheel, idPrefix, onClosed, networkProxy } = options;
    this.#options = options;
    this.#timeouts = new TimeoutManager(wheel);
    this.#security = new SecurityManager(config, wheel);
    this.connectionManager = new ConnectionManager({
      maxConnections: config.maxConnections,
      maxConnectionLifetimeMs: config.maxConnectionLifetimeMs,
      counters,
      wheel,
      timeouts: this.#timeouts,
      security: this.#security,
      idPrefix,
      onClosed,
    });
    this.#ports = new PortManager((socket, port) => this.#accept(socket, port));
    this.#removedEndpoints = new RemovedEndpoints(this.connectionManager, wheel, options.table);
    const buffers = new ReadBuffers();
    this.#direct = { timeouts: this.#timeouts, counters, buffers, lookup: guardedLookup(config.allowLocalExternalNames) };
    if (config.networkProxyTransport === 'loopback') {
      const key = randomBytes(32);
      const listener = (listenerKey: string) => options.table().table.listeners.get(listenerKey);
      this.#bridge = new LoopbackBridge(key, buffers, this.#timeouts);
      const onEnded = (connectionId: string, ending: Ending) => this.connectionManager.foretell(connectionId, ending);
      this.#loopback = new LoopbackListener({ config, wheel, networkProxy, key, counters, listener, onEnded });
    } else {
      this.#bridge = new HandoffBridge(networkProxy);
    }
    this.#sniffHello = {
      firstByteTimeoutMs: config.firstByteTimeoutMs,
      handshakeTimeoutMs: config.handshakeTimeoutMs,
      onProxyHeader: undefined,
      onSniffed: (record, tls, initialChunk) => this.#route(record, tls, initialChunk),
    };
    this.#sniffHeader = { ...this.#sniffHello, onProxyHeader: (record, header) => this.#identify(record, header) };
  }

  /** Starts to accept on one address of a listener. Resolves with the port number. */
  async openPort(listener: Listener, address: string, from: SocketSource): Promise<number> {
    if (this.#loopback !== undefined) await this.#openLoopback(this.#loopback);
    return this.#ports.open(listener, address, from);
  }

  /** Stops to accept on one address of a listener, or on all; its connections live on. */
  async closePort(listenerKey: string, address?: string): Promise<void> {
    this.#ports.close(listenerKey, address);
  }

  /** Ends the direct connections whose way has gone from the table; those of removed endpoints get the drain time to finish. */
  tableChanged(_previous: CompiledTable, next: CompiledTable, removedEndpoints: readonly EndpointRuntime[]): void {
    this.#ports.update(next.table.listeners);
    this.#endUnrouted(next);
    this.#removedEndpoints.add(removedEndpoints, this.#options.config.drainTimeoutMs);
  }

  /** The first `limit` open connections, oldest first. */
  connections(limit: number): readonly ConnectionView[] {
    const views: ConnectionView[] = [];
    for (const record of this.connectionManager.records()) {
      if (views.length >= limit) break;
      views.push(this.#view(record));
    }
    return views;
  }

  /** Ends a connection by hand. @returns false when there is none of that id */
  kill(connectionId: string): boolean {
    const record = this.connectionManager.get(connectionId);
    return record !== undefined && this.connectionManager.initiateCleanupOnce(record, 'killed', 'proxy');
  }

  /** Stops to accept, lets connections finish for `timeoutMs`, then ends the rest in order. Resolves when all sockets are closed. */
  async drain(timeoutMs: number): Promise<void> {
    this.#ports.closeAll();
    await this.connectionManager.whenEmpty(timeoutMs);
    this.connectionManager.endAll('drain', 'gracefully');
    await this.connectionManager.whenClosed();
  }

  /** Ends everything at once. Resolves when every socket is closed. */
  async close(): Promise<void> {
    this.#ports.closeAll();
    this.#removedEndpoints.close();
    this.connectionManager.close('shutdown');
    this.#loopback?.close();
    this.#security.close();
    await this.connectionManager.whenClosed();
  }

  /** Opens NetworkProxy's own port when it isn't open; a failure is tried again with the next port. */
  async #openLoopback(loopback: LoopbackListener): Promise<void> {
    this.#loopbackPort ??= loopback.open();
    try {
      this.#networkProxyPort = await this.#loopbackPort;
    } catch (error) {
      this.#loopbackPort = undefined;
      throw error;
    }
  }

  #accept(socket: Socket, port: OpenPort): void {
    const record = this.connectionManager.createConnection(socket, port.listener, port.balancers);
    if (record === undefined) return;
    const viaBalancer = record.countedAddress === undefined;
    if (viaBalancer) new Sniffer(record, this.#sniffHeader, this.#timeouts).start();
    else if (beginsWithHello(record)) new Sniffer(record, this.#sniffHello, this.#timeouts).start();
    else this.#routePlain(record, nothing);
  }

  /** @returns whether a ClientHello follows the header; undefined when the connection has been ended */
  #identify(record: ConnectionRecord, header: ParsedProxyHeader): boolean | undefined {
    if (header.kind === 'proxied' && !this.connectionManager.identify(record, header.addresses)) return undefined;
    return beginsWithHello(record);
  }

  #route(record: ConnectionRecord, tls: SniffedTls | undefined, initialChunk: Buffer): void {
    if (tls === undefined) this.#routePlain(record, initialChunk);
    else this.#routeTls(record, tls, initialChunk);
  }

  /** Plain HTTP goes to NetworkProxy before a byte is read; the only limit until then is the first byte's. */
  #routePlain(record: ConnectionRecord, initialChunk: Buffer): void {
    if (record.listener.protocol === 'tcp') {
      this.#routeTcp(record, initialChunk);
      return;
    }
    if (initialChunk.length === 0) this.#timeouts.start(record, 'initial_timeout', this.#options.config.firstByteTimeoutMs);
    this.#toNetworkProxy(record, initialChunk);
  }

  #routeTls(record: ConnectionRecord, tls: SniffedTls, initialChunk: Buffer): void {
    const hostTls = tlsOfHost(this.#options.table(), tls);
    if (hostTls?.kind !== 'passthrough') {
      this.#toNetworkProxy(record, initialChunk);
      return;
    }
    record.note(`${hostTls.source.kind}/${hostTls.source.namespace}/${hostTls.source.name}`, undefined);
    this.#forward(record, hostTls.service, hostTls.policy, initialChunk);
  }

  #routeTcp(record: ConnectionRecord, initialChunk: Buffer): void {
    const route = tcpRouteOf(this.#options.table(), record.listener.key);
    if (route === undefined) {
      record.end('proxy', 'no_route');
      return;
    }
    record.note(route.key, undefined);
    this.#forward(record, route.service, route.policy, initialChunk);
  }

  #forward(record: ConnectionRecord, service: string, policyKey: string, initialChunk: Buffer): void {
    const { balancers, table } = this.#options;
    this.connectionManager.setDirect(record, { service, serverName: record.tls?.serverName });
    const balancer = balancers.get(service);
    const policy = table().table.policies.get(policyKey);
    if (balancer === undefined || policy === undefined) {
      record.end('proxy', 'no_endpoints');
      return;
    }
    if (!isClientAllowed(policy, plainAddress(record.remoteAddress))) {
      record.end('proxy', 'ip_blocked');
      return;
    }
    if (initialChunk.length > 0) record.incoming.unshift(initialChunk);
    new DirectConnection(this.#direct, record, balancer, policy.timeouts).start();
  }

  #toNetworkProxy(record: ConnectionRecord, initialChunk: Buffer): void {
    const { counters, config } = this.#options;
    counters.countBridged(config.networkProxyTransport);
    this.#bridge.forwardToNetworkProxy(record.id, record.incoming, record, initialChunk, this.#networkProxyPort, (reason, side) =>
      this.connectionManager.initiateCleanupOnce(record, reason, side),
    );
  }

  #endUnrouted(next: CompiledTable): void {
    for (const service of [...this.connectionManager.services()]) {
      const serviceExists = next.table.services.has(service);
      for (const record of [...this.connectionManager.ofService(service)]) {
        if (!serviceExists || !isRouted(record, next)) record.end('proxy', 'route_removed');
      }
    }
  }

  #view(record: ConnectionRecord): ConnectionView {
    const { received, sent } = record.bytes;
    return {
      id: record.id,
      state: record.state,
      listener: record.listener.key,
      remoteAddress: record.remoteAddress,
      remotePort: record.remotePort,
      serverName: record.tls?.serverName,
      route: record.route,
      endpoint: record.endpoint,
      ageMs: performance.now() - record.acceptedAtMs,
      idleMs: this.#timeouts.nowMs - record.lastActivityMs,
      bytesReceived: received,
      bytesSent: sent,
    };
  }
}

function beginsWithHello(record: ConnectionRecord): boolean {
  return record.listener.protocol === 'https';
}

/** A direct connection outlives a change of its route's target, but not of its route's kind or the route itself. */
function isRouted(record: ConnectionRecord, table: CompiledTable): boolean {
  if (record.tls === undefined) return tcpRouteOf(table, record.listener.key) !== undefined;
  return tlsOfHost(table, record.tls)?.kind === 'passthrough';
}

/** A TCP listener has one route: there is nothing in the bytes to choose by. */
function tcpRouteOf({ table }: CompiledTable, listenerKey: string): L4Route | undefined {
  for (const route of table.l4.values()) if (route.listener === listenerKey && route.protocol === 'tcp') return route;
  return undefined;
}

/** What the table says of a hello's server name; a hello without one gets what is for any host. */
function tlsOfHost(table: CompiledTable, { serverName }: SniffedTls): HostTls | undefined {
  const host = serverName === undefined ? table.table.hosts.get(anyHost) : table.findHost(serverName);
  return host?.tls;
}
