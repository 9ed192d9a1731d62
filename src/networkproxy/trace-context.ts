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
  /** Ours, when spans are recorded. */
  readonly span?: TraceSpan;
}

/** The span of one request: the backend's parent. */
export interface TraceSpan {
  /** 16 hex digits. */
  readonly id: string;
  /** Of the span that the client sent; undefined: the trace begins here. */
  readonly parentId: string | undefined;
}

/**
 * Joins requests to traces: a valid `traceparent` is passed on as it is where no span of ours stands between, else with our span as the
 * parent. A request without one begins a trace. It is marked as sampled, so that what its backends record can be found by the id in the
 * access log; where spans are recorded, a share of them is.
 */
export class TraceContexts {
  readonly #pool = Buffer.allocUnsafeSlow(pooledRequests * idBytes);
  readonly #sampleRatio: number | undefined;
  #at = this.#pool.length;

  /** @param sampleRatio 0 to 1, of traces that begin here; undefined: no spans are recorded */
  constructor(sampleRatio?: number) {
    this.#sampleRatio = sampleRatio;
  }

  /** @param headers a flat list */
  traceOf(headers: readonly string[]): Trace {
    const received = receivedTraceparent(headers);
    if (received === undefined) return this.#begin();
    const id = idOf(received);
    const sampled = isSampled(received);
    if (this.#sampleRatio === undefined) return { id, sampled, traceparent: undefined };
    const start = this.#take();
    const span = { id: this.#pool.toString('hex', start + 16, start + idBytes), parentId: received.slice(36, 52) };
    return { id, sampled, traceparent: traceparentOf(id, span.id, sampled), span };
  }

  #begin(): Trace {
    const start = this.#take();
    const pool = this.#pool;
    const id = pool.toString('hex', start, start + 16);
    const parentId = pool.toString('hex', start + 16, start + idBytes);
    const ratio = this.#sampleRatio;
    if (ratio === undefined) return { id, sampled: true, traceparent: traceparentOf(id, parentId, true) };
    const sampled = pool.readUInt32BE(start + 8) < ratio * 2 ** 32;
    return { id, sampled, traceparent: traceparentOf(id, parentId, sampled), span: { id: parentId, parentId: undefined } };
  }

  /** The place of fresh random bytes. */
  #take(): number {
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
    return start;
  }
}

/** The field of the client does not go on: a `traceparent` of ours does, and what is said of a trace that has not begun. */
export function isReplacedTraceField(name: string, { traceparent, keepsTracestate }: OutgoingTrace): boolean {
  return traceparent !== undefined && (name === 'traceparent' || (name === 'tracestate' && !keepsTracestate));
}

/** What a backend is told of the trace. */
export interface OutgoingTrace {
  /** In place of what the client sent; undefined: what it sent goes on. */
  readonly traceparent: string | undefined;
  /** The trace is the client's, with our span in between. */
  readonly keepsTracestate: boolean;
}

function traceparentOf(id: string, spanId: string, sampled: boolean): string {
  return `00-${id}-${spanId}-${sampled ? '01' : '00'}`;
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
