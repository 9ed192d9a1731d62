import { integer, invalid } from '../config/value-types.ts';
import { TokenBucket } from '../networkproxy/http2/token-bucket.ts';
import { type DebugPage, PageRefusal, PageStream } from '../observability/admin-server.ts';
import type { FleetTaps } from '../workers/fleet-taps.ts';
import { statusPattern, type TappedRequest, type TapWish } from '../workers/tap-wish.ts';

/** A line of `/debug/tap`. `skipped`: requests that were meant, too, and came too fast. */
export type TapLine =
  | ({ readonly kind: 'request' } & TappedRequest)
  | { readonly kind: 'skipped'; readonly count: number }
  /** The time is over. */
  | { readonly kind: 'end' };

/** As many may look at once. */
const mostTaps = 8;
/** Lines that wait while the client does not read; beyond that they are skipped. */
const mostWaiting = 2000;
const rates = { type: integer(1, 1000), default: 10 };
const times = { type: integer(1, 3600), default: 60 };

/** The page `/debug/tap`: finished requests as they pass, sampled, for a while. */
export function tapPage(taps: FleetTaps): DebugPage {
  return (query) => {
    const asked = tapQuery(query);
    if (asked instanceof PageRefusal) return asked;
    if (taps.size >= mostTaps) return new PageRefusal(`${mostTaps} taps are open already: end one, or wait until its time is over`);
    // Opened before the answer begins, so that who has its head misses nothing.
    return new PageStream((signal) => new TapQueue(taps, asked.wish).lines(asked.seconds, signal));
  };
}

interface TapQuery {
  readonly wish: TapWish;
  readonly seconds: number;
}

function tapQuery(query: URLSearchParams): TapQuery | PageRefusal {
  const [route, host, status] = ['route', 'host', 'status'].map((name) => query.get(name));
  if (status != null && !statusPattern.test(status))
    return new PageRefusal(`status=${status.slice(0, 100)} is not allowed; expected a status such as 404, or a class such as 5xx`);
  const ratePerSecond = numberOf(query, 'rate', rates);
  const seconds = numberOf(query, 'seconds', times);
  if (ratePerSecond instanceof PageRefusal) return ratePerSecond;
  if (seconds instanceof PageRefusal) return seconds;
  const wish: TapWish = {
    ...(route != null && { route }),
    ...(host != null && { host: host.toLowerCase() }),
    ...(status != null && { status }),
    ratePerSecond,
  };
  return { wish, seconds };
}

function numberOf(query: URLSearchParams, name: string, { type, default: byDefault }: typeof rates): number | PageRefusal {
  const given = query.get(name);
  if (given === null) return byDefault;
  const value = type.parse([given]);
  return value === invalid ? new PageRefusal(`${name}=${given.slice(0, 100)} is not allowed; expected ${type.allowed}`) : value;
}

/** What workers have sampled and nobody has read yet. Each of them sends as many as all may together: what is too much is skipped here. */
class TapQueue {
  readonly #bucket: TokenBucket;
  readonly #close: () => void;
  #waiting: TappedRequest[] = [];
  #skipped = 0;
  #wake = (): void => {};

  constructor(taps: FleetTaps, wish: TapWish) {
    this.#bucket = new TokenBucket(wish.ratePerSecond, wish.ratePerSecond, performance.now());
    this.#close = taps.open(wish, ({ requests, skipped }) => {
      this.#skipped += skipped;
      for (const request of requests) this.#add(request);
      this.#wake();
    });
  }

  /** Lines until the time is over or the signal is aborted; then workers are told that nobody looks. */
  async *lines(seconds: number, signal: AbortSignal): AsyncIterable<TapLine> {
    const ended = AbortSignal.any([signal, AbortSignal.timeout(seconds * 1000)]);
    const onEnded = (): void => this.#wake();
    ended.addEventListener('abort', onEnded);
    try {
      while (!ended.aborted) {
        yield* this.#taken();
        if (this.#waiting.length > 0 || ended.aborted) continue;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
      yield { kind: 'end' };
    } finally {
      ended.removeEventListener('abort', onEnded);
      this.#close();
    }
  }

  #add(request: TappedRequest): void {
    if (this.#waiting.length < mostWaiting && this.#bucket.take(performance.now())) this.#waiting.push(request);
    else this.#skipped++;
  }

  #taken(): readonly TapLine[] {
    const lines: TapLine[] = this.#waiting.map((request) => ({ kind: 'request', ...request }));
    if (this.#skipped > 0) lines.push({ kind: 'skipped', count: this.#skipped });
    this.#waiting = [];
    this.#skipped = 0;
    return lines;
  }
}
