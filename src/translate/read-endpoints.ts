import { isIP } from 'node:net';
import type { EndpointSlice } from '../api/objects.ts';
import type { Endpoint } from '../routes/route-table.ts';
import { type Fields, fieldsOf, itemsOf, portOf, textOf } from './unknown-input.ts';

/**
 * The endpoints of a Service's slices behind one port, sorted by address and port. Pods may give a named port different numbers: each
 * slice says which. An endpoint that is in two slices (it moves between them) counts once, in its better state.
 */
export function readSliceEndpoints(slices: ReadonlyMap<string, EndpointSlice>, portName: string): readonly Endpoint[] {
  const found = new Map<string, Endpoint>();
  for (const key of [...slices.keys()].sort()) {
    const slice = fieldsOf(slices.get(key));
    if (slice.addressType === 'FQDN') continue; // deprecated, and nobody says how such a name is to be resolved
    const port = slicePort(slice.ports, portName);
    if (port === undefined) continue;
    for (const item of itemsOf(slice.endpoints)) addEndpoint(found, fieldsOf(item), port);
  }
  return [...found.values()].sort(compareEndpoints);
}

function addEndpoint(found: Map<string, Endpoint>, item: Fields, port: number): void {
  // The addresses of one endpoint are interchangeable; consumers take the first (EndpointSlice reference).
  const address = textOf(itemsOf(item.addresses)[0]);
  if (address === undefined || isIP(address) === 0) return;
  const key = `${address} ${port}`;
  const endpoint: Endpoint = {
    address,
    port,
    state: endpointState(fieldsOf(item.conditions)),
    zone: textOf(item.zone),
    forZones: forZones(item),
  };
  const other = found.get(key);
  if (other === undefined || stateRank[endpoint.state] < stateRank[other.state]) found.set(key, endpoint);
}

function slicePort(ports: unknown, portName: string): number | undefined {
  for (const item of itemsOf(ports)) {
    const port = fieldsOf(item);
    if ((textOf(port.name) ?? '') === portName && (port.protocol ?? 'TCP') === 'TCP') return portOf(port.port);
  }
  return undefined;
}

/**
 * By the conditions' contract: absent `ready` means ready, absent `serving` means the same as `ready`. One that is not ready keeps what
 * it has, so it stays in the table.
 */
function endpointState(conditions: Fields): Endpoint['state'] {
  const ready = conditions.ready ?? conditions.terminating !== true;
  if (ready === true) return 'ready';
  const serving = conditions.serving ?? conditions.ready ?? true;
  return conditions.terminating === true && serving === true ? 'fallback' : 'draining';
}

function forZones(item: Fields): readonly string[] {
  const zones = itemsOf(fieldsOf(item.hints).forZones).flatMap((zone) => textOf(fieldsOf(zone).name) ?? []);
  return zones.sort();
}

const stateRank = { ready: 0, fallback: 1, draining: 2 } as const;

function compareEndpoints(a: Endpoint, b: Endpoint): number {
  if (a.address !== b.address) return a.address < b.address ? -1 : 1;
  return a.port - b.port;
}
