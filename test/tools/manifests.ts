/** YAML of the objects that tests are made of, in namespace `default`. */

export const ingressClass = `
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: smartproxy}
spec: {controller: smartproxy.dev/ingress-controller}
---`;

/** An endpoint: a port on 127.0.0.1, with conditions when they are not those of a ready one. */
export type TestEndpoint = number | { readonly port: number; readonly conditions: string };

/** A Service with one port named `web` (80), and a slice an endpoint (each may have its own target port). */
export function service(name: string, ...endpoints: readonly TestEndpoint[]): string {
  const slices = endpoints.map((endpoint, index) => {
    const { port, conditions } = typeof endpoint === 'number' ? { port: endpoint, conditions: 'ready: true' } : endpoint;
    return `
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${name}-${index}, namespace: default, labels: {kubernetes.io/service-name: ${name}}}
addressType: IPv4
ports: [{name: web, port: ${port}, protocol: TCP}]
endpoints: [{addresses: [127.0.0.1], conditions: {${conditions}}}]
---`;
  });
  return `
apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: default}
spec: {ports: [{name: web, port: 80, targetPort: web}]}
---${slices.join('')}`;
}

/** A Service with the UDP port `dns` (53), and an endpoint of it on 127.0.0.1. */
export function udpService(name: string, port: number, namespace = 'default'): string {
  const metadata = { name, namespace };
  const labels = { 'kubernetes.io/service-name': name };
  const ports = [{ name: 'dns', port, protocol: 'UDP' }];
  const objects = [
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ name: 'dns', port: 53, protocol: 'UDP' }] } },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...metadata, labels },
      addressType: 'IPv4',
      ports,
      endpoints: [{ addresses: ['127.0.0.1'] }],
    },
  ];
  return objects.map((object) => `\n${JSON.stringify(object)}\n---`).join('');
}

/** What permits objects of namespace `default` to refer to Services of another. */
export function serviceGrant(namespace: string, { version = 'v1', kind = 'SmartRoute' } = {}): string {
  const from = [{ group: 'smartproxy.dev', kind, namespace: 'default' }];
  const object = {
    apiVersion: `gateway.networking.k8s.io/${version}`,
    kind: 'ReferenceGrant',
    metadata: { name: 'routes', namespace },
    spec: { from, to: [{ group: '', kind: 'Service' }] },
  };
  return `\n${JSON.stringify(object)}\n---`;
}

/** A path of a rule: path, its type and the service that it goes to. */
export type TestPath = readonly [path: string, type: 'Exact' | 'Prefix' | 'ImplementationSpecific', service: string];

export interface TestIngress {
  /** Paths by host; '' is the rule without a host. */
  readonly rules?: Readonly<Record<string, readonly TestPath[]>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Hosts and Secret of each spec.tls entry. */
  readonly tls?: readonly { readonly hosts: readonly string[]; readonly secret?: string }[];
  readonly defaultBackend?: string;
  readonly className?: string | null;
  readonly created?: string;
}

const backend = (service: string): object => ({ service: { name: service, port: { name: 'web' } } });

/** An Ingress of class `smartproxy`. */
export function ingress(
  name: string,
  { rules = {}, annotations, tls, defaultBackend, className = 'smartproxy', created }: TestIngress,
): string {
  const object = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name, namespace: 'default', annotations, creationTimestamp: created },
    spec: {
      ...(className === null ? {} : { ingressClassName: className }),
      ...(defaultBackend === undefined ? {} : { defaultBackend: backend(defaultBackend) }),
      ...(tls === undefined ? {} : { tls: tls.map(({ hosts, secret }) => ({ hosts, secretName: secret })) }),
      rules: Object.entries(rules).map(([host, paths]) => ({
        ...(host === '' ? {} : { host }),
        http: { paths: paths.map(([path, pathType, to]) => ({ path, pathType, backend: backend(to) })) },
      })),
    },
  };
  return `\n${JSON.stringify(object)}\n---`;
}

/** A TLS Secret. */
export function tlsSecret(name: string, pem: { readonly cert: string; readonly key: string }): string {
  const data = { 'tls.crt': Buffer.from(pem.cert).toString('base64'), 'tls.key': Buffer.from(pem.key).toString('base64') };
  const object = { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', metadata: { name, namespace: 'default' }, data };
  return `\n${JSON.stringify(object)}\n---`;
}

/** A Secret with texts in it. */
export function opaqueSecret(name: string, texts: Readonly<Record<string, string | Buffer>>): string {
  const data = Object.fromEntries(
    Object.entries(texts).map(([key, text]) => [key, (typeof text === 'string' ? Buffer.from(text) : text).toString('base64')]),
  );
  return `\n${JSON.stringify({ apiVersion: 'v1', kind: 'Secret', type: 'Opaque', metadata: { name, namespace: 'default' }, data })}\n---`;
}

/** A ConfigMap in namespace `default` when `name` has none. */
export function configMap(name: string, data: Readonly<Record<string, string>>, labels: Readonly<Record<string, string>> = {}): string {
  const [own = '', namespace = 'default'] = name.split('/').reverse();
  return `\n${JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: own, namespace, labels }, data })}\n---`;
}

/** A SmartRoute of class `smartproxy`, in namespace `default` when `name` has none. */
export function smartRoute(name: string, spec: object, created?: string): string {
  const slash = name.indexOf('/');
  const namespace = slash === -1 ? 'default' : name.slice(0, slash);
  const object = {
    apiVersion: 'smartproxy.dev/v1alpha1',
    kind: 'SmartRoute',
    metadata: { name: name.slice(slash + 1), namespace, creationTimestamp: created },
    spec: { ingressClassName: 'smartproxy', ...spec },
  };
  return `\n${JSON.stringify(object)}\n---`;
}

/** The `forward` action to port `web` of Services; a number after a name is its weight. */
export function forwardTo(...backends: readonly (string | readonly [name: string, weight: number])[]): object {
  const entries = backends.map((backend) => (typeof backend === 'string' ? { name: backend } : { name: backend[0], weight: backend[1] }));
  return { forward: { backends: entries.map((entry) => ({ ...entry, port: { name: 'web' } })) } };
}

/** A SmartProxyConfig, and the IngressClass `smartproxy` that names it. */
export function smartProxyConfig(spec: object): string {
  const name = 'main';
  const parameters = { apiGroup: 'smartproxy.dev', kind: 'SmartProxyConfig', name, namespace: 'default', scope: 'Namespace' };
  const objects = [
    { apiVersion: 'smartproxy.dev/v1alpha1', kind: 'SmartProxyConfig', metadata: { name, namespace: 'default' }, spec },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: { name: 'smartproxy' },
      spec: { controller: 'smartproxy.dev/ingress-controller', parameters },
    },
  ];
  return objects.map((object) => `\n${JSON.stringify(object)}\n---`).join('');
}
