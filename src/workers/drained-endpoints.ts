import { endpointKey } from '../balancing/endpoint-runtime.ts';
import type { RouteTable } from '../routes/route-table.ts';
import type { EndpointSet } from '../routes/service.ts';

/**
 * Endpoints that somebody drains by hand, in all services that list them: they keep what they have, sessions too, and get nothing new. A drain
 * ends with the endpoint: whoever has its address next does not inherit it.
 */
export class DrainedEndpoints {
  readonly #keys = new Set<string>();
  /** What was made of a set, so that unchanged sets keep their reference from table to table. */
  #made = new Map<EndpointSet, EndpointSet>();

  /** `address:port` of each. */
  get keys(): readonly string[] {
    return [...this.#keys];
  }

  /** False: it is so already, or no service of `table` lists the endpoint. */
  add(key: string, table: RouteTable): boolean {
    if (this.#keys.has(key) || !isListed(key, table)) return false;
    this.#keys.add(key);
    this.#made.clear();
    return true;
  }

  /** False: it is not drained. */
  remove(key: string): boolean {
    this.#made.clear();
    return this.#keys.delete(key);
  }

  /** The table as it is served; drains of endpoints that it does not list any more are over. */
  apply(table: RouteTable): RouteTable {
    if (this.#keys.size === 0) return table;
    const gone = new Set(this.#keys);
    const endpoints = new Map<string, EndpointSet>();
    const made = new Map<EndpointSet, EndpointSet>();
    for (const [key, set] of table.endpoints) {
      const drained = this.#drained(set, gone);
      if (drained !== set) made.set(set, drained);
      endpoints.set(key, drained);
    }
    for (const key of gone) this.#keys.delete(key);
    this.#made = made;
    return made.size === 0 ? table : { ...table, endpoints };
  }

  /** @param unseen those of the drains that no set had so far */
  #drained(set: EndpointSet, unseen: Set<string>): EndpointSet {
    let isConcerned = false;
    for (const endpoint of set.endpoints) {
      const key = endpointKey(endpoint);
      if (!this.#keys.has(key)) continue;
      isConcerned = true;
      unseen.delete(key);
    }
    if (!isConcerned) return set;
    const known = this.#made.get(set);
    if (known !== undefined) return known;
    const endpoints = set.endpoints.map((endpoint) =>
      this.#keys.has(endpointKey(endpoint)) ? { ...endpoint, state: 'draining' as const } : endpoint,
    );
    return { ...set, endpoints };
  }
}

function isListed(key: string, { endpoints }: RouteTable): boolean {
  for (const set of endpoints.values()) if (set.endpoints.some((endpoint) => endpointKey(endpoint) === key)) return true;
  return false;
}
