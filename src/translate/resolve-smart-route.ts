import { isNetwork } from '../address-list.ts';
import type { SmartRouteForward, SmartRouteForwardBackend, SmartRouteSpec, SmartRouteTcpBackend } from '../api/generated/smart-route.ts';
import type { RouteAction, WeightedBackend } from '../routes/route-table.ts';
import { BackendTlsReader, type TlsSetting } from './backend-tls-reader.ts';
import { CertificateDates } from './certificate-dates.ts';
import { type HostClaim, matchKey, type RouteClaim, type TlsClaim } from './host-claim.ts';
import { messageFor, ProblemList, quote } from './problem-list.ts';
import type { ResolvedObject } from './resolved-object.ts';
import type { ResolveContext } from './resolved-objects.ts';
import type { RouteSettings } from './route-settings.ts';
import { type BackendSettings, bindService, type ServiceBinding } from './service-binding.ts';
import { rewriteOf, substitutionProblem, targetOf } from './smart-route-actions.ts';
import { flatHeaders } from './smart-route-policy.ts';
import type { ReadSmartRouteRule, SmartRouteReading } from './smart-route-reading.ts';
import { type CertificateContext, TlsCertificates } from './tls-certificates.ts';
import { TrackedReads } from './tracked-reads.ts';
import type { ProblemReason } from './translation.ts';

/** Looks up the Services and Secrets of a SmartRoute and says what it claims of each host. */
export function resolveSmartRoute(reading: SmartRouteReading, context: ResolveContext): ResolvedObject {
  return new SmartRouteResolver(reading, context).resolve();
}

/** Where a rule leads. */
interface Target extends Pick<RouteClaim, 'action' | 'bindings'> {
  /** In place of the rule's, when those can't be used. */
  readonly settings?: RouteSettings;
}

/** Whose settings and problems are meant: a rule's, or the object's as a whole. */
interface Scope {
  readonly rule: ReadSmartRouteRule | undefined;
  readonly settings: RouteSettings;
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
    const routes = spec === undefined ? [] : this.#routes();
    const tls = spec === undefined ? undefined : this.#tls(spec);
    const claims = reading.hosts.map(
      (host): HostClaim => ({
        from: reading,
        host,
        named: true,
        onlyFallback: false,
        routes,
        fallback: undefined,
        tls: tls?.claim(host),
        settings: reading.settings,
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
      backends: [...this.#backends.values()],
    };
  }

  #routes(): readonly RouteClaim[] {
    const byMatch = new Map<string, RouteClaim>();
    const priority = this.#reading.spec?.priority ?? 0;
    let order = 0;
    for (const rule of this.#reading.rules) {
      const target = this.#target(rule);
      rule.matches.forEach(({ match, field }, index) => {
        const key = matchKey(match, priority);
        const first = byMatch.get(key);
        if (first !== undefined) {
          this.#report(rule, 'DuplicatePath', field, `${first.field} matches the same and is used; remove one`);
          return;
        }
        const id = index === 0 ? rule.name : `${rule.name} ${index}`;
        const { settings, name } = rule;
        byMatch.set(key, { id, match, priority, order: order++, settings, ...target, field, rule: name });
      });
    }
    return [...byMatch.values()];
  }

  #target(rule: ReadSmartRouteRule): Target {
    const { forward, redirect, respond } = rule.action;
    const broken = this.#brokenSettings(rule);
    if (broken !== undefined) return { action: { kind: 'fail', status: 503, reason: broken }, bindings: [], settings: {} };
    if (forward !== undefined) return this.#forward(rule, forward);
    const action: RouteAction =
      redirect !== undefined
        ? { kind: 'redirect', status: redirect.status ?? 302, to: targetOf(redirect) }
        : respond !== undefined
          ? { kind: 'respond', status: respond.status, headers: flatHeaders(respond.headers ?? []), body: respond.body ?? '' }
          : { kind: 'block' };
    return { action, bindings: [] };
  }

  #forward(rule: ReadSmartRouteRule, { backends, rewrite }: SmartRouteForward): Target {
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
      return { action: { kind: 'forward', backends: weighted, ...(rewrite && { rewrite: rewriteOf(rewrite) }) }, bindings };
    const failure = found.find(({ backend, result }) => typeof result === 'string' && backend.weight !== 0)?.result;
    return { action: { kind: 'fail', status: 503, reason: typeof failure === 'string' ? failure : 'no backend' }, bindings: [] };
  }

  /** Why a rule must not be served at all: a list of clients, or a pattern, that can't be used. */
  #brokenSettings(rule: ReadSmartRouteRule): string | undefined {
    const where = rule.ownSettings.clients === undefined ? 'spec' : rule.field;
    const clients = this.#brokenClients({ rule, settings: rule.settings }, where);
    if (clients !== undefined) return clients;
    const path = rule.action.forward?.rewrite?.path;
    if (path?.type !== 'ReplaceRegex') return undefined;
    const why = substitutionProblem(path.pattern ?? '', path.value);
    if (why === undefined) return undefined;
    const sentence = `the pattern ${quote(path.pattern)} ${why}; until then the rule answers 503`;
    this.#report(rule, 'InvalidRegex', `${rule.field}.action.forward.rewrite.path`, sentence);
    return 'a pattern can not be used';
  }

  #brokenClients({ rule, settings: { clients } }: Scope, where: string): string | undefined {
    const wrong = [...(clients?.allow ?? []), ...(clients?.deny ?? [])].find((cidr) => !isNetwork(cidr));
    if (wrong === undefined) return undefined;
    const sentence = `${quote(wrong)} is no address or CIDR, so nobody is let in; correct it`;
    this.#report(rule, 'InvalidAddress', `${where}.policy.clients`, sentence);
    return `${quote(wrong)} is no address or CIDR`;
  }

  /** The Service port, or why there is none, as a sentence. */
  #backend(
    scope: Scope,
    backend: SmartRouteForwardBackend | SmartRouteTcpBackend,
    field: string,
    backendTls: BackendTlsReader,
  ): ServiceBinding | string {
    const result = this.#bind(scope, backend, field, backendTls);
    const port = backend.port.name ?? backend.port.number;
    if (typeof result === 'string') this.#backends.set(`${this.#namespaceOf(backend)}/${backend.name} ${port}`, undefined);
    else this.#backends.set(result.service.key, result.service.key);
    return result;
  }

  #bind(
    { rule, settings }: Scope,
    backend: SmartRouteForwardBackend | SmartRouteTcpBackend,
    field: string,
    backendTls: BackendTlsReader,
  ): ServiceBinding | string {
    const namespace = this.#namespaceOf(backend);
    const key = `${namespace}/${backend.name}`;
    if (!this.#isPermitted('Service', namespace, backend.name, `${field}.namespace`, rule)) return `Service ${key} may not be referred to`;
    if (backendTls.broken !== undefined) return backendTls.broken;
    const object = this.#reads.service(key);
    if (object === undefined) {
      this.#report(rule, 'ServiceNotFound', `${field}.name`, `Service ${key} does not exist; create it or correct the name`);
      return `Service ${key} does not exist`;
    }
    const port = backend.port.name ?? backend.port.number ?? 0;
    const result = bindService(key, object, port, this.#backendSettings(settings, backendTls));
    if (result.kind === 'bound') return result.binding;
    const place = result.reason === 'ServicePortNotFound' ? `${field}.port` : `${field}.name`;
    this.#report(rule, result.reason, place, `Service ${key} ${result.why}`);
    return `Service ${key} ${result.why}`;
  }

  #backendSettings({ backendProtocol, loadBalancing }: RouteSettings, backendTls: BackendTlsReader): BackendSettings {
    const { options } = this.#context;
    return {
      protocol: backendProtocol,
      alwaysTls: this.#reading.spec?.tls?.mode === 'TerminateAndReencrypt',
      tls: backendTls.settings,
      loadBalancing: loadBalancing ?? options.loadBalancing,
      defaultLoadBalancing: options.loadBalancing,
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

  #tls({ tls, tcp }: SmartRouteSpec): RouteTls | undefined {
    if (tls === undefined) return undefined;
    const backend = tcp?.backends[0];
    if (tls.mode === 'Passthrough' && backend !== undefined) return this.#passthrough(backend);
    const secretRef = tls.certificate?.secretRef;
    const secretField = 'spec.tls.certificate.secretRef';
    const namespace = secretRef === undefined ? '' : this.#namespaceOf(secretRef);
    const isPermitted =
      secretRef === undefined || this.#isPermitted('Secret', namespace, secretRef.name, `${secretField}.namespace`, undefined);
    const secret = secretRef === undefined || !isPermitted ? undefined : `${namespace}/${secretRef.name}`;
    const entry = { field: 'spec.tls', hostsField: 'spec.hosts', secretField, hosts: this.#reading.hosts, secret };
    const certificates = new TlsCertificates({ ref: this.#reading.ref, tls: [entry] }, this.#certificateContext);
    return {
      usable: certificates.usable,
      claim: (host) => {
        const claim = certificates.claim(host);
        // A Secret that is named and may not be used is no reason to look for another.
        return claim?.kind === 'terminate' && !isPermitted ? { ...claim, byName: false } : claim;
      },
    };
  }

  #passthrough(backend: SmartRouteTcpBackend): RouteTls {
    const field = 'spec.tcp.backends[0]';
    const scope = { rule: undefined, settings: this.#reading.settings };
    const broken = this.#brokenClients(scope, 'spec');
    const binding = broken ?? this.#backend(scope, backend, field, this.#backendTls(scope));
    return { usable: [], claim: () => (typeof binding === 'string' ? undefined : { kind: 'passthrough', binding, field }) };
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

/** What the object wants of TLS, host by host. */
interface RouteTls extends Pick<TlsCertificates, 'usable'> {
  claim(host: string): TlsClaim | undefined;
}
