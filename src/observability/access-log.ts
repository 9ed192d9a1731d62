import type { ConnectionLogEntry, LoggedHead, RequestLogFacts, SessionLogEntry } from './access-log-entry.ts';
import { ingressNginxLine, ingressNginxSessionLine, ingressNginxStreamLine } from './ingress-nginx-line.ts';
import type { LineWriter } from './line-writer.ts';

/** Endings of a connection that are no fault: what `errors` leaves out. */
const ordinaryReasons: ReadonlySet<string | undefined> = new Set(['normal', 'inactivity', 'drain', 'shutdown', 'connection_timeout']);

/** Answers of ours that are no fault. */
const ordinaryFlags: ReadonlySet<string | undefined> = new Set([
  undefined,
  'redirect_https',
  'route_redirect',
  'route_response',
  'auth_login',
]);

/** What is logged, and how. */
export interface AccessLogSettings {
  /** `errors`: status 400 and above, answers that broke off, connections that ended badly. */
  readonly mode: 'off' | 'all' | 'errors';
  readonly format: 'json' | 'ingress-nginx';
}

/**
 * The access log: one line for each request (`"type":"request"`), each connection without requests (`"type":"connection"`:
 * passthrough, and those refused or failed before a request) and each UDP session (`"type":"session"`). In JSON paths come without their query, which may hold secrets; the format of
 * ingress-nginx has it.
 */
export class AccessLog {
  readonly #writer: LineWriter;
  #settings: AccessLogSettings;

  constructor(writer: LineWriter, settings: AccessLogSettings) {
    this.#writer = writer;
    this.#settings = settings;
  }

  /** False: who has something to log need not call. */
  get isOn(): boolean {
    return this.#settings.mode !== 'off';
  }

  /** For what ends from now on. */
  configure(settings: AccessLogSettings): void {
    this.#settings = settings;
  }

  /** Lines that were dropped because the output was stuck. */
  get dropped(): number {
    return this.#writer.dropped;
  }

  /** @param head of the request */
  request(entry: RequestLogFacts, head: LoggedHead): void {
    if (this.#settings.mode === 'errors' && entry.status > 0 && entry.status < 400 && ordinaryFlags.has(entry.flag)) return;
    if (this.#settings.format === 'ingress-nginx') {
      this.#writer.write(ingressNginxLine(entry, head, new Date()));
      return;
    }
    const { durationMs, connectMs, firstByteMs } = entry;
    const times = { durationMs: rounded(durationMs), connectMs: rounded(connectMs), firstByteMs: rounded(firstByteMs) };
    this.#writer.write(JSON.stringify({ time: new Date().toISOString(), type: 'request', ...entry, ...times }));
  }

  connection(entry: ConnectionLogEntry): void {
    const ordinary = ordinaryReasons.has(entry.reason);
    if (ordinary && (this.#settings.mode === 'errors' || !entry.layer4)) return;
    if (this.#settings.format === 'ingress-nginx') {
      this.#writer.write(ingressNginxStreamLine(entry, new Date()));
      return;
    }
    const times = { durationMs: rounded(entry.durationMs) };
    this.#writer.write(JSON.stringify({ time: new Date().toISOString(), type: 'connection', ...entry, ...times }));
  }

  session(entry: SessionLogEntry): void {
    const ordinary = entry.endpoint !== undefined && (entry.reason === 'idle' || entry.reason === 'shutdown');
    if (ordinary && this.#settings.mode === 'errors') return;
    if (this.#settings.format === 'ingress-nginx') {
      this.#writer.write(ingressNginxSessionLine(entry, new Date()));
      return;
    }
    const times = { durationMs: rounded(entry.durationMs) };
    this.#writer.write(JSON.stringify({ time: new Date().toISOString(), type: 'session', ...entry, ...times }));
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
