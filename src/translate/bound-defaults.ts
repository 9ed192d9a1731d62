import type { ConfigMap, Service as ServiceObject } from '../api/objects.ts';
import type { PageText } from '../routes/route-table.ts';
import { readPage } from './page-text.ts';
import { type BoundSettings, bindPolicyServices, type PolicyBackend, type PolicyConfigMap } from './policy-services.ts';
import { messageFor } from './problem-list.ts';
import { type ForeignReference, missingGrant, type ReferenceGrants } from './reference-grants.ts';
import { anyBackendTls, type BindingResult, backendSettingsOf, bindService, type ServiceBinding } from './service-binding.ts';
import type { SmartProxyConfigReading } from './smart-proxy-config-reading.ts';
import type { TranslateDefaults } from './translate-options.ts';
import type { Problem, ProblemReason } from './translation.ts';

/** What `defaults` set, with the Services and ConfigMaps that they name. */
export interface BoundDefaults extends BoundSettings {
  /** Of the SmartProxyConfig: told once, and not by every object that inherits them. */
  readonly problems: readonly Problem[];
}

const none: BoundDefaults = { settings: {}, bindings: [], pages: [], problems: [] };

/** Looks up what `defaults` of the installation name. What can't be had is told, and not done. */
export function bindDefaults(
  config: SmartProxyConfigReading | undefined,
  services: ReadonlyMap<string, ServiceObject>,
  configMaps: ReadonlyMap<string, ConfigMap>,
  grants: ReferenceGrants,
  options: TranslateDefaults,
): BoundDefaults {
  if (config?.defaults === undefined) return none;
  const { ref: object, defaults } = config;
  const problems: Problem[] = [];
  const report = (reason: ProblemReason, path: string, sentence: string): undefined => {
    const field = `spec.defaults.policy.${path}`;
    problems.push({ object, reason, field, message: messageFor(object, field, sentence) });
  };
  const reads: InstallationReads = { service: (key) => services.get(key), permits: (reference) => grants.permit(reference) };
  const bind = (backend: PolicyBackend, _setting: string, path: string): ServiceBinding | undefined => {
    const result = bindOfInstallation(backend, reads, options);
    if (result.kind === 'bound') return result.binding;
    const place = result.reason === 'RefNotPermitted' ? `${path}.namespace` : path;
    return report(result.reason, place, `Service ${keyOf(backend)} ${result.why}`);
  };
  const findPage = (configMap: PolicyConfigMap, path: string): PageText | undefined => {
    const key = keyOf(configMap);
    const read = readPage(key, configMaps.get(key), configMap.key);
    return 'text' in read ? read : report(read.reason, path, `ConfigMap ${key} ${read.why}`);
  };
  return { ...bindPolicyServices(defaults, bind, findPage), problems };
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
