import { TokenBucket } from '../networkproxy/http2/token-bucket.ts';
import type { RequestLogEntry } from '../networkproxy/request-log-entry.ts';
import type { RequestTap } from '../networkproxy/request-tap.ts';
import { isTapped, type TappedRequest, type TappedRequests, type TapWish } from './tap-wish.ts';

/** Requests of one tap that wait while the main process does not read; beyond that they are skipped. */
const mostWaiting = 2000;

interface OpenTap {
  readonly id: number;
  readonly wish: TapWish;
  readonly bucket: TokenBucket;
  waiting: TappedRequest[];
  skipped: number;
}

/** The taps of a worker: looks at every finished request, takes those that are meant and not too many, and sends them in lots. */
export class RequestTaps implements RequestTap {
  readonly #send: (tapped: TappedRequests, sent: () => void) => void;
  readonly #taps = new Map<number, OpenTap>();
  #takers: readonly OpenTap[] = [];
  #isUnderWay = false;

  /** @param send `sent` is called when there is room for the next */
  constructor(send: (tapped: TappedRequests, sent: () => void) => void) {
    this.#send = send;
  }

  get isOn(): boolean {
    return this.#taps.size > 0;
  }

  open(id: number, wish: TapWish): void {
    const bucket = new TokenBucket(wish.ratePerSecond, wish.ratePerSecond, performance.now());
    this.#taps.set(id, { id, wish, bucket, waiting: [], skipped: 0 });
  }

  close(id: number): void {
    this.#taps.delete(id);
  }

  wants(host: string, route: string | undefined, status: number): boolean {
    const takers: OpenTap[] = [];
    const now = performance.now();
    for (const tap of this.#taps.values()) {
      if (!isTapped(tap.wish, host, route, status)) continue;
      if (tap.waiting.length < mostWaiting && tap.bucket.take(now)) takers.push(tap);
      else tap.skipped++;
    }
    this.#takers = takers;
    return takers.length > 0;
  }

  take(entry: RequestLogEntry): void {
    const request = { ...entry, endedAtMs: Date.now() };
    for (const tap of this.#takers) tap.waiting.push(request);
    if (this.#isUnderWay) return;
    this.#isUnderWay = true;
    setImmediate(() => this.#sendNext());
  }

  /** One lot at a time, and the next when the channel has taken it. */
  #sendNext(): void {
    const tap = [...this.#taps.values()].find(({ waiting }) => waiting.length > 0);
    this.#isUnderWay = tap !== undefined;
    if (tap === undefined) return;
    const { id, waiting: requests, skipped } = tap;
    tap.waiting = [];
    tap.skipped = 0;
    this.#send({ tap: id, requests, skipped }, () => setImmediate(() => this.#sendNext()));
  }
}
