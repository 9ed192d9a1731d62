import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { plainAddress } from '../address-list.ts';
import type { Balancers } from '../balancing/balancers.ts';
import type { EndpointRuntime } from '../balancing/endpoint-runtime.ts';
import { guardedLookup } from '../balancing/guarded-lookup.ts';
import type { Config } from '../config/config.ts';
import type { NetworkProxyEntry, SniffedTls } from '../networkproxy/accepted-connection.ts';
import type { WorkerCounters } from '../observability/counters/worker-counters.ts';
import { ProxiedClient, type ProxiedFacts } from '../proxy-header/proxied-client.ts';
import type { RateLimiters } from '../rates/rate-limiters.ts';
import { ReadBuffers } from '../read-buffers.ts';
import { RemovalGrace } from '../removal-grace.ts';
import { isAcmeTlsAnswer } from '../routes/acme-tls.ts';
import type { CompiledTable } from '../routes/compiled-table.ts';
import { findL4Route } from '../routes/find-l4-route.ts';
import type { RateLimit } from '../routes/policy.ts';
import type { L4Route } from '../routes/route.ts';
import { emptyRouteTable, type Listener } from '../routes/route-table.ts';
import type { TimerWheel } from '../timer-wheel.ts';
import { type ConnectionFilter, type FilteredConnection, isMeant } from './connection-filter.ts';
import { ConnectionManager } from './connection-manager.ts';
import type { ConnectionRecord } from './connection-record.ts';
import { type ConnectionSettings, connectionSettings, sharedRateOf } from './connection-settings.ts';
import { DirectForwarder, type FindTarget } from './direct-forwarder.ts';
import { type DirectTarget, hasSameRoutes, isRouted, targetOfHost } from './direct-routes.ts';
import type { FarNews } from './far-news.ts';
import type { LoopbackEnd } from './loopback-end.ts';
import { LoopbackListener } from './loopback-listener.ts';
import { HandoffBridge, LoopbackBridge, type NetworkProxyBridge } from './network-proxy-bridge.ts';
import { type OpenPort, PortManager, type SocketSource } from './port-manager.ts';
import { RemovedEndpoints } from './removed-endpoints.ts';
import { SecurityManager } from './security-manager.ts';
import { SharedRateCheck } from './shared-rate-check.ts';
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
  readonly rates: RateLimiters;
  readonly networkProxy: NetworkProxyEntry;
  /** What of the loopback transport is in this process; undefined: all of it, where the configuration asks for it. */
  readonly loopbackEnd?: LoopbackEnd | undefined;
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
  /** What the PROXY header of a load balancer says of the client beside its address. */
  readonly proxied?: ProxiedFacts | undefined;
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
  readonly #removedRoutes: RemovalGrace<ConnectionRecord>;
  readonly #forwarder: DirectForwarder;
  readonly #bridge: NetworkProxyBridge;
  readonly #loopback: LoopbackListener | undefined;
  /** For connections that begin with a ClientHello. */
  #sniffHello: SniffPlan;
  /** For connections through a balancer, which begin with its PROXY header. */
  #sniffHeader: SniffPlan;
  #settings: ConnectionSettings;
  /** The rate of an address as replicas share it; undefined: there is none. */
  #sharedRate: RateLimit | undefined;
  #loopbackPort: Promise<number> | undefined;
  #networkProxyPort = 0;

  constructor(options: SmartProxyOptions) {
    const { config, counters, wheel, idPrefix, onClosed, networkProxy, loopbackEnd } = options;
    this.#options = options;
    this.#timeouts = new TimeoutManager(wheel);
    this.#settings = connectionSettings(config, emptyRouteTable);
    this.#sharedRate = sharedRateOf(config, this.#settings);
    this.#security = new SecurityManager(this.#settings.security, options.rates);
    this.connectionManager = new ConnectionManager({
      maxConnections: this.#settings.maxConnections,
      maxConnectionLifetimeMs: config.maxConnectionLifetimeMs,
      counters,
      wheel,
      timeouts: this.#timeouts,
      security: this.#security,
      active: options.rates.active,
      idPrefix,
      onClosed,
    });
    this.#ports = new PortManager((socket, port) => this.#accept(socket, port));
    this.#removedEndpoints = new RemovedEndpoints(this.connectionManager, wheel, options.table);
    this.#removedRoutes = new RemovalGrace(wheel, {
      all: () => this.connectionManager.direct(),
      stateOf: ({ direct }) => direct,
      end: (record) => record.end('proxy', 'route_removed'),
      graceMs: () => this.#settings.drainTimeoutMs,
    });
    const buffers = new ReadBuffers();
    const { table, balancers, rates } = options;
    const connections = this.connectionManager;
    const direct = { timeouts: this.#timeouts, counters, buffers, lookup: guardedLookup(config.allowLocalExternalNames) };
    this.#forwarder = new DirectForwarder({ table, balancers, rates, connections, wheel, direct });
    if (loopbackEnd?.kind === 'near') {
      this.#bridge = new LoopbackBridge(loopbackEnd.key, buffers, this.#timeouts);
      this.#loopbackPort = loopbackEnd.port;
    } else if (loopbackEnd?.kind === 'far' || config.networkProxyTransport === 'loopback') {
      const key = loopbackEnd?.key ?? randomBytes(32);
      this.#bridge = new LoopbackBridge(key, buffers, this.#timeouts);
      const onNews = loopbackEnd?.onNews ?? ((news: FarNews) => connections.hear(news));
      this.#loopback = new LoopbackListener({ config, wheel, networkProxy, key, counters, table, balancers, direct, onNews });
    } else {
      this.#bridge = new HandoffBridge(networkProxy);
    }
    [this.#sniffHello, this.#sniffHeader] = this.#plans();
  }

  /** Starts to accept on one address of a listener. Resolves with the port number. */
  async openPort(listener: Listener, address: string, from: SocketSource): Promise<number> {
    if (this.#loopback !== undefined || this.#loopbackPort !== undefined) await this.openNetworkProxyPort();
    return this.#ports.open(listener, address, from);
  }

  /**
   * NetworkProxy's port on 127.0.0.1. It is opened when it isn't open, and a failure is tried again the next time; or, where it is in another
   * process, waited for.
   */
  async openNetworkProxyPort(): Promise<number> {
    this.#loopbackPort ??= this.#loopback?.open();
    try {
      this.#networkProxyPort = (await this.#loopbackPort) ?? 0;
    } catch (error) {
      this.#loopbackPort = undefined;
      throw error;
    }
    return this.#networkProxyPort;
  }

  /** NetworkProxy is in another process, and says this of a client's connection. */
  hear(news: FarNews): void {
    this.connectionManager.hear(news);
  }

  /** Stops to accept on one address of a listener, or on all; its connections live on. */
  async closePort(listenerKey: string, address?: string): Promise<void> {
    this.#ports.close(listenerKey, address);
  }

  /** Ends the direct connections whose way has gone from the table; those of removed endpoints get the drain time to finish. */
  tableChanged(previous: CompiledTable, next: CompiledTable, removedEndpoints: readonly EndpointRuntime[]): void {
    this.#ports.update(next.table.listeners);
    if (previous.table.settings !== next.table.settings) this.#takeSettings(next);
    if (!hasSameRoutes(previous, next)) this.#removedRoutes.update((record) => isRouted(record, next));
    this.#removedEndpoints.add(removedEndpoints, this.#settings.drainTimeoutMs);
  }

  /** The first `limit` open connections that the filter means, oldest first. */
  connections(limit: number, filter: ConnectionFilter = {}): readonly ConnectionView[] {
    const views: ConnectionView[] = [];
    for (const record of this.#meant(filter)) {
      if (views.length >= limit) break;
      views.push(this.#view(record));
    }
    return views;
  }

  /** Ends connections by hand, in turns of the event loop when they are many. @returns how many */
  kill(filter: ConnectionFilter): number {
    const meant = [...this.#meant(filter)];
    this.#killFrom(meant, 0);
    return meant.length;
  }

  #killFrom(records: readonly ConnectionRecord[], from: number): void {
    const to = from + killedPerTurn;
    for (const record of records.slice(from, to)) this.connectionManager.initiateCleanupOnce(record, 'killed', 'proxy');
    if (to < records.length) setImmediate(() => this.#killFrom(records, to));
  }

  *#meant(filter: ConnectionFilter): Iterable<ConnectionRecord> {
    if (filter.id !== undefined) {
      const record = this.connectionManager.get(filter.id);
      if (record !== undefined && isMeant(filter, filtered(record))) yield record;
      return;
    }
    for (const record of this.connectionManager.records()) if (isMeant(filter, filtered(record))) yield record;
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
    this.#removedRoutes.close();
    this.connectionManager.close('shutdown');
    this.#loopback?.close();
    this.#security.close();
    await this.connectionManager.whenClosed();
  }

  #takeSettings({ table }: CompiledTable): void {
    const { config } = this.#options;
    this.#settings = connectionSettings(config, table);
    this.#sharedRate = sharedRateOf(config, this.#settings);
    this.#security.update(this.#settings.security);
    this.connectionManager.limitConnections(this.#settings.maxConnections, this.#settings.maxConnectionLifetimeMs);
    [this.#sniffHello, this.#sniffHeader] = this.#plans();
    this.#loopback?.limitTimes(this.#settings);
  }

  /** What is looked for at the start of a connection: a ClientHello, or the header of a balancer first. */
  #plans(): readonly [hello: SniffPlan, header: SniffPlan] {
    const { firstByteTimeoutMs, handshakeTimeoutMs } = this.#settings;
    const hello: SniffPlan = {
      firstByteTimeoutMs,
      handshakeTimeoutMs,
      onProxyHeader: undefined,
      onSniffed: (record, tls, initialChunk) => this.#route(record, tls, initialChunk),
    };
    return [hello, { ...hello, onProxyHeader: (record, header) => this.#identify(record, header) }];
  }

  #accept(socket: Socket, port: OpenPort): void {
    const record = this.connectionManager.createConnection(socket, port.listener, port.balancers);
    if (record === undefined) return;
    const viaBalancer = record.countedAddress === undefined;
    if (!viaBalancer) this.#askReplicas(record);
    if (viaBalancer) new Sniffer(record, this.#sniffHeader, this.#timeouts).start();
    else if (beginsWithHello(record)) new Sniffer(record, this.#sniffHello, this.#timeouts).start();
    else this.#route(record, undefined, nothing);
  }

  /** Begins to ask about the rate of the client's address, which this worker has admitted. */
  #askReplicas(record: ConnectionRecord): void {
    const { shared } = this.#options.rates;
    if (shared === undefined || this.#sharedRate === undefined || !shared.mayAsk()) return;
    record.rateCheck = new SharedRateCheck(record, shared, this.#options.wheel);
    record.rateCheck.begin({ limits: [this.#sharedRate], clients: [record.remoteAddress] });
  }

  /** @returns whether a ClientHello follows the header; undefined when the connection has been ended */
  #identify(record: ConnectionRecord, header: ParsedProxyHeader): boolean | undefined {
    if (header.kind === 'proxied') {
      record.proxied = ProxiedClient.of(header.tlvs);
      if (!this.connectionManager.identify(record, header.addresses)) return undefined;
      this.#askReplicas(record);
    }
    return beginsWithHello(record);
  }

  #route(record: ConnectionRecord, tls: SniffedTls | undefined, initialChunk: Buffer): void {
    const { rateCheck } = record;
    record.rateCheck = undefined;
    if (rateCheck === undefined) this.#routeAdmitted(record, tls, initialChunk);
    else rateCheck.whenAdmitted(() => this.#routeAdmitted(record, tls, initialChunk));
  }

  #routeAdmitted(record: ConnectionRecord, tls: SniffedTls | undefined, initialChunk: Buffer): void {
    if (tls === undefined) this.#routePlain(record, initialChunk);
    else this.#routeTls(record, tls, initialChunk);
  }

  /** Plain HTTP goes to NetworkProxy before a byte is read; the only limit until then is the first byte's. */
  #routePlain(record: ConnectionRecord, initialChunk: Buffer): void {
    if (record.listener.protocol === 'tcp') {
      this.#routeTcp(record, initialChunk);
      return;
    }
    if (initialChunk.length === 0) this.#timeouts.start(record, 'initial_timeout', this.#settings.firstByteTimeoutMs);
    this.#toNetworkProxy(record, initialChunk);
  }

  #routeTls(record: ConnectionRecord, tls: SniffedTls, initialChunk: Buffer): void {
    const compiled = this.#options.table();
    const find = () => targetOfHost(this.#options.table(), tls, record.listener);
    // What a CA looks at comes before whatever is routed, backends that get all of a name's bytes included.
    const target = isAcmeTlsAnswer(compiled.table, tls) ? undefined : targetOfHost(compiled, tls, record.listener);
    if (target === undefined) this.#toNetworkProxy(record, initialChunk);
    else if (target.way === 'unread') this.#forward(record, target, find, initialChunk);
    else this.#terminate(record, target, find, initialChunk);
  }

  #routeTcp(record: ConnectionRecord, initialChunk: Buffer): void {
    const client = plainAddress(record.remoteAddress);
    const find = (): L4Route | undefined => findL4Route(this.#options.table().table, record.listener.key, 'tcp', client);
    const route = find();
    if (route === undefined) record.end('proxy', 'no_route');
    else if (route.kernel !== undefined) this.#leaveToKernel(record, route);
    else this.#forward(record, unreadTarget(route), () => unreadTarget(find()), initialChunk);
  }

  /** The kernel's rules did not meet it: they are not there (yet), or there is no endpoint of its family. */
  #leaveToKernel(record: ConnectionRecord, { key }: L4Route): void {
    record.note(key, undefined);
    record.end('proxy', 'nftables_handled');
  }

  #forward(record: ConnectionRecord, target: DirectTarget, find: FindTarget, initialChunk: Buffer): void {
    this.#forwarder.admit(record, target, find, (connection) => {
      if (initialChunk.length > 0) record.incoming.unshift(initialChunk);
      connection.start();
    });
  }

  /** NetworkProxy ends the TLS; what is in it goes to the backend as a whole. */
  #terminate(record: ConnectionRecord, target: DirectTarget, find: FindTarget, initialChunk: Buffer): void {
    this.#forwarder.admit(record, target, find, (connection) => {
      record.inside = connection;
      this.#toNetworkProxy(record, initialChunk);
    });
  }

  #toNetworkProxy(record: ConnectionRecord, initialChunk: Buffer): void {
    const { counters, config } = this.#options;
    counters.countBridged(config.networkProxyTransport);
    this.#bridge.forwardToNetworkProxy(record.id, record.incoming, record, initialChunk, this.#networkProxyPort, (reason, side) =>
      this.connectionManager.initiateCleanupOnce(record, reason, side),
    );
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
      ...(record.proxied && { proxied: record.proxied.facts }),
      route: record.route,
      endpoint: record.endpoint,
      ageMs: performance.now() - record.acceptedAtMs,
      idleMs: this.#timeouts.nowMs - record.lastActivityMs,
      bytesReceived: received,
      bytesSent: sent,
    };
  }
}

function unreadTarget(route: L4Route): DirectTarget;
function unreadTarget(route: L4Route | undefined): DirectTarget | undefined;
function unreadTarget(route: L4Route | undefined): DirectTarget | undefined {
  return route?.kernel === undefined ? route && { ...route, way: 'unread' } : undefined;
}

/** Connections that are ended by hand in one turn: a reset costs about as much as an answer. */
const killedPerTurn = 256;

function filtered({ id, route, endpoint, listener, state, remoteAddress, tls, acceptedAtMs }: ConnectionRecord): FilteredConnection {
  const ageMs = performance.now() - acceptedAtMs;
  return { id, route, endpoint, listener: listener.key, state, remoteAddress, serverName: tls?.serverName, ageMs };
}

function beginsWithHello(record: ConnectionRecord): boolean {
  return record.listener.protocol === 'https';
}
