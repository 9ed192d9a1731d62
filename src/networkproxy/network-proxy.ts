import { BlockList, isIP, type Socket } from 'node:net';
import { availableParallelism, totalmem } from 'node:os';
import type { TLSSocket } from 'node:tls';
import type { Balancers } from '../balancing/balancers.ts';
import type { EndpointRuntime } from '../balancing/endpoint-runtime.ts';
import { guardedLookup } from '../balancing/guarded-lookup.ts';
import type { Config } from '../config/config.ts';
import type { WorkerCounters } from '../observability/counters/worker-counters.ts';
import type { CompiledTable } from '../routes/compiled-table.ts';
import type { Certificate } from '../routes/route-table.ts';
import type { TimerWheel } from '../timer-wheel.ts';
import type { AcceptedConnection, NetworkProxyEntry } from './accepted-connection.ts';
import { clientFacts } from './client-facts.ts';
import { ServerConnection } from './http1/server-connection.ts';
import { makeHttp2Shared } from './http2/http2-shared.ts';
import { Http2Connection } from './http2/server/connection.ts';
import { PrefaceSniffer } from './http2/server/preface-sniffer.ts';
import { renewalBytes } from './least-rate.ts';
import { errorReply, serialiseLocalReply } from './local-reply.ts';
import { BufferBudget } from './overload/buffer-budget.ts';
import type { MemorySource } from './overload/memory-reading.ts';
import { type OverloadChange, OverloadGuard } from './overload/overload-guard.ts';
import type { ProxyContext } from './proxy-context.ts';
import { RequestIds } from './request-ids.ts';
import type { RequestLogEntry } from './request-log-entry.ts';
import { RouteRuntimes } from './route-runtime.ts';
import { CertificateContexts } from './tls/certificate-contexts.ts';
import { HandshakeGate } from './tls/handshake-gate.ts';
import { type HandshakeOptions, TlsHandshake } from './tls/tls-handshake.ts';
import { TraceContexts } from './trace-context.ts';
import { RetryBudgets } from './upstream/retry-budget.ts';
import { UpstreamPools } from './upstream/upstream-pools.ts';

/** What NetworkProxy needs from outside. */
export interface NetworkProxyOptions {
  readonly config: Config;
  readonly counters: WorkerCounters;
  readonly wheel: TimerWheel;
  readonly table: () => CompiledTable;
  readonly balancers: Balancers;
  /** 48 secret bytes, the same in every worker. */
  readonly ticketKeys?: Buffer | undefined;
  /** The access log. */
  readonly onRequest?: ((entry: RequestLogEntry) => void) | undefined;
  /** The level of overload is another one. */
  readonly onOverload?: ((change: OverloadChange) => void) | undefined;
  readonly memory: MemorySource;
}

/** What may wait for slow peers, of the worker's share of the memory limit. */
const bufferShare = 0.25;
/** Connections that are ended in one second when memory is short, oldest first: all at once, they would all come back at once. */
const idleShareShed = 0.1;

/** What serves a connection at the moment. */
type Stage = TlsHandshake | PrefaceSniffer | ServerConnection | Http2Connection;

/** Ends TLS and speaks HTTP on the connections that SmartProxy hands over; owns the upstream connections. */
export class NetworkProxy implements NetworkProxyEntry {
  /** Every client socket, with what serves it. */
  readonly socketMap = new Map<Socket, Stage | undefined>();
  /** Those that SmartProxy handed over: known because it did, never guessed from an address. */
  readonly portProxyConnections = new Set<AcceptedConnection>();
  /** Connections whose TLS handshake is complete. */
  readonly tlsTerminatedConnections = new Set<TLSSocket>();
  readonly overload: OverloadGuard;
  readonly #options: NetworkProxyOptions;
  readonly #context: ProxyContext;
  readonly #contexts: CertificateContexts;
  readonly #gate: HandshakeGate;
  readonly #pools: UpstreamPools;
  #draining = false;

  constructor(options: NetworkProxyOptions) {
    const { config, counters, wheel } = options;
    this.#options = options;
    this.#contexts = new CertificateContexts({
      ticketKeys: options.ticketKeys,
      refuseUnknownNames: config.unknownServerName === 'refuse',
    });
    this.#gate = new HandshakeGate(wheel, counters, config.maxHandshakes);
    const http2 = makeHttp2Shared(config.maxHeaderBytes);
    this.#pools = new UpstreamPools({
      counters,
      wheel,
      http2,
      idlePerEndpoint: config.upstreamIdlePerEndpoint,
      idleTimeoutMs: config.upstreamIdleTimeoutMs,
      maxConnectionsPerEndpoint: config.maxConnectionsPerEndpoint,
      lookup: guardedLookup(config.allowLocalExternalNames),
    });
    const workers = config.workers ?? availableParallelism();
    this.overload = new OverloadGuard({
      limits: { memoryPercent: config.overloadMemoryPercent, loopDelayMs: config.overloadDelayMs },
      counters,
      probe: options.memory,
      onLook: () => this.#onOverloadLook(),
      onChange: (change) => options.onOverload?.(change),
    });
    this.#context = {
      config,
      counters,
      wheel,
      table: options.table,
      balancers: options.balancers,
      pools: this.#pools,
      retryBudgets: new RetryBudgets(),
      routes: new RouteRuntimes(counters.requests),
      requestIds: new RequestIds(),
      traces: config.traceContext ? new TraceContexts() : undefined,
      http2,
      overload: this.overload,
      buffers: new BufferBudget(wheel, config.maxBufferedBytes ?? (totalmem() / workers) * bufferShare),
      renewalBytes: renewalBytes(config.bodyTimeoutMs),
      trustedProxies: blockListOf(config.trustedProxies),
      unmatched: counters.requests.get({ routeKind: '', routeNamespace: '', route: '', service: '' }),
      onRequest: options.onRequest,
      isDraining: () => this.#draining,
    };
    this.#setGauges(counters);
  }

  /** How many client connections there are. */
  get connectedClients(): number {
    return this.socketMap.size;
  }

  /** The upstream connections by state. */
  get poolStatus(): { readonly idle: number; readonly active: number; readonly connecting: number } {
    return this.#pools.counts();
  }

  /** Takes the connection; never throws. */
  handleConnection(connection: AcceptedConnection): void {
    const { socket } = connection;
    if (socket.destroyed || !socket.readable || !socket.writable) {
      connection.end('client', 'normal');
      return;
    }
    this.setupConnectionTracking(connection);
    if (connection.tls !== undefined) this.#startTls(connection);
    else if (connection.listener.protocol === 'https') refusePlainHttp(connection, this.#options.counters);
    else if (this.#options.config.h2c) this.#sniffPreface(connection);
    else this.#serve(connection, socket, false, []);
  }

  /** Remembers the connection until its clean-up, whoever starts that. */
  setupConnectionTracking(connection: AcceptedConnection): void {
    const { socket } = connection;
    this.socketMap.set(socket, undefined);
    this.portProxyConnections.add(connection);
    connection.onCleanup = (reason) => {
      const stage = this.socketMap.get(socket);
      this.socketMap.delete(socket);
      this.portProxyConnections.delete(connection);
      stage?.cleanUp(reason);
    };
  }

  /** Called after each swap of the table, with the endpoints that it no longer has. */
  tableChanged(_previous: CompiledTable, next: CompiledTable, removedEndpoints: readonly EndpointRuntime[]): void {
    this.#pools.removeEndpoints(removedEndpoints);
    this.#context.retryBudgets.retain(next.table.services);
    this.#contexts.retain(next.table);
  }

  /** 48 secret bytes in place of those before: for tickets of handshakes from now on. */
  setTicketKeys(keys: Buffer): void {
    this.#contexts.setTicketKeys(keys);
  }

  /** From now on every answer closes its connection; idle connections end. */
  announceDrain(): void {
    this.#draining = true;
    for (const stage of [...this.socketMap.values()])
      if (stage instanceof ServerConnection || stage instanceof Http2Connection) stage.drain();
  }

  /** Ends every client connection and every upstream connection now. */
  close(): Promise<void> {
    this.#draining = true;
    this.overload.close();
    for (const connection of [...this.portProxyConnections]) connection.end('proxy', 'shutdown');
    this.#pools.close();
    return Promise.resolve();
  }

  /** Once a second: the room for waiting bytes follows the memory limit, and memory that idle connections hold is won back. */
  #onOverloadLook(): void {
    const { overload } = this;
    if (this.#options.config.maxBufferedBytes === undefined && overload.memoryShareBytes > 0)
      this.#context.buffers.limitBytes = overload.memoryShareBytes * bufferShare;
    const { cause } = overload.state;
    if (cause !== 'memory' && cause !== 'heap') return; // connections that come again would cost the event loop more than they do now
    let left = Math.ceil(this.socketMap.size * idleShareShed);
    for (const stage of this.socketMap.values()) {
      if (left === 0) return;
      if ((stage instanceof ServerConnection || stage instanceof Http2Connection) && stage.shed()) left--;
    }
  }

  #startTls(connection: AcceptedConnection): void {
    const options: HandshakeOptions = {
      counters: this.#options.counters,
      gate: this.#gate,
      http2: this.#options.config.http2,
      select: (serverName) => this.#contexts.select(this.#options.table(), serverName),
      onSecure: (socket, certificates) => {
        this.tlsTerminatedConnections.add(socket);
        socket.once('close', () => this.tlsTerminatedConnections.delete(socket));
        this.#serve(connection, socket, socket.alpnProtocol === 'h2', certificates);
      },
    };
    const handshake = new TlsHandshake(connection, options);
    this.socketMap.set(connection.socket, handshake);
    this.#gate.enter(handshake);
  }

  #sniffPreface(connection: AcceptedConnection): void {
    const { socket } = connection;
    const { wheel, config } = this.#options;
    const sniffer = new PrefaceSniffer(wheel, connection, config.headerTimeoutMs, (isHttp2) =>
      this.#serve(connection, socket, isHttp2, []),
    );
    this.socketMap.set(socket, sniffer);
  }

  #serve(connection: AcceptedConnection, stream: Socket, isHttp2: boolean, certificates: readonly Certificate[]): void {
    const facts = clientFacts(connection, this.#context.trustedProxies, certificates);
    const Stage = isHttp2 ? Http2Connection : ServerConnection;
    this.socketMap.set(connection.socket, new Stage(this.#context, connection, stream, facts));
  }

  #setGauges(counters: WorkerCounters): void {
    const { gauges } = counters;
    gauges.connectedClients = () => this.connectedClients;
    gauges.portProxyConnections = () => this.portProxyConnections.size;
    gauges.tlsTerminatedConnections = () => this.tlsTerminatedConnections.size;
    gauges.bufferedBytes = () => this.#context.buffers.bytes;
    gauges.upstreamIdle = () => this.#pools.counts().idle;
    gauges.upstreamActive = () => this.#pools.counts().active;
    gauges.upstreamConnecting = () => this.#pools.counts().connecting;
  }
}

/** Plain bytes on the TLS port: most often a browser that was sent to the wrong scheme, so it is told in words. */
function refusePlainHttp(connection: AcceptedConnection, counters: WorkerCounters): void {
  counters.countFlag('bad_request');
  connection.socket.write(serialiseLocalReply(errorReply('bad_request', 'plain HTTP on a TLS port'), false, false, new Date()), 'latin1');
  connection.end('client', 'protocol_error');
}

/** `10.0.0.0/8`, `::1`. What does not parse is left out: the configuration has been checked before. */
function blockListOf(cidrs: readonly string[]): BlockList {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [address = '', prefix] = cidr.split('/');
    const version = isIP(address);
    if (version === 0) continue;
    const family = version === 6 ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}
