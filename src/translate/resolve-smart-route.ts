import { isIP } from 'node:net';
import { isNetwork } from '../address-list.ts';
import type {
  SmartRouteForward,
  SmartRouteForwardBackend,
  SmartRouteSpec,
  SmartRouteTcp,
  SmartRouteTcpBackend,
  SmartRouteTls,
} from '../api/generated/smart-route.ts';
import type { RouteAction, WeightedBackend } from '../routes/route.ts';
import type { PageText } from '../routes/route-table.ts';
import { type AuthReading, readAuth } from './auth-reader.ts';
import { BackendTlsReader, type TlsSetting } from './backend-tls-reader.ts';
import { CertificateDates } from './certificate-dates.ts';
import { forwardActionOf } from './forward-action.ts';
import {
  type HostClaim,
  matchKey,
  noNeeds,
  type RouteClaim,
  type TerminatedTcpClaim,
  type TlsClaim,
  type TlsPolicyClaim,
} from './host-claim.ts';
import type { L4Claim } from './merged-l4.ts';
import { readPage } from './page-text.ts';
import { bindPolicyServices, type PolicyBackend, type PolicyConfigMap } from './policy-services.ts';
import { messageFor, ProblemList, quote } from './problem-list.ts';
import type { ResolvedObject } from './resolved-object.ts';
import type { ResolveContext } from './resolved-objects.ts';
import { mergeSettings, type RouteSettings } from './route-settings.ts';
import { type BackendSettings, bindService, endpointCareOf, type ServiceBinding } from './service-binding.ts';
import { rewriteOf, substitutionProblem, targetOf } from './smart-route-actions.ts';
import { type ConnectionBackends, l4Claims, passthroughClaim, tcpClaim } from './smart-route-connections.ts';
import { l4Of, l4Problems, type SmartRouteL4 } from './smart-route-l4.ts';
import { listenersOfRoute, type NamedListener } from './smart-route-listeners.ts';
import { flatHeaders, settingsOfTcp } from './smart-route-policy.ts';
import type { ReadSmartRouteRule, SmartRouteReading } from './smart-route-reading.ts';
import { type CertificateContext, TlsCertificates, type TlsEntry } from './tls-certificates.ts';
import { readTlsPolicy, type TlsPolicyWish } from './tls-policy-reader.ts';
import { TrackedReads } from './tracked-reads.ts';
import type { TranslateDefaults } from './translate-options.ts';
import type { ProblemReason } from './translation.ts';

/** Looks up the Services and Secrets of a SmartRoute and says what it claims of each host. */
export function resolveSmartRoute(reading: SmartRouteReading, context: ResolveContext): ResolvedObject {
  return new SmartRouteResolver(reading, context).resolve();
}

/** Where a rule leads. */
interface Target extends Pick<RouteClaim, 'action' | 'bindings' | 'needs' | 'settings'> {}

type Action = Pick<RouteClaim, 'action' | 'bindings'>;

/** Where the parts of `policy.auth` stand. */
const authFields = {
  secret: 'basic.secretRef',
  url: 'external.url',
  ca: 'external.caRef',
  backend: 'external.backend',
  jwksSecret: 'jwt.jwks.secretRef',
  jwksUrl: 'jwt.jwks.url',
  jwksCa: 'jwt.jwks.caRef',
  oidcSecret: 'oidc.secretRef',
  oidcIssuer: 'oidc.issuer',
  oidcCa: 'oidc.caRef',
} as const;

/** Whose settings and problems are meant: a rule's, or the object's as a whole. */
interface Scope {
  readonly rule: ReadSmartRouteRule | undefined;
  readonly settings: RouteSettings;
  /** Connections or datagrams by listener. */
  readonly l4?: SmartRouteL4 | undefined;
}

class SmartRouteResolver {
  readonly #reading: SmartRouteReading;
  readonly #context: ResolveContext;
  readonly #reads: TrackedReads;
  readonly #problems: ProblemList;
  readonly #dates: CertificateDates;
  readonly #certificateContext: CertificateContext;
  /** Keys of services, and the names of backends that can't be served. */
  readonly #backends = new Map<string, string | undefined>();

  constructor(reading: SmartRouteReading, context: ResolveContext) {
    this.#reading = reading;
    this.#context = context;
    this.#reads = new TrackedReads(context.references);
    this.#problems = new ProblemList(reading.ref);
    this.#dates = new CertificateDates(context.nowMs);
    const [reads, problems, dates] = [this.#reads, this.#problems, this.#dates];
    this.#certificateContext = { certificates: context.certificates, reads, problems, dates };
  }

  resolve(): ResolvedObject {
    const reading = this.#reading;
    const { spec } = reading;
    const listeners =
      spec &&
      listenersOfRoute(spec, reading.ref.namespace, this.#reads, this.#context.options, (reason, field, sentence) =>
        this.#report(undefined, reason, field, sentence),
      );
    const isNowhere = spec === undefined || listeners?.length === 0;
    const routes = isNowhere ? [] : this.#routes(listeners);
    const tls = isNowhere ? undefined : this.#tls(spec, listeners);
    const l4 = spec && this.#l4(spec, listeners ?? []);
    const tlsPolicy = spec?.tls === undefined ? undefined : this.#tlsPolicy(spec.tls);
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
      problems: this.#problems.list(),
      reads: this.#reads.record(),
      holds: this.#dates.holds,
      // What another namespace granted to SmartRoutes is not for other objects of this one.
      certificates: (tls?.usable ?? []).filter(({ key }) => key.startsWith(`${reading.ref.namespace}/`)),
      referencedSecrets: this.#reads.secretKeys(),
      ...(l4 && { l4 }),
      ...acmeAsks(reading),
      backends: [...this.#backends.values()],
    };
  }

  /** undefined: it is no route of connections or datagrams by listener. */
  #l4(spec: SmartRouteSpec, listeners: readonly NamedListener[]): readonly L4Claim[] | undefined {
    const l4 = l4Of(spec);
    for (const { reason, field, sentence } of l4Problems(spec, l4, this.#context.options)) this.#report(undefined, reason, field, sentence);
    if (l4 === undefined) return undefined;
    return l4Claims(this.#reading, l4, listeners, this.#connectionBackends(spec.tcp, l4));
  }

  /** Looks up backends of connections that nobody reads; undefined: none may be used. */
  #connectionBackends(tcp: SmartRouteTcp | undefined, l4?: SmartRouteL4): ConnectionBackends | undefined {
    const own = tcp === undefined ? {} : settingsOfTcp(tcp);
    const scope = { rule: undefined, settings: mergeSettings(this.#reading.settings, own), l4 };
    if ((this.#brokenClients(scope, 'spec') ?? this.#brokenMaintenance(scope, 'spec')) !== undefined) return undefined;
    const backendTls = this.#backendTls(scope);
    return (backend, field, preserved) => this.#backend(scope, backend, field, backendTls, { preserved });
  }

  #routes(listeners: readonly NamedListener[] | undefined): readonly RouteClaim[] {
    const { clients } = this.#reading;
    const keys = listeners && { listeners: listeners.map(({ listener }) => listener.key) };
    const isForAll = keys === undefined && clients === undefined;
    const byMatch = new Map<string, RouteClaim>();
    const priority = this.#reading.spec?.priority ?? 0;
    let order = 0;
    for (const rule of this.#reading.rules) {
      const target = this.#target(rule);
      rule.matches.forEach(({ match: asked, field, broken }, index) => {
        const match = isForAll ? asked : { ...asked, ...keys, ...(clients && { clients }) };
        const key = matchKey(match, priority);
        const first = byMatch.get(key);
        if (first !== undefined) {
          this.#report(rule, 'DuplicatePath', field, `${first.field} matches the same and is used; remove one`);
          return;
        }
        const id = index === 0 ? rule.name : `${rule.name} ${index}`;
        byMatch.set(key, {
          id,
          match,
          priority,
          order: order++,
          ...(broken === undefined ? target : failing(broken)),
          field,
          rule: rule.name,
        });
      });
    }
    return [...byMatch.values()];
  }

  #target(rule: ReadSmartRouteRule): Target {
    if (rule.broken !== undefined) return failing(rule.broken);
    const auth = this.#auth(rule);
    const broken = this.#brokenSettings(rule) ?? ('broken' in auth ? auth.broken : undefined);
    if (broken !== undefined || 'broken' in auth) return failing(broken ?? '');
    const bound = bindPolicyServices(
      rule.settings,
      (...what) => this.#policyService(rule, ...what),
      (...what) => this.#page(rule, ...what),
    );
    const action = this.#action(rule);
    return {
      ...action,
      bindings: [...action.bindings, ...bound.bindings],
      needs: { ...auth.needs, pages: bound.pages },
      settings: { ...bound.settings, authPolicy: auth.policy },
    };
  }

  #auth(rule: ReadSmartRouteRule): AuthReading {
    const { ref } = this.#reading;
    const where = `${rule.ownSettings.auth === undefined ? 'spec' : rule.field}.policy.auth.`;
    const { settings, name } = rule;
    return readAuth(
      { ref, rule: name, settings: settings.auth, fieldOf: (part) => where + authFields[part] },
      {
        reads: this.#reads,
        problems: this.#problems,
        options: this.#context.options,
        bind: ({ namespace, port, ...backend }, field) =>
          this.#bindPlain(rule, { ...backend, namespace: namespace ?? ref.namespace, port }, field),
      },
    );
  }

  #action(rule: ReadSmartRouteRule): Action {
    const { forward, redirect, respond } = rule.action;
    if (forward !== undefined) return this.#forward(rule, forward);
    const action: RouteAction =
      redirect !== undefined
        ? { kind: 'redirect', status: redirect.status ?? 302, to: targetOf(redirect) }
        : respond !== undefined
          ? { kind: 'respond', status: respond.status, headers: flatHeaders(respond.headers ?? []), body: respond.body ?? '' }
          : { kind: 'block' };
    return { action, bindings: [] };
  }

  #forward(rule: ReadSmartRouteRule, { backends, rewrite }: SmartRouteForward): Action {
    const scope = { rule, settings: rule.settings };
    const backendTls = this.#backendTls(scope);
    const found = backends.map((backend, index) => {
      const field = `${rule.field}.action.forward.backends[${index}]`;
      return { backend, result: this.#backend(scope, backend, field, backendTls) };
    });
    const bindings = found.flatMap(({ result }) => (typeof result === 'string' ? [] : [result]));
    backendTls.reportUnused(bindings.map(({ service }) => service));
    const weighted = found.map(({ backend, result }): WeightedBackend => {
      return { service: typeof result === 'string' ? undefined : result.service.key, weight: backend.weight ?? 1 };
    });
    if (weighted.some(({ service, weight }) => service !== undefined && weight > 0))
      return { action: forwardActionOf(weighted, rule.settings, rewrite && rewriteOf(rewrite)), bindings };
    const failure = found.find(({ backend, result }) => typeof result === 'string' && backend.weight !== 0)?.result;
    return { action: { kind: 'fail', status: 503, reason: typeof failure === 'string' ? failure : 'no backend' }, bindings: [] };
  }

  /** Why a rule must not be served at all: a list of clients, or a pattern, that can't be used. */
  #brokenSettings(rule: ReadSmartRouteRule): string | undefined {
    const { settings, ownSettings } = rule;
    const whereOf = (name: 'clients' | 'maintenance'): string => (ownSettings[name] === undefined ? 'spec' : rule.field);
    const broken =
      this.#brokenClients({ rule, settings }, whereOf('clients')) ?? this.#brokenMaintenance({ rule, settings }, whereOf('maintenance'));
    if (broken !== undefined) return broken;
    const path = rule.action.forward?.rewrite?.path;
    if (path?.type !== 'ReplaceRegex') return undefined;
    const why = substitutionProblem(path.pattern ?? '', path.value);
    if (why === undefined) return undefined;
    const sentence = `the pattern ${quote(path.pattern)} ${why}; until then the rule answers 503`;
    this.#report(rule, 'InvalidRegex', `${rule.field}.action.forward.rewrite.path`, sentence);
    return 'a pattern can not be used';
  }

  #brokenMaintenance({ rule, settings: { maintenance } }: Scope, where: string): string | undefined {
    const wrong = maintenance === undefined || maintenance === false ? undefined : maintenance.allow.find((cidr) => !isNetwork(cidr));
    if (wrong === undefined) return undefined;
    const sentence = `${quote(wrong)} is no address or CIDR, so nobody is let in; correct it`;
    this.#report(rule, 'InvalidAddress', `${where}.policy.maintenance.allow`, sentence);
    return `${quote(wrong)} is no address or CIDR`;
  }

  #brokenClients({ rule, settings: { clients } }: Scope, where: string): string | undefined {
    const wrong = [...(clients?.allow ?? []), ...(clients?.deny ?? [])].find((cidr) => !isNetwork(cidr));
    if (wrong === undefined) return undefined;
    const sentence = `${quote(wrong)} is no address or CIDR, so nobody is let in; correct it`;
    this.#report(rule, 'InvalidAddress', `${where}.policy.clients`, sentence);
    return `${quote(wrong)} is no address or CIDR`;
  }

  /** The Service port, or why there is none, as a sentence. @param direct for connections that nobody reads; undefined: for requests */
  #backend(
    scope: Scope,
    backend: SmartRouteForwardBackend | SmartRouteTcpBackend,
    field: string,
    backendTls: BackendTlsReader,
    direct?: { readonly preserved: number | undefined },
  ): ServiceBinding | string {
    const port = backend.port.name ?? backend.port.number ?? direct?.preserved ?? 0;
    const result = this.#bind(scope, backend, port, field, backendTls);
    if (typeof result === 'string') this.#backends.set(`${this.#namespaceOf(backend)}/${backend.name} ${port}`, undefined);
    else this.#backends.set(result.service.key, result.service.key);
    return result;
  }

  #bind(
    { rule, settings, l4 }: Scope,
    backend: SmartRouteForwardBackend | SmartRouteTcpBackend,
    port: number | string,
    field: string,
    backendTls: BackendTlsReader,
  ): ServiceBinding | string {
    const namespace = this.#namespaceOf(backend);
    const transport = l4?.protocol === 'udp' ? 'UDP' : 'TCP';
    const settingsOf = (): BackendSettings | string => backendTls.broken ?? { ...this.#backendSettings(settings, backendTls), transport };
    const bound = this.#bindPort(rule, { name: backend.name, namespace, port }, field, settingsOf);
    if (l4?.kernel === undefined || typeof bound === 'string' || !isNamed(bound)) return bound;
    const named = `Service ${bound.objectKey} stands for a DNS name`;
    this.#report(rule, 'Unsupported', `${field}.name`, `${named}, and the kernel forwards to addresses alone; use the engine Node`);
    return named;
  }

  /** A Service that is asked by the proxy itself: spoken to as its `appProtocol` says, whatever the policy says of backends. */
  #bindPlain(rule: ReadSmartRouteRule, port: ServicePort, field: string): ServiceBinding | string {
    const { options } = this.#context;
    return this.#bindPort(rule, port, field, () => plainSettings(options));
  }

  #bindPort(
    rule: ReadSmartRouteRule | undefined,
    { name, namespace, port, isGranted }: ServicePort,
    field: string,
    settingsOf: () => BackendSettings | string,
  ): ServiceBinding | string {
    const key = `${namespace}/${name}`;
    if (isGranted !== true && !this.#isPermitted('Service', namespace, name, `${field}.namespace`, rule))
      return `Service ${key} may not be referred to`;
    const settings = settingsOf();
    if (typeof settings === 'string') return settings;
    const object = this.#reads.service(key);
    if (object === undefined) {
      this.#report(rule, 'ServiceNotFound', `${field}.name`, `Service ${key} does not exist; create it or correct the name`);
      return `Service ${key} does not exist`;
    }
    const result = bindService(key, object, port, settings);
    if (result.kind === 'bound') return result.binding;
    const place = result.reason === 'ServicePortNotFound' ? `${field}.port` : `${field}.name`;
    this.#report(rule, result.reason, place, `Service ${key} ${result.why}`);
    return `Service ${key} ${result.why}`;
  }

  /** A Service that the policy names. It is not one of the backends, whose number the status shows. */
  #policyService(
    rule: ReadSmartRouteRule,
    { name, namespace = this.#reading.ref.namespace, port, isOfInstallation }: PolicyBackend,
    setting: keyof RouteSettings,
    path: string,
  ): ServiceBinding | undefined {
    const field = `${rule.ownSettings[setting] === undefined ? 'spec' : rule.field}.policy.${path}`;
    const result = this.#bindPlain(rule, { name, namespace, port, isGranted: isOfInstallation }, field);
    return typeof result === 'string' ? undefined : result;
  }

  /** A text that the policy names. */
  #page(
    rule: ReadSmartRouteRule,
    { name, key, namespace = this.#reading.ref.namespace, isOfInstallation }: PolicyConfigMap,
    path: string,
  ): PageText | undefined {
    const configMap = `${namespace}/${name}`;
    const read = readPage(configMap, this.#reads.configMap(configMap), key);
    if ('text' in read) return read;
    if (isOfInstallation === true) return undefined;
    const field = `${rule.ownSettings.errorPages === undefined ? 'spec' : rule.field}.policy.${path}`;
    this.#report(rule, read.reason, field, `ConfigMap ${configMap} ${read.why}`);
    return undefined;
  }

  #backendSettings(settings: RouteSettings, backendTls: BackendTlsReader): BackendSettings {
    const { options } = this.#context;
    const { backendProtocol, backendProxyProtocol, loadBalancing } = settings;
    return {
      protocol: backendProtocol,
      alwaysTls: this.#reading.spec?.tls?.mode === 'TerminateAndReencrypt',
      tls: backendTls.settings,
      loadBalancing: loadBalancing ?? options.loadBalancing,
      proxyProtocol: backendProxyProtocol,
      defaultLoadBalancing: options.loadBalancing,
      care: endpointCareOf(settings),
      allowLocalExternalNames: options.allowLocalExternalNames,
    };
  }

  #backendTls({ rule, settings }: Scope): BackendTlsReader {
    const setting = (name: 'backendTlsServerName' | 'backendTlsCaSecret' | 'backendTlsClientSecret', path: string): TlsSetting => ({
      value: settings[name],
      label: `policy.backend.tls.${path}`,
      field: `${rule?.ownSettings[name] === undefined ? 'spec' : rule.field}.policy.backend.tls.${path}`,
      isUnreadable: false,
    });
    return new BackendTlsReader(
      {
        ref: this.#reading.ref,
        rule: rule?.name,
        serverName: setting('backendTlsServerName', 'serverName'),
        ca: setting('backendTlsCaSecret', 'caRef'),
        clientCertificate: setting('backendTlsClientSecret', 'clientCertificateRef'),
        howToGetTls: 'set policy.backend.protocol to HTTPS or H2, or tls.mode to TerminateAndReencrypt',
      },
      this.#certificateContext,
    );
  }

  #tls({ tls, tcp }: SmartRouteSpec, listeners: readonly NamedListener[] | undefined): RouteTls | undefined {
    if (tls === undefined) return undefined;
    if (tcp === undefined) return this.#terminated(tls, undefined);
    const backends = this.#connectionBackends(tcp);
    const claim = tcpClaim(tcp, listeners, backends);
    if (tls.mode === 'Passthrough') {
      const passed = passthroughClaim(claim);
      return { usable: [], claim: () => passed };
    }
    const reencrypts = tls.mode === 'TerminateAndReencrypt';
    const terminated = this.#terminated(tls, { ...claim, reencrypts });
    // What can not be used, such as an address that is none, is nothing for the table.
    return backends === undefined ? { ...terminated, settings: {} } : terminated;
  }

  #terminated(tls: SmartRouteTls, tcp: TerminatedTcpClaim | undefined): RouteTls {
    const { secretRef, alternativeSecretRef } = tls.certificate ?? {};
    const first = this.#tlsEntry(secretRef, 'spec.tls.certificate.secretRef');
    const entries = [first];
    if (alternativeSecretRef !== undefined) entries.push(this.#tlsEntry(alternativeSecretRef, 'spec.tls.certificate.alternativeSecretRef'));
    const isPermitted = secretRef === undefined || first.secret !== undefined;
    const certificates = new TlsCertificates({ ref: this.#reading.ref, tls: entries }, this.#certificateContext);
    return {
      usable: certificates.usable,
      claim: (host) => {
        const claim = certificates.claim(host);
        if (claim?.kind !== 'terminate') return claim;
        // A Secret that is named and may not be used is no reason to look for another.
        return { ...claim, byName: claim.byName && isPermitted, ...(tcp && { tcp }) };
      },
    };
  }

  /** Without a Secret where none is named, or the one that is may not be used. */
  #tlsEntry(secretRef: { readonly name: string; readonly namespace?: string } | undefined, secretField: string): TlsEntry {
    const namespace = secretRef === undefined ? '' : this.#namespaceOf(secretRef);
    const isUsable =
      secretRef !== undefined && this.#isPermitted('Secret', namespace, secretRef.name, `${secretField}.namespace`, undefined);
    const secret = isUsable ? `${namespace}/${secretRef.name}` : undefined;
    return { field: 'spec.tls', hostsField: 'spec.hosts', secretField, hosts: this.#reading.hosts, secret };
  }

  #tlsPolicy({ minVersion, alpn, clientAuth }: SmartRouteTls): TlsPolicyClaim | undefined {
    const wish: TlsPolicyWish = {
      ref: this.#reading.ref,
      minVersion,
      alpn,
      clientAuth: clientAuth && {
        isRequired: clientAuth.mode === 'Required',
        caSecret: clientAuth.caRef.name,
        forwardCertificate: clientAuth.forwardCertificate ?? false,
        field: 'spec.tls.clientAuth.caRef',
      },
      field: 'spec.tls',
    };
    return readTlsPolicy(wish, this.#certificateContext);
  }

  #namespaceOf({ namespace }: { readonly namespace?: string }): string {
    return namespace ?? this.#reading.ref.namespace;
  }

  #isPermitted(
    toKind: 'Service' | 'Secret',
    toNamespace: string,
    toName: string,
    field: string,
    rule: ReadSmartRouteRule | undefined,
  ): boolean {
    const fromNamespace = this.#reading.ref.namespace;
    if (toNamespace === fromNamespace || this.#reads.permits({ fromNamespace, toKind, toNamespace, toName })) return true;
    const sentence = `no ReferenceGrant in namespace ${quote(toNamespace)} permits SmartRoutes of ${quote(fromNamespace)} to refer to ${toKind} ${quote(toName)}; make one, or move the object`;
    this.#report(rule, 'RefNotPermitted', field, sentence);
    return false;
  }

  #report(rule: ReadSmartRouteRule | undefined, reason: ProblemReason, field: string, sentence: string): void {
    this.#problems.add(reason, field, messageFor(this.#reading.ref, field, sentence), rule?.name);
  }
}

/** Nobody is served, whatever the rule says. */
function failing(reason: string): Target {
  return { action: { kind: 'fail', status: 503, reason }, bindings: [], needs: noNeeds, settings: {} };
}

/** The certificate that `tls.certificate.acme` asks for, or that is left to the installation. */
function acmeAsks({ spec, hosts, ref }: SmartRouteReading): Pick<ResolvedObject, 'acme'> {
  const { secretRef, acme } = spec?.tls?.certificate ?? {};
  const isElsewhere = secretRef?.namespace !== undefined && secretRef.namespace !== ref.namespace;
  if (secretRef === undefined || (acme === undefined && isElsewhere)) return {};
  const field = 'spec.tls.certificate';
  const secret = `${ref.namespace}/${secretRef.name}`;
  const issuerField = acme === undefined ? field : `${field}.acme.issuer`;
  return { acme: [{ issuer: acme?.issuer, issuerField, secret, secretField: `${field}.secretRef`, hosts }] };
}

/** A port of a Service, wherever it is. */
interface ServicePort {
  readonly name: string;
  readonly namespace: string;
  readonly port: number | string;
  /** No grant is asked for. */
  readonly isGranted?: boolean | undefined;
}

function plainSettings({ loadBalancing, allowLocalExternalNames }: TranslateDefaults): BackendSettings {
  return {
    protocol: undefined,
    alwaysTls: false,
    tls: { serverName: undefined, ca: undefined, clientCertificate: undefined },
    loadBalancing,
    proxyProtocol: undefined,
    defaultLoadBalancing: loadBalancing,
    care: {},
    allowLocalExternalNames,
  };
}

/** Whether endpoints have to be looked up by whoever connects. */
function isNamed({ externalName }: ServiceBinding): boolean {
  return externalName !== undefined && isIP(externalName) === 0;
}

/** What the object wants of TLS, host by host. */
interface RouteTls extends Pick<TlsCertificates, 'usable'> {
  claim(host: string): TlsClaim | undefined;
  /** In place of those of the object. */
  readonly settings?: RouteSettings;
}
