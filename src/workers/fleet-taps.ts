import type { FleetWorker } from './fleet-worker.ts';
import type { TappedRequests, TapWish } from './tap-wish.ts';

type Sink = (tapped: TappedRequests) => void;

/** Taps of all workers at once, those that start later too. */
export class FleetTaps {
  readonly #live: () => readonly FleetWorker[];
  readonly #open = new Map<number, { readonly wish: TapWish; readonly sink: Sink }>();
  #lastId = 0;

  /** @param live the workers that there are at the moment */
  constructor(live: () => readonly FleetWorker[]) {
    this.#live = live;
  }

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }

  /** Hands finished requests to `sink`, of each worker at most as many as the wish says, until the returned function is called. */
  open(wish: TapWish, sink: Sink): () => void {
    const id = ++this.#lastId;
    this.#open.set(id, { wish, sink });
    for (const worker of this.#live()) worker.openTap(id, wish);
    return () => {
      if (this.#open.delete(id)) for (const worker of this.#live()) worker.closeTap(id);
    };
  }

  /** A worker begins: it has to know of those that are open. */
  tell(worker: FleetWorker): void {
    for (const [id, { wish }] of this.#open) worker.openTap(id, wish);
  }

  /** A worker has sampled some. */
  hear(tapped: TappedRequests): void {
    this.#open.get(tapped.tap)?.sink(tapped);
  }
}
