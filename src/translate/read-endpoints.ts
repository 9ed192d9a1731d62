import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import type { EndpointSlice } from '../api/objects.ts';
import type { Endpoint } from '../routes/service.ts';
import { type Fields, fieldsOf, itemsOf, portOf, textOf } from './unknown-input.ts';

/**
 * The endpoints of a Service's slices behind one port, sorted by address and port. Pods may give a named port different numbers: each
 * slice says which. An endpoint that is in two slices (it moves between them) counts once, in its better state.
 * @param sessionScope the Service port, when endpoints need a `session`
 */
export function readSliceEndpoints(
  slices: ReadonlyMap<string, EndpointSlice>,
  portName: string,
  transport: 'TCP' | 'UDP',
  sessionScope: string | undefined,
): readonly Endpoint[] {
  const found = new Map<string, Endpoint>();
  for (const key of [...slices.keys()].sort()) {
    const slice = fieldsOf(slices.get(key));
    if (slice.addressType === 'FQDN') continue; // deprecated, and nobody says how such a name is to be resolved
    const port = slicePort(slice.ports, portName, transport);
    if (port === undefined) continue;
    for (const item of itemsOf(slice.endpoints)) addEndpoint(found, fieldsOf(item), port, sessionScope);
  }
  return [...found.values()].sort(compareEndpoints);
}

function addEndpoint(found: Map<string, Endpoint>, item: Fields, port: number, sessionScope: string | undefined): void {
  // The addresses of one endpoint are interchangeable; consumers take the first (EndpointSlice reference).
  const address = textOf(itemsOf(item.addresses)[0]);
  if (address === undefined || isIP(address) === 0) return;
  const key = `${address} ${port}`;
  const state = endpointState(fieldsOf(item.conditions));
  const endpoint: Endpoint = {
    address,
    port,
    state,
    zone: textOf(item.zone),
    forZones: forZones(item),
    ...(sessionScope !== undefined && holdsSessions(state, item) && { session: sessionOf(sessionScope, address, port, item) }),
  };
  const other = found.get(key);
  if (other === undefined || stateRank[endpoint.state] < stateRank[other.state]) found.set(key, endpoint);
}

function slicePort(ports: unknown, portName: string, transport: string): number | undefined {
  for (const item of itemsOf(ports)) {
    const port = fieldsOf(item);
    if ((textOf(port.name) ?? '') === portName && (port.protocol ?? 'TCP') === transport) return portOf(port.port);
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

/** A pod that terminates keeps its sessions to the end; one that says of itself that it can't serve now has none. */
function holdsSessions(state: Endpoint['state'], { conditions }: Fields): boolean {
  return state !== 'draining' || fieldsOf(conditions).terminating === true;
}

/**
 * The same in every replica and nothing that an address could be found by: the UID of the pod, which goes into it, is random. An endpoint
 * that is no pod has its address alone, which can be guessed from this.
 */
function sessionOf(scope: string, address: string, port: number, item: Fields): string {
  const uid = textOf(fieldsOf(item.targetRef).uid) ?? '';
  return createHash('sha256').update(`${scope} ${uid} ${address} ${port}`).digest('base64url').slice(0, 22);
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
