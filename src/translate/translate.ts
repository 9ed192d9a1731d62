import type { Ingress, SmartRoute } from '../api/objects.ts';
import type { RouteTable } from '../routes/route-table.ts';
import { AcmeCertificates } from './acme-certificates.ts';
import { AcmeIssuers } from './acme-issuers.ts';
import { DefaultsBinder } from './bound-defaults.ts';
import { CertificateReader } from './certificate-reader.ts';
import { chooseConfig, type LastValidConfigs } from './chosen-config.ts';
import { collectProblems, missingEndpoints } from './collect-problems.ts';
import { ConfiguredListeners } from './configured-listeners.ts';
import { parseBackendName, readDefaultBackend } from './default-backend.ts';
import { readDefaultCertificate } from './default-certificate.ts';
import { EndpointSets } from './endpoint-sets.ts';
import { compareClaimants } from './host-claim.ts';
import type { IngressReading } from './ingress-reading.ts';
import { ingressStatuses } from './ingress-statuses.ts';
import { InheritedSettings, inheritSettings } from './inherited-settings.ts';
import { noGuards } from './installation-guards.ts';
import { installationSettings } from './installation-settings.ts';
import { installationTls } from './installation-tls.ts';
import { KeptValue } from './keep-map.ts';
import { Memo } from './memo.ts';
import { MergedHosts } from './merged-hosts.ts';
import { MergedL4Routes } from './merged-l4.ts';
import { ObjectReadings } from './object-readings.ts';
import type { ObjectView } from './object-view.ts';
import { permitHosts } from './permitted-hosts.ts';
import { Policies } from './policies.ts';
import { readIngress } from './read-ingress.ts';
import { readSmartRoute } from './read-smart-route.ts';
import { referencedSecrets } from './referenced-secrets.ts';
import { resolveIngress } from './resolve-ingress.ts';
import { resolveSmartRoute } from './resolve-smart-route.ts';
import type { ResolvedObject } from './resolved-object.ts';
import { type ResolveContext, ResolvedObjects } from './resolved-objects.ts';
import type { RouteSettings } from './route-settings.ts';
import { smartProxyConfigStates } from './smart-proxy-config-statuses.ts';
import type { SmartRouteReading } from './smart-route-reading.ts';
import { smartRouteStates } from './smart-route-statuses.ts';
import { PartsAssembler, withDefaultBackend } from './static-parts.ts';
import { referencesOf } from './tracked-reads.ts';
import type { TranslateDefaults, TranslateOptions } from './translate-options.ts';
import type { Problem, Translation } from './translation.ts';

/** Objects to route table, statuses and problems: pure, total and deterministic; the order of the objects does not matter. */
export function translate(objects: ObjectView, options: TranslateOptions): Translation {
  return new Translator(options).translate(objects, options.nowMs);
}

/**
 * translate() for a series of snapshots. It answers exactly what `translate` would, and remembers each step, so that a change costs what
 * it touches; parts of the table, and entries in them, that did not change keep their reference.
 */
export class Translator {
  readonly #options: TranslateDefaults;
  readonly #defaultBackendName: ReturnType<typeof parseBackendName>;

  readonly #policies: Policies;
  readonly #configured = new ConfiguredListeners();
  readonly #certificates = new CertificateReader();
  readonly #ingresses: ObjectReadings<Ingress, IngressReading>;
  readonly #routes: ObjectReadings<SmartRoute, SmartRouteReading>;
  readonly #defaults = new KeptValue<RouteSettings | undefined>();
  readonly #inheritingIngresses = new InheritedSettings(inheritingIngress);
  readonly #inheritingRoutes = new InheritedSettings(inheritingRoute);
  readonly #resolved: ResolvedObjects<Reading>;
  readonly #permitted = new Memo(permitHosts);
  readonly #issuers: AcmeIssuers;
  readonly #acme: AcmeCertificates;
  readonly #hosts: MergedHosts;
  readonly #l4: MergedL4Routes;
  readonly #parts = new PartsAssembler();
  readonly #withAnswers = new Memo(withAnswers);
  readonly #endpoints = new EndpointSets();

  readonly #config = new Memo(chooseConfig);
  readonly #listeners = new Memo(this.#configured.configure.bind(this.#configured));
  readonly #settings = new Memo(installationSettings);
  readonly #installation = new KeptValue<RouteTable['settings']>();
  readonly #binder: DefaultsBinder;
  readonly #settingProblems = new Memo(joined);
  readonly #configStates = new Memo(smartProxyConfigStates);
  readonly #defaultCertificate = new Memo(readDefaultCertificate);
  readonly #defaultBackend = new Memo(readDefaultBackend);
  readonly #allHosts = new Memo(withDefaultBackend);
  readonly #missingEndpoints = new Memo(missingEndpoints);
  readonly #readings = new Memo(byAge);
  readonly #classProblems = new Memo(joined);
  readonly #problems = new Memo(collectProblems);
  readonly #statuses = new Memo(ingressStatuses);
  readonly #states = new Memo(smartRouteStates);
  readonly #secrets = new Memo(referencedSecrets);

  constructor(options: TranslateDefaults) {
    this.#options = options;
    this.#defaultBackendName = parseBackendName(options.defaultBackend);
    this.#policies = new Policies(options);
    this.#binder = new DefaultsBinder(options, this.#certificates);
    this.#ingresses = new ObjectReadings(options, readIngress);
    this.#routes = new ObjectReadings(options, readSmartRoute);
    this.#resolved = new ResolvedObjects(options, this.#certificates, resolveOne);
    this.#issuers = new AcmeIssuers({ isOn: options.acmeNamespace !== undefined, garbageCollection: options.garbageCollection });
    this.#acme = new AcmeCertificates(options.acmeNamespace, this.#certificates);
    this.#hosts = new MergedHosts(this.#policies);
    this.#l4 = new MergedL4Routes(this.#policies);
  }

  /**
   * @param nowMs the time that certificates are judged by, milliseconds since 1970
   * @param lastValid what holds in place of a SmartProxyConfig that is not valid any more
   */
  translate(objects: ObjectView, nowMs: number, lastValid: LastValidConfigs = noEntries): Translation {
    const backendName = this.#defaultBackendName;
    const certificateName = this.#options.defaultCertificate;

    // What holds for the installation as a whole.
    const classes = objects.of('IngressClass');
    const { publishService } = this.#options;
    const front = publishService === undefined ? undefined : objects.of('Service').get(publishService);
    const config = this.#config.get(classes, objects.of('SmartProxyConfig'), this.#options, lastValid);
    const { listeners, problems: ofListeners } = this.#listeners.get(config.chosen, front, this.#options);
    const installation = this.#settings.get(config.chosen);
    const known = referencesOf(objects, listeners, installationTls(config.chosen), noGuards);
    const bound = this.#binder.bind(config.chosen, known, nowMs);
    const ofSettings = this.#settingProblems.get(installation.problems, bound.problems);
    const references = { ...known, guards: bound.guards };

    // What each object says by itself, then with what it refers to, then beside the others.
    const ingresses = this.#ingresses.read(objects.of('Ingress'), classes);
    const routes = this.#routes.read(objects.of('SmartRoute'), classes);
    const defaults = this.#defaults.keep(config.chosen?.defaults);
    const ourIngresses = this.#inheritingIngresses.apply(ingresses.ours, defaults);
    const ourRoutes = this.#inheritingRoutes.apply(routes.ours, defaults);
    const claiming = this.#resolved.resolve(this.#readings.get(ourIngresses, ourRoutes), references, nowMs);
    const permitted = this.#permitted.get(claiming, config.chosen?.hostRules, config.chosen?.ref);
    const issuers = this.#issuers.read(config.chosen, references.secrets, hasProtocol(listeners, 'http'));
    const acme = this.#acme.order(permitted, issuers, references.secrets);
    const resolved = acme.objects;
    const merged = this.#hosts.merge(resolved, hasProtocol(listeners, 'https'));
    const l4 = this.#l4.merge(resolved);

    // What the installation adds to it.
    const certificateSecret = certificateName === undefined ? undefined : references.secrets.get(certificateName);
    const defaultCertificate = this.#defaultCertificate.get(certificateName, certificateSecret, this.#certificates);
    const backendService = backendName === undefined ? undefined : references.services.get(backendName.objectKey);
    const defaultBackend = this.#defaultBackend.get(backendName, backendService, this.#options, this.#policies, bound);
    const hosts = this.#allHosts.get(merged, defaultBackend.merged);

    // The table.
    const parts = this.#parts.assemble(hosts, l4, defaultCertificate.certificate);
    this.#policies.keepOnly(parts.policies);
    const { endpoints, empty } = this.#endpoints.update(objects.of('EndpointSlice'), parts);
    const routeTable: RouteTable = {
      listeners,
      hosts: parts.hosts,
      l4: parts.l4,
      policies: parts.policies,
      services: parts.services,
      endpoints,
      certificates: this.#withAnswers.get(parts.certificates, acme.answers),
      challenges: acme.challenges,
      settings: this.#installation.keep(installation.settings),
      secrets: parts.secrets,
      pages: parts.pages,
    };

    const classProblems = this.#classProblems.get(ingresses.problems, routes.problems);
    const unanswered = this.#missingEndpoints.get(hosts, l4, empty);
    return {
      routeTable,
      statuses: this.#statuses.get(ourIngresses, parts.served),
      smartRoutes: this.#states.get(ourRoutes, resolved, hosts, l4, front !== undefined),
      smartProxyConfigs: this.#configStates.get(config, ofListeners, ofSettings, issuers.problems, front !== undefined),
      problems: this.#problems.get(
        classProblems,
        resolved,
        hosts,
        l4.problems,
        config.problems,
        ofListeners,
        ofSettings,
        issuers.problems,
        defaultCertificate.problems,
        defaultBackend.problems,
        unanswered,
      ),
      referencedSecrets: this.#secrets.get(resolved, certificateName, bound.secrets, issuers.secrets, acme.secrets),
      holdsUntilMs: Math.min(this.#resolved.holdsUntilMs, bound.holds.untilMs),
      hostsWithoutCertificate: parts.hostsWithoutCertificate,
      acme: acme.certificates,
      acmeIssuers: issuers.byName,
    };
  }
}

const noEntries: ReadonlyMap<string, never> = new Map<string, never>();

type Reading = IngressReading | SmartRouteReading;

function resolveOne(reading: Reading, context: ResolveContext): ResolvedObject {
  return reading.kind === 'ingress' ? resolveIngress(reading, context) : resolveSmartRoute(reading, context);
}

/** A CA is let through to a solver whoever else may ask. */
function inheritingIngress(reading: IngressReading, inherited: RouteSettings): IngressReading {
  return reading.isSolver ? reading : { ...reading, inherited };
}

function inheritingRoute(reading: SmartRouteReading, inherited: RouteSettings): SmartRouteReading {
  const rules = reading.rules.map((rule) => ({ ...rule, settings: inheritSettings(inherited, rule.settings) }));
  return { ...reading, settings: inheritSettings(inherited, reading.settings), rules };
}

/** Objects of all kinds, oldest first: what is older wins whatever it is. */
function byAge(ingresses: readonly IngressReading[], routes: readonly SmartRouteReading[]): readonly Reading[] {
  return routes.length === 0 ? ingresses : [...ingresses, ...routes].sort(compareClaimants);
}

function hasProtocol(listeners: RouteTable['listeners'], protocol: 'http' | 'https'): boolean {
  return [...listeners.values()].some((listener) => listener.protocol === protocol);
}

function withAnswers(certificates: RouteTable['certificates'], answers: RouteTable['certificates']): RouteTable['certificates'] {
  return answers.size === 0 ? certificates : new Map([...certificates, ...answers]);
}

function joined(a: readonly Problem[], b: readonly Problem[]): readonly Problem[] {
  return b.length === 0 ? a : [...a, ...b];
}
