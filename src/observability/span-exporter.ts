import type { SpanOutcome } from './counters/span-outcome.ts';
import { otlpRequest, otlpSpan, type Span } from './otlp-spans.ts';

export interface SpanExporterOptions {
  /** http or https. */
  readonly endpoint: string;
  readonly serviceName: string;
  readonly count: (outcome: SpanOutcome, spans: number) => void;
  readonly limits?: SpanExporterLimits;
}

export interface SpanExporterLimits {
  /** Spans that wait; further ones are dropped. */
  readonly maxQueue: number;
  readonly maxBatch: number;
  /** A batch goes out after this time at the latest. */
  readonly delayMs: number;
  /** For one request to the collector. */
  readonly timeoutMs: number;
}

/** As the SDKs of OpenTelemetry have it. */
const defaultLimits: SpanExporterLimits = { maxQueue: 2048, maxBatch: 512, delayMs: 5000, timeoutMs: 10_000 };

/**
 * Sends spans to a collector, one batch at a time, by OTLP over HTTP. What a collector does not take is not sent again: spans are worth less
 * than memory. What is lost is counted, and no request waits for any of it.
 */
export class SpanExporter {
  readonly #options: SpanExporterOptions;
  readonly #limits: SpanExporterLimits;
  #queue: object[] = [];
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;

  constructor(options: SpanExporterOptions) {
    this.#options = options;
    this.#limits = options.limits ?? defaultLimits;
  }

  /** Spans that wait. */
  get queued(): number {
    return this.#queue.length;
  }

  add(span: Span): void {
    const { maxQueue, maxBatch, delayMs } = this.#limits;
    if (this.#queue.length >= maxQueue) {
      this.#options.count('dropped', 1);
      return;
    }
    this.#queue.push(otlpSpan(span, Date.now()));
    if (this.#queue.length >= maxBatch) this.#sendSoon();
    else this.#timer ??= setTimeout(() => this.#sendSoon(), delayMs).unref();
  }

  /** Sends what waits, for at most `timeoutMs`; what is left then is lost. */
  async close(timeoutMs: number): Promise<void> {
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(() => late.resolve(), timeoutMs);
    const emptied = (async () => {
      while (this.#queue.length > 0 || this.#sending !== undefined) {
        this.#sendSoon();
        await this.#sending;
      }
    })();
    await Promise.race([emptied, late.promise]);
    clearTimeout(timer);
    clearTimeout(this.#timer);
    this.#options.count('dropped', this.#queue.length);
    this.#queue = [];
  }

  #sendSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#sending !== undefined || this.#queue.length === 0) return;
    const batch = this.#queue.splice(0, this.#limits.maxBatch);
    this.#sending = this.#send(batch).then((isTaken) => {
      this.#sending = undefined;
      this.#options.count(isTaken ? 'exported' : 'failed', batch.length);
      if (this.#queue.length >= this.#limits.maxBatch) this.#sendSoon();
      else if (this.#queue.length > 0) this.#timer ??= setTimeout(() => this.#sendSoon(), this.#limits.delayMs).unref();
    });
  }

  #send(batch: readonly object[]): Promise<boolean> {
    const { endpoint, serviceName } = this.#options;
    const { timeoutMs } = this.#limits;
    const body = Buffer.from(otlpRequest(serviceName, batch));
    return new Promise((resolve) => {
      // Only where it is needed: the modules cost each worker memory, and most export nothing.
      const { request: send } = process.getBuiltinModule(endpoint.startsWith('https:') ? 'node:https' : 'node:http');
      const headers = { 'content-type': 'application/json', 'content-length': body.length };
      const request = send(endpoint, { method: 'POST', headers, signal: AbortSignal.timeout(timeoutMs) });
      request.once('error', () => resolve(false));
      request.once('response', (response) => {
        const { statusCode = 0 } = response;
        response.on('error', () => resolve(false));
        response.once('end', () => resolve(statusCode >= 200 && statusCode < 300));
        response.resume();
      });
      request.end(body);
    });
  }
}
