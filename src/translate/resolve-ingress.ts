import { annotationPrefix, ingressAnnotations } from '../api/annotations.ts';
import type { PathMatch } from '../routes/route.ts';
import { anyHost, type PageText } from '../routes/route-table.ts';
import type { Service } from '../routes/service.ts';
import { annotatedAsks, reportNothingAsked } from './annotated-acme.ts';
import { readAnnotatedAuth } from './annotated-auth.ts';
import { readAnnotatedTlsPolicy } from './annotated-tls-policy.ts';
import { BackendTlsReader, type TlsSetting } from './backend-tls-reader.ts';
import { balancingOfConnections } from './balancing-settings.ts';
import { bindOfInstallation } from './bound-defaults.ts';
import { CertificateDates } from './certificate-dates.ts';
import { asksForCredentialsOfAll } from './cors-settings.ts';
import { forwardActionOf } from './forward-action.ts';
import { type HostClaim, noNeeds, pathKey, type RouteClaim, type TlsClaim, type TlsPolicyClaim } from './host-claim.ts';
import { type IngressReading, pathsInOrder, type ReadBackend, type ReadRule } from './ingress-reading.ts';
import { inheritSettings } from './inherited-settings.ts';
import type { AuthReading } from './installation-guards.ts';
import { readPage } from './page-text.ts';
import { defaultBufferBytes } from './policies.ts';
import { bindPolicyServices, type PolicyBackend, type PolicyConfigMap } from './policy-services.ts';
import { messageFor, ProblemList, quote } from './problem-list.ts';
import type { ResolvedObject } from './resolved-object.ts';
import type { ResolveContext } from './resolved-objects.ts';
import { type RouteSettings, settingsOfAnnotations } from './route-settings.ts';
import { anyBackendTls, type BackendSettings, backendSettingsOf, bindService, type ServiceBinding } from './service-binding.ts';
import { closedToAll } from './smart-route-listeners.ts';
import { solverPriority } from './solver-ingress.ts';
import { TlsCertificates } from './tls-certificates.ts';
import { TrackedReads } from './tracked-reads.ts';
import type { TranslateDefaults } from './translate-options.ts';

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

const httpProtocols = ['http', 'https'] as const;

const rootPrefix: PathMatch = { kind: 'prefix', value: '/' };

class IngressResolver {
  readonly #reading: IngressReading;
  readonly #options: TranslateDefaults;
  readonly #reads: TrackedReads;
  readonly #problems: ProblemList;
  readonly #dates: CertificateDates;
  readonly #tls: TlsCertificates;
  readonly #backendTls: BackendTlsReader;
  readonly #settings: RouteSettings;
  readonly #auth: AuthReading;
  /** It is that of the installation. */
  readonly #inheritsAuth: boolean;
  readonly #tlsPolicy: TlsPolicyClaim | undefined;
  readonly #backendSettings: BackendSettings;
  /** For TLS that passes through. */
  readonly #connectionSettings: BackendSettings;
  /** Of Services that annotations name. */
  readonly #policyBindings: readonly ServiceBinding[];
  /** Texts of the installation's error pages. */
  readonly #pages: readonly PageText[];
  readonly #targets = new Map<ReadBackend, Target>();
  /** What connections go to, by what they are said to go to, and by the route of requests. */
  readonly #directs = new Map<ReadBackend, ServiceBinding>();
  readonly #ofConnections = new Map<RouteClaim, ServiceBinding>();
  /** Reported Services, so that ten paths to one missing Service are one problem. */
  readonly #reported = new Set<string>();

  constructor(reading: IngressReading, context: ResolveContext) {
    this.#reading = reading;
    this.#reads = new TrackedReads(context.references);
    this.#problems = new ProblemList(reading.ref);
    this.#dates = new CertificateDates(context.nowMs);
    const { certificates, options } = context;
    this.#options = options;
    const certificateContext = { certificates, reads: this.#reads, problems: this.#problems, dates: this.#dates };
    const own = settingsOfAnnotations(reading, `Ingress ${reading.key}`);
    const settings = inheritSettings(reading.inherited ?? {}, own);
    this.#tls = new TlsCertificates(reading, certificateContext);
    this.#backendTls = new BackendTlsReader(
      {
        ref: reading.ref,
        rule: undefined,
        serverName: { value: settings.backendTlsServerName, ...tlsPlace(reading, 'backendTlsServerName') },
        ca: { value: settings.backendTlsCaSecret, ...tlsPlace(reading, 'backendTlsCaSecret') },
        clientCertificate: { value: settings.backendTlsClientSecret, ...tlsPlace(reading, 'backendTlsClientSecret') },
        howToGetTls: `set ${annotationPrefix}backend-protocol to "https" or "h2"`,
      },
      certificateContext,
    );
    this.#auth = readAnnotatedAuth(reading, own.auth, settings.auth, { reads: this.#reads, problems: this.#problems, options });
    this.#inheritsAuth = settings.auth?.kind === 'installation' && this.#auth === this.#reads.guards().auth;
    this.#tlsPolicy = readAnnotatedTlsPolicy(reading, certificateContext);
    this.#backendSettings = backendSettingsOf(settings, this.#backendTls.settings, options);
    const balancing = own.balancing ?? balancingOfConnections(settings.balancing);
    this.#connectionSettings = backendSettingsOf({ ...settings, balancing }, this.#backendTls.settings, options);
    const withAuth = 'broken' in this.#auth ? settings : { ...settings, authPolicy: this.#auth.policy };
    const bound = bindPolicyServices(
      withAuth,
      (backend, setting) => this.#policyService(backend, setting),
      (configMap) => this.#page(configMap),
    );
    this.#settings = bound.settings;
    this.#policyBindings = bound.bindings;
    this.#pages = bound.pages;
  }

  resolve(): ResolvedObject {
    const reading = this.#reading;
    this.#reportCredentials();
    this.#reportSmallBuffer();
    reportNothingAsked(reading, (reason, field, sentence) => this.#report(reason, field, sentence));
    const fallback =
      reading.defaultBackend === undefined ? undefined : this.#route(rootPrefix, reading.defaultBackend, 'spec.defaultBackend');
    const wanted = [...this.#rulesByHost(fallback !== undefined)].map(([host, rules]) => this.#claim(host, rules, fallback));
    this.#backendTls.reportUnused(servicesOf(wanted));
    this.#tls.reportUnused(wanted.map((claim) => claim.host));
    const isClosed = this.#reads.isClosedTo(reading.ref.namespace, httpProtocols);
    if (isClosed) this.#report('ListenerNotPermitted', 'spec', closedToAll(httpProtocols));
    const claims = isClosed ? [] : wanted;
    return {
      reading,
      claims,
      problems: this.#problems.list(),
      reads: this.#reads.record(),
      holds: this.#dates.holds,
      certificates: this.#tls.usable,
      referencedSecrets: this.#reads.secretKeys(),
      ...annotatedAsks(reading),
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
      tlsPolicy: this.#tlsPolicy,
      settings: this.#settings,
      ...(this.#reading.isSolver && { isSolver: true as const }),
    };
  }

  #routes(host: string, rules: readonly ReadRule[]): readonly RouteClaim[] {
    const byMatch = new Map<string, RouteClaim>();
    for (const path of pathsInOrder(rules)) {
      const key = pathKey(path.match);
      const first = byMatch.get(key);
      if (first === undefined) byMatch.set(key, this.#route(path.match, path.backend, path.field));
      else if (!path.isMeant) {
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
    const claim: RouteClaim = {
      id: pathKey(match),
      match: { path: match, methods: [], headers: [], query: [] },
      priority: this.#reading.isSolver ? solverPriority : 0,
      order: undefined,
      settings: this.#settings,
      needs: { ...('broken' in this.#auth ? noNeeds : this.#auth.needs), pages: this.#pages },
      field,
      rule: undefined,
      ...target,
      bindings: [...target.bindings, ...this.#policyBindings],
    };
    const direct = this.#directs.get(backend);
    if (direct !== undefined) this.#ofConnections.set(claim, direct);
    return claim;
  }

  #resolve(backend: ReadBackend): Target {
    if (backend.kind === 'unusable') return failed(backend.reason);
    if (this.#backendTls.broken !== undefined) return failed(this.#backendTls.broken);
    const brokenAuth = 'broken' in this.#auth ? this.#auth.broken : undefined;
    if (brokenAuth !== undefined && !this.#inheritsAuth) return failed(brokenAuth);
    const lost = lostGuard(this.#reading);
    if (lost !== undefined) return failed(lost);
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
    const { upstreamVhost, tlsPassthrough } = this.#reading.annotations;
    const direct = tlsPassthrough === true ? bindService(key, object, backend.port, this.#connectionSettings) : undefined;
    if (direct?.kind === 'bound') this.#directs.set(backend, direct.binding);
    // Connections go on: nobody is asked, and nothing is verified, in what passes through.
    const unsafe = this.#backendTls.brokenFor(binding.service) ?? brokenAuth;
    if (unsafe !== undefined) return failed(unsafe);
    const rewrite = upstreamVhost === undefined ? undefined : { host: upstreamVhost, path: undefined };
    return { action: forwardActionOf([{ service: binding.service.key, weight: 1 }], this.#settings, rewrite), bindings: [binding] };
  }

  #reportCredentials(): void {
    if (this.#settings.cors === false || !asksForCredentialsOfAll(this.#reading.annotations)) return;
    const field = `metadata.annotations[${annotationPrefix}cors-allow-credentials]`;
    this.#report('InvalidAnnotation', field, 'credentials need named origins, so there are none; name them in cors-allow-origin');
  }

  #reportSmallBuffer(): void {
    const { requestBuffering, maxBodySize } = this.#reading.annotations;
    const { maxBufferedRequestBytes: held = defaultBufferBytes } = this.#settings;
    if (requestBuffering !== 'on' || maxBodySize === undefined || (maxBodySize > 0 && maxBodySize <= held)) return;
    const field = `metadata.annotations[${annotationPrefix}request-buffering]`;
    const sentence = `it holds bodies of ${held} bytes at most, so larger ones get 413 whatever max-body-size says`;
    this.#report('InvalidAnnotation', field, `${sentence}; remove it, or use a SmartRoute: policy.buffering.maxRequest`);
  }

  /** A Service that an annotation names; it is spoken to as its port says. */
  #policyService(backend: PolicyBackend, setting: keyof RouteSettings): ServiceBinding | undefined {
    const { name, namespace = this.#reading.ref.namespace, port, installation } = backend;
    if (installation !== undefined) {
      const found = bindOfInstallation({ name, namespace, port, installation }, this.#reads, this.#options);
      return found.kind === 'bound' ? found.binding : undefined;
    }
    const key = `${namespace}/${name}`;
    const field = `metadata.annotations[${annotationPrefix}${setting === 'mirror' ? 'mirror-service' : 'error-backend'}]`;
    const object = this.#reads.service(key);
    if (object === undefined) {
      this.#report('ServiceNotFound', field, `Service ${key} does not exist; create it or correct the name`);
      return undefined;
    }
    const result = bindService(key, object, port, { ...this.#backendSettings, protocol: undefined, tls: anyBackendTls });
    if (result.kind === 'bound') return result.binding;
    this.#report(result.reason, field, `Service ${key} ${result.why}`);
    return undefined;
  }

  /** A text that the installation names, which is told when it can't be had: no annotation names one. */
  #page({ name, key, namespace = this.#reading.ref.namespace }: PolicyConfigMap): PageText | undefined {
    const configMap = `${namespace}/${name}`;
    const read = readPage(configMap, this.#reads.configMap(configMap), key);
    return 'text' in read ? read : undefined;
  }

  /** Passthrough sends a whole connection to one backend: that of `/`, else of the first path, else the default backend. */
  #passthrough(host: string, routes: readonly RouteClaim[], fallback: RouteClaim | undefined): TlsClaim | undefined {
    if (this.#reading.annotations.tlsPassthrough !== true) return undefined;
    const field = `metadata.annotations[${annotationPrefix}tls-passthrough]`;
    if (this.#asksWho) {
      const sentence = 'TLS that passes through can not be asked who it is from, so it ends here; remove this, or what asks';
      this.#reportOnce('passthrough', 'PassthroughConflict', field, sentence);
      return undefined;
    }
    if (host === anyHost) {
      if (routes.length > 0)
        this.#report('PassthroughConflict', field, 'a rule without a host has no server name to pass TLS through by; give the rule a host');
      return undefined;
    }
    const route = routes.find(({ match }) => match.path.value === '/') ?? routes[0] ?? fallback;
    const binding = route && this.#ofConnections.get(route);
    if (binding === undefined) return undefined;
    const backends = [{ service: binding.service.key, weight: 1 }];
    return { kind: 'passthrough', backends, bindings: [binding], listeners: undefined, field };
  }

  /** Whether some annotation says who may ask, readable or not. What is inherited is about requests that are read, and ends no passthrough. */
  get #asksWho(): boolean {
    const { missingGuard } = this.#reading;
    const asksUsers = !this.#inheritsAuth && ('broken' in this.#auth || this.#auth.policy !== undefined);
    return asksUsers || this.#tlsPolicy?.rule !== undefined || missingGuard !== undefined;
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

/** Why nobody may be let in by an address, or at all; undefined: they may. */
function lostGuard({ unsafeAnnotations, missingGuard }: IngressReading): string | undefined {
  if (missingGuard !== undefined) return `annotation ${missingGuard} does not exist`;
  const list = (['allowlistSourceRange', 'denylistSourceRange'] as const).find((name) => unsafeAnnotations.has(name));
  return list === undefined ? undefined : `annotation ${ingressAnnotations[list].name} has a value that can't be read`;
}

function failed(reason: string): Target {
  return { action: { kind: 'fail', status: 503, reason }, bindings: [] };
}

/** Where an annotation about TLS to backends stands. */
function tlsPlace({ annotations, unsafeAnnotations }: IngressReading, field: keyof typeof tlsAnnotations): Omit<TlsSetting, 'value'> {
  const label = tlsAnnotations[field];
  return {
    label,
    field: `metadata.annotations[${annotationPrefix}${label}]`,
    isUnreadable: unsafeAnnotations.has(field),
    isInherited: annotations[field] === undefined,
  };
}
