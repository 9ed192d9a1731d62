import { connect, type LookupFunction, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Balancer } from '../balancing/balancer.ts';
import type { EndpointRuntime } from '../balancing/endpoint-runtime.ts';
import { hashText } from '../balancing/stable-hash.ts';
import { dial as dialTls, transportOf } from '../balancing/transport.ts';
import type { ClearReceiver } from '../networkproxy/accepted-connection.ts';
import { reasonOfSocketError, type TerminationReason } from '../observability/counters/termination-reason.ts';
import type { WorkerCounters } from '../observability/counters/worker-counters.ts';
import { encodeProxyHeader, type ProxyFacts } from '../proxy-header/encode-proxy-header.ts';
import { tlvTypes } from '../proxy-header/proxy-header.ts';
import { encodeSslFacts, type SslCertificate } from '../proxy-header/ssl-tlv.ts';
import type { ReadBuffers } from '../read-buffers.ts';
import type { ConnectionPolicy } from '../routes/policy.ts';
import { ClearReader } from './clear-reader.ts';
import type { ConnectionRecord, DirectWay } from './connection-record.ts';
import { Splice, spliceBufferBytes, splicedSocketOptions } from './splice.ts';
import { terminatedTlsOf } from './terminated-tls.ts';
import type { TimeoutManager } from './timeout-manager.ts';
import { UpstreamReader } from './upstream-reader.ts';

/** What direct connections share. */
export interface DirectConnectionContext {
  readonly timeouts: TimeoutManager;
  readonly counters: WorkerCounters;
  readonly buffers: ReadBuffers;
  /** For endpoints with a DNS name. */
  readonly lookup: LookupFunction;
  /** Told of each endpoint that is dialled; undefined: the record alone is. */
  readonly onEndpoint?: ((connectionId: string, endpoint: string) => void) | undefined;
}

/** Limits of one direct connection, in milliseconds, 0 = none. */
export interface DirectLimits extends Pick<ConnectionPolicy, 'idleMs' | 'firstDataMs' | 'probeAfterMs'> {
  readonly connectMs: number;
  /** How many endpoints are tried after the first when that fails: a number, no time. */
  readonly retries: number;
}

/**
 * Connects a client to an endpoint of a service and lets the bytes through unread: TLS passthrough, TCP routes, and what is in TLS that
 * NetworkProxy has ended. The client's bytes that have been read wait in its socket, so nothing is lost or counted twice while the
 * endpoint is dialled.
 */
export class DirectConnection implements ClearReceiver {
  readonly #context: DirectConnectionContext;
  readonly #record: ConnectionRecord;
  readonly #balancer: Balancer;
  readonly #limits: DirectLimits;
  readonly #way: DirectWay;
  /** Where bytes go on as they are. */
  readonly #reader: UpstreamReader | undefined;
  /** What the client's bytes come from: its socket, or the TLS around it. */
  #client: Socket;
  /** What the client agreed on in its handshake with us; undefined: nothing, or the handshake is not with us. */
  #alpn: string | undefined;
  /** The client's TLS, where it ends here. */
  #tls: TLSSocket | undefined;
  #certificate: SslCertificate | undefined;
  #endpoint: EndpointRuntime | undefined;
  #socket: Socket | undefined;
  #splice: Splice | undefined;
  #dials = 0;

  /** @param record its `incoming` is paused */
  constructor(context: DirectConnectionContext, record: ConnectionRecord, balancer: Balancer, limits: DirectLimits, way: DirectWay) {
    this.#context = context;
    this.#record = record;
    this.#balancer = balancer;
    this.#limits = limits;
    this.#way = way;
    this.#client = record.incoming;
    this.#reader = way === 'unread' ? new UpstreamReader(record, context.buffers, context.timeouts) : undefined;
  }

  /** Begins with the client's own socket. */
  start(): void {
    this.#record.onCleanup = () => this.cleanUp();
    this.#begin();
  }

  takeOver(stream: TLSSocket, certificate: SslCertificate | undefined): void {
    this.#client = stream;
    this.#tls = stream;
    this.#certificate = certificate;
    this.#alpn = stream.alpnProtocol || undefined;
    this.#record.terminatedTls = terminatedTlsOf(stream, certificate);
    this.#begin();
  }

  cleanUp(): void {
    if (this.#splice !== undefined) this.#splice.stop();
    else if (this.#socket !== undefined) this.#endDial(this.#socket);
    this.#release();
  }

  #begin(): void {
    if (this.#way === 'reencrypted' && !canSpeakTls(this.#balancer)) {
      this.#record.end('proxy', 'upstream_failed');
      return;
    }
    const endpoint = this.#pick(undefined);
    if (endpoint === undefined) this.#record.end('proxy', 'no_endpoints');
    else if (endpoint.load.isFull) {
      this.#context.counters.countUpstreamLimit('connections');
      this.#record.end('proxy', 'upstream_limit');
    } else this.#dial(endpoint);
  }

  #pick(avoid: EndpointRuntime | undefined): EndpointRuntime | undefined {
    const isHashed = this.#balancer.service.loadBalancing === 'consistent-hash';
    return this.#balancer.pick(avoid, isHashed ? hashText(this.#record.remoteAddress) : undefined);
  }

  #dial(endpoint: EndpointRuntime): void {
    const { timeouts, onEndpoint } = this.#context;
    const record = this.#record;
    this.#dials++;
    this.#endpoint = endpoint;
    endpoint.begin();
    endpoint.load.connections++;
    record.state = 'dialing';
    record.note(record.route, endpoint.key);
    onEndpoint?.(record.id, endpoint.key);
    const socket = this.#way === 'reencrypted' ? this.#connectTls(endpoint) : this.#connect(endpoint);
    this.#socket = socket;
    record.outgoing = socket;
    record.onDialTimeout = this.#onDialTimeout;
    socket.on(this.#connectEvent, this.#onConnect);
    socket.on('error', this.#onDialError);
    timeouts.start(record, 'dial_timeout', this.#limits.connectMs);
  }

  get #connectEvent(): 'connect' | 'secureConnect' {
    return this.#way === 'reencrypted' ? 'secureConnect' : 'connect';
  }

  #connect(endpoint: EndpointRuntime): Socket {
    const keepAlive = { keepAlive: true, keepAliveInitialDelay: this.#limits.probeAfterMs };
    const reader = this.#reader && { onread: this.#reader.onread };
    const { lookup } = this.#context;
    return connect({ ...splicedSocketOptions, ...keepAlive, ...reader, host: endpoint.address, port: endpoint.port, lookup });
  }

  /** The backend is offered what the client agreed on with us, and nothing otherwise. */
  #connectTls(endpoint: EndpointRuntime): Socket {
    const { service } = this.#balancer;
    return dialTls(endpoint, transportOf(service), {
      onread: undefined,
      lookup: this.#context.lookup,
      opening: this.#opening(),
      alpn: this.#alpn === undefined ? [] : [this.#alpn],
      highWaterMark: spliceBufferBytes,
    });
  }

  /** The client's bytes follow, and the backend may speak before it has read this. */
  #opening(): Buffer | undefined {
    const { proxyProtocol } = this.#balancer.service;
    return proxyProtocol && encodeProxyHeader(proxyProtocol, factsOf(this.#record, this.#offeredAlpn(), this.#ssl()));
  }

  /** Where the backend ends TLS, nobody has agreed on a protocol yet: a client that offers one alone will speak it. */
  #offeredAlpn(): string | undefined {
    const { tls } = this.#record;
    return this.#way === 'unread' && tls?.alpn.length === 1 ? tls.alpn[0] : this.#alpn;
  }

  #ssl(): Buffer | undefined {
    const version = this.#tls?.getProtocol();
    if (this.#tls === undefined || typeof version !== 'string') return this.#record.proxied?.valueOf(tlvTypes.ssl);
    const cipher = Buffer.from(this.#tls.getCipher().name);
    return encodeSslFacts({ version: Buffer.from(version), cipher, certificate: this.#certificate });
  }

  readonly #onConnect = (): void => {
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#context.counters.upstreamConnects++;
    this.#endpoint?.connectSucceeded();
    this.#endDial(socket);
    const record = this.#record;
    const { timeouts } = this.#context;
    const { idleMs, firstDataMs, probeAfterMs } = this.#limits;
    record.incoming.setKeepAlive(true, probeAfterMs);
    if (this.#way === 'reencrypted') socket.setKeepAlive(true, probeAfterMs);
    else this.#sendOpening(socket);
    const reader = this.#reader ?? new ClearReader(record, this.#client, socket, timeouts);
    this.#splice = new Splice(record, this.#client, socket, reader, timeouts);
    this.#splice.start(idleMs, firstDataMs);
  };

  #sendOpening(socket: Socket): void {
    const opening = this.#opening();
    if (opening !== undefined) socket.write(opening);
  }

  readonly #onDialError = (error: NodeJS.ErrnoException): void => {
    const reason = reasonOfSocketError(error);
    this.#dialFailed(reason === 'error' ? 'upstream_failed' : reason);
  };

  readonly #onDialTimeout = (): void => this.#dialFailed('dial_timeout');

  #dialFailed(reason: TerminationReason): void {
    const failed = this.#endpoint;
    const socket = this.#socket;
    if (failed === undefined || socket === undefined) return;
    this.#context.counters.upstreamConnectFailures++;
    failed.connectFailed();
    this.#endDial(socket);
    socket.on('error', ignoreFailedDial);
    socket.destroy();
    this.#release();
    this.#record.outgoing = undefined;
    const other = this.#dials <= this.#limits.retries ? this.#pick(failed) : undefined;
    if (other === undefined || other === failed) {
      this.#record.end('upstream', reason);
      return;
    }
    this.#context.counters.upstreamRetries++;
    this.#dial(other);
  }

  #endDial(socket: Socket): void {
    socket.removeListener(this.#connectEvent, this.#onConnect);
    socket.removeListener('error', this.#onDialError);
    this.#record.onDialTimeout = undefined;
    this.#context.timeouts.endPhase(this.#record);
  }

  /** The endpoint no longer counts this connection. */
  #release(): void {
    if (this.#endpoint !== undefined) {
      this.#endpoint.active--;
      this.#endpoint.load.connections--;
    }
    this.#endpoint = undefined;
    this.#socket = undefined;
  }
}

/** Certificates that do not load are for translate to find; should one come this far, it costs a connection and not the process. */
function canSpeakTls({ service }: Balancer): boolean {
  try {
    return transportOf(service).tls !== undefined;
  } catch {
    return false;
  }
}

/** What this connection knows of its client, and of the rest what a load balancer's header said. */
function factsOf(record: ConnectionRecord, alpn: string | undefined, ssl: Buffer | undefined): ProxyFacts {
  const { id, tls, proxied, remoteAddress, remotePort, localAddress, localPort } = record;
  return {
    addresses: { sourceAddress: remoteAddress, sourcePort: remotePort, destinationAddress: localAddress, destinationPort: localPort },
    alpn: alpn ?? proxied?.valueOf(tlvTypes.alpn),
    authority: tls?.serverName ?? proxied?.valueOf(tlvTypes.authority),
    uniqueId: id,
    ssl,
  };
}

/** A socket whose dial has been given up may still report an error. */
function ignoreFailedDial(): void {}
