import type { ResponseFlag } from '../observability/counters/response-flag.ts';
import type { ProxiedFacts } from '../proxy-header/proxied-client.ts';

/** One finished request, for the access log. Times in milliseconds, sizes in bytes of body (framing removed). */
export interface RequestLogEntry {
  /** The connection's id. */
  readonly id: string;
  readonly requestId: string;
  /** Of the request's trace (`--trace-context`). */
  readonly traceId: string | undefined;
  /** Ours, when spans are recorded (`--otlp-endpoint`). */
  readonly spanId: string | undefined;
  /** Who asked, where the route asks who it is. */
  readonly user: string | undefined;
  readonly method: string;
  readonly host: string;
  /** Normalised, without the query, which may hold secrets. */
  readonly path: string;
  /** What the client got; 499 when it left first, 0 when the head never came. */
  readonly status: number;
  /** The status of a gRPC call, as the backend or our own answer gave it. */
  readonly grpcStatus: string | undefined;
  /** Why, when the answer was of our making or broke off; undefined: the upstream's answer, whole. */
  readonly flag: ResponseFlag | undefined;
  /** More about `flag` for people. */
  readonly detail: string | undefined;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly durationMs: number;
  /** Until an upstream connection was ready; about 0 for a pooled one; undefined: none was asked for. */
  readonly connectMs: number | undefined;
  /** Until the head of the upstream's answer. */
  readonly firstByteMs: number | undefined;
  /** Keys; undefined when nothing matched. */
  readonly route: string | undefined;
  readonly service: string | undefined;
  readonly endpoint: string | undefined;
  /** All of them in their order, when there were several; undefined: there was one, or none. */
  readonly attempts: readonly RequestAttempt[] | undefined;
  readonly protocol: 'HTTP/1.0' | 'HTTP/1.1' | 'HTTP/2';
  readonly scheme: 'http' | 'https';
  /** The client: the peer, or what a trusted proxy says. */
  readonly remoteAddress: string;
  /** Of the TLS connection; undefined: plain HTTP, or the hello named none. */
  readonly serverName: string | undefined;
  /** `TLSv1.3`. */
  readonly tlsVersion: string | undefined;
  /** The name of OpenSSL: `TLS_AES_128_GCM_SHA256`. */
  readonly tlsCipher: string | undefined;
  /** What the PROXY header of a load balancer says of the client beside its address; undefined: nothing of use. */
  readonly proxied: ProxiedFacts | undefined;
}

/** One time that a backend was asked. */
export interface RequestAttempt {
  readonly endpoint: string;
  /** Of its answer, or what stands for its failure; 0: it broke off before. */
  readonly status: number;
  /** Until its end was known. */
  readonly durationMs: number;
  /** It asked for the error page in place of what was before. */
  readonly page?: true;
}

/** A finished request as a span of its trace. */
export interface RequestSpan {
  /** 16 hex digits. */
  readonly id: string;
  /** undefined: the trace began here. */
  readonly parentId: string | undefined;
  readonly entry: RequestLogEntry;
}
