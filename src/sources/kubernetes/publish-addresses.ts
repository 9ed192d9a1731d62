import { isIP } from 'node:net';
import type { Service } from '../../api/objects.ts';

/** One entry of `status.loadBalancer.ingress`. */
export interface PublishedAddress {
  readonly ip?: string;
  readonly hostname?: string;
}

/** The addresses given by hand: IP addresses and host names. */
export function givenAddresses(addresses: readonly string[]): readonly PublishedAddress[] {
  return distinct(addresses.map(addressOf));
}

/**
 * The addresses under which a Service is reached from outside, by its type: of its load balancer with its external IPs, else its
 * external IPs, else its cluster IPs; the name of an ExternalName. Empty while a load balancer has none yet.
 */
export function serviceAddresses(service: Service): readonly PublishedAddress[] {
  const { type = 'ClusterIP', externalIPs = [], externalName } = service.spec ?? {};
  if (type === 'ExternalName') return externalName === undefined ? [] : [{ hostname: externalName }];
  if (type === 'LoadBalancer') return distinct([...balancerAddresses(service), ...externalIPs.map(addressOf)]);
  return distinct((externalIPs.length > 0 ? externalIPs : clusterAddresses(service)).map(addressOf));
}

/** Whether two lists say the same, in the same order; other fields of an entry (ports, ipMode) don't count. */
export function sameAddresses(a: readonly PublishedAddress[], b: readonly PublishedAddress[]): boolean {
  return a.length === b.length && a.every((address, index) => keyOf(address) === keyOf(b[index]));
}

function balancerAddresses(service: Service): readonly PublishedAddress[] {
  const entries = service.status?.loadBalancer?.ingress ?? [];
  return entries.flatMap(({ ip, hostname }) => (ip || hostname ? [{ ...(ip && { ip }), ...(hostname && { hostname }) }] : []));
}

function clusterAddresses(service: Service): readonly string[] {
  const { clusterIP, clusterIPs } = service.spec ?? {};
  const all = clusterIPs ?? (clusterIP === undefined ? [] : [clusterIP]);
  return all.filter((address) => isIP(address) !== 0);
}

function addressOf(address: string): PublishedAddress {
  return isIP(address) === 0 ? { hostname: address } : { ip: address };
}

/** Sorted and without doubles, so that the order in which a cloud lists its addresses causes no write. */
function distinct(addresses: readonly PublishedAddress[]): readonly PublishedAddress[] {
  const byKey = new Map(addresses.map((address) => [keyOf(address), address]));
  return [...byKey.keys()].sort().flatMap((key) => byKey.get(key) ?? []);
}

function keyOf(address: PublishedAddress | undefined): string {
  return `${address?.ip ?? ''} ${address?.hostname ?? ''}`;
}
