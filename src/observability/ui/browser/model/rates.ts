/** Cumulative totals by name at a moment, in milliseconds. */
interface Totals {
  readonly atMs: number;
  readonly totals: Readonly<Record<string, number>>;
}

/** How far back a rate looks: long enough to be calm, short enough to be live. */
const windowMs = 10_000;

/** Rates of what is counted since the start of a program: differences of totals that were read at different times. */
export class Rates {
  readonly #read = new Map<string, Totals[]>();

  /** Takes totals that were just read. Totals that went back are those of another start: nothing from before counts. */
  note(key: string, totals: Totals['totals'], atMs: number): void {
    const known = this.#read.get(key) ?? [];
    const last = known.at(-1);
    const isRestart = last !== undefined && Object.entries(totals).some(([name, value]) => value < (last.totals[name] ?? 0));
    const kept = isRestart ? [] : known.filter((each, index) => each.atMs >= atMs - windowMs || index === known.length - 1);
    this.#read.set(key, [...kept, { atMs, totals }]);
  }

  /** A second's worth of each total; undefined: it was not read twice yet. */
  perSecond(key: string): Readonly<Record<string, number>> | undefined {
    const known = this.#read.get(key);
    const [first, last] = [known?.[0], known?.at(-1)];
    if (first === undefined || last === undefined || first === last) return undefined;
    const seconds = (last.atMs - first.atMs) / 1000;
    return Object.fromEntries(Object.entries(last.totals).map(([name, value]) => [name, (value - (first.totals[name] ?? 0)) / seconds]));
  }

  /** Lets go of all that is not among these keys. */
  keep(keys: ReadonlySet<string>): void {
    for (const key of this.#read.keys()) if (!keys.has(key)) this.#read.delete(key);
  }
}
