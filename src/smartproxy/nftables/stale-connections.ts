import { isDeepStrictEqual } from 'node:util';
import type { ConntrackEntry } from './conntrack-entry.ts';
import type { KernelRoute } from './kernel-route.ts';

/** Connections that have to be forgotten, each once for all that were dialled and are answered alike. */
type StaleConnections = Omit<ConntrackEntry, 'isOpen'>;

/** More take another look. */
const maxStale = 512;

/** Whether a change of routes can have made connections stale, so that a look at all of them is due. */
export function mayHaveStale(before: readonly KernelRoute[], now: readonly KernelRoute[]): boolean {
  const known = new Map(before.map((route) => [route.id, route]));
  const isKept = ({ id, addresses, port }: KernelRoute) =>
    now.some((route) => route.id === id && route.port === port && isDeepStrictEqual(route.addresses, addresses));
  return !before.every(isKept) || now.some((route) => route.protocol === 'udp' && !isDeepStrictEqual(route, known.get(route.id)));
}

/**
 * Finds connections that the kernel goes on forwarding, or goes on not forwarding, though the routes say otherwise: its tracking asks the
 * rules only once. A UDP client that never falls silent would stay for ever with an endpoint that has gone, or with none. TCP connections
 * end by themselves when their endpoint goes, but not when their route does.
 */
export class StaleFinder {
  readonly #routes = new Map<string, KernelRoute>();
  readonly #removed: ReadonlySet<string>;
  readonly #found = new Map<string, StaleConnections>();

  /** @param before the routes that were forwarded until now */
  constructor(before: readonly KernelRoute[], now: readonly KernelRoute[]) {
    for (const route of now) for (const address of route.addresses) this.#routes.set(placeKey(route.protocol, address, route.port), route);
    const places = before.flatMap(({ protocol, addresses, port }) => addresses.map((address) => placeKey(protocol, address, port)));
    this.#removed = new Set(places.filter((place) => !this.#routes.has(place)));
  }

  visit({ protocol, dialled, answering }: ConntrackEntry): void {
    const place = placeKey(protocol, dialled.address, dialled.port);
    const isForwarded = answering.address !== dialled.address || answering.port !== dialled.port;
    const route = this.#routes.get(place);
    const isStale =
      route === undefined
        ? isForwarded && this.#removed.has(place)
        : protocol === 'udp' && !leadsTo(route, answering) && (isForwarded || hasFamilyOf(route, dialled.address));
    if (!isStale || this.#found.size >= maxStale) return;
    this.#found.set(`${place} ${answering.address} ${answering.port}`, { protocol, dialled, answering });
  }

  /** As many as one look can find: there may be more. */
  get isFull(): boolean {
    return this.#found.size >= maxStale;
  }

  get found(): readonly StaleConnections[] {
    return [...this.#found.values()];
  }
}

function leadsTo({ endpoints, kept }: KernelRoute, { address, port }: ConntrackEntry['answering']): boolean {
  const answers = (endpoint: KernelRoute['kept'][0]): boolean => endpoint.address === address && endpoint.port === port;
  return endpoints.some(answers) || kept.some(answers);
}

function hasFamilyOf({ endpoints }: KernelRoute, dialled: string): boolean {
  return endpoints.some(({ address }) => address.includes(':') === dialled.includes(':'));
}

/** One place that clients dial. */
export function placeKey(protocol: 'tcp' | 'udp', address: string, port: number): string {
  return `${protocol} ${address} ${port}`;
}
