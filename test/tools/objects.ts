import type { ApiClient } from '../../src/sources/kubernetes/api-client.ts';
import { hasStatus } from '../../src/sources/kubernetes/api-error.ts';

/** Any object as it is sent to an API server. */
export interface AnyObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

const plurals: Readonly<Record<string, string>> = { Ingress: 'ingresses', IngressClass: 'ingressclasses' };

/** Path of an object, or of its collection. */
export function pathOf({ apiVersion, kind, metadata }: AnyObject, collection = false): string {
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const namespace = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
  const path = `${group}${namespace}/${plurals[kind] ?? `${kind.toLowerCase()}s`}`;
  return collection ? path : `${path}/${metadata.name}`;
}

export function create(client: ApiClient, object: AnyObject): Promise<AnyObject> {
  return client.json({ method: 'POST', path: pathOf(object, true), body: object });
}

/** Merges `change` into an object, or into a subresource of it. */
export function patch(client: ApiClient, object: AnyObject, change: object, subresource?: string): Promise<AnyObject> {
  const path = subresource === undefined ? pathOf(object) : `${pathOf(object)}/${subresource}`;
  return client.json({ method: 'PATCH', path, body: change });
}

export function read(client: ApiClient, object: AnyObject): Promise<AnyObject> {
  return client.json({ path: pathOf(object) });
}

export async function remove(client: ApiClient, object: AnyObject): Promise<void> {
  await client.json({ method: 'DELETE', path: pathOf(object) }).catch((error) => {
    if (!hasStatus(error, 404)) throw error;
  });
}

export function namespace(name: string): AnyObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

export function service(namespaceName: string, name: string, spec: object = { ports: [{ port: 80 }] }): AnyObject {
  return { apiVersion: 'v1', kind: 'Service', metadata: { namespace: namespaceName, name }, spec };
}

export function ingress(namespaceName: string, name: string, spec: object): AnyObject {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { namespace: namespaceName, name }, spec };
}

/** An Ingress spec with one host whose whole tree goes to port 80 of a Service. */
export function hostTo(host: string, serviceName: string, extra: object = {}): object {
  const backend = { service: { name: serviceName, port: { number: 80 } } };
  return { ingressClassName: 'smartproxy', rules: [{ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }], ...extra };
}

export function endpointSlice(namespaceName: string, serviceName: string, addresses: readonly string[], port: number): AnyObject {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace: namespaceName, name: `${serviceName}-slice`, labels: { 'kubernetes.io/service-name': serviceName } },
    addressType: 'IPv4',
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ports: [{ name: '', port, protocol: 'TCP' }],
  };
}

export function secret(namespaceName: string, name: string, data: Readonly<Record<string, string>>, type = 'Opaque'): AnyObject {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { namespace: namespaceName, name }, type, stringData: data };
}
