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
