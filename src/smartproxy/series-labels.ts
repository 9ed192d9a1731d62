import type { RequestLabels } from '../observability/counters/request-series.ts';
import type { RouteSource } from '../routes/route.ts';

/** What connections and sessions of a route to a service count in. @param service `namespace/name:port`, perhaps with `#` and a hash */
export function seriesLabels({ kind, namespace, name }: RouteSource, service: string): RequestLabels {
  return { routeKind: kind, routeNamespace: namespace, route: name, service: service.replace(/^[^/]*\/|:.*$/g, '') };
}
