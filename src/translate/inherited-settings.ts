import { mergeSettings, type RouteSettings } from './route-settings.ts';
import { sameItems } from './same-items.ts';

/** What `inner` comes to with what it inherits. The limit of gRPC messages is not inherited: a call may run for days. */
export function inheritSettings(outer: RouteSettings, inner: RouteSettings): RouteSettings {
  const merged = mergeSettings(outer, inner);
  return outer.maxRequestBodyBytes === undefined ? merged : { ...merged, maxCallBytes: inner.maxRequestBodyBytes ?? 0 };
}

/**
 * Objects with the defaults of the installation in their settings. Each answer keeps its reference while object and defaults do; without
 * defaults the objects are passed on as they are.
 */
export class InheritedSettings<R extends object> {
  readonly #inherit: (reading: R, defaults: RouteSettings) => R;
  #defaults: RouteSettings | undefined;
  #known = new WeakMap<R, R>();
  #result: readonly R[] = [];

  /** @param inherit makes a new reading */
  constructor(inherit: (reading: R, defaults: RouteSettings) => R) {
    this.#inherit = inherit;
  }

  apply(readings: readonly R[], defaults: RouteSettings | undefined): readonly R[] {
    if (defaults === undefined) return readings;
    if (defaults !== this.#defaults) this.#known = new WeakMap();
    this.#defaults = defaults;
    const result = readings.map((reading) => {
      let inherited = this.#known.get(reading);
      if (inherited === undefined) this.#known.set(reading, (inherited = this.#inherit(reading, defaults)));
      return inherited;
    });
    if (!sameItems(this.#result, result)) this.#result = result;
    return this.#result;
  }
}
