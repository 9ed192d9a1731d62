import type { EndpointSlice, Ingress, IngressClass, Service } from '../src/api/objects.ts';
import type { TranslateOptions } from '../src/translate/translate-options.ts';

/** Options for tables of these objects: HTTP and HTTPS on ports that the kernel chooses. */
export const benchOptions: Omit<TranslateOptions, 'nowMs'> = {
  listeners: [
    { key: 'http', addresses: ['127.0.0.1'], port: 0, publishedPort: 80, protocol: 'http', proxyProtocolFrom: [] },
    { key: 'https', addresses: ['127.0.0.1'], port: 0, publishedPort: 443, protocol: 'https', proxyProtocolFrom: [] },
  ],
  addresses: ['::'],
  proxyProtocolFrom: [],
  publishService: undefined,
  configNamespace: undefined,
  ingressClass: 'smartproxy',
  controllerClass: 'smartproxy.dev/ingress-controller',
  namespaced: false,
  watchIngressWithoutClass: false,
  defaultBackend: undefined,
  defaultCertificate: undefined,
  httpsRedirect: true,
  maxRequestBodyBytes: 0,
  connectTimeoutMs: 5000,
  readTimeoutMs: 60_000,
  sendTimeoutMs: 60_000,
  tunnelIdleTimeoutMs: 3_600_000,
  retries: 1,
  loadBalancing: 'round-robin',
  allowLocalExternalNames: false,
  nftables: false,
  acmeNamespace: undefined,
  garbageCollection: true,
};

export const benchClass: IngressClass = {
  kind: 'IngressClass',
  metadata: { name: 'smartproxy' },
  spec: { controller: benchOptions.controllerClass },
};

/** The namespace of the `index`-th Ingress, Service and EndpointSlice. */
export function benchNamespace(index: number): string {
  return `team-${index % 100}`;
}

/** An Ingress with a host of its own; another `path` is a change. */
export function benchIngress(index: number, path: string): Ingress {
  const backend = { service: { name: `web-${index}`, port: { number: 80 } } };
  return {
    kind: 'Ingress',
    metadata: { namespace: benchNamespace(index), name: `web-${index}`, uid: `uid-${index}`, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: {
      ingressClassName: 'smartproxy',
      rules: [{ host: `web-${index}.example.com`, http: { paths: [{ path, pathType: 'Prefix', backend }] } }],
    },
  };
}

export function benchService(index: number): Service {
  return {
    kind: 'Service',
    metadata: { namespace: benchNamespace(index), name: `web-${index}` },
    spec: { ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
  };
}

/** Two endpoints, the second of which is another one for each `revision`. */
export function benchSlice(index: number, revision: number): EndpointSlice {
  const address = `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;
  const other = `10.200.${(revision >> 8) & 255}.${revision & 255}`;
  return {
    kind: 'EndpointSlice',
    metadata: { namespace: benchNamespace(index), name: `web-${index}-a`, labels: { 'kubernetes.io/service-name': `web-${index}` } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: [
      { addresses: [address], conditions: { ready: true } },
      { addresses: [other], conditions: { ready: true } },
    ],
  };
}
