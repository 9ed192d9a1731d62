import type { CompiledRoute } from '../../routes/compiled-table.ts';
import { listsEndpoint } from '../../routes/lists-endpoint.ts';
import type { Route } from '../../routes/route.ts';
import type { RouteTable } from '../../routes/route-table.ts';
import type { Removal, UnderWay } from './under-way.ts';

/**
 * What of a request's or tunnel's way is not in the table any more; undefined: nothing. A route is the same as long as its key is. An
 * endpoint is there while its service lists it, or another backend of the route: other settings make another service of the same pods.
 */
export function removalOf({ route, endpoint }: Pick<UnderWay, 'route' | 'endpoint'>, table: RouteTable): Removal | undefined {
  if (route === undefined) return undefined;
  const now = routeNow(route, table);
  if (now === undefined) return 'route_removed';
  if (endpoint?.removed !== true || listsEndpoint(table, endpoint.service, endpoint)) return undefined;
  const isListed = servicesOf(now).some((service) => service !== undefined && listsEndpoint(table, service, endpoint));
  return isListed ? undefined : 'endpoint_removed';
}

function routeNow({ route, host }: CompiledRoute, { hosts }: RouteTable): Route | undefined {
  const hostNow = hosts.get(host.key);
  return hostNow === host ? route : hostNow?.routes.find(({ key }) => key === route.key);
}

function servicesOf({ action }: Route): readonly (string | undefined)[] {
  return action.kind === 'forward' ? action.backends.map(({ service }) => service) : [];
}
