import { isIP } from 'node:net';
import type { SmartRouteBackendTls, SmartRouteForwardBackend, SmartRouteTcpBackend } from '../api/generated/smart-route.ts';
import type { PageText } from '../routes/route-table.ts';
import { BackendTlsReader } from './backend-tls-reader.ts';
import { bindOfInstallation } from './bound-defaults.ts';
import { readPage } from './page-text.ts';
import type { PolicyBackend, PolicyConfigMap } from './policy-services.ts';
import type { RouteSettings } from './route-settings.ts';
import { anyBackendTls, type BackendSettings, backendSettingsOf, bindService, type ServiceBinding } from './service-binding.ts';
import type { SmartRouteLookup, SmartRouteScope } from './smart-route-lookup.ts';
import type { ReadSmartRouteRule } from './smart-route-reading.ts';

/** Looks up the Services, and the pages, that a SmartRoute names. */
export class SmartRouteBackends {
  readonly #lookup: SmartRouteLookup;
  /** Keys of services, and the names of backends that can't be served. */
  readonly #found = new Map<string, string | undefined>();

  constructor(lookup: SmartRouteLookup) {
    this.#lookup = lookup;
  }

  /** Every backend that has been looked up: the key of its service, undefined where it can't be served. */
  list(): readonly (string | undefined)[] {
    return [...this.#found.values()];
  }

  /** The Service port, or why there is none, as a sentence. @param preserved the port that clients dial, where that is the backend's */
  backend(
    scope: SmartRouteScope,
    backend: SmartRouteForwardBackend | SmartRouteTcpBackend,
    field: string,
    backendTls: BackendTlsReader,
    preserved: number | undefined,
  ): ServiceBinding | string {
    const port = backend.port.name ?? backend.port.number ?? preserved ?? 0;
    const result = this.#bind(scope, backend, port, field, backendTls);
    if (typeof result === 'string') this.#found.set(`${this.#lookup.namespaceOf(backend)}/${backend.name} ${port}`, undefined);
    else this.#found.set(result.service.key, result.service.key);
    return result;
  }

  /** A Service that is asked by the proxy itself: spoken to as its `appProtocol` says, whatever the policy says of backends. */
  bindPlain(rule: ReadSmartRouteRule, port: ServicePort, field: string): ServiceBinding | string {
    return this.#bindPort(rule, port, field, () => backendSettingsOf({}, anyBackendTls, this.#lookup.options));
  }

  /** A Service that the policy names. It is not one of the backends, whose number the status shows. */
  policyService(rule: ReadSmartRouteRule, backend: PolicyBackend, setting: keyof RouteSettings, path: string): ServiceBinding | undefined {
    const { name, namespace = this.#lookup.reading.ref.namespace, port, installation } = backend;
    if (installation !== undefined) {
      const found = bindOfInstallation({ name, namespace, port, installation }, this.#lookup.reads, this.#lookup.options);
      return found.kind === 'bound' ? found.binding : undefined;
    }
    const field = `${rule.ownSettings[setting] === undefined ? 'spec' : rule.field}.policy.${path}`;
    const result = this.bindPlain(rule, { name, namespace, port }, field);
    return typeof result === 'string' ? undefined : result;
  }

  /** A text that the policy names. */
  page(
    rule: ReadSmartRouteRule,
    { name, key, namespace = this.#lookup.reading.ref.namespace, isOfInstallation }: PolicyConfigMap,
    path: string,
  ): PageText | undefined {
    const configMap = `${namespace}/${name}`;
    const read = readPage(configMap, this.#lookup.reads.configMap(configMap), key);
    if ('text' in read) return read;
    if (isOfInstallation === true) return undefined;
    const field = `${rule.ownSettings.errorPages === undefined ? 'spec' : rule.field}.policy.${path}`;
    this.#lookup.report(rule, read.reason, field, `ConfigMap ${configMap} ${read.why}`);
    return undefined;
  }

  /** How TLS is spoken with the backends of a rule, or of the whole object. */
  backendTls({ rule, settings }: SmartRouteScope): BackendTlsReader {
    const { backendTlsServerName, backendTlsCaSecret, backendTlsClientSecret } = settings;
    const ofObject = this.#lookup.reading.spec?.policy?.backend?.tls;
    type Name = 'backendTlsServerName' | 'backendTlsCaSecret' | 'backendTlsClientSecret';
    const place = (name: Name, path: keyof SmartRouteBackendTls) => ({
      label: `policy.backend.tls.${path}`,
      field: `${rule?.ownSettings[name] === undefined ? 'spec' : rule.field}.policy.backend.tls.${path}`,
      isUnreadable: false,
      isInherited: rule?.ownSettings[name] === undefined && ofObject?.[path] === undefined,
    });
    return new BackendTlsReader(
      {
        ref: this.#lookup.reading.ref,
        rule: rule?.name,
        serverName: { value: backendTlsServerName, ...place('backendTlsServerName', 'serverName') },
        ca: { value: backendTlsCaSecret, ...place('backendTlsCaSecret', 'caRef') },
        clientCertificate: { value: backendTlsClientSecret, ...place('backendTlsClientSecret', 'clientCertificateRef') },
        howToGetTls: 'set policy.backend.protocol to HTTPS or H2, or tls.mode to TerminateAndReencrypt',
      },
      this.#lookup.certificateContext,
    );
  }

  #bind(
    { rule, settings, l4 }: SmartRouteScope,
    backend: SmartRouteForwardBackend | SmartRouteTcpBackend,
    port: number | string,
    field: string,
    backendTls: BackendTlsReader,
  ): ServiceBinding | string {
    const namespace = this.#lookup.namespaceOf(backend);
    const transport = l4?.protocol === 'udp' ? 'UDP' : 'TCP';
    const settingsOf = (): BackendSettings | string => backendTls.broken ?? { ...this.#backendSettings(settings, backendTls), transport };
    const bound = this.#bindPort(rule, { name: backend.name, namespace, port }, field, settingsOf);
    if (typeof bound === 'string') return bound;
    const unsafe = backendTls.brokenFor(bound.service);
    if (unsafe !== undefined) return unsafe;
    if (l4?.kernel === undefined || !isNamed(bound)) return bound;
    const named = `Service ${bound.objectKey} stands for a DNS name`;
    this.#lookup.report(rule, 'Unsupported', `${field}.name`, `${named}, and the kernel forwards to addresses alone; use the engine Node`);
    return named;
  }

  #bindPort(
    rule: ReadSmartRouteRule | undefined,
    { name, namespace, port }: ServicePort,
    field: string,
    settingsOf: () => BackendSettings | string,
  ): ServiceBinding | string {
    const key = `${namespace}/${name}`;
    if (!this.#lookup.isPermitted('Service', namespace, name, `${field}.namespace`, rule)) return `Service ${key} may not be referred to`;
    const settings = settingsOf();
    if (typeof settings === 'string') return settings;
    const object = this.#lookup.reads.service(key);
    if (object === undefined) {
      this.#lookup.report(rule, 'ServiceNotFound', `${field}.name`, `Service ${key} does not exist; create it or correct the name`);
      return `Service ${key} does not exist`;
    }
    const result = bindService(key, object, port, settings);
    if (result.kind === 'bound') return result.binding;
    const place = result.reason === 'ServicePortNotFound' ? `${field}.port` : `${field}.name`;
    this.#lookup.report(rule, result.reason, place, `Service ${key} ${result.why}`);
    return `Service ${key} ${result.why}`;
  }

  #backendSettings(settings: RouteSettings, backendTls: BackendTlsReader): BackendSettings {
    const alwaysTls = this.#lookup.reading.spec?.tls?.mode === 'TerminateAndReencrypt';
    return { ...backendSettingsOf(settings, backendTls.settings, this.#lookup.options), alwaysTls };
  }
}

/** A port of a Service, wherever it is. */
interface ServicePort {
  readonly name: string;
  readonly namespace: string;
  readonly port: number | string;
}

/** Whether endpoints have to be looked up by whoever connects. */
function isNamed({ externalName }: ServiceBinding): boolean {
  return externalName !== undefined && isIP(externalName) === 0;
}
