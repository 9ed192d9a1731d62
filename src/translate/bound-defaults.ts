import { isDeepStrictEqual } from 'node:util';
import type { SmartRouteAuth, SmartRouteBackendTls } from '../api/generated/smart-route.ts';
import type { Service as ServiceObject } from '../api/objects.ts';
import type { PageText } from '../routes/route-table.ts';
import { type AuthPart, authFields, readAuth } from './auth-reader.ts';
import { type AuthBackend, authOfPolicy } from './auth-settings.ts';
import { BackendTlsReader } from './backend-tls-reader.ts';
import { CertificateDates } from './certificate-dates.ts';
import type { CertificateReader } from './certificate-reader.ts';
import { type AuthReading, type InstallationBackendTls, type InstallationGuards, noGuards } from './installation-guards.ts';
import { readPage } from './page-text.ts';
import { type BoundSettings, bindPolicyServices, type PolicyBackend, type PolicyConfigMap } from './policy-services.ts';
import { messageFor, ProblemList } from './problem-list.ts';
import { type ForeignReference, missingGrant } from './reference-grants.ts';
import type { TimeSpan } from './resolved-object.ts';
import { isIn } from './resolved-objects.ts';
import type { RouteSettings } from './route-settings.ts';
import { duration, readAs } from './schema-values.ts';
import { anyBackendTls, type BindingResult, backendSettingsOf, bindService, type ServiceBinding } from './service-binding.ts';
import type { SmartProxyConfigReading } from './smart-proxy-config-reading.ts';
import type { CertificateContext } from './tls-certificates.ts';
import { type ReadRecord, type References, stillHolds, TrackedReads } from './tracked-reads.ts';
import type { TranslateDefaults } from './translate-options.ts';
import type { ObjectRef, Problem, ProblemReason } from './translation.ts';

/** What `defaults` set, with what they name looked up. */
export interface BoundDefaults extends BoundSettings {
  readonly guards: InstallationGuards;
  /** Keys of Secrets, found or not. */
  readonly secrets: readonly string[];
  /** Of the SmartProxyConfig: told once, and not by every object that inherits them. */
  readonly problems: readonly Problem[];
  /** When it may be another, though nothing changes: a certificate begins or ends. */
  readonly holds: TimeSpan;
}

const always: TimeSpan = { fromMs: Number.NEGATIVE_INFINITY, untilMs: Number.POSITIVE_INFINITY };
const none: BoundDefaults = { settings: {}, bindings: [], pages: [], guards: noGuards, secrets: [], problems: [], holds: always };

/** Looks up what `defaults` of the installation name, again only when something of it changed. What can't be had is told. */
export class DefaultsBinder {
  readonly #options: TranslateDefaults;
  readonly #certificates: CertificateReader;
  #last: { readonly config: SmartProxyConfigReading; readonly reads: ReadRecord; readonly bound: BoundDefaults } | undefined;

  constructor(options: TranslateDefaults, certificates: CertificateReader) {
    this.#options = options;
    this.#certificates = certificates;
  }

  /** @param references without guards: those are the answer's */
  bind(config: SmartProxyConfigReading | undefined, references: References, nowMs: number): BoundDefaults {
    if (config?.defaults === undefined) return none;
    const last = this.#last;
    const isSame = last !== undefined && hasSameDefaults(last.config, config) && stillHolds(last.reads, references);
    if (isSame && isIn(last.bound.holds, nowMs)) return last.bound;
    const reads = new TrackedReads(references);
    const dates = new CertificateDates(nowMs);
    const context = { reads, dates, certificates: this.#certificates, problems: new ProblemList(config.ref) };
    const bound = bindDefaults(config, config.defaults, context, this.#options);
    this.#last = { config, reads: reads.record(), bound };
    return bound;
  }
}

function hasSameDefaults(a: SmartProxyConfigReading, b: SmartProxyConfigReading): boolean {
  return a === b || (a.key === b.key && isDeepStrictEqual([a.spec?.defaults, a.defaults], [b.spec?.defaults, b.defaults]));
}

function bindDefaults(
  { ref, spec }: SmartProxyConfigReading,
  defaults: RouteSettings,
  context: CertificateContext,
  options: TranslateDefaults,
): BoundDefaults {
  const { reads, problems, dates } = context;
  const report = (reason: ProblemReason, path: string, sentence: string): undefined => {
    const field = `spec.defaults.policy.${path}`;
    problems.add(reason, field, messageFor(ref, field, sentence));
  };
  const bind = (backend: PolicyBackend, _setting: string, path: string): ServiceBinding | undefined => {
    const result = bindOfInstallation(backend, reads, options);
    if (result.kind === 'bound') return result.binding;
    const place = result.reason === 'RefNotPermitted' ? `${path}.namespace` : path;
    return report(result.reason, place, `Service ${keyOf(backend)} ${result.why}`);
  };
  const findPage = (configMap: PolicyConfigMap, path: string): PageText | undefined => {
    const key = keyOf(configMap);
    const read = readPage(key, reads.configMap(key), configMap.key);
    return 'text' in read ? read : report(read.reason, path, `ConfigMap ${key} ${read.why}`);
  };
  const bound = bindPolicyServices(defaults, bind, findPage);
  const { auth, backend } = spec?.defaults?.policy ?? {};
  const guards: InstallationGuards = { auth: authOf(ref, auth, context, options), backendTls: backendTlsOf(ref, backend?.tls, context) };
  return { ...bound, guards, secrets: reads.secretKeys(), problems: problems.list(), holds: dates.holds };
}

function authOf(
  ref: ObjectRef,
  auth: SmartRouteAuth | undefined,
  { reads, problems }: CertificateContext,
  options: TranslateDefaults,
): AuthReading {
  const settings = auth && authOfPolicy(auth, (text) => readAs(duration, text));
  const bind = ({ name, namespace = ref.namespace, port }: AuthBackend, field: string): ServiceBinding | string => {
    const result = bindOfInstallation({ name, namespace, port, installation: ref.namespace }, reads, options);
    if (result.kind === 'bound') return result.binding;
    const place = result.reason === 'RefNotPermitted' ? `${field}.namespace` : field;
    const sentence = `Service ${namespace}/${name} ${result.why}`;
    problems.add(result.reason, place, messageFor(ref, place, `${sentence}; until then nobody is let in who is not asked otherwise`));
    return sentence;
  };
  const fieldOf = (part: AuthPart): string => `spec.defaults.policy.auth.${authFields[part]}`;
  return readAuth({ ref, rule: undefined, settings, fieldOf }, { reads, problems, options, bind });
}

function backendTlsOf(ref: ObjectRef, tls: SmartRouteBackendTls = {}, context: CertificateContext): InstallationBackendTls {
  const read = (path: 'caRef' | 'clientCertificateRef'): BackendTlsReader => {
    const place = (name: string) => {
      return { label: `policy.backend.tls.${name}`, field: `spec.defaults.policy.backend.tls.${name}`, isUnreadable: false };
    };
    const setting = (name: typeof path) => ({ value: name === path ? tls[name]?.name : undefined, ...place(name) });
    const [ca, clientCertificate] = [setting('caRef'), setting('clientCertificateRef')];
    const serverName = { value: undefined, ...place('serverName') };
    return new BackendTlsReader({ ref, rule: undefined, serverName, ca, clientCertificate, howToGetTls: '' }, context);
  };
  const [ofCa, ofCertificate] = [read('caRef'), read('clientCertificateRef')];
  return {
    ca: ofCa.settings.ca,
    clientCertificate: ofCertificate.settings.clientCertificate,
    broken: { ca: ofCa.broken, clientCertificate: ofCertificate.broken },
  };
}

/** What is looked up of a Service that the installation names. */
export interface InstallationReads {
  service(key: string): ServiceObject | undefined;
  permits(reference: ForeignReference): boolean;
}

/** A Service that the installation names: spoken to as its `appProtocol` says. */
export function bindOfInstallation(backend: PolicyBackend, reads: InstallationReads, options: TranslateDefaults): BindingResult {
  const { name: toName, namespace: toNamespace = '', installation: fromNamespace = '' } = backend;
  const reference: ForeignReference = { fromKind: 'SmartProxyConfig', fromNamespace, toKind: 'Service', toNamespace, toName };
  if (toNamespace !== fromNamespace && !reads.permits(reference))
    return { kind: 'unbound', reason: 'RefNotPermitted', why: `may not be referred to: ${missingGrant(reference)}` };
  const object = reads.service(keyOf(backend));
  if (object === undefined) return { kind: 'unbound', reason: 'ServiceNotFound', why: 'does not exist; create it or correct the name' };
  return bindService(keyOf(backend), object, backend.port, backendSettingsOf({}, anyBackendTls, options));
}

function keyOf({ namespace = '', name }: PolicyBackend | PolicyConfigMap): string {
  return `${namespace}/${name}`;
}
