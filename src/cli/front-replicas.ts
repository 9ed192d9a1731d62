import type { Replica } from '../acme/replica-check.ts';
import type { RouteTable } from '../routes/route-table.ts';
import type { Snapshot } from '../sources/object-store.ts';

/** The ready replicas behind the Service in front, by where they take connections of a protocol; without such a Service: none are known. */
export function frontReplicas(
  snapshot: Snapshot,
  publishService: string | undefined,
  { listeners }: Pick<RouteTable, 'listeners'>,
  protocol: 'http' | 'https',
): readonly Replica[] {
  if (publishService === undefined) return [];
  const slash = publishService.indexOf('/');
  const [namespace, service] = [publishService.slice(0, slash), publishService.slice(slash + 1)];
  const ours = [...listeners.values()].filter((listener) => listener.protocol === protocol);
  const replicas: Replica[] = [];
  for (const { metadata, ports, endpoints } of snapshot.of('EndpointSlice').values()) {
    if (metadata.namespace !== namespace || metadata.labels?.['kubernetes.io/service-name'] !== service) continue;
    const listener = ours.find(({ key, port }) => ports?.some((slice) => slice.port === port || slice.name === key));
    const port = ports?.find((slice) => slice.port === listener?.port || slice.name === listener?.key)?.port;
    if (listener === undefined || port == null) continue;
    const wantsHeader = listener.proxyProtocolFrom.length > 0;
    for (const { addresses, conditions } of endpoints ?? [])
      if (conditions?.ready !== false) replicas.push(...addresses.slice(0, 1).map((address) => ({ address, port, wantsHeader })));
  }
  return replicas;
}
