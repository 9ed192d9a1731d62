import { isDeepStrictEqual } from 'node:util';
import type { ConntrackEntry } from './conntrack-entry.ts';
import type { KernelRoute } from './kernel-route.ts';
import { RoutesByPlace } from './routes-by-place.ts';

/** Connections that have to be forgotten, each once for all that were dialled and are answered alike. */
export interface StaleConnections extends Pick<ConntrackEntry, 'protocol' | 'dialled' | 'answering'> {
  /** Those of this client alone; undefined: of all. */
  readonly client?: string;
}

/** Clients and endpoints; more take another look. */
const maxStale = 512;

/** Whether a change of routes can have made connections stale, so that a look at all of them is due. */
export function mayHaveStale(before: readonly KernelRoute[], now: readonly KernelRoute[]): boolean {
  const known = new Map(before.map((route) => [route.id, route]));
  const kept = new Map(now.map((route) => [route.id, route]));
  const isKept = ({ id, addresses, port, from }: KernelRoute): boolean => {
    const route = kept.get(id);
    return route?.port === port && isDeepStrictEqual([route.addresses, route.from], [addresses, from]);
  };
  const isNew = (route: KernelRoute): boolean =>
    route.protocol === 'udp' ? !isDeepStrictEqual(route, known.get(route.id)) : route.from !== undefined && !known.has(route.id);
  return !before.every(isKept) || now.some(isNew);
}

/** Connections that were dialled and are answered alike. */
interface Alike extends Pick<ConntrackEntry, 'protocol' | 'dialled' | 'answering'> {
  /** Whose are stale. */
  readonly clients: Set<string>;
  /** Others are not. */
  isShared: boolean;
}

/**
 * Finds connections that the kernel goes on forwarding, or goes on not forwarding, though the routes say otherwise: its tracking asks the
 * rules only once. A UDP client that never falls silent would stay for ever with an endpoint that has gone, or with none. TCP connections
 * end by themselves when their endpoint goes, but not when their route does, or when their client is another route's.
 */
export class StaleFinder {
  readonly #before: RoutesByPlace;
  readonly #now: RoutesByPlace;
  readonly #alike = new Map<string, Alike>();
  #count = 0;

  /** @param before the routes that were forwarded until now */
  constructor(before: readonly KernelRoute[], now: readonly KernelRoute[]) {
    this.#before = new RoutesByPlace(before);
    this.#now = new RoutesByPlace(now);
  }

  visit(entry: ConntrackEntry): void {
    const { protocol, client, dialled } = entry;
    if (this.#now.at(protocol, dialled).length + this.#before.at(protocol, dialled).length === 0) return;
    if (!this.#isStale(entry)) this.#alikeTo(entry).isShared = true;
    else if (!this.isFull) {
      const { clients } = this.#alikeTo(entry);
      if (!clients.has(client)) this.#count++;
      clients.add(client);
    }
  }

  #isStale({ protocol, client, dialled, answering }: ConntrackEntry): boolean {
    const isForwarded = answering.address !== dialled.address || answering.port !== dialled.port;
    const was = this.#before.find(protocol, dialled, client);
    const route = this.#now.find(protocol, dialled, client);
    // Where the kernel forwards for some clients, it has none of the others, whatever an earlier process left.
    if (route === undefined) return isForwarded && (was !== undefined || this.#now.at(protocol, dialled).length > 0);
    if (isForwarded && was !== undefined && was.id !== route.id) return true;
    return protocol === 'udp' && !leadsTo(route, answering) && (isForwarded || hasFamilyOf(route, dialled.address));
  }

  #alikeTo({ protocol, dialled, answering }: ConntrackEntry): Alike {
    const key = `${protocol} ${dialled.address} ${dialled.port} ${answering.address} ${answering.port}`;
    const known = this.#alike.get(key);
    if (known !== undefined) return known;
    const made = { protocol, dialled, answering, clients: new Set<string>(), isShared: false };
    this.#alike.set(key, made);
    return made;
  }

  /** As many as one look can find: there may be more. */
  get isFull(): boolean {
    return this.#count >= maxStale;
  }

  /** Clients are named where others may have connections that stay: with many of them that is many commands in place of one. */
  get found(): readonly StaleConnections[] {
    return [...this.#alike.values()].flatMap(({ protocol, dialled, answering, clients, isShared }): readonly StaleConnections[] => {
      const all = { protocol, dialled, answering };
      const mayOthersStay = isShared || this.#now.at(protocol, dialled).some(({ route }) => leadsTo(route, answering));
      if (mayOthersStay) return [...clients].map((client) => ({ ...all, client }));
      return clients.size === 0 ? [] : [all];
    });
  }
}

function leadsTo({ endpoints, kept }: KernelRoute, { address, port }: ConntrackEntry['answering']): boolean {
  const answers = (endpoint: KernelRoute['kept'][0]): boolean => endpoint.address === address && endpoint.port === port;
  return endpoints.some(answers) || kept.some(answers);
}

function hasFamilyOf({ endpoints }: KernelRoute, dialled: string): boolean {
  return endpoints.some(({ address }) => address.includes(':') === dialled.includes(':'));
}
