import type { RouteTable } from './route-table.ts';
import type { Endpoint } from './service.ts';

/** Whether a service lists an endpoint of this address and port, ready or not. @param service its key; one that the table lacks lists none */
export function listsEndpoint(
  { endpoints }: Pick<RouteTable, 'endpoints'>,
  service: string,
  { address, port }: Pick<Endpoint, 'address' | 'port'>,
): boolean {
  const listed = endpoints.get(service)?.endpoints ?? [];
  return listed.some((candidate) => candidate.address === address && candidate.port === port);
}
