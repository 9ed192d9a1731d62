import { annotationPrefix } from '../api/annotations.ts';
import { anyHost, type PathMatch } from '../routes/route-table.ts';
import type { CertificateReader } from './certificate-reader.ts';
import { IngressCertificates } from './ingress-certificates.ts';
import type { IngressReading, ReadBackend, ReadRule } from './ingress-reading.ts';
import type { TranslateDefaults } from './policies.ts';
import { messageFor, ProblemList, quote } from './problem-list.ts';
import { readCaBundle } from './read-certificate.ts';
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
  readonly #tls: IngressCertificates;
  readonly #settings: BackendSettings;
  /** Why no backend may be spoken to: its CA is asked for and missing. */
  readonly #broken: string | undefined;
  readonly #routeByBackend = new Map<ReadBackend, Omit<RouteClaim, 'match' | 'field'>>();
  /** Reported Services, so that ten paths to one missing Service are one problem. */
  readonly #reported = new Set<string>();

  constructor(reading: IngressReading, context: ResolveContext) {
    this.#reading = reading;
    this.#reads = new TrackedReads(context.references);
    this.#problems = new ProblemList(reading.ref);
    this.#tls = new IngressCertificates(reading, context.certificates, this.#reads, this.#problems, context.nowMs);
    const ca = this.#readCa();
    this.#broken = ca.broken;
    const { annotations } = reading;
    this.#settings = {
      protocol: annotations.backendProtocol,
      tls: { serverName: annotations.backendTlsServerName, ca: ca.pem },
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
    this.#checkBackendTls(claims);
    this.#tls.reportUnused(claims.map((claim) => claim.host));
    return {
      reading,
      claims,
      problems: this.#problems.list(),
      reads: this.#reads.record(),
      holds: this.#tls.holds,
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
    if (this.#broken !== undefined) return failed(this.#broken);
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
    if (binding.unsupportedProtocol !== undefined) {
      const sentence = `Service ${key} has appProtocol ${quote(binding.unsupportedProtocol)} on port ${binding.service.port}, which is not supported yet; HTTP/1.1 without TLS is used`;
      this.#reportOnce(`${key}:${backend.port}`, 'Unsupported', `${backend.field}.service.port`, sentence);
    }
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

  #readCa(): { readonly pem: string | undefined; readonly broken: string | undefined } {
    const name = this.#reading.annotations.backendTlsCaSecret;
    if (name === undefined) return { pem: undefined, broken: undefined };
    const key = `${this.#reading.ref.namespace}/${name}`;
    const field = `metadata.annotations[${annotationPrefix}backend-tls-ca-secret]`;
    const secret = this.#reads.secret(key);
    if (secret === undefined) {
      this.#report(
        'SecretNotFound',
        field,
        `Secret ${key} does not exist, so the backend can't be verified and is not used; create it with a ca.crt`,
      );
      return { pem: undefined, broken: `Secret ${key} with the backend's CA does not exist` };
    }
    const ca = readCaBundle(secret);
    if ('pem' in ca) return { pem: ca.pem, broken: undefined };
    this.#report('SecretInvalid', field, `Secret ${key} ${ca.why}; until then the backend is not used`);
    return { pem: undefined, broken: `Secret ${key} ${ca.why}` };
  }

  #checkBackendTls(claims: readonly HostClaim[]): void {
    const { backendTlsServerName, backendTlsCaSecret } = this.#reading.annotations;
    const name =
      backendTlsCaSecret !== undefined
        ? 'backend-tls-ca-secret'
        : backendTlsServerName !== undefined
          ? 'backend-tls-server-name'
          : undefined;
    const routes = claims.flatMap((claim) => (claim.fallback === undefined ? claim.routes : [...claim.routes, claim.fallback]));
    const bindings = routes.flatMap((route) => route.binding ?? []);
    if (name === undefined || bindings.length === 0 || bindings.some(({ service }) => service.protocol === 'https')) return;
    const field = `metadata.annotations[${annotationPrefix}${name}]`;
    this.#report(
      'InvalidAnnotation',
      field,
      `${name} has no effect on an http backend; set ${annotationPrefix}backend-protocol to "https" or remove it`,
    );
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

function failed(reason: string): { readonly action: RouteClaim['action']; readonly binding: ServiceBinding | undefined } {
  return { action: { kind: 'fail', status: 503, reason }, binding: undefined };
}

/** Equal for two paths that match the same requests with the same precedence. */
export function matchKey(match: PathMatch): string {
  return `${match.kind} ${match.value}`;
}
