import { configFields, isSwitch } from '../../src/config/arguments.ts';
import type { Config } from '../../src/config/config.ts';
import { options } from '../../src/config/options.ts';
import type { JsonSchema } from '../../src/config/value-types.ts';

/** Options that the chart sets from values of its own: what to use in place of `config`. */
const ownValues: { readonly [Field in keyof Config]?: string } = {
  watchNamespaces: 'set watch.namespaces',
  secretNames: 'set watch.secretNames',
  ingressClass: 'set ingressClass.name',
  controllerClass: 'set ingressClass.controllerValue',
  watchIngressWithoutClass: 'set watchIngressWithoutClass',
  defaultBackend: 'set defaultBackend',
  defaultCertificate: 'set defaultCertificate',
  httpPort: 'set containerPorts.http',
  httpsPort: 'set containerPorts.https',
  statusPort: 'set containerPorts.status',
  adminPort: 'set containerPorts.admin',
  adminTokenFile: 'set admin.tokenSecret',
  workers: 'set workers',
  nftables: 'set nftables.enabled',
  acme: 'set acme.enabled',
  ticketKeySecret: 'set ticketKeys.shared',
  drainDelayMs: 'set drain.delay',
  drainTimeoutMs: 'set drain.timeout',
  publishService: 'set publishService',
  publishAddresses: 'set publishAddresses',
  leaseName: 'it is named after the release, as the Role for it is: set fullnameOverride',
  podName: 'it is taken from the pod',
  podNamespace: 'it is taken from the pod',
  podUid: 'it is taken from the pod',
  stateDir: 'the folder is where stateVolume is mounted',
};

/** Options that have no place in a pod of the chart: objects come from the API server, as the pod's service account. */
const outsideClusters: readonly (keyof Config)[] = ['manifests', 'kubeconfig', 'echoBackends'];

/** The flags that `config` may have, in the order of the option table. */
export function chartFlags(): readonly string[] {
  return configFields
    .filter((field) => !outsideClusters.includes(field) && ownValues[field] === undefined)
    .map((field) => options[field].flag);
}

/** The schema of `config`: each flag with what it may have. Those that other values set are let through, for templates to say which. */
export function configSchema(): JsonSchema {
  const fields = configFields.filter((field) => !outsideClusters.includes(field));
  const schemaOf = (field: keyof Config): JsonSchema =>
    ownValues[field] === undefined ? { ...options[field].value.schema, description: options[field].doc } : {};
  return {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(fields.map((field) => [options[field].flag, schemaOf(field)])),
  };
}

/** templates/_options.tpl: what templates must know of the option table. */
export function renderOptionTemplates(): string {
  const owned = Object.entries(ownValues).map(([field, remedy]) => [options[field as keyof Config].flag, remedy]);
  const switches = configFields.filter((field) => isSwitch(field)).map((field) => options[field].flag);
  return [
    '{{/* Made from src/config/options.ts by `npm run generate`; do not edit. */}}',
    '',
    '{{/* Flags that are true or false. */}}',
    '{{- define "smartproxy.switches" -}}',
    JSON.stringify(switches, undefined, 2),
    '{{- end }}',
    '',
    '{{/* Flags that a pod of the chart may have. */}}',
    '{{- define "smartproxy.flags" -}}',
    JSON.stringify(chartFlags(), undefined, 2),
    '{{- end }}',
    '',
    '{{/* Flags that other values set, with what to do. */}}',
    '{{- define "smartproxy.ownedFlags" -}}',
    JSON.stringify(Object.fromEntries(owned), undefined, 2),
    '{{- end }}',
    '',
  ].join('\n');
}
