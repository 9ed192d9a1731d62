import type { SmartRouteSpec, SmartRouteTcp } from '../api/generated/smart-route.ts';
import { balancingOfConnections, balancingOfTcp } from './balancing-settings.ts';
import type { HostClaim } from './host-claim.ts';
import type { L4Claim } from './merged-l4.ts';
import type { ResolvedObject } from './resolved-object.ts';
import type { ResolveContext } from './resolved-objects.ts';
import { SmartRouteBackends } from './smart-route-backends.ts';
import { type ConnectionBackends, l4Claims } from './smart-route-connections.ts';
import { SmartRouteGuards } from './smart-route-guards.ts';
import { l4Of, l4Problems, type SmartRouteL4 } from './smart-route-l4.ts';
import { listenersOfRoute, type NamedListener } from './smart-route-listeners.ts';
import { SmartRouteLookup } from './smart-route-lookup.ts';
import type { SmartRouteReading } from './smart-route-reading.ts';
import { SmartRouteRules } from './smart-route-rules.ts';
import { acmeAsks, type RouteTls, SmartRouteTlsClaims } from './smart-route-tls.ts';

/** Looks up the Services and Secrets of a SmartRoute and says what it claims of each host. */
export function resolveSmartRoute(reading: SmartRouteReading, context: ResolveContext): ResolvedObject {
  return new SmartRouteResolver(new SmartRouteLookup(reading, context)).resolve();
}

class SmartRouteResolver {
  readonly #lookup: SmartRouteLookup;
  readonly #backends: SmartRouteBackends;
  readonly #guards: SmartRouteGuards;
  readonly #rules: SmartRouteRules;
  readonly #tls: SmartRouteTlsClaims;

  constructor(lookup: SmartRouteLookup) {
    this.#lookup = lookup;
    this.#backends = new SmartRouteBackends(lookup);
    this.#guards = new SmartRouteGuards(lookup, this.#backends);
    this.#rules = new SmartRouteRules(lookup, this.#backends, this.#guards);
    this.#tls = new SmartRouteTlsClaims(lookup);
  }

  resolve(): ResolvedObject {
    const { reading, reads, options } = this.#lookup;
    const { spec } = reading;
    const listeners =
      spec && listenersOfRoute(spec, reading.ref.namespace, reads, options, (...problem) => this.#lookup.report(undefined, ...problem));
    const isNowhere = spec === undefined || listeners?.length === 0;
    const routes = isNowhere ? [] : this.#rules.routes(listeners);
    const tls = isNowhere ? undefined : this.#tlsOf(spec, listeners);
    const l4 = spec && this.#l4(spec, listeners ?? []);
    const tlsPolicy = spec?.tls === undefined ? undefined : this.#tls.policy(spec.tls);
    const claims = reading.hosts.map(
      (host): HostClaim => ({
        from: reading,
        host,
        named: true,
        onlyFallback: false,
        routes,
        fallback: undefined,
        tls: tls?.claim(host),
        tlsPolicy,
        settings: tls?.settings ?? reading.settings,
      }),
    );
    return {
      reading,
      claims,
      problems: this.#lookup.problems.list(),
      reads: reads.record(),
      holds: this.#lookup.dates.holds,
      // What another namespace granted to SmartRoutes is not for other objects of this one.
      certificates: (tls?.usable ?? []).filter(({ key }) => key.startsWith(`${reading.ref.namespace}/`)),
      referencedSecrets: reads.secretKeys(),
      ...(l4 && { l4 }),
      ...acmeAsks(reading),
      backends: this.#backends.list(),
    };
  }

  #tlsOf({ tls, tcp }: SmartRouteSpec, listeners: readonly NamedListener[] | undefined): RouteTls | undefined {
    if (tls === undefined) return undefined;
    return tcp === undefined ? this.#tls.ofRequests(tls) : this.#tls.ofConnections(tls, tcp, listeners, this.#connectionBackends(tcp));
  }

  /** undefined: it is no route of connections or datagrams by listener. */
  #l4(spec: SmartRouteSpec, listeners: readonly NamedListener[]): readonly L4Claim[] | undefined {
    const l4 = l4Of(spec, this.#lookup.reading.settings);
    for (const { reason, field, sentence } of l4Problems(spec, l4, this.#lookup.options))
      this.#lookup.report(undefined, reason, field, sentence);
    if (l4 === undefined) return undefined;
    return l4Claims(this.#lookup.reading, l4, listeners, this.#connectionBackends(spec.tcp, l4));
  }

  /** Looks up backends of connections that nobody reads; undefined: none may be used. */
  #connectionBackends(tcp: SmartRouteTcp | undefined, l4?: SmartRouteL4): ConnectionBackends | undefined {
    const { settings, broken } = this.#lookup.reading;
    if (broken !== undefined) return undefined;
    const own = tcp?.loadBalancing && balancingOfTcp(tcp.loadBalancing);
    const scope = { rule: undefined, settings: { ...settings, balancing: own ?? balancingOfConnections(settings.balancing) }, l4 };
    if ((this.#guards.brokenClients(scope, 'spec') ?? this.#guards.brokenMaintenance(scope, 'spec')) !== undefined) return undefined;
    const backendTls = this.#backends.backendTls(scope);
    return (backend, field, preserved) => this.#backends.backend(scope, backend, field, backendTls, preserved);
  }
}
