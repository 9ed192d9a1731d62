import { performance } from 'node:perf_hooks';
import type { ResponseFlag } from '../observability/counters/response-flag.ts';
import { errorTable } from './error-table.ts';
import type { RequestHead } from './http1/message-handler.ts';
import type { RequestLogEntry } from './request-log-entry.ts';

const protocolNames = { 10: 'HTTP/1.0', 11: 'HTTP/1.1', 20: 'HTTP/2' } as const;

/** What one request is counted and logged by. Its exchange fills it in and uses it for all its requests in turn. */
export class RequestRecord {
  requestId = '';
  clientAddress = '';
  traceId: string | undefined;
  /** Somebody records the trace, or so its flags say. */
  isTraceSampled = false;
  startedMs = 0;
  connectMs: number | undefined;
  firstByteMs: number | undefined;
  bytesReceived = 0;
  bytesSent = 0;
  status = 0;
  flag: ResponseFlag | undefined;
  detail: string | undefined;
  endpoint: string | undefined;
  grpcStatus: string | undefined;

  /** Begins the clock. */
  start(): void {
    this.startedMs = performance.now();
  }

  get elapsedMs(): number {
    return performance.now() - this.startedMs;
  }

  entry(id: string, head: RequestHead, route: string | undefined, service: string | undefined, durationMs: number): RequestLogEntry {
    return {
      id,
      requestId: this.requestId,
      traceId: this.traceId,
      method: head.method,
      host: head.host,
      path: head.path,
      status: this.status === 0 ? errorTable[this.flag ?? 'client_gone'].status : this.status,
      grpcStatus: this.grpcStatus,
      flag: this.flag,
      detail: this.detail,
      bytesReceived: this.bytesReceived,
      bytesSent: this.bytesSent,
      durationMs,
      connectMs: this.connectMs,
      firstByteMs: this.firstByteMs,
      route,
      service,
      endpoint: this.endpoint,
      protocol: protocolNames[head.version],
      scheme: head.scheme,
      remoteAddress: this.clientAddress,
    };
  }

  /** For the next request. */
  reset(): void {
    this.requestId = '';
    this.clientAddress = '';
    this.traceId = undefined;
    this.isTraceSampled = false;
    this.connectMs = undefined;
    this.firstByteMs = undefined;
    this.bytesReceived = 0;
    this.bytesSent = 0;
    this.status = 0;
    this.flag = undefined;
    this.detail = undefined;
    this.endpoint = undefined;
    this.grpcStatus = undefined;
  }
}
