/** A request that has come and not begun. */
export interface Beginning {
  /** Does nothing for one that was taken back. */
  begin(): void;
}

/**
 * How many requests begin in one turn of the event loop. On cold pools each dials, which is most of what it costs: this many take some 4 ms
 * (bench: event-loop).
 */
export const requestsPerTurn = 128;

/**
 * Spreads the requests that come to a worker at once over turns of the event loop, in their order, so that no burst keeps its other
 * connections waiting. Beginnings are counted over turns, not in each: that costs one request in 128 a turn, and the others nothing.
 */
export class RequestPace {
  #left = requestsPerTurn;
  #waiting: Beginning[] = [];
  /** The first of `#waiting` that has not begun. */
  #next = 0;

  /** Requests that have not begun. */
  get waiting(): number {
    return this.#waiting.length - this.#next;
  }

  /** Begins the request, now or in a later turn. */
  begin(request: Beginning): void {
    if (this.#left > 0) {
      this.#left--;
      request.begin();
    } else if (this.#waiting.push(request) === 1) {
      setImmediate(this.#run);
    }
  }

  readonly #run = (): void => {
    const waiting = this.#waiting;
    const end = Math.min(this.#next + requestsPerTurn, waiting.length);
    for (; this.#next < end; this.#next++) waiting[this.#next]?.begin();
    if (end < waiting.length) {
      setImmediate(this.#run);
      return;
    }
    this.#left = requestsPerTurn;
    this.#waiting = [];
    this.#next = 0;
  };
}
