import { isListed } from './client-access.ts';
import type { L4Route } from './route.ts';
import type { RouteTable } from './route-table.ts';

/** The routes of a listener and protocol. */
interface Place {
  /** For certain clients, in the order in which they are asked. */
  readonly narrow: L4Route[];
  wide: L4Route | undefined;
}

const indexes = new WeakMap<RouteTable['l4'], ReadonlyMap<string, Place>>();

/**
 * The L4 route of a listener for a client. Looked up in an index that is made once for the part.
 * @param client its address in plain form, see `plainAddress`
 */
export function findL4Route(
  { l4 }: Pick<RouteTable, 'l4'>,
  listener: string,
  protocol: L4Route['protocol'],
  client: string,
): L4Route | undefined {
  let index = indexes.get(l4);
  if (index === undefined) {
    index = indexOf(l4);
    indexes.set(l4, index);
  }
  const place = index.get(`${protocol} ${listener}`);
  if (place === undefined || place.narrow.length === 0) return place?.wide;
  return place.narrow.find(({ clients = [] }) => isListed(clients, client)) ?? place.wide;
}

function indexOf(l4: RouteTable['l4']): ReadonlyMap<string, Place> {
  const index = new Map<string, Place>();
  for (const route of l4.values()) {
    const key = `${route.protocol} ${route.listener}`;
    const place = index.get(key) ?? { narrow: [], wide: undefined };
    index.set(key, place);
    if (route.clients === undefined) place.wide = route;
    else place.narrow.push(route);
  }
  for (const { narrow } of index.values()) narrow.sort((a, b) => (a.rank ?? 0) - (b.rank ?? 0));
  return index;
}
