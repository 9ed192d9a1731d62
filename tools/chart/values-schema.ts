import { smartProxyConfigSchema } from '../../src/api/generated/smart-proxy-config-schema.ts';
import { options } from '../../src/config/options.ts';
import {
  duration,
  hostOrAddress,
  integer,
  type JsonSchema,
  namespacedName,
  objectName,
  servicePort,
} from '../../src/config/value-types.ts';
import { configSchema } from './chart-options.ts';
import { valuesOfSchema } from './crd-values.ts';

type Properties = Readonly<Record<string, JsonSchema>>;

/** A map whose keys are all known. */
function closed(properties: Properties): JsonSchema {
  return { type: 'object', additionalProperties: false, properties };
}

/** A closed map with a key for all that has no empty form: Helm takes keys away for null, and an upgrade that reuses values lacks what came later. */
function whole(properties: Properties): JsonSchema {
  return { ...closed(properties), required: Object.keys(properties).filter((key) => hasNoEmptyForm(properties[key])) };
}

/** Whether null does not mean what an empty map, list or text means. Pure. */
function hasNoEmptyForm(schema: JsonSchema = {}): boolean {
  const { type, additionalProperties, anyOf, enum: allowed, const: only, minLength, pattern } = schema;
  if (Array.isArray(anyOf)) return anyOf.every(hasNoEmptyForm);
  if (Array.isArray(allowed)) return !allowed.includes('');
  if (typeof pattern === 'string') return !new RegExp(pattern).test('');
  if (type === 'object') return additionalProperties === false;
  return type === 'boolean' || type === 'integer' || minLength !== undefined || only !== undefined;
}

/** The schema's value, or nothing: an empty text or null. */
function orEmpty(schema: JsonSchema): JsonSchema {
  return { anyOf: [schema, { enum: ['', null] }] };
}

function oneOf(...words: readonly string[]): JsonSchema {
  return { enum: words };
}

function listOf(items: JsonSchema): JsonSchema {
  return { type: 'array', items };
}

const text: JsonSchema = { type: 'string' };
const someText: JsonSchema = { type: 'string', minLength: 1 };
const label: JsonSchema = { type: 'string', pattern: '^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$' };
/** What names of Services may begin with. */
const startOfNames: JsonSchema = { type: 'string', pattern: '^([a-z]([-a-z0-9]*[a-z0-9])?)?$' };
const onOff: JsonSchema = { type: 'boolean' };
const texts: JsonSchema = { type: 'object', additionalProperties: text };
/** What Kubernetes gives its shape to: the API server checks it. */
const kubernetesMap: JsonSchema = { type: 'object' };
const kubernetesMaps: JsonSchema = listOf(kubernetesMap);
const port = integer(1, 65535).schema;
const nodePort = orEmpty(port);
const ipAddress: JsonSchema = { type: 'string', pattern: '^[0-9a-fA-F:.]+$' };
const cidr: JsonSchema = { type: 'string', pattern: '^[0-9a-fA-F:.]+/[0-9]{1,3}$' };
/** As Prometheus and its operator write times. */
const prometheusDuration: JsonSchema = { type: 'string', pattern: '^([0-9]+(y|w|d|h|ms|m|s))*$' };
const listeningPort: JsonSchema = { anyOf: [port, { enum: ['off', false] }] };
const targetPort: JsonSchema = { anyOf: [port, someText] };
const count: JsonSchema = { type: 'integer', minimum: 0 };
const countOrPercentage: JsonSchema = { anyOf: [count, { type: 'string', pattern: '^[0-9]+%$' }] };
const probe = closed({
  initialDelaySeconds: count,
  periodSeconds: integer(1, 3600).schema,
  timeoutSeconds: integer(1, 3600).schema,
  successThreshold: integer(1, 1000).schema,
  failureThreshold: integer(1, 1000).schema,
  terminationGracePeriodSeconds: count,
});

const service = whole({
  enabled: onOff,
  type: oneOf('LoadBalancer', 'NodePort', 'ClusterIP'),
  annotations: texts,
  labels: texts,
  ports: whole({ http: port, https: port }),
  targetPorts: whole({ http: targetPort, https: targetPort }),
  nodePorts: whole({ http: nodePort, https: nodePort }),
  appProtocols: whole({ http: text, https: text }),
  clusterIP: text,
  extraPorts: kubernetesMaps,
  externalIPs: listOf(ipAddress),
  externalTrafficPolicy: oneOf('', 'Local', 'Cluster'),
  internalTrafficPolicy: oneOf('', 'Local', 'Cluster'),
  trafficDistribution: oneOf('', 'PreferSameZone', 'PreferSameNode', 'PreferClose'),
  sessionAffinity: oneOf('None', 'ClientIP'),
  sessionAffinityTimeoutSeconds: orEmpty(integer(1, 86400).schema),
  ipFamilyPolicy: oneOf('', 'SingleStack', 'PreferDualStack', 'RequireDualStack'),
  ipFamilies: listOf(oneOf('IPv4', 'IPv6')),
  loadBalancerIP: text,
  loadBalancerClass: text,
  loadBalancerSourceRanges: listOf(cidr),
  allocateLoadBalancerNodePorts: orEmpty(onOff),
  healthCheckNodePort: nodePort,
});

const placed = { enabled: onOff, namespace: text, labels: texts, annotations: texts } as const;
const monitor = whole({
  ...placed,
  interval: prometheusDuration,
  scrapeTimeout: prometheusDuration,
  jobLabel: text,
  relabelings: kubernetesMaps,
  metricRelabelings: kubernetesMaps,
});

const properties: Properties = {
  kind: oneOf('Deployment', 'DaemonSet'),
  replicas: count,
  nameOverride: label,
  fullnameOverride: startOfNames,
  commonLabels: texts,
  image: whole({
    repository: someText,
    tag: text,
    digest: { type: 'string', pattern: '^(sha256:[0-9a-f]{64})?$' },
    pullPolicy: oneOf('IfNotPresent', 'Always', 'Never'),
  }),
  imagePullSecrets: listOf(whole({ name: someText })),
  config: configSchema(),
  workers: { anyOf: [integer(1, 1024).schema, { const: 'auto' }] },
  drain: whole({ delay: duration.schema, timeout: duration.schema }),
  terminationGracePeriodSeconds: orEmpty(count),
  ingressClass: whole({
    create: onOff,
    name: objectName.schema,
    default: onOff,
    controllerValue: options.controllerClass.value.schema,
    annotations: texts,
  }),
  smartProxyConfig: whole({
    name: orEmpty(objectName.schema),
    create: onOff,
    spec: valuesOfSchema(smartProxyConfigSchema),
    secretNames: listOf(objectName.schema),
  }),
  crds: whole({ install: onOff, keep: onOff }),
  watchIngressWithoutClass: onOff,
  watch: whole({ namespaces: listOf(objectName.schema), secretNames: listOf(namespacedName.schema) }),
  defaultBackend: orEmpty(servicePort.schema),
  defaultCertificate: orEmpty(namespacedName.schema),
  publishService: whole({ enabled: onOff, name: orEmpty(namespacedName.schema) }),
  publishAddresses: listOf(hostOrAddress.schema),
  containerPorts: whole({ http: listeningPort, https: listeningPort, status: port, admin: port }),
  hostPorts: whole({ http: nodePort, https: nodePort }),
  hostNetwork: onOff,
  nftables: whole({ enabled: onOff, setForwarding: onOff }),
  acme: whole({ enabled: onOff, namespaces: listOf(objectName.schema) }),
  ticketKeys: whole({ shared: onOff }),
  admin: whole({ tokenSecret: orEmpty(objectName.schema), tokenKey: { type: 'string', pattern: '^[-._a-zA-Z0-9]+$' } }),
  dnsPolicy: oneOf('', 'ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'),
  dnsConfig: kubernetesMap,
  hostAliases: kubernetesMaps,
  service,
  internalService: service,
  updateStrategy: kubernetesMap,
  minReadySeconds: count,
  revisionHistoryLimit: count,
  autoscaling: whole({
    enabled: onOff,
    minReplicas: integer(1, 1_000_000).schema,
    maxReplicas: integer(1, 1_000_000).schema,
    targetCPUUtilizationPercentage: orEmpty(integer(1, 1000).schema),
    targetMemoryUtilizationPercentage: orEmpty(integer(1, 1000).schema),
    metrics: kubernetesMaps,
    behavior: kubernetesMap,
    annotations: texts,
  }),
  podDisruptionBudget: whole({
    enabled: onOff,
    minAvailable: orEmpty(countOrPercentage),
    maxUnavailable: orEmpty(countOrPercentage),
    unhealthyPodEvictionPolicy: oneOf('', 'IfHealthyBudget', 'AlwaysAllow'),
  }),
  topologySpreadConstraints: kubernetesMaps,
  nodeSelector: texts,
  affinity: kubernetesMap,
  tolerations: kubernetesMaps,
  priorityClassName: text,
  runtimeClassName: text,
  schedulerName: text,
  resources: kubernetesMap,
  readinessProbe: probe,
  livenessProbe: probe,
  startupProbe: probe,
  annotations: texts,
  podAnnotations: texts,
  podLabels: texts,
  podSecurityContext: kubernetesMap,
  securityContext: kubernetesMap,
  stateVolume: kubernetesMap,
  extraArgs: listOf(someText),
  extraEnv: kubernetesMaps,
  extraEnvFrom: kubernetesMaps,
  extraVolumes: kubernetesMaps,
  extraVolumeMounts: kubernetesMaps,
  extraContainers: kubernetesMaps,
  initContainers: kubernetesMaps,
  extraObjects: listOf({ type: ['object', 'string'] }),
  serviceAccount: whole({ create: onOff, name: orEmpty(objectName.schema), annotations: texts }),
  rbac: whole({ create: onOff }),
  networkPolicy: whole({
    enabled: onOff,
    from: kubernetesMaps,
    metricsFrom: kubernetesMaps,
    extraIngress: kubernetesMaps,
    egress: kubernetesMaps,
  }),
  metrics: whole({
    service: whole({ enabled: onOff, annotations: texts, labels: texts, port }),
    serviceMonitor: monitor,
    podMonitor: monitor,
    prometheusRule: whole({ ...placed, disabled: listOf(someText), alertLabels: texts, runbookPrefix: text, extraGroups: kubernetesMaps }),
    dashboards: whole(placed),
  }),
  /** What Helm gives to a chart that another one depends on. */
  global: kubernetesMap,
};

/** values.schema.json of the chart. Draft 7, which Helm 3 understands, too. */
export function renderValuesSchema(): string {
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $comment:
      'Made from tools/chart/values-schema.ts and src/config/options.ts and the CRD of SmartProxyConfig by `npm run generate`; do not edit.',
    title: 'Values of smartproxy-ingress',
    ...whole(properties),
  };
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}
