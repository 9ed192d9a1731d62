import type { LineWriter } from './line-writer.ts';

/** The facts of one finished request. Any further fields of the object are logged as they are; none may hold a secret. */
export interface RequestLogFacts {
  readonly id: string;
  /** 0: there was none. */
  readonly status: number;
  /** Why, when the answer was of our making or broke off. */
  readonly flag: string | undefined;
  readonly durationMs: number;
  readonly connectMs: number | undefined;
  readonly firstByteMs: number | undefined;
}

/** The facts of one finished connection. */
export interface ConnectionLogEntry {
  readonly id: string;
  /** Its bytes went straight to a backend, so there is no request line for it. */
  readonly layer4: boolean;
  readonly listener: string;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly serverName: string | undefined;
  readonly route: string | undefined;
  readonly service: string | undefined;
  readonly endpoint: string | undefined;
  readonly side: string | undefined;
  readonly reason: string | undefined;
  /** Wire bytes. */
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly durationMs: number;
}

/** Endings of a connection that are no fault: what `errors` leaves out. */
const ordinaryReasons: ReadonlySet<string | undefined> = new Set(['normal', 'inactivity', 'drain', 'shutdown', 'connection_timeout']);

/** Answers of ours that are no fault. */
const ordinaryFlags: ReadonlySet<string | undefined> = new Set([undefined, 'redirect_https', 'route_redirect', 'route_response']);

/**
 * The access log: one JSON line for each request (`"type":"request"`) and each connection without requests (`"type":"connection"`:
 * passthrough, and those refused or failed before a request). Paths come without their query, which may hold secrets.
 */
export class AccessLog {
  readonly #writer: LineWriter;
  readonly #errorsOnly: boolean;

  /** @param what `errors`: status 400 and above, answers that broke off, connections that ended badly */
  constructor(writer: LineWriter, what: 'all' | 'errors') {
    this.#writer = writer;
    this.#errorsOnly = what === 'errors';
  }

  /** Lines that were dropped because the output was stuck. */
  get dropped(): number {
    return this.#writer.dropped;
  }

  request(entry: RequestLogFacts): void {
    if (this.#errorsOnly && entry.status > 0 && entry.status < 400 && ordinaryFlags.has(entry.flag)) return;
    const { durationMs, connectMs, firstByteMs } = entry;
    const times = { durationMs: rounded(durationMs), connectMs: rounded(connectMs), firstByteMs: rounded(firstByteMs) };
    this.#writer.write(JSON.stringify({ time: new Date().toISOString(), type: 'request', ...entry, ...times }));
  }

  connection(entry: ConnectionLogEntry): void {
    const ordinary = ordinaryReasons.has(entry.reason);
    if (ordinary && (this.#errorsOnly || !entry.layer4)) return;
    const times = { durationMs: rounded(entry.durationMs) };
    this.#writer.write(JSON.stringify({ time: new Date().toISOString(), type: 'connection', ...entry, ...times }));
  }

  /** Writes what is buffered, for at most `timeoutMs`. */
  close(timeoutMs: number): Promise<void> {
    return this.#writer.close(timeoutMs);
  }
}

/** To three digits after the point. */
function rounded(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms * 1000) / 1000;
}
