import type { Ingress, SmartRoute } from '../api/objects.ts';
import type { Listener, RouteTable } from '../routes/route-table.ts';
import { CertificateReader } from './certificate-reader.ts';
import { collectProblems, missingEndpoints } from './collect-problems.ts';
import { parseBackendName, readDefaultBackend } from './default-backend.ts';
import { readDefaultCertificate } from './default-certificate.ts';
import { EndpointSets } from './endpoint-sets.ts';
import { compareClaimants } from './host-claim.ts';
import type { IngressReading } from './ingress-reading.ts';
import { ingressStatuses } from './ingress-statuses.ts';
import { Memo } from './memo.ts';
import { MergedHosts } from './merged-hosts.ts';
import { ObjectReadings } from './object-readings.ts';
import type { ObjectView } from './object-view.ts';
import { Policies } from './policies.ts';
import { readIngress } from './read-ingress.ts';
import { readSmartRoute } from './read-smart-route.ts';
import { referencedSecrets } from './referenced-secrets.ts';
import { resolveIngress } from './resolve-ingress.ts';
import { resolveSmartRoute } from './resolve-smart-route.ts';
import type { ResolvedObject } from './resolved-object.ts';
import { type ResolveContext, ResolvedObjects } from './resolved-objects.ts';
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
  readonly #listeners: ReadonlyMap<string, Listener>;
  readonly #defaultBackendName: ReturnType<typeof parseBackendName>;

  readonly #policies: Policies;
  readonly #certificates = new CertificateReader();
  readonly #ingresses: ObjectReadings<Ingress, IngressReading>;
  readonly #routes: ObjectReadings<SmartRoute, SmartRouteReading>;
  readonly #resolved: ResolvedObjects<Reading>;
  readonly #hosts: MergedHosts;
  readonly #parts = new PartsAssembler();
  readonly #endpoints = new EndpointSets();

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
    this.#listeners = new Map(options.listeners.map((listener) => [listener.key, listener]));
    this.#defaultBackendName = parseBackendName(options.defaultBackend);
    this.#policies = new Policies(options);
    this.#ingresses = new ObjectReadings(options, readIngress);
    this.#routes = new ObjectReadings(options, readSmartRoute);
    this.#resolved = new ResolvedObjects(options, this.#certificates, resolveOne);
    const hasHttps = options.listeners.some((listener) => listener.protocol === 'https');
    this.#hosts = new MergedHosts({ policies: this.#policies, hasHttps });
  }

  /** @param nowMs the time that certificates are judged by, milliseconds since 1970 */
  translate(objects: ObjectView, nowMs: number): Translation {
    const references = referencesOf(objects);
    const backendName = this.#defaultBackendName;
    const certificateName = this.#options.defaultCertificate;

    // What each object says by itself, then with what it refers to, then beside the others.
    const classes = objects.of('IngressClass');
    const ingresses = this.#ingresses.read(objects.of('Ingress'), classes);
    const routes = this.#routes.read(objects.of('SmartRoute'), classes);
    const resolved = this.#resolved.resolve(this.#readings.get(ingresses.ours, routes.ours), references, nowMs);
    const merged = this.#hosts.merge(resolved);

    // What the installation adds to it.
    const certificateSecret = certificateName === undefined ? undefined : references.secrets.get(certificateName);
    const defaultCertificate = this.#defaultCertificate.get(certificateName, certificateSecret, this.#certificates);
    const backendService = backendName === undefined ? undefined : references.services.get(backendName.objectKey);
    const defaultBackend = this.#defaultBackend.get(backendName, backendService, this.#options, this.#policies);
    const hosts = this.#allHosts.get(merged, defaultBackend.merged);

    // The table.
    const parts = this.#parts.assemble(hosts, defaultCertificate.certificate);
    this.#policies.keepOnly(parts.policies);
    const { endpoints, empty } = this.#endpoints.update(objects.of('EndpointSlice'), parts);
    const routeTable: RouteTable = {
      listeners: this.#listeners,
      hosts: parts.hosts,
      l4: noEntries,
      policies: parts.policies,
      services: parts.services,
      endpoints,
      certificates: parts.certificates,
      challenges: noEntries,
    };

    const classProblems = this.#classProblems.get(ingresses.problems, routes.problems);
    const unanswered = this.#missingEndpoints.get(hosts, empty);
    return {
      routeTable,
      statuses: this.#statuses.get(ingresses.ours, parts.served),
      smartRoutes: this.#states.get(routes.ours, resolved, hosts),
      problems: this.#problems.get(classProblems, resolved, hosts, defaultCertificate.problems, defaultBackend.problems, unanswered),
      referencedSecrets: this.#secrets.get(resolved, certificateName),
      hostsWithoutCertificate: parts.hostsWithoutCertificate,
    };
  }
}

const noEntries: ReadonlyMap<string, never> = new Map<string, never>();

type Reading = IngressReading | SmartRouteReading;

function resolveOne(reading: Reading, context: ResolveContext): ResolvedObject {
  return reading.kind === 'ingress' ? resolveIngress(reading, context) : resolveSmartRoute(reading, context);
}

/** Objects of all kinds, oldest first: what is older wins whatever it is. */
function byAge(ingresses: readonly IngressReading[], routes: readonly SmartRouteReading[]): readonly Reading[] {
  return routes.length === 0 ? ingresses : [...ingresses, ...routes].sort(compareClaimants);
}

function joined(a: readonly Problem[], b: readonly Problem[]): readonly Problem[] {
  return b.length === 0 ? a : [...a, ...b];
}
