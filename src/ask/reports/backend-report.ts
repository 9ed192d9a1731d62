import type { EndpointUse } from '../../balancing/balancers.ts';
import { endpointKey } from '../../balancing/endpoint-runtime.ts';
import { nearestName } from '../../config/nearest-name.ts';
import type { RouteTable } from '../../routes/route-table.ts';
import type { Endpoint, Service } from '../../routes/service.ts';
import type { EndpointConditions } from '../endpoint-conditions.ts';

/** `fallback`: serving while terminating, used when none is ready. `draining`: keeps what it has. `drained`: so by hand. */
export type EndpointState = 'ready' | 'out' | 'drained' | 'draining' | 'fallback';

/** An endpoint with what it has to do. */
export interface ReportedEndpoint {
  /** `address:port` */
  readonly address: string;
  readonly zone?: string;
  readonly state: EndpointState;
  /** Why it gets nothing new though its Service lists it. */
  readonly reason?: string;
  /** Requests and connections in flight. */
  readonly active: number;
  /** Requests and connections sent there since its workers know it, each attempt one. */
  readonly requests: number;
}

/** A Service with its endpoints. */
export interface ReportedBackend {
  /** `namespace/name:port`, perhaps with `#` and a hash. */
  readonly service: string;
  readonly protocol: string;
  readonly balancing: string;
  /** How it is asked whether it is well. */
  readonly healthCheck?: string;
  readonly ready: number;
  /** Endpoints in all. */
  readonly total: number;
  readonly endpoints: readonly ReportedEndpoint[];
  /** Endpoints that are left out. */
  readonly moreEndpoints: number;
}

/** Services that a table sends to, as `/debug/backends` has them. */
export interface BackendReport {
  /** Services that are meant, those left out included. */
  readonly total: number;
  readonly backends: readonly ReportedBackend[];
  /** Where none is meant: the Service that was probably meant by the query. */
  readonly nearest?: string;
}

/** Most endpoints of one Service. */
const maxEndpoints = 200;

/**
 * The services that are meant, by key.
 * @param service the key of one, or `namespace/name` for all its ports and settings; undefined: all
 */
export function meantServices({ services }: Pick<RouteTable, 'services'>, service: string | undefined): readonly Service[] {
  const isMeant = ({ key, namespace, name }: Service) => service === undefined || key === service || `${namespace}/${name}` === service;
  return [...services.values()].filter(isMeant).sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** The Service that a name which means none was probably meant for. */
export function nearestService({ services }: Pick<RouteTable, 'services'>, service: string): string | undefined {
  return nearestName(
    service,
    [...services.values()].flatMap(({ key, namespace, name }) => [`${namespace}/${name}`, key]),
  );
}

/**
 * Services with their endpoints, and what these have to do. Pure.
 * @param meant see `meantServices`
 * @param uses of the workers
 */
export function reportBackends(
  { endpoints }: Pick<RouteTable, 'endpoints'>,
  meant: readonly Service[],
  limit: number,
  conditions: EndpointConditions,
  uses: readonly EndpointUse[],
): BackendReport {
  const used = new Map(uses.map((use) => [`${use.service} ${use.endpoint}`, use]));
  const backends = meant.slice(0, limit).map((service) => {
    const listed = (endpoints.get(service.key)?.endpoints ?? []).map((endpoint) => reported(endpoint, service, conditions, used));
    return {
      service: service.key,
      protocol: service.protocol,
      balancing: service.loadBalancing,
      ...(service.healthCheck && { healthCheck: service.healthCheck.kind }),
      ready: listed.filter(({ state }) => state === 'ready').length,
      total: listed.length,
      endpoints: listed.slice(0, maxEndpoints),
      moreEndpoints: Math.max(0, listed.length - maxEndpoints),
    };
  });
  return { total: meant.length, backends };
}

/** What becomes of an endpoint of a service, by its table and by what else is known. */
export function stateOf(endpoint: Endpoint, service: string, conditions: EndpointConditions): EndpointState {
  return conditions.of(service, endpointKey(endpoint))?.kind ?? endpoint.state;
}

function reported(
  endpoint: Endpoint,
  { key }: Service,
  conditions: EndpointConditions,
  used: ReadonlyMap<string, EndpointUse>,
): ReportedEndpoint {
  const address = endpointKey(endpoint);
  const condition = conditions.of(key, address);
  const use = used.get(`${key} ${address}`);
  return {
    address,
    ...(endpoint.zone !== undefined && { zone: endpoint.zone }),
    state: condition?.kind ?? endpoint.state,
    ...(condition && { reason: condition.says }),
    active: use?.active ?? 0,
    requests: use?.begun ?? 0,
  };
}
