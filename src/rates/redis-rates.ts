import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { messageOf } from '../errors.ts';
import type { RedisOutcome } from '../observability/counters/redis-outcome.ts';
import type { WorkerCounters } from '../observability/counters/worker-counters.ts';
import type { RateLimit } from '../routes/policy.ts';
import { redisScript } from './redis-script.ts';
import type { SharedRates } from './shared-rates.ts';

export interface RedisRatesOptions {
  /** `redis://host:port/database`, or `rediss:` for TLS. */
  readonly url: string;
  /** Name of the user; undefined: the default one. */
  readonly username: string | undefined;
  /** File with the password, read at every connect; undefined: none. */
  readonly passwordFile: string | undefined;
  /** File with the CAs that the certificate of a `rediss:` server is verified by, read at every connect; undefined: the public ones. */
  readonly caFile: string | undefined;
  readonly timeoutMs: number;
  readonly counters: WorkerCounters;
  /** What does not work, and that it works again. */
  readonly onChange: (state: 'connected' | 'lost', detail: string | undefined) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** After an answer that did not come in time nobody waits for the next. */
const restMs = 1000;
const firstReconnectMs = 100;
const maxReconnectMs = 5000;
const connectTimeoutMs = 5000;
/** Commands that wait for answers. */
const maxQueue = 1000;
const keyPrefix = 'smartproxy:rate:';
const scriptHash = createHash('sha1').update(redisScript).digest('hex');

/** What we use of the client. */
interface RedisClient {
  readonly isReady: boolean;
  connect(): Promise<unknown>;
  sendCommand(args: readonly string[]): Promise<unknown>;
  on(event: 'ready' | 'error', listener: (error?: Error) => void): unknown;
  destroy(): void;
}

/**
 * Rates that all replicas share through Redis: one script does for all limits of a request what a worker does with its own buckets. The
 * connection is made again for ever; while there is none, or right after an answer came too late, nobody waits.
 */
export class RedisRates implements SharedRates {
  readonly timeoutMs: number;
  readonly #options: RedisRatesOptions;
  #client: RedisClient | undefined;
  #restsUntilMs = 0;
  #wasReady: boolean | undefined;
  /** Connects that failed in a row. */
  #failures = 0;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: RedisRatesOptions) {
    this.timeoutMs = options.timeoutMs;
    this.#options = options;
    options.counters.gauges.redisConnected = () => (this.#client?.isReady === true ? 1 : 0);
    void this.#connect();
  }

  mayAsk(): boolean {
    const mayAsk = this.#client?.isReady === true && this.#options.now() >= this.#restsUntilMs;
    if (!mayAsk) this.#count('skipped');
    return mayAsk;
  }

  async take(limits: readonly RateLimit[], clients: readonly (string | undefined)[]) {
    const keys: string[] = [];
    const values: string[] = [];
    const indexes: number[] = [];
    limits.forEach(({ scope, requests, windowMs, burst }, index) => {
      const client = clients[index];
      if (client === undefined) return;
      keys.push(`${keyPrefix}${scope} ${client}`);
      values.push(String(windowMs / requests), String(burst));
      indexes.push(index);
    });
    if (keys.length === 0) return undefined;
    try {
      const [at, waitMs] = numbersOf(await this.#run([String(keys.length), ...keys, ...values]));
      this.#count('answered');
      return at === 0 ? undefined : { index: indexes[at - 1] ?? 0, waitMs };
    } catch (error) {
      this.#count('failed');
      throw error;
    }
  }

  onLate(): void {
    this.#restsUntilMs = this.#options.now() + restMs;
    this.#count('late');
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#client?.destroy();
    this.#client = undefined;
  }

  /** The script is loaded by its first use, and again after Redis has forgotten it. */
  async #run(args: readonly string[]): Promise<unknown> {
    const client = this.#client;
    if (client === undefined) throw new Error('Cannot ask Redis: not connected');
    try {
      return await client.sendCommand(['EVALSHA', scriptHash, ...args]);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return await client.sendCommand(['EVAL', redisScript, ...args]);
    }
  }

  /** With its files as they are now: credentials and CAs are changed while programs run. */
  async #connect(): Promise<void> {
    let client: RedisClient | undefined;
    try {
      // Only workers that share rates load the client. Its named exports are lost when it is split off a bundle.
      const { default: redis } = await import('@redis/client');
      if (this.#closed) return;
      const made = redis.createClient(clientOptions(this.#options)) as unknown as RedisClient;
      client = made;
      this.#client = made;
      made.on('ready', () => {
        this.#failures = 0;
        this.#onState(true, undefined);
      });
      made.on('error', (error) => this.#lost(made, error));
      await made.connect();
    } catch (error) {
      this.#lost(client, error);
    }
  }

  /** Each client is given up at its first error. @param client undefined: there is none */
  #lost(client: RedisClient | undefined, error: unknown): void {
    if (client !== this.#client || this.#closed) return;
    this.#onState(false, messageOf(error));
    this.#client = undefined;
    client?.destroy();
    const waitMs = Math.min(firstReconnectMs * 2 ** Math.min(this.#failures++, 10), maxReconnectMs);
    this.#retry = setTimeout(() => void this.#connect(), waitMs).unref();
  }

  #onState(isReady: boolean, detail: string | undefined): void {
    if (this.#closed || this.#wasReady === isReady) return;
    this.#wasReady = isReady;
    this.#options.onChange(isReady ? 'connected' : 'lost', detail);
  }

  #count(outcome: RedisOutcome): void {
    this.#options.counters.countRedis(outcome);
  }
}

function clientOptions({ url, username, passwordFile, caFile }: RedisRatesOptions) {
  const { protocol, hostname } = new URL(url);
  const isSecure = protocol === 'rediss:';
  return {
    url,
    ...(username !== undefined && { username }),
    ...(passwordFile !== undefined && { password: readFileSync(passwordFile, 'utf8').trim() }),
    disableOfflineQueue: true,
    commandsQueueMaxLength: maxQueue,
    socket: {
      connectTimeout: connectTimeoutMs,
      reconnectStrategy: false as const,
      ...(isSecure && caFile !== undefined && { ca: readFileSync(caFile, 'utf8') }),
      // An address is no name to ask for (RFC 6066 section 3).
      ...(isSecure && isIP(hostname.replace(/^\[|\]$/g, '')) === 0 && { servername: hostname }),
    },
  };
}

function numbersOf(reply: unknown): readonly [at: number, waitMs: number] {
  const [at, waitMs] = Array.isArray(reply) ? reply.map(Number) : [];
  if (at === undefined || waitMs === undefined) throw new Error('Cannot read the answer of Redis: it is no pair of numbers');
  return [at, waitMs];
}
