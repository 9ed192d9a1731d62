import { endpointKey } from '../../balancing/endpoint-runtime.ts';
import type { WeightedBackend } from '../../routes/route.ts';
import type { Endpoint, Service } from '../../routes/service.ts';
import { EndpointConditions } from '../endpoint-conditions.ts';
import { serviceText } from '../service-text.ts';
import type { ExplainContext } from './explain-context.ts';
import type { BackendStep, EndpointStep } from './explanation.ts';

/** What a backend is asked; undefined: it gets the connection as a whole. */
export interface BackendRequest {
  readonly target: string;
  readonly authority: string;
}

/** How connections without HTTP reach a backend. */
export type Carrier = 'tcp' | 'tls' | 'udp';

/** The backends of a route with their shares, and every endpoint with its state. At most 100 endpoints of each. */
export function backendSteps(
  backends: readonly WeightedBackend[],
  carrier: Carrier,
  request: BackendRequest | undefined,
  context: ExplainContext,
): readonly BackendStep[] {
  const conditions = new EndpointConditions(context);
  const total = backends.reduce((sum, { weight }) => sum + weight, 0);
  return backends.map(({ service: key, weight }) => {
    const share = total === 0 ? 0 : Math.round((1000 * weight) / total) / 10;
    const service = key === undefined ? undefined : context.table.services.get(key);
    if (service === undefined) return { service: undefined, share, protocol: '', loadBalancing: '', host: undefined, endpoints: [] };
    const endpoints = context.table.endpoints.get(service.key)?.endpoints ?? [];
    return {
      service: serviceText(service.key),
      share,
      protocol: request === undefined ? carrier : service.protocol,
      loadBalancing: service.loadBalancing,
      host: request?.authority,
      endpoints: endpoints.slice(0, maxEndpoints).map((endpoint) => endpointStep(endpoint, service, carrier, request, conditions)),
    };
  });
}

const maxEndpoints = 100;

function endpointStep(
  endpoint: Endpoint,
  service: Service,
  carrier: Carrier,
  request: BackendRequest | undefined,
  conditions: EndpointConditions,
): EndpointStep {
  const address = endpointKey(endpoint);
  const scheme = request === undefined ? carrier : service.tls === undefined ? 'http' : 'https';
  return {
    address,
    state: endpoint.state,
    zone: endpoint.zone,
    out: conditions.of(service.key, address)?.says,
    url: `${scheme}://${address}${request?.target ?? ''}`,
  };
}

/** How many endpoints get new requests: those that are ready, else those that serve while they terminate. */
export function usable({ endpoints }: BackendStep): number {
  const isReady = ({ state, out }: EndpointStep) => state === 'ready' && out === undefined;
  const ready = endpoints.filter(isReady).length;
  return ready > 0 ? ready : endpoints.filter(({ state }) => state === 'fallback').length;
}
