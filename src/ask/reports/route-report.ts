import { nearestName } from '../../config/nearest-name.ts';
import { httpDurationBounds } from '../../observability/counters/histogram.ts';
import type { Route, RouteSource, WeightedBackend } from '../../routes/route.ts';
import { type HostTls, type RouteTable, tcpOf } from '../../routes/route-table.ts';
import { isRouteMeant } from '../../smartproxy/connection-filter.ts';
import { reasonDoc } from '../../translate/problem-docs.ts';
import type { Problem } from '../../translate/translation.ts';
import { actionText } from '../action-text.ts';
import type { EndpointConditions } from '../endpoint-conditions.ts';
import { matchText } from '../match-text.ts';
import { stateOf } from './backend-report.ts';
import { noTotals, objectKey, type RequestTotals } from './request-totals.ts';

/** A Service of a rule, and how many of its endpoints can be used. */
export interface RuleBackend {
  /** undefined: it does not exist or may not be used, and its share is answered 503. */
  readonly service: string | undefined;
  readonly weight: number;
  /** Endpoints that get traffic, and all. */
  readonly ready: number;
  readonly total: number;
}

/** One route of the table: what arrives for it, and what becomes of that. */
export interface ReportedRule {
  /** As in the access log and the list of connections. */
  readonly key: string;
  /** `shop.example.com`, `*.example.com`; undefined: a listener's TCP or UDP. */
  readonly host?: string;
  /** Empty: any. */
  readonly listeners: readonly string[];
  /** What becomes of TLS for the host; `none`: it has no certificate, or there is no TLS there. */
  readonly tls: 'none' | 'ends here' | 'passes through';
  readonly match: string;
  readonly action: string;
  /** None either where it needs none or where `failure` says why it has none. */
  readonly backends: readonly RuleBackend[];
  /** Why nobody is served by it, such as a Service that does not exist; undefined: somebody is. */
  readonly failure?: string;
}

/** What is wrong with an object. */
export interface RouteProblem {
  readonly level: 'error' | 'warning';
  readonly reason: string;
  readonly field: string;
  readonly message: string;
}

/** An object with all that it routes. */
export interface ReportedRoute {
  /** The label `route` of metrics: the object's name. */
  readonly route: string;
  readonly object: RouteSource;
  /** `file:line`; undefined: it is in no file. */
  readonly location?: string;
  readonly hosts: readonly string[];
  readonly rules: readonly ReportedRule[];
  /** Rules that are left out. */
  readonly moreRules: number;
  /** Over all rules, those left out included. */
  readonly totals: RequestTotals;
  /** Errors first. */
  readonly problems: readonly RouteProblem[];
  /** Problems that are left out. */
  readonly moreProblems: number;
}

/** What is routed where, as `/debug/route-report` has it. */
export interface RouteReport {
  /** Objects that are meant, those left out included. */
  readonly total: number;
  readonly routes: readonly ReportedRoute[];
  /** Upper bounds of `totals.durationBuckets`, in seconds. */
  readonly durationBounds: readonly number[];
  /** Above 0: there are more routes than are counted apart, so that totals may be too low (`--max-route-series`). */
  readonly seriesRefused: number;
  /** Where none is meant: the host or object that was probably meant by the query. */
  readonly nearest?: string;
}

/** Which rules are meant: those with all that is given. */
export interface RouteQuery {
  /** As the table has it: `*.example.com`. */
  readonly host?: string | undefined;
  /** The key of a rule, or `Kind namespace/name`. */
  readonly route?: string | undefined;
  /** Is found in a host or in `namespace/name`. */
  readonly search?: string | undefined;
  /** Which objects come first: by namespace and name, or those with the most requests. @default name */
  readonly order?: 'name' | 'requests' | undefined;
  /** Most objects. */
  readonly limit: number;
}

/** All that a report is made of beside the query. */
export interface RouteReportContext {
  readonly table: RouteTable;
  readonly conditions: EndpointConditions;
  readonly problems: readonly Problem[];
  /** @param key `namespace/name` */
  readonly locationOf: (kind: string, key: string) => string | undefined;
  /** By `objectKey`. */
  readonly totals: ReadonlyMap<string, RequestTotals>;
  readonly seriesRefused: number;
}

const maxRules = 100;
const maxProblems = 20;

/** All that is routed, by object, in the order that the query asks for. Pure. */
export function reportRoutes(query: RouteQuery, context: RouteReportContext): RouteReport {
  const objects = new Map<string, { readonly source: RouteSource; readonly found: FoundRule[] }>();
  for (const found of foundRules(context.table)) {
    if (!isMeant(found, query)) continue;
    const key = objectKey(found.source);
    const known = objects.get(key);
    if (known === undefined) objects.set(key, { source: found.source, found: [found] });
    else known.found.push(found);
  }
  const requestsOf = (key: string): number => (query.order === 'requests' ? (context.totals.get(key)?.requests ?? 0) : 0);
  const shown = [...objects]
    .sort(([keyA, { source: a }], [keyB, { source: b }]) => requestsOf(keyB) - requestsOf(keyA) || (orderKey(a) < orderKey(b) ? -1 : 1))
    .slice(0, query.limit);
  const health = new ServiceHealth(context);
  const problems = Map.groupBy(context.problems, ({ object }) => objectKey(object));
  return {
    total: objects.size,
    routes: shown.map(([key, { source, found }]) => reported(key, source, found, problems.get(key) ?? [], health, context)),
    durationBounds: httpDurationBounds,
    seriesRefused: context.seriesRefused,
    ...(objects.size === 0 && nearestTo(query, context.table)),
  };
}

function nearestTo({ host, route }: RouteQuery, table: RouteTable): Pick<RouteReport, 'nearest'> {
  const names = route === undefined ? table.hosts.keys() : [...foundRules(table)].map(({ source }) => objectKey(source));
  const nearest = nearestName(route ?? host ?? '', names);
  return nearest === undefined ? {} : { nearest };
}

interface FoundRule extends Omit<ReportedRule, 'backends' | 'match' | 'action' | 'failure'> {
  readonly source: RouteSource;
  readonly route: Pick<Route, 'match' | 'action'> | undefined;
  /** What there is in place of a match, for connections. */
  readonly all: string;
  readonly backends: readonly WeightedBackend[];
}

function* foundRules({ hosts, l4 }: RouteTable): Iterable<FoundRule> {
  for (const { key: host, routes, tls } of hosts.values()) {
    const tcp = tcpOf(tls);
    if (tcp !== undefined) {
      const { key, source, listeners = [], backends } = tcp;
      yield { key, source, host, listeners, tls: tlsText(tls), route: undefined, all: 'all of TLS', backends };
    }
    for (const route of routes) {
      const { key, source, match, action } = route;
      const backends = action.kind === 'forward' ? action.backends : [];
      yield { key, source, host, listeners: match.listeners ?? [], tls: tlsText(tls), route, all: '', backends };
    }
  }
  for (const { key, source, listener, protocol, clients, kernel, backends } of l4.values()) {
    const from = clients === undefined ? '' : ` from ${clients.join(' or ')}`;
    const all = `all of ${protocol.toUpperCase()}${from}${kernel === undefined ? '' : ', by the kernel'}`;
    yield { key, source, listeners: [listener], tls: 'none', route: undefined, all, backends };
  }
}

function tlsText(tls: HostTls | undefined): ReportedRule['tls'] {
  if (tls === undefined) return 'none';
  return tls.kind === 'passthrough' ? 'passes through' : 'ends here';
}

function isMeant({ key, host, source }: FoundRule, query: RouteQuery): boolean {
  if (query.host !== undefined && host !== query.host) return false;
  if (query.route !== undefined && !isRouteMeant(query.route, key) && query.route !== objectKey(source)) return false;
  const { search } = query;
  return search === undefined || host?.includes(search) === true || `${source.namespace}/${source.name}`.includes(search);
}

function orderKey({ kind, namespace, name }: RouteSource): string {
  return `${namespace}/${name} ${kind}`;
}

function reported(
  key: string,
  source: RouteSource,
  found: readonly FoundRule[],
  problems: readonly Problem[],
  health: ServiceHealth,
  { locationOf, totals }: RouteReportContext,
): ReportedRoute {
  const location = locationOf(source.kind, `${source.namespace}/${source.name}`);
  return {
    route: source.name,
    object: source,
    ...(location !== undefined && { location }),
    hosts: [...new Set(found.flatMap(({ host }) => host ?? []))],
    rules: found.slice(0, maxRules).map((rule) => reportedRule(rule, health)),
    moreRules: Math.max(0, found.length - maxRules),
    totals: totals.get(key) ?? noTotals,
    problems: reportedProblems(problems),
    moreProblems: Math.max(0, problems.length - maxProblems),
  };
}

function reportedProblems(problems: readonly Problem[]): readonly RouteProblem[] {
  const found = problems.map(({ reason, field, message }) => ({ level: reasonDoc(reason).level, reason, field, message }));
  const { error = [], warning = [] } = Object.groupBy(found, ({ level }) => level);
  return [...error, ...warning].slice(0, maxProblems);
}

function reportedRule({ key, host, listeners, tls, route, all, backends }: FoundRule, health: ServiceHealth): ReportedRule {
  return {
    key,
    ...(host !== undefined && { host }),
    listeners,
    tls,
    match: route === undefined ? all : matchText(route.match),
    action: actionText(route?.action ?? { kind: 'forward', backends }),
    backends: backends.map(({ service, weight }) => ({ service, weight, ...health.of(service) })),
    ...(route?.action.kind === 'fail' && { failure: route.action.reason }),
  };
}

/** How many endpoints of services get traffic, each service looked at once. */
class ServiceHealth {
  readonly #context: Pick<RouteReportContext, 'table' | 'conditions'>;
  readonly #known = new Map<string, Pick<RuleBackend, 'ready' | 'total'>>();

  constructor(context: Pick<RouteReportContext, 'table' | 'conditions'>) {
    this.#context = context;
  }

  of(service: string | undefined): Pick<RuleBackend, 'ready' | 'total'> {
    if (service === undefined) return { ready: 0, total: 0 };
    const known = this.#known.get(service);
    if (known !== undefined) return known;
    const { table, conditions } = this.#context;
    const endpoints = table.endpoints.get(service)?.endpoints ?? [];
    const ready = endpoints.filter((endpoint) => stateOf(endpoint, service, conditions) === 'ready').length;
    const found = { ready, total: endpoints.length };
    this.#known.set(service, found);
    return found;
  }
}
