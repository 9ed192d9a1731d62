import { getRandomValues } from 'node:crypto';

/** Bytes of one trace id and one parent id. */
const idBytes = 24;
/** Random bytes are made for so many requests at once. */
const pooledRequests = 256;

/** Trace-id and parent-id of zeros are invalid (W3C Trace Context section 3.2.2). */
const validTraceparent = /^(?!ff)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}(?:-.*)?$/;
const versionZeroLength = 55;

/** The trace of a request (W3C Trace Context). */
export interface Trace {
  /** 32 hex digits. */
  readonly id: string;
  /** The flag `sampled`: its spans are recorded somewhere. */
  readonly sampled: boolean;
  /** The `traceparent` to send; undefined: the client's own goes on, with its `tracestate`. */
  readonly traceparent: string | undefined;
}

/**
 * Joins requests to traces: a valid `traceparent` is passed on as it is, since no span of ours stands between; a request without one begins
 * a trace that is marked as sampled, so that what its backends record can be found by the id in the access log.
 */
export class TraceContexts {
  readonly #pool = Buffer.allocUnsafeSlow(pooledRequests * idBytes);
  #at = this.#pool.length;

  /** @param headers a flat list */
  traceOf(headers: readonly string[]): Trace {
    const received = receivedTraceparent(headers);
    if (received === undefined) return this.#begin();
    return { id: idOf(received), sampled: isSampled(received), traceparent: undefined };
  }

  #begin(): Trace {
    const pool = this.#pool;
    if (this.#at === pool.length) {
      getRandomValues(pool);
      this.#at = 0;
    }
    const start = this.#at;
    this.#at += idBytes;
    // All zeros would be invalid, and comes once in 2^64 requests: the fixed bit excludes it.
    pool[start] = (pool[start] as number) | 1;
    pool[start + 16] = (pool[start + 16] as number) | 1;
    const id = pool.toString('hex', start, start + 16);
    return { id, sampled: true, traceparent: `00-${id}-${pool.toString('hex', start + 16, start + idBytes)}-01` };
  }
}

/** The field is replaced when a trace begins here. */
export function isTraceField(name: string): boolean {
  return name === 'traceparent' || name === 'tracestate';
}

/** The id of the trace that a request came with, when that is sampled. @param headers a flat list */
export function sampledTraceId(headers: readonly string[]): string | undefined {
  const received = receivedTraceparent(headers);
  return received !== undefined && isSampled(received) ? idOf(received) : undefined;
}

/** The one valid `traceparent`; of several nobody could say which is meant. */
function receivedTraceparent(headers: readonly string[]): string | undefined {
  let received: string | undefined;
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] !== 'traceparent') continue;
    if (received !== undefined) return undefined;
    received = headers[i + 1] as string;
  }
  return received !== undefined && isValid(received) ? received : undefined;
}

function idOf(traceparent: string): string {
  return traceparent.slice(3, 35);
}

/** The lowest bit of the flags (section 3.2.2.5). */
function isSampled(traceparent: string): boolean {
  return (Number.parseInt(traceparent.slice(53, 55), 16) & 1) === 1;
}

function isValid(traceparent: string): boolean {
  if (!validTraceparent.test(traceparent)) return false;
  return traceparent.length === versionZeroLength || (!traceparent.startsWith('00') && traceparent.length <= 512);
}
