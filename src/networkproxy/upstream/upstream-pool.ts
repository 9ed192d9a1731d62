import type { LookupFunction } from 'node:net';
import type { EndpointRuntime } from '../../balancing/endpoint-runtime.ts';
import type { Transport } from '../../balancing/transport.ts';
import type { WorkerCounters } from '../../observability/counters/worker-counters.ts';
import type { ReadBuffers } from '../../read-buffers.ts';
import type { TimerWheel } from '../../timer-wheel.ts';
import type { Http2ClientConnection } from '../http2/client/connection.ts';
import type { Http2Shared } from '../http2/http2-shared.ts';
import type { ClientOpening } from './client-opening.ts';
import type { ClientsConnections } from './clients-connections.ts';
import type { UpstreamHandler } from './upstream-handler.ts';
import type { UpstreamRequest } from './upstream-request.ts';

/** What all upstream connections of a worker share. Times in milliseconds; 0 = no limit for the counts. */
export interface UpstreamShared {
  readonly counters: WorkerCounters;
  readonly wheel: TimerWheel;
  readonly http2: Http2Shared;
  readonly idlePerEndpoint: number;
  readonly idleTimeoutMs: number;
  readonly maxConnectionsPerEndpoint: number;
  readonly lookup: LookupFunction | undefined;
  /** What all upstream sockets read into. */
  readonly readBuffers: ReadBuffers;
  /** The HTTP/2 connections that serve one client each. */
  readonly ofClients: ClientsConnections<Http2ClientConnection>;
}

/** The connections to one endpoint over one transport. */
export interface UpstreamPool {
  readonly transport: Transport;
  /** How many connections there are. */
  readonly size: number;
  readonly idle: number;
  readonly connecting: number;
  /**
   * A place for one request: on a connection that is there, or on a new one, whose `handler` is told when it is ready. Undefined: the
   * endpoint has as many connections as it may.
   * @param fresh no connection that was used before: the request was already lost on one
   * @param opening the connection begins with what names a client: it serves that one alone, and over HTTP/1.1 this request alone
   */
  acquire(handler: UpstreamHandler, connectMs: number, fresh: boolean, opening?: ClientOpening): UpstreamRequest | undefined;
  /** Ends one idle connection now; false: there is none. */
  endIdle(): boolean;
  /** Ends idle connections now and busy ones after their last answer. */
  retire(): void;
  /** Ends every connection now. */
  destroy(): void;
}

/** What a connection needs of the pool that it belongs to. */
export interface ConnectionOwner {
  readonly shared: UpstreamShared;
  readonly endpoint: EndpointRuntime;
  readonly transport: Transport;
  /** Connections that are being made. */
  connecting: number;
}
