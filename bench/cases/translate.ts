import type { EndpointSlice, Ingress, IngressClass, KubeObject, ObjectKind, Service } from '../../src/api/objects.ts';
import type { ObjectView } from '../../src/translate/object-view.ts';
import { Translator } from '../../src/translate/translate.ts';

/** One figure of a benchmark. */
export interface Measurement {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
}

const count = 10_000;
const rounds = 15;

/** Translating 10,000 Ingresses with a host, a Service and an EndpointSlice each: the first table, then one change at a time. */
export async function run(): Promise<Measurement[]> {
  const objects = new BenchObjects(count);
  const translator = new Translator(benchOptions);
  const first = timeMs(() => translator.translate(objects.view(), 0));
  const ingress = medianMs(() => {
    objects.changeIngress(Math.floor(count / 2));
    return timeMs(() => translator.translate(objects.view(), 0));
  });
  const endpoint = medianMs(() => {
    objects.changeEndpoint(Math.floor(count / 3));
    return timeMs(() => translator.translate(objects.view(), 0));
  });
  return [
    { name: 'translate: first table of 10,000 Ingresses', unit: 'ms', value: first },
    { name: 'translate: one Ingress of 10,000 changed', unit: 'ms', value: ingress },
    { name: 'translate: one EndpointSlice of 10,000 changed', unit: 'ms', value: endpoint },
  ];
}

const benchOptions = {
  listeners: [
    { key: 'http', addresses: ['::'], port: 80, publishedPort: 80, protocol: 'http' as const, proxyProtocolFrom: [] },
    { key: 'https', addresses: ['::'], port: 443, publishedPort: 443, protocol: 'https' as const, proxyProtocolFrom: [] },
  ],
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
  loadBalancing: 'round-robin' as const,
  allowLocalExternalNames: false,
  zone: undefined,
};

/** Objects as a store holds them: a change makes a new object and a new map of its kind, the rest stays. */
class BenchObjects {
  readonly #kinds = new Map<ObjectKind, ReadonlyMap<string, KubeObject>>();
  #revision = 0;

  constructor(size: number) {
    const ingresses = new Map<string, Ingress>();
    const services = new Map<string, Service>();
    const slices = new Map<string, EndpointSlice>();
    for (let index = 0; index < size; index++) {
      const namespace = `team-${index % 100}`;
      ingresses.set(`${namespace}/web-${index}`, benchIngress(namespace, index, '/'));
      services.set(`${namespace}/web-${index}`, benchService(namespace, index));
      slices.set(`${namespace}/web-${index}-a`, benchSlice(namespace, index, 0));
    }
    const benchClass: IngressClass = {
      kind: 'IngressClass',
      metadata: { name: 'smartproxy' },
      spec: { controller: benchOptions.controllerClass },
    };
    this.#kinds.set('Ingress', ingresses);
    this.#kinds.set('IngressClass', new Map([['smartproxy', benchClass]]));
    this.#kinds.set('Service', services);
    this.#kinds.set('EndpointSlice', slices);
    this.#kinds.set('Secret', new Map());
  }

  view(): ObjectView {
    const kinds = new Map(this.#kinds);
    return { of: (kind) => (kinds.get(kind) ?? new Map()) as never };
  }

  changeIngress(index: number): void {
    const namespace = `team-${index % 100}`;
    this.#set('Ingress', `${namespace}/web-${index}`, benchIngress(namespace, index, `/v${++this.#revision}`));
  }

  changeEndpoint(index: number): void {
    const namespace = `team-${index % 100}`;
    this.#set('EndpointSlice', `${namespace}/web-${index}-a`, benchSlice(namespace, index, ++this.#revision));
  }

  #set(kind: ObjectKind, key: string, object: KubeObject): void {
    this.#kinds.set(kind, new Map(this.#kinds.get(kind)).set(key, object));
  }
}

function benchIngress(namespace: string, index: number, path: string): Ingress {
  const backend = { service: { name: `web-${index}`, port: { number: 80 } } };
  return {
    kind: 'Ingress',
    metadata: { namespace, name: `web-${index}`, uid: `uid-${index}`, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: {
      ingressClassName: 'smartproxy',
      rules: [{ host: `web-${index}.example.com`, http: { paths: [{ path, pathType: 'Prefix', backend }] } }],
    },
  };
}

function benchService(namespace: string, index: number): Service {
  return {
    kind: 'Service',
    metadata: { namespace, name: `web-${index}` },
    spec: { ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
  };
}

function benchSlice(namespace: string, index: number, revision: number): EndpointSlice {
  const address = `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;
  const other = `10.200.${(revision >> 8) & 255}.${revision & 255}`;
  return {
    kind: 'EndpointSlice',
    metadata: { namespace, name: `web-${index}-a`, labels: { 'kubernetes.io/service-name': `web-${index}` } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: [
      { addresses: [address], conditions: { ready: true } },
      { addresses: [other], conditions: { ready: true } },
    ],
  };
}

function timeMs(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

function medianMs(measure: () => number): number {
  const times = Array.from({ length: rounds }, measure).sort((a, b) => a - b);
  return times[Math.floor(times.length / 2)] ?? Number.NaN;
}
