import type { Socket } from 'node:net';
import { totalmem } from 'node:os';
import type { TLSSocket } from 'node:tls';
import type { Balancers } from '../balancing/balancers.ts';
import type { EndpointRuntime } from '../balancing/endpoint-runtime.ts';
import { guardedLookup } from '../balancing/guarded-lookup.ts';
import type { Config } from '../config/config.ts';
import { workerCount } from '../config/worker-count.ts';
import type { WorkerCounters } from '../observability/counters/worker-counters.ts';
import type { RateLimiters } from '../rates/rate-limiters.ts';
import type { CompiledTable } from '../routes/compiled-table.ts';
import { type InstallationSettings, installationKey } from '../routes/route-table.ts';
import type { TimerWheel } from '../timer-wheel.ts';
import type { AcceptedConnection, ClearReceiver, NetworkProxyEntry } from './accepted-connection.ts';
import { AuthState } from './auth/auth-state.ts';
import { BufferRoom } from './buffering/buffer-room.ts';
import { clientFacts } from './client-facts.ts';
import { clientLimits } from './client-limits.ts';
import { EncoderMemory } from './compression/encoder-memory.ts';
import type { RequestHead } from './http1/message-handler.ts';
import { ServerConnection } from './http1/server-connection.ts';
import { makeHttp2Shared } from './http2/http2-shared.ts';
import { Http2Connection } from './http2/server/connection.ts';
import { PrefaceSniffer } from './http2/server/preface-sniffer.ts';
import { errorReply, serialiseLocalReply } from './local-reply.ts';
import { MirrorRoom } from './mirror/mirrors.ts';
import { BufferBudget } from './overload/buffer-budget.ts';
import type { MemorySource } from './overload/memory-reading.ts';
import { type OverloadChange, OverloadGuard } from './overload/overload-guard.ts';
import type { ProxyContext } from './proxy-context.ts';
import { RemovedUpgrades } from './removal/removed-upgrades.ts';
import { RequestIds } from './request-ids.ts';
import type { RequestLogEntry, RequestSpan } from './request-log-entry.ts';
import type { RequestTap } from './request-tap.ts';
import { RouteRuntimes } from './route-runtime.ts';
import { AcmeTlsContexts } from './tls/acme-tls-contexts.ts';
import { CertificateContexts } from './tls/certificate-contexts.ts';
import { HandshakeGate } from './tls/handshake-gate.ts';
import { type HandshakeOptions, type SecuredBy, TlsHandshake } from './tls/tls-handshake.ts';
import { TraceContexts } from './trace-context.ts';
import { blockListOf } from './trusted-proxies.ts';
import { RetryBudgets } from './upstream/retry-budget.ts';
import { UpstreamPools } from './upstream/upstream-pools.ts';

/** What NetworkProxy needs from outside. */
export interface NetworkProxyOptions {
  readonly config: Config;
  readonly counters: WorkerCounters;
  readonly wheel: TimerWheel;
  readonly table: () => CompiledTable;
  readonly balancers: Balancers;
  readonly rates: RateLimiters;
  /** Keys of session tickets, 48 secret bytes each, the same in every worker. */
  readonly ticketKeys?: Uint8Array | undefined;
  /** The access log; not called until `logRequests`. */
  readonly onRequest?: ((entry: RequestLogEntry, head: RequestHead) => void) | undefined;
  /** undefined: no spans are recorded. */
  readonly onSpan?: ((span: RequestSpan) => void) | undefined;
  /** The level of overload is another one. */
  readonly onOverload?: ((change: OverloadChange) => void) | undefined;
  readonly memory: MemorySource;
}

/** What may wait for slow peers, of the worker's share of the memory limit. */
const bufferShare = 0.25;
/** Connections that are ended in one second when memory is short, oldest first: all at once, they would all come back at once. */
const idleShareShed = 0.1;

/** What serves a connection at the moment. */
type Stage = TlsHandshake | PrefaceSniffer | ServerConnection | Http2Connection | ClearReceiver;

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
  readonly #acmeTls = new AcmeTlsContexts();
  readonly #gate: HandshakeGate;
  readonly #pools: UpstreamPools;
  readonly #removedUpgrades: RemovedUpgrades;
  #drainTimeoutMs: number;
  /** One for all: a listener of each socket's own would be a fiftieth of what an idle connection weighs. */
  readonly #onTlsClose: (this: TLSSocket) => void;
  #draining = false;

  constructor(options: NetworkProxyOptions) {
    const { config, counters, wheel } = options;
    this.#options = options;
    this.#drainTimeoutMs = config.drainTimeoutMs;
    this.#removedUpgrades = new RemovedUpgrades(wheel, () => this.#drainTimeoutMs);
    this.#contexts = new CertificateContexts({
      ticketKeys: options.ticketKeys,
      refuseUnknownNames: config.unknownServerName === 'refuse',
      onMake: () => counters.tlsContextsMade++,
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
    const workers = workerCount(config);
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
      rates: options.rates,
      removedUpgrades: this.#removedUpgrades,
      tunnels: new Set(),
      bufferRoom: new BufferRoom(this.overload, counters),
      mirrors: new MirrorRoom(),
      encoders: new EncoderMemory(this.overload, counters),
      pools: this.#pools,
      retryBudgets: new RetryBudgets(),
      routes: new RouteRuntimes(counters.requests),
      requestIds: new RequestIds(),
      traces: config.traceContext || options.onSpan !== undefined ? new TraceContexts(options.onSpan && config.otlpSampleRatio) : undefined,
      http2,
      overload: this.overload,
      auth: new AuthState(),
      buffers: new BufferBudget(wheel, config.maxBufferedBytes ?? (totalmem() / workers) * bufferShare),
      clientLimits: clientLimits(config),
      trustedProxies: blockListOf(config.trustedProxies),
      unmatched: counters.requests.get({ routeKind: '', routeNamespace: '', route: '', service: '' }),
      onRequest: undefined,
      tap: undefined,
      onSpan: options.onSpan,
      isDraining: () => this.#draining,
    };
    const { tlsTerminatedConnections } = this;
    this.#onTlsClose = function () {
      tlsTerminatedConnections.delete(this);
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
    else this.#serve(connection, socket, false);
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
  tableChanged(previous: CompiledTable, next: CompiledTable, removedEndpoints: readonly EndpointRuntime[]): void {
    const { settings } = next.table;
    if (previous.table.settings !== settings) this.#settingsChanged(settings.get(installationKey));
    this.#pools.removeEndpoints(removedEndpoints);
    this.#removedUpgrades.tableChanged(previous, next);
    this.#context.retryBudgets.retain(next.table.services);
    this.#contexts.retain(next.table);
    if (previous.table.policies !== next.table.policies) this.#context.auth.retain(next.table.policies);
  }

  /** Turns the access log on or off, for requests that end from then on. */
  logRequests(isOn: boolean): void {
    this.#context.onRequest = isOn ? this.#options.onRequest : undefined;
  }

  /** Shows requests that end from then on to somebody. @param tap undefined: to nobody */
  tapRequests(tap: RequestTap | undefined): void {
    this.#context.tap = tap;
  }

  #settingsChanged(settings: InstallationSettings | undefined): void {
    this.#context.trustedProxies = blockListOf(settings?.trustedProxies ?? this.#options.config.trustedProxies);
    this.#contexts.setMinVersion(settings?.tlsMinVersion ?? 'TLSv1.2');
    this.#context.clientLimits = clientLimits(this.#options.config, settings);
    this.#drainTimeoutMs = settings?.drainTimeoutMs ?? this.#options.config.drainTimeoutMs;
    this.#gate.limit(settings?.maxHandshakes ?? this.#options.config.maxHandshakes);
  }

  /** In place of those before, 48 secret bytes each: the first makes tickets from now on, all read them. */
  setTicketKeys(keys: Uint8Array): void {
    this.#contexts.setTicketKeys(keys);
  }

  /** From now on every answer closes its connection; idle connections end. */
  announceDrain(): void {
    this.#draining = true;
    for (const stage of [...this.socketMap.values()])
      if (stage instanceof ServerConnection || stage instanceof Http2Connection) stage.drain();
  }

  /** Ends every client connection and every upstream connection now. */
  async close(): Promise<void> {
    this.#draining = true;
    this.overload.close();
    this.#removedUpgrades.close();
    for (const connection of [...this.portProxyConnections]) connection.end('proxy', 'shutdown');
    this.#pools.close();
    await this.#context.auth.close();
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
      select: (serverName) => {
        const compiled = this.#options.table();
        return this.#acmeTls.select(compiled.table, connection.tls) ?? this.#contexts.select(compiled, serverName);
      },
      onSecure: (socket, made) => {
        this.tlsTerminatedConnections.add(socket);
        socket.on('close', this.#onTlsClose);
        const { inside } = connection;
        if (inside === undefined) {
          this.#serve(connection, socket, socket.alpnProtocol === 'h2', made);
          return;
        }
        this.socketMap.set(connection.socket, inside);
        inside.takeOver(socket, made.clientCertificate);
      },
    };
    const handshake = new TlsHandshake(connection, options);
    this.socketMap.set(connection.socket, handshake);
    this.#gate.enter(handshake);
  }

  #sniffPreface(connection: AcceptedConnection): void {
    const { socket } = connection;
    const { wheel } = this.#options;
    const { headerTimeoutMs } = this.#context.clientLimits;
    const sniffer = new PrefaceSniffer(wheel, connection, headerTimeoutMs, (isHttp2) => this.#serve(connection, socket, isHttp2));
    this.socketMap.set(socket, sniffer);
  }

  #serve(connection: AcceptedConnection, stream: Socket, isHttp2: boolean, made?: SecuredBy): void {
    const facts = clientFacts(connection, stream, this.#context.trustedProxies, made);
    const Stage = isHttp2 ? Http2Connection : ServerConnection;
    this.socketMap.set(connection.socket, new Stage(this.#context, connection, stream, facts));
  }

  #setGauges(counters: WorkerCounters): void {
    const { gauges } = counters;
    gauges.connectedClients = () => this.connectedClients;
    gauges.tlsContexts = () => this.#contexts.size;
    gauges.portProxyConnections = () => this.portProxyConnections.size;
    gauges.tlsTerminatedConnections = () => this.tlsTerminatedConnections.size;
    gauges.upgradesActive = () => this.#context.tunnels.size;
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
