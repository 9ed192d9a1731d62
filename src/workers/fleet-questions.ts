import type { EndpointUse, OutEndpoint } from '../balancing/balancers.ts';
import type { ConnectionFilter } from '../smartproxy/connection-filter.ts';
import type { FleetWorker } from './fleet-worker.ts';
import type { ConnectionSummary, EndingSummary } from './protocol.ts';

/** What is asked of all workers at once, for the debug pages. A worker that does not answer in time is left out. */
export class FleetQuestions {
  readonly #live: () => readonly FleetWorker[];

  /** @param live the workers that there are at the moment */
  constructor(live: () => readonly FleetWorker[]) {
    this.#live = live;
  }

  /** Open connections that the filter means, at most `limit`, the oldest first. */
  async connections(limit: number, filter: ConnectionFilter = {}): Promise<readonly ConnectionSummary[]> {
    const lists = await Promise.all(this.#live().map((worker) => worker.connections(limit, filter)));
    return lists
      .flat()
      .sort((a, b) => b.ageMs - a.ageMs)
      .slice(0, limit);
  }

  /** Connections that ended lately and that the filter means, at most `limit`, the latest first. */
  async recentEndings(limit: number, filter: ConnectionFilter = {}): Promise<readonly EndingSummary[]> {
    const lists = await Promise.all(this.#live().map((worker) => worker.recentEndings(limit, filter)));
    return lists
      .flat()
      .sort((a, b) => b.endedAtMs - a.endedAtMs)
      .slice(0, limit);
  }

  /** Endpoints that some worker keeps out of rotation, for each reason the longest time of any worker. */
  async outEndpoints(): Promise<readonly OutEndpoint[]> {
    const lists = await Promise.all(this.#live().map((worker) => worker.outEndpoints()));
    const longest = new Map<string, OutEndpoint>();
    for (const out of lists.flat()) {
      const key = `${out.service} ${out.endpoint} ${out.reason}`;
      const known = longest.get(key);
      if (known === undefined || (known.forMs ?? 0) < (out.forMs ?? 0)) longest.set(key, out);
    }
    return [...longest.values()];
  }

  /** What endpoints of these services have to do for the workers that there are, added up; those that never had anything are left out. */
  async endpointUses(services: readonly string[]): Promise<readonly EndpointUse[]> {
    if (services.length === 0) return [];
    const lists = await Promise.all(this.#live().map((worker) => worker.endpointUses(services)));
    const sums = new Map<string, EndpointUse>();
    for (const use of lists.flat()) {
      const key = `${use.service} ${use.endpoint}`;
      const { active, begun } = sums.get(key) ?? { active: 0, begun: 0 };
      sums.set(key, { ...use, active: active + use.active, begun: begun + use.begun });
    }
    return [...sums.values()];
  }

  /** Ends by hand the connections that the filter means; resolves to how many. */
  async kill(filter: ConnectionFilter): Promise<number> {
    const owners = this.#live().filter(({ idPrefix }) => filter.id === undefined || filter.id.startsWith(idPrefix));
    const killed = await Promise.all(owners.map((worker) => worker.kill(filter)));
    return killed.reduce((sum, count) => sum + count, 0);
  }
}
