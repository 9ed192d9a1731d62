import { annotationPrefix } from '../api/annotations.ts';
import { anyHost, type PathMatch, type Service } from '../routes/route-table.ts';
import { BackendTlsReader, type TlsSetting } from './backend-tls-reader.ts';
import { CertificateDates } from './certificate-dates.ts';
import { type HostClaim, pathKey, type RouteClaim, type TlsClaim } from './host-claim.ts';
import type { IngressReading, ReadBackend, ReadRule } from './ingress-reading.ts';
import { messageFor, ProblemList, quote } from './problem-list.ts';
import type { ResolvedObject } from './resolved-object.ts';
import type { ResolveContext } from './resolved-objects.ts';
import { type RouteSettings, settingsOfAnnotations } from './route-settings.ts';
import { type BackendSettings, bindService } from './service-binding.ts';
import { TlsCertificates } from './tls-certificates.ts';
import { TrackedReads } from './tracked-reads.ts';

/** Looks up the Services and Secrets of an Ingress and says what it claims of each host. */
export function resolveIngress(reading: IngressReading, context: ResolveContext): ResolvedObject {
  return new IngressResolver(reading, context).resolve();
}

/** Where a path leads. */
type Target = Pick<RouteClaim, 'action' | 'bindings'>;

/** The annotations that have a meaning for backends over TLS alone, by their field. */
const tlsAnnotations = {
  backendTlsServerName: 'backend-tls-server-name',
  backendTlsCaSecret: 'backend-tls-ca-secret',
  backendTlsClientSecret: 'backend-tls-client-secret',
} as const;

const rootPrefix: PathMatch = { kind: 'prefix', value: '/' };

class IngressResolver {
  readonly #reading: IngressReading;
  readonly #reads: TrackedReads;
  readonly #problems: ProblemList;
  readonly #dates: CertificateDates;
  readonly #tls: TlsCertificates;
  readonly #backendTls: BackendTlsReader;
  readonly #settings: RouteSettings;
  readonly #backendSettings: BackendSettings;
  readonly #targets = new Map<ReadBackend, Target>();
  /** Reported Services, so that ten paths to one missing Service are one problem. */
  readonly #reported = new Set<string>();

  constructor(reading: IngressReading, context: ResolveContext) {
    this.#reading = reading;
    this.#reads = new TrackedReads(context.references);
    this.#problems = new ProblemList(reading.ref);
    this.#dates = new CertificateDates(context.nowMs);
    const { certificates, options } = context;
    const certificateContext = { certificates, reads: this.#reads, problems: this.#problems, dates: this.#dates };
    const settings = settingsOfAnnotations(reading.annotations);
    this.#tls = new TlsCertificates(reading, certificateContext);
    this.#backendTls = new BackendTlsReader(
      {
        ref: reading.ref,
        rule: undefined,
        serverName: tlsSetting(reading, 'backendTlsServerName'),
        ca: tlsSetting(reading, 'backendTlsCaSecret'),
        clientCertificate: tlsSetting(reading, 'backendTlsClientSecret'),
        howToGetTls: `set ${annotationPrefix}backend-protocol to "https" or "h2"`,
      },
      certificateContext,
    );
    this.#settings = settings;
    this.#backendSettings = {
      protocol: settings.backendProtocol,
      alwaysTls: false,
      tls: this.#backendTls.settings,
      loadBalancing: settings.loadBalancing ?? options.loadBalancing,
      defaultLoadBalancing: options.loadBalancing,
      allowLocalExternalNames: options.allowLocalExternalNames,
    };
  }

  resolve(): ResolvedObject {
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
    return {
      from: this.#reading,
      host,
      named: this.#reading.rules.some((rule) => rule.host === host),
      onlyFallback: this.#reading.rules.length === 0,
      routes,
      fallback,
      tls: this.#passthrough(host, routes, fallback) ?? this.#tls.claim(host),
      settings: this.#settings,
    };
  }

  #routes(host: string, rules: readonly ReadRule[]): readonly RouteClaim[] {
    const byMatch = new Map<string, RouteClaim>();
    for (const path of rules.flatMap((rule) => rule.paths)) {
      const key = pathKey(path.match);
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
    let target = this.#targets.get(backend);
    if (target === undefined) this.#targets.set(backend, (target = this.#resolve(backend)));
    return {
      id: pathKey(match),
      match: { path: match, methods: [], headers: [], query: [] },
      priority: 0,
      order: undefined,
      settings: this.#settings,
      field,
      rule: undefined,
      ...target,
    };
  }

  #resolve(backend: ReadBackend): Target {
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
    const result = bindService(key, object, backend.port, this.#backendSettings);
    if (result.kind === 'unbound') {
      const field = result.reason === 'ServicePortNotFound' ? `${backend.field}.service.port` : `${backend.field}.service.name`;
      this.#reportOnce(`${key}:${backend.port}`, result.reason, field, `Service ${key} ${result.why}`);
      return failed(`Service ${key} ${result.why}`);
    }
    const { binding } = result;
    return { action: { kind: 'forward', backends: [{ service: binding.service.key, weight: 1 }] }, bindings: [binding] };
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
    const route = routes.find(({ match }) => match.path.value === '/') ?? routes[0] ?? fallback;
    const binding = route?.bindings[0];
    return binding === undefined ? undefined : { kind: 'passthrough', binding, field };
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
  return routes.flatMap((route) => route.bindings.map(({ service }) => service));
}

function failed(reason: string): Target {
  return { action: { kind: 'fail', status: 503, reason }, bindings: [] };
}

/** An annotation about TLS to backends, with its place. */
function tlsSetting({ annotations, unsafeAnnotations }: IngressReading, field: keyof typeof tlsAnnotations): TlsSetting {
  const label = tlsAnnotations[field];
  return {
    value: annotations[field],
    label,
    field: `metadata.annotations[${annotationPrefix}${label}]`,
    isUnreadable: unsafeAnnotations.has(field),
  };
}
