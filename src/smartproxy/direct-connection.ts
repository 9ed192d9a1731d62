import { connect, type LookupFunction, type Socket } from 'node:net';
import type { Balancer } from '../balancing/balancer.ts';
import type { EndpointRuntime } from '../balancing/endpoint-runtime.ts';
import { reasonOfSocketError, type TerminationReason } from '../observability/counters/termination-reason.ts';
import type { WorkerCounters } from '../observability/counters/worker-counters.ts';
import type { ReadBuffers } from '../read-buffers.ts';
import type { PolicyTimeouts } from '../routes/route-table.ts';
import type { ConnectionRecord } from './connection-record.ts';
import { Splice, splicedSocketOptions } from './splice.ts';
import type { TimeoutManager } from './timeout-manager.ts';
import { UpstreamReader } from './upstream-reader.ts';

/** What direct connections share. */
export interface DirectConnectionContext {
  readonly timeouts: TimeoutManager;
  readonly counters: WorkerCounters;
  readonly buffers: ReadBuffers;
  /** For endpoints with a DNS name. */
  readonly lookup: LookupFunction;
}

/** Dials at most: the first endpoint, and one other when that fails. */
const maxDials = 2;

/**
 * Connects a client to an endpoint of a service and lets the bytes through unread: TLS passthrough and TCP routes. The client's bytes
 * that have been read wait in its socket, so nothing is lost or counted twice while the endpoint is dialled.
 */
export class DirectConnection {
  readonly #context: DirectConnectionContext;
  readonly #record: ConnectionRecord;
  readonly #balancer: Balancer;
  readonly #limits: PolicyTimeouts;
  readonly #reader: UpstreamReader;
  #endpoint: EndpointRuntime | undefined;
  #socket: Socket | undefined;
  #splice: Splice | undefined;
  #dials = 0;

  /** @param record its `incoming` is paused */
  constructor(context: DirectConnectionContext, record: ConnectionRecord, balancer: Balancer, limits: PolicyTimeouts) {
    this.#context = context;
    this.#record = record;
    this.#balancer = balancer;
    this.#limits = limits;
    this.#reader = new UpstreamReader(record, context.buffers, context.timeouts);
  }

  start(): void {
    this.#record.onCleanup = this.#onCleanup;
    const endpoint = this.#balancer.pick();
    if (endpoint === undefined) this.#record.end('proxy', 'no_endpoints');
    else this.#dial(endpoint);
  }

  #dial(endpoint: EndpointRuntime): void {
    const { timeouts, lookup } = this.#context;
    const record = this.#record;
    this.#dials++;
    this.#endpoint = endpoint;
    endpoint.active++;
    record.state = 'dialing';
    record.note(record.route, endpoint.key);
    const { onread } = this.#reader;
    const socket = connect({ ...splicedSocketOptions, onread, host: endpoint.address, port: endpoint.port, lookup, keepAlive: true });
    this.#socket = socket;
    record.outgoing = socket;
    record.onDialTimeout = this.#onDialTimeout;
    socket.on('connect', this.#onConnect);
    socket.on('error', this.#onDialError);
    timeouts.start(record, 'dial_timeout', this.#limits.connectMs);
  }

  readonly #onConnect = (): void => {
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#context.counters.upstreamConnects++;
    this.#endpoint?.connectSucceeded();
    this.#endDial(socket);
    this.#record.incoming.setKeepAlive(true);
    this.#splice = new Splice(this.#record, socket, this.#reader, this.#context.timeouts);
    this.#splice.start(this.#limits.tunnelIdleMs);
  };

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
    const other = this.#dials < maxDials ? this.#balancer.pick(failed) : undefined;
    if (other === undefined || other === failed) {
      this.#record.end('upstream', reason);
      return;
    }
    this.#context.counters.upstreamRetries++;
    this.#dial(other);
  }

  #endDial(socket: Socket): void {
    socket.removeListener('connect', this.#onConnect);
    socket.removeListener('error', this.#onDialError);
    this.#record.onDialTimeout = undefined;
    this.#context.timeouts.endPhase(this.#record);
  }

  /** The endpoint no longer counts this connection. */
  #release(): void {
    if (this.#endpoint !== undefined) this.#endpoint.active--;
    this.#endpoint = undefined;
    this.#socket = undefined;
  }

  readonly #onCleanup = (): void => {
    if (this.#splice !== undefined) this.#splice.stop();
    else if (this.#socket !== undefined) this.#endDial(this.#socket);
    this.#release();
  };
}

/** A socket whose dial has been given up may still report an error. */
function ignoreFailedDial(): void {}
