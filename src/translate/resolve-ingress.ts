import { annotationPrefix } from '../api/annotations.ts';
import { anyHost, type PathMatch, type Service } from '../routes/route-table.ts';
import { CertificateDates } from './certificate-dates.ts';
import type { CertificateReader } from './certificate-reader.ts';
import { IngressBackendTls } from './ingress-backend-tls.ts';
import { IngressCertificates } from './ingress-certificates.ts';
import type { IngressReading, ReadBackend, ReadRule } from './ingress-reading.ts';
import type { TranslateDefaults } from './policies.ts';
import { messageFor, ProblemList, quote } from './problem-list.ts';
import type { HostClaim, ResolvedIngress, RouteClaim, TlsClaim } from './resolved-ingress.ts';
import { type BackendSettings, bindService, type ServiceBinding } from './service-binding.ts';
import { type References, TrackedReads } from './tracked-reads.ts';

/** What resolving needs besides the Ingress. */
export interface ResolveContext {
  readonly references: References;
  readonly certificates: CertificateReader;
  readonly options: TranslateDefaults;
  readonly nowMs: number;
}

/** Looks up the Services and Secrets of an Ingress and says what it claims of each host. */
export function resolveIngress(reading: IngressReading, context: ResolveContext): ResolvedIngress {
  return new IngressResolver(reading, context).resolve();
}

const rootPrefix: PathMatch = { kind: 'prefix', value: '/' };

class IngressResolver {
  readonly #reading: IngressReading;
  readonly #reads: TrackedReads;
  readonly #problems: ProblemList;
  readonly #dates: CertificateDates;
  readonly #tls: IngressCertificates;
  readonly #backendTls: IngressBackendTls;
  readonly #settings: BackendSettings;
  readonly #routeByBackend = new Map<ReadBackend, Omit<RouteClaim, 'match' | 'field'>>();
  /** Reported Services, so that ten paths to one missing Service are one problem. */
  readonly #reported = new Set<string>();

  constructor(reading: IngressReading, context: ResolveContext) {
    this.#reading = reading;
    this.#reads = new TrackedReads(context.references);
    this.#problems = new ProblemList(reading.ref);
    this.#dates = new CertificateDates(context.nowMs);
    const [reads, problems, dates] = [this.#reads, this.#problems, this.#dates];
    const { certificates } = context;
    this.#tls = new IngressCertificates(reading, certificates, reads, problems, dates);
    this.#backendTls = new IngressBackendTls(reading, { certificates, reads, problems, dates });
    const { annotations } = reading;
    this.#settings = {
      protocol: annotations.backendProtocol,
      tls: this.#backendTls.settings,
      loadBalancing: annotations.loadBalance ?? context.options.loadBalancing,
      defaultLoadBalancing: context.options.loadBalancing,
      allowLocalExternalNames: context.options.allowLocalExternalNames,
    };
  }

  resolve(): ResolvedIngress {
    const reading = this.#reading;
    const fallback =
      reading.defaultBackend === undefined ? undefined : this.#route(rootPrefix, reading.defaultBackend, 'spec.defaultBackend');
    const claims = [...this.#rulesByHost(fallback !== undefined)].map(([host, rules]) => this.#claim(host, rules, fallback));
    this.#backendTls.reportUnused(servicesOf(claims));
    this.#tls.reportUnused(claims.map((claim) => claim.host));
    return {
      reading,
      claims,
      problems: this.#problems.list(),
      reads: this.#reads.record(),
      holds: this.#dates.holds,
      certificates: this.#tls.usable,
      referencedSecrets: this.#reads.secretKeys(),
    };
  }

  /** Every host that a rule names; a default backend adds the hosts of `spec.tls` and all that nobody names. */
  #rulesByHost(withFallback: boolean): Map<string, ReadRule[]> {
    const byHost = new Map<string, ReadRule[]>();
    for (const rule of this.#reading.rules) {
      const rules = byHost.get(rule.host);
      if (rules === undefined) byHost.set(rule.host, [rule]);
      else rules.push(rule);
    }
    if (!withFallback) return byHost;
    for (const host of [...this.#reading.tls.flatMap((tls) => tls.hosts), anyHost]) if (!byHost.has(host)) byHost.set(host, []);
    return byHost;
  }

  #claim(host: string, rules: readonly ReadRule[], fallback: RouteClaim | undefined): HostClaim {
    const routes = this.#routes(host, rules);
    return { ingress: this.#reading, host, routes, fallback, tls: this.#passthrough(host, routes, fallback) ?? this.#tls.claim(host) };
  }

  #routes(host: string, rules: readonly ReadRule[]): readonly RouteClaim[] {
    const byMatch = new Map<string, RouteClaim>();
    for (const path of rules.flatMap((rule) => rule.paths)) {
      const key = matchKey(path.match);
      const first = byMatch.get(key);
      if (first === undefined) byMatch.set(key, this.#route(path.match, path.backend, path.field));
      else {
        const shown = `${path.match.kind === 'exact' ? 'Exact' : 'Prefix'} ${quote(path.match.value)}`;
        this.#report(
          'DuplicatePath',
          path.field,
          `${shown} of host ${quote(host)} is there already as ${first.field}, which is used; remove one`,
        );
      }
    }
    return [...byMatch.values()];
  }

  #route(match: PathMatch, backend: ReadBackend, field: string): RouteClaim {
    let resolved = this.#routeByBackend.get(backend);
    if (resolved === undefined) this.#routeByBackend.set(backend, (resolved = this.#resolve(backend)));
    return { match, field, ...resolved };
  }

  #resolve(backend: ReadBackend): Omit<RouteClaim, 'match' | 'field'> {
    if (backend.kind === 'unusable') return failed(backend.reason);
    if (this.#backendTls.broken !== undefined) return failed(this.#backendTls.broken);
    const key = `${this.#reading.ref.namespace}/${backend.name}`;
    const object = this.#reads.service(key);
    if (object === undefined) {
      this.#reportOnce(
        key,
        'ServiceNotFound',
        `${backend.field}.service.name`,
        `Service ${key} does not exist; create it or correct the name`,
      );
      return failed(`Service ${key} does not exist`);
    }
    const result = bindService(key, object, backend.port, this.#settings);
    if (result.kind === 'unbound') {
      const field = result.reason === 'ServicePortNotFound' ? `${backend.field}.service.port` : `${backend.field}.service.name`;
      this.#reportOnce(`${key}:${backend.port}`, result.reason, field, `Service ${key} ${result.why}`);
      return failed(`Service ${key} ${result.why}`);
    }
    const { binding } = result;
    return { action: { kind: 'forward', backends: [{ service: binding.service.key, weight: 1 }] }, binding };
  }

  /** Passthrough sends a whole connection to one backend: that of `/`, else of the first path, else the default backend. */
  #passthrough(host: string, routes: readonly RouteClaim[], fallback: RouteClaim | undefined): TlsClaim | undefined {
    if (this.#reading.annotations.tlsPassthrough !== true) return undefined;
    const field = `metadata.annotations[${annotationPrefix}tls-passthrough]`;
    if (host === anyHost) {
      if (routes.length > 0)
        this.#report('PassthroughConflict', field, 'a rule without a host has no server name to pass TLS through by; give the rule a host');
      return undefined;
    }
    const route = routes.find(({ match }) => match.value === '/') ?? routes[0] ?? fallback;
    return route?.binding === undefined ? undefined : { kind: 'passthrough', binding: route.binding, field };
  }

  #reportOnce(what: string, reason: Parameters<ProblemList['add']>[0], field: string, sentence: string): void {
    if (this.#reported.has(what)) return;
    this.#reported.add(what);
    this.#report(reason, field, sentence);
  }

  #report(reason: Parameters<ProblemList['add']>[0], field: string, sentence: string): void {
    this.#problems.add(reason, field, messageFor(this.#reading.ref, field, sentence));
  }
}

function servicesOf(claims: readonly HostClaim[]): readonly Service[] {
  const routes = claims.flatMap((claim) => (claim.fallback === undefined ? claim.routes : [...claim.routes, claim.fallback]));
  return routes.flatMap((route) => route.binding?.service ?? []);
}

function failed(reason: string): { readonly action: RouteClaim['action']; readonly binding: ServiceBinding | undefined } {
  return { action: { kind: 'fail', status: 503, reason }, binding: undefined };
}

/** Equal for two paths that match the same requests with the same precedence. */
export function matchKey(match: PathMatch): string {
  return `${match.kind} ${match.value}`;
}
