import { smartProxyConfigSchema } from '../../src/api/generated/smart-proxy-config-schema.ts';
import { duration, integer, type JsonSchema, namespacedName, objectName, servicePort } from '../../src/config/value-types.ts';
import { configSchema } from './chart-options.ts';
import { valuesOfSchema } from './crd-values.ts';

/** A map whose keys are all known. */
function closed(properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return { type: 'object', additionalProperties: false, properties };
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

const service = closed({
  enabled: onOff,
  type: oneOf('LoadBalancer', 'NodePort', 'ClusterIP'),
  annotations: texts,
  labels: texts,
  ports: closed({ http: port, https: port }),
  targetPorts: closed({ http: targetPort, https: targetPort }),
  nodePorts: closed({ http: nodePort, https: nodePort }),
  appProtocols: closed({ http: text, https: text }),
  clusterIP: text,
  extraPorts: kubernetesMaps,
  externalIPs: listOf(someText),
  externalTrafficPolicy: oneOf('', 'Local', 'Cluster'),
  internalTrafficPolicy: oneOf('', 'Local', 'Cluster'),
  trafficDistribution: oneOf('', 'PreferSameZone', 'PreferSameNode', 'PreferClose'),
  sessionAffinity: oneOf('None', 'ClientIP'),
  sessionAffinityTimeoutSeconds: orEmpty(integer(1, 86400).schema),
  ipFamilyPolicy: oneOf('', 'SingleStack', 'PreferDualStack', 'RequireDualStack'),
  ipFamilies: listOf(oneOf('IPv4', 'IPv6')),
  loadBalancerIP: text,
  loadBalancerClass: text,
  loadBalancerSourceRanges: listOf(someText),
  allocateLoadBalancerNodePorts: orEmpty(onOff),
  healthCheckNodePort: nodePort,
});

const placed = { enabled: onOff, namespace: text, labels: texts, annotations: texts } as const;
const monitor = closed({
  ...placed,
  interval: text,
  scrapeTimeout: text,
  jobLabel: text,
  relabelings: kubernetesMaps,
  metricRelabelings: kubernetesMaps,
});

const properties: Readonly<Record<string, JsonSchema>> = {
  kind: oneOf('Deployment', 'DaemonSet'),
  replicas: count,
  nameOverride: label,
  fullnameOverride: startOfNames,
  commonLabels: texts,
  image: closed({
    repository: someText,
    tag: text,
    digest: { type: 'string', pattern: '^(sha256:[0-9a-f]{64})?$' },
    pullPolicy: oneOf('IfNotPresent', 'Always', 'Never'),
  }),
  imagePullSecrets: listOf(closed({ name: someText })),
  config: configSchema(),
  workers: { anyOf: [integer(1, 1024).schema, { const: 'auto' }] },
  drain: closed({ delay: duration.schema, timeout: duration.schema }),
  terminationGracePeriodSeconds: orEmpty(count),
  ingressClass: closed({
    create: onOff,
    name: objectName.schema,
    default: onOff,
    controllerValue: someText,
    annotations: texts,
  }),
  smartProxyConfig: closed({
    name: orEmpty(objectName.schema),
    create: onOff,
    spec: valuesOfSchema(smartProxyConfigSchema),
    secretNames: listOf(objectName.schema),
  }),
  crds: closed({ install: onOff, keep: onOff }),
  watchIngressWithoutClass: onOff,
  watch: closed({ namespaces: listOf(objectName.schema), secretNames: listOf(namespacedName.schema) }),
  defaultBackend: orEmpty(servicePort.schema),
  defaultCertificate: orEmpty(namespacedName.schema),
  publishService: closed({ enabled: onOff, name: orEmpty(namespacedName.schema) }),
  publishAddresses: listOf(someText),
  containerPorts: closed({ http: listeningPort, https: listeningPort, status: port, admin: port }),
  hostPorts: closed({ http: nodePort, https: nodePort }),
  hostNetwork: onOff,
  nftables: closed({ enabled: onOff, setForwarding: onOff }),
  acme: closed({ enabled: onOff, namespaces: listOf(objectName.schema) }),
  ticketKeys: closed({ shared: onOff }),
  admin: closed({ tokenSecret: orEmpty(objectName.schema), tokenKey: { type: 'string', pattern: '^[-._a-zA-Z0-9]+$' } }),
  dnsPolicy: oneOf('', 'ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'),
  dnsConfig: kubernetesMap,
  hostAliases: kubernetesMaps,
  service,
  internalService: service,
  updateStrategy: kubernetesMap,
  minReadySeconds: count,
  revisionHistoryLimit: count,
  autoscaling: closed({
    enabled: onOff,
    minReplicas: integer(1, 1_000_000).schema,
    maxReplicas: integer(1, 1_000_000).schema,
    targetCPUUtilizationPercentage: orEmpty(integer(1, 1000).schema),
    targetMemoryUtilizationPercentage: orEmpty(integer(1, 1000).schema),
    metrics: kubernetesMaps,
    behavior: kubernetesMap,
    annotations: texts,
  }),
  podDisruptionBudget: closed({
    enabled: onOff,
    minAvailable: orEmpty(countOrPercentage),
    maxUnavailable: countOrPercentage,
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
  serviceAccount: closed({ create: onOff, name: orEmpty(objectName.schema), annotations: texts }),
  rbac: closed({ create: onOff }),
  networkPolicy: closed({
    enabled: onOff,
    from: kubernetesMaps,
    metricsFrom: kubernetesMaps,
    extraIngress: kubernetesMaps,
    egress: kubernetesMaps,
  }),
  metrics: closed({
    service: closed({ enabled: onOff, annotations: texts, labels: texts, port }),
    serviceMonitor: monitor,
    podMonitor: monitor,
    prometheusRule: closed({ ...placed, disabled: listOf(someText), alertLabels: texts, runbookPrefix: text, extraGroups: kubernetesMaps }),
    dashboards: closed(placed),
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
    ...closed(properties),
  };
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}
