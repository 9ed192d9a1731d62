import type { EndpointSlice, Ingress, KubeObject, ObjectKind, Service } from '../../src/api/objects.ts';
import type { ObjectView } from '../../src/translate/object-view.ts';
import { Translator } from '../../src/translate/translate.ts';
import { benchClass, benchIngress, benchNamespace, benchOptions, benchService, benchSlice } from '../table-objects.ts';

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

/** Objects as a store holds them: a change makes a new object and a new map of its kind, the rest stays. */
class BenchObjects {
  readonly #kinds = new Map<ObjectKind, ReadonlyMap<string, KubeObject>>();
  #revision = 0;

  constructor(size: number) {
    const ingresses = new Map<string, Ingress>();
    const services = new Map<string, Service>();
    const slices = new Map<string, EndpointSlice>();
    for (let index = 0; index < size; index++) {
      const namespace = benchNamespace(index);
      ingresses.set(`${namespace}/web-${index}`, benchIngress(index, '/'));
      services.set(`${namespace}/web-${index}`, benchService(index));
      slices.set(`${namespace}/web-${index}-a`, benchSlice(index, 0));
    }
    this.#kinds.set('Ingress', ingresses);
    this.#kinds.set('IngressClass', new Map([['smartproxy', benchClass]]));
    this.#kinds.set('Service', services);
    this.#kinds.set('EndpointSlice', slices);
    this.#kinds.set('Secret', new Map());
  }

  view(): ObjectView {
    const kinds = new Map(this.#kinds);
    return { of: (kind) => (kinds.get(kind) ?? none) as never };
  }

  changeIngress(index: number): void {
    this.#set('Ingress', `${benchNamespace(index)}/web-${index}`, benchIngress(index, `/v${++this.#revision}`));
  }

  changeEndpoint(index: number): void {
    this.#set('EndpointSlice', `${benchNamespace(index)}/web-${index}-a`, benchSlice(index, ++this.#revision));
  }

  #set(kind: ObjectKind, key: string, object: KubeObject): void {
    this.#kinds.set(kind, new Map(this.#kinds.get(kind)).set(key, object));
  }
}

const none: ReadonlyMap<string, never> = new Map<string, never>();

function timeMs(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

function medianMs(measure: () => number): number {
  const times = Array.from({ length: rounds }, measure).sort((a, b) => a - b);
  return times[Math.floor(times.length / 2)] ?? Number.NaN;
}
