import { isDeepStrictEqual } from 'node:util';
import { compareRoutes } from '../routes/compare-routes.ts';
import type { Policy } from '../routes/policy.ts';
import type { L4Route, RouteMatch } from '../routes/route.ts';
import { anyHost, type Certificate, defaultCertificateKey, type Host, type PageText, type SecretEntry } from '../routes/route-table.ts';
import type { Service } from '../routes/service.ts';
import { certificateCovers, sameCertificate } from './certificate-reader.ts';
import type { Claimant } from './host-claim.ts';
import { keepMap } from './keep-map.ts';
import type { MergedHost } from './merged-host.ts';
import type { MergedL4 } from './merged-l4.ts';
import type { ServiceBinding } from './service-binding.ts';

/** The parts of a table that don't depend on endpoints, and what else the merged hosts say. */
export interface StaticParts {
  readonly hosts: ReadonlyMap<string, Host>;
  readonly l4: ReadonlyMap<string, L4Route>;
  readonly policies: ReadonlyMap<string, Policy>;
  readonly services: ReadonlyMap<string, Service>;
  readonly certificates: ReadonlyMap<string, Certificate>;
  readonly secrets: ReadonlyMap<string, SecretEntry>;
  readonly pages: ReadonlyMap<string, PageText>;
  /** By the table's service key. */
  readonly bindings: ReadonlyMap<string, ServiceBinding>;
  /** Service keys of the table by the Service object's `namespace/name`. */
  readonly keysByObject: ReadonlyMap<string, readonly string[]>;
  readonly served: ReadonlySet<Claimant>;
  readonly hostsWithoutCertificate: readonly string[];
}

/** The parts before there is any object. */
export const noParts: StaticParts = {
  hosts: new Map(),
  l4: new Map(),
  policies: new Map(),
  services: new Map(),
  certificates: new Map(),
  secrets: new Map(),
  pages: new Map(),
  bindings: new Map(),
  keysByObject: new Map(),
  served: new Set(),
  hostsWithoutCertificate: [],
};

/** Puts merged hosts together. What is equal to the answer before keeps its reference, whole maps included. */
export class PartsAssembler {
  #merged: readonly MergedHost[] | undefined;
  #l4: MergedL4 | undefined;
  #defaultCertificate: Certificate | undefined;
  #result = noParts;

  assemble(merged: readonly MergedHost[], l4: MergedL4, defaultCertificate: Certificate | undefined): StaticParts {
    if (merged === this.#merged && l4 === this.#l4 && defaultCertificate === this.#defaultCertificate) return this.#result;
    this.#result = assembleParts(merged, l4, defaultCertificate, this.#result);
    this.#merged = merged;
    this.#l4 = l4;
    this.#defaultCertificate = defaultCertificate;
    return this.#result;
  }
}

function assembleParts(
  merged: readonly MergedHost[],
  l4: MergedL4,
  defaultCertificate: Certificate | undefined,
  previous: StaticParts,
): StaticParts {
  const hosts = new Map<string, Host>();
  const policies = new Map<string, Policy>();
  const certificates = new Map<string, Certificate>();
  const secrets = new Map<string, SecretEntry>();
  const pages = new Map<string, PageText>();
  const bindings = new Map<string, ServiceBinding>();
  const served = new Set<Claimant>();
  const hostsWithoutCertificate: string[] = [];
  for (const entry of merged) {
    const { host } = entry;
    hosts.set(host.key, keepHost(previous.hosts, host));
    for (const certificate of entry.certificates) certificates.set(certificate.key, keepCertificate(previous.certificates, certificate));
    for (const secret of entry.secrets) secrets.set(secret.key, keepSecret(previous.secrets, secret));
    for (const page of entry.pages) pages.set(page.key, keepPage(previous.pages, page));
    const needsCertificate = host.tls?.kind === 'terminate' && host.tls.certificates.length === 0;
    if (needsCertificate && !(defaultCertificate && certificateCovers(defaultCertificate, host.key)))
      hostsWithoutCertificate.push(host.key);
  }
  for (const entry of [...merged, l4]) {
    // A policy's key stands for its content, so the known one is the same.
    for (const policy of entry.policies) policies.set(policy.key, previous.policies.get(policy.key) ?? policy);
    for (const { binding } of entry.uses) {
      const { key } = binding.service;
      if (!bindings.has(key)) bindings.set(key, keepBinding(previous.bindings, binding));
    }
    for (const reading of entry.served) served.add(reading);
  }
  if (defaultCertificate !== undefined) certificates.set(defaultCertificateKey, keepCertificate(previous.certificates, defaultCertificate));
  const keptBindings = keepMap(previous.bindings, bindings);
  const sameBindings = keptBindings === previous.bindings;
  return {
    hosts: keepMap(previous.hosts, hosts),
    l4: l4.routes,
    policies: keepMap(previous.policies, policies),
    services: sameBindings ? previous.services : keepMap(previous.services, servicesOf(bindings, previous.services)),
    certificates: keepMap(previous.certificates, certificates),
    secrets: keepMap(previous.secrets, secrets),
    pages: keepMap(previous.pages, pages),
    bindings: keptBindings,
    keysByObject: sameBindings ? previous.keysByObject : indexByObject(bindings),
    served,
    hostsWithoutCertificate: hostsWithoutCertificate.sort(),
  };
}

/** Adds the controller's default backend to what objects say of any host: it comes after all of it, or not at all. */
export function withDefaultBackend(merged: readonly MergedHost[], backend: MergedHost | undefined): readonly MergedHost[] {
  if (backend === undefined) return merged;
  const any = merged.find(({ host }) => host.key === anyHost);
  if (any === undefined) return [...merged, backend];
  if (any.host.routes.some(({ match }) => takesEverything(match))) return merged;
  const both: MergedHost = {
    ...any,
    host: { ...any.host, routes: [...any.host.routes, ...backend.host.routes].sort(compareRoutes) },
    policies: [...any.policies, ...backend.policies],
    pages: [...any.pages, ...backend.pages],
    uses: [...any.uses, ...backend.uses],
  };
  return merged.map((entry) => (entry === any ? both : entry));
}

function takesEverything({ listeners, path, methods, headers, query }: RouteMatch): boolean {
  return listeners === undefined && path.kind === 'prefix' && path.value === '/' && methods.length + headers.length + query.length === 0;
}

/** An Ingress that changed in nothing that matters (its status, say) leaves its host as it was. */
function keepHost(previous: ReadonlyMap<string, Host>, host: Host): Host {
  const before = previous.get(host.key);
  return before !== undefined && before !== host && isDeepStrictEqual(before, host) ? before : host;
}

function keepCertificate(previous: ReadonlyMap<string, Certificate>, certificate: Certificate): Certificate {
  const before = previous.get(certificate.key);
  return before !== undefined && sameCertificate(before, certificate) ? before : certificate;
}

function keepSecret(previous: ReadonlyMap<string, SecretEntry>, secret: SecretEntry): SecretEntry {
  const before = previous.get(secret.key);
  return before?.value.equals(secret.value) === true ? before : secret;
}

function keepPage(previous: ReadonlyMap<string, PageText>, page: PageText): PageText {
  const before = previous.get(page.key);
  return before?.text === page.text ? before : page;
}

function keepBinding(previous: ReadonlyMap<string, ServiceBinding>, binding: ServiceBinding): ServiceBinding {
  const before = previous.get(binding.service.key);
  return before !== undefined && before !== binding && isDeepStrictEqual(before, binding) ? before : binding;
}

/** A Service's key stands for its content, so the known one is the same. */
function servicesOf(bindings: ReadonlyMap<string, ServiceBinding>, previous: ReadonlyMap<string, Service>): ReadonlyMap<string, Service> {
  return new Map([...bindings].map(([key, { service }]) => [key, previous.get(key) ?? service]));
}

function indexByObject(bindings: ReadonlyMap<string, ServiceBinding>): ReadonlyMap<string, readonly string[]> {
  const index = new Map<string, string[]>();
  for (const [key, { objectKey }] of bindings) {
    const keys = index.get(objectKey);
    if (keys === undefined) index.set(objectKey, [key]);
    else keys.push(key);
  }
  return index;
}
