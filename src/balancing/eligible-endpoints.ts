import type { Endpoint } from '../routes/service.ts';

/**
 * The endpoints that new requests go to: the ready ones, narrowed to our zone by the rule of Kubernetes' topology hints; the fallback
 * ones (serving while terminating) only when none is ready; never draining ones.
 * @param zone the zone that we run in; undefined: unknown, hints are ignored
 */
export function eligibleEndpoints(endpoints: readonly Endpoint[], zone: string | undefined): readonly Endpoint[] {
  const ready = endpoints.filter((endpoint) => endpoint.state === 'ready');
  if (ready.length === 0) return endpoints.filter((endpoint) => endpoint.state === 'fallback');
  return zone === undefined ? ready : forZone(ready, zone);
}

/** Hints count only when every endpoint has them and one names our zone: a set that is half hinted is one that is being changed. */
function forZone(ready: readonly Endpoint[], zone: string): readonly Endpoint[] {
  if (ready.some((endpoint) => endpoint.forZones.length === 0)) return ready;
  const ours = ready.filter((endpoint) => endpoint.forZones.includes(zone));
  return ours.length > 0 ? ours : ready;
}
