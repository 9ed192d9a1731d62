import { createServer, type Server, type Socket } from 'node:net';
import type { Balancers } from '../balancing/balancers.ts';
import type { Config } from '../config/config.ts';
import type { NetworkProxyEntry, SniffedTls } from '../networkproxy/accepted-connection.ts';
import { WorkerCounters } from '../observability/counters/worker-counters.ts';
import type { CompiledTable } from '../routes/compiled-table.ts';
import type { Listener } from '../routes/route-table.ts';
import type { TimerWheel } from '../timer-wheel.ts';
import { ConnectionManager, countRefused } from './connection-manager.ts';
import type { ConnectionRecord } from './connection-record.ts';
import { DirectConnection, type DirectConnectionContext } from './direct-connection.ts';
import { directLimitsOf, targetOfHost } from './direct-routes.ts';
import type { FarNews } from './far-news.ts';
import { readLoopbackHeader } from './loopback-header.ts';
import { HandoffBridge } from './network-proxy-bridge.ts';
import { SecurityManager, uncounted } from './security-manager.ts';
import { type ParsedProxyHeader, Sniffer, type SniffPlan } from './sniffer.ts';
import { splicedSocketOptions } from './splice.ts';
import { portOf, startListening } from './start-listening.ts';
import { TimeoutManager } from './timeout-manager.ts';

/** What the far end of the loopback transport needs. */
export interface LoopbackListenerOptions {
  readonly config: Pick<Config, 'firstByteTimeoutMs' | 'handshakeTimeoutMs'>;
  readonly wheel: TimerWheel;
  readonly networkProxy: NetworkProxyEntry;
  /** The key that SmartProxy signs its headers with. */
  readonly key: Buffer;
  /** Those of the process; only strangers are counted here. */
  readonly counters: WorkerCounters;
  readonly table: () => CompiledTable;
  readonly balancers: Balancers;
  /** For what is in TLS and no HTTP. */
  readonly direct: Omit<DirectConnectionContext, 'timeouts' | 'onEndpoint'>;
  /** Told what becomes of clients' connections at NetworkProxy's end: of an end before the client's end can see it. */
  readonly onNews: (news: FarNews) => void;
}

/**
 * NetworkProxy's own port on 127.0.0.1: the far end of the loopback transport. It takes only connections whose first bytes are a header
 * signed by SmartProxy and gives them to NetworkProxy under the client's address. Its connections are tracked in the same way as those
 * of clients, in books of its own, since each is a client's connection already counted.
 */
export class LoopbackListener {
  readonly #options: LoopbackListenerOptions;
  readonly #server: Server;
  readonly #connections: ConnectionManager;
  readonly #security: SecurityManager;
  readonly #bridge: HandoffBridge;
  #plan: SniffPlan;
  readonly #timeouts: TimeoutManager;
  readonly #direct: DirectConnectionContext;

  constructor(options: LoopbackListenerOptions) {
    const { wheel, config, onNews } = options;
    this.#options = options;
    this.#timeouts = new TimeoutManager(wheel);
    const onEndpoint = (connectionId: string, endpoint: string) => onNews({ kind: 'endpoint', connectionId, endpoint });
    this.#direct = { ...options.direct, timeouts: this.#timeouts, onEndpoint };
    this.#security = new SecurityManager(unlimited, uncounted);
    this.#bridge = new HandoffBridge(options.networkProxy);
    this.#connections = new ConnectionManager({
      maxConnections: 0,
      maxConnectionLifetimeMs: 0,
      counters: new WorkerCounters(),
      wheel,
      timeouts: this.#timeouts,
      security: this.#security,
      idPrefix: 'loopback',
      onClosed: ({ id: connectionId, terminationSide: side, terminationReason: reason, endpoint, terminatedTls }) => {
        if (side !== undefined && reason !== undefined)
          onNews({ kind: 'ended', connectionId, ending: { side, reason, endpoint, terminatedTls } });
      },
    });
    this.#plan = {
      firstByteTimeoutMs: config.firstByteTimeoutMs,
      handshakeTimeoutMs: config.handshakeTimeoutMs,
      onProxyHeader: (record, header, bytes) => this.#authenticate(record, header, bytes),
      onSniffed: (record, tls, initialChunk) => this.#handOver(record, tls, initialChunk),
    };
    this.#server = createServer(splicedSocketOptions, (socket) => this.#accept(socket));
  }

  /** Resolves with the port, on 127.0.0.1 only. May be tried again when it rejects. */
  async open(): Promise<number> {
    const server = this.#server;
    await startListening(server, () => server.listen({ host: '127.0.0.1', port: 0, backlog: 4096, exclusive: true }));
    server.on('error', ignoreAcceptError);
    return portOf(server) ?? 0;
  }

  /** Other times for connections that come from now on. */
  limitTimes({ firstByteTimeoutMs, handshakeTimeoutMs }: Pick<SniffPlan, 'firstByteTimeoutMs' | 'handshakeTimeoutMs'>): void {
    this.#plan = { ...this.#plan, firstByteTimeoutMs, handshakeTimeoutMs };
  }

  /** Ends everything at once. */
  close(): void {
    this.#server.close();
    this.#connections.close('shutdown');
    this.#security.close();
  }

  #accept(socket: Socket): void {
    const record = this.#connections.createConnection(socket, loopbackListener);
    if (record !== undefined) new Sniffer(record, this.#plan, this.#timeouts).start();
  }

  /** @returns whether a ClientHello follows; undefined for a stranger, whose connection is reset */
  #authenticate(record: ConnectionRecord, parsed: ParsedProxyHeader, bytes: Buffer): boolean | undefined {
    const header = readLoopbackHeader(bytes, parsed, this.#options.key);
    const listener = header === undefined ? undefined : this.#options.table().table.listeners.get(header.listenerKey);
    if (header === undefined || listener === undefined) {
      this.#options.counters.connectionsAccepted++;
      countRefused(this.#options.counters, 'unauthenticated_loopback');
      record.end('proxy', 'unauthenticated_loopback');
      return undefined;
    }
    record.actFor(header, listener);
    return listener.protocol === 'https';
  }

  #handOver(record: ConnectionRecord, tls: SniffedTls | undefined, initialChunk: Buffer): void {
    const { direct } = record;
    if (direct !== undefined) {
      record.inside = tls && this.#connectionTo(direct.service, record, tls);
      if (record.inside === undefined) {
        record.end('proxy', 'no_route');
        return;
      }
    }
    this.#bridge.forwardToNetworkProxy(record.id, record.incoming, record, initialChunk, 0, (reason, side) => record.end(side, reason));
  }

  /** The client's end has counted it and chosen the service. undefined: the route went away in between. */
  #connectionTo(service: string, record: ConnectionRecord, tls: SniffedTls): DirectConnection | undefined {
    const { table, balancers } = this.#options;
    const target = targetOfHost(table(), tls, record.listener);
    const policy = target && table().table.policies.get(target.policy);
    const balancer = balancers.get(service);
    if (target === undefined || target.way === 'unread' || policy === undefined || balancer === undefined) return undefined;
    return new DirectConnection(this.#direct, record, balancer, directLimitsOf(policy), target.way);
  }
}

/** Limits are a matter of the client's own connection. */
const unlimited = { maxConnectionsPerIp: 0, connectionRatePerMinute: 0, allowCidrs: [], denyCidrs: [] };

/** Stands in until the header names the client's listener. */
const loopbackListener: Listener = {
  key: 'loopback',
  addresses: ['127.0.0.1'],
  port: 0,
  publishedPort: 0,
  protocol: 'tcp',
  proxyProtocolFrom: [],
};

/** The client's dial fails or waits, and is counted there. */
function ignoreAcceptError(): void {}
