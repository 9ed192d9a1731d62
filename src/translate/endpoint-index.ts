import type { EndpointSlice } from '../api/objects.ts';
import type { Endpoint } from '../routes/service.ts';
import { readSliceEndpoints } from './read-endpoints.ts';
import { fieldsOf, textOf } from './unknown-input.ts';

const serviceNameLabel = 'kubernetes.io/service-name';
const noEndpoints: readonly Endpoint[] = Object.freeze([]);

/**
 * The EndpointSlices of each Service, kept up to date by what changed between two snapshots, so that one changed slice costs a look at
 * every slice's identity and the reading of one Service's slices.
 */
export class EndpointIndex {
  #slices: ReadonlyMap<string, EndpointSlice> = new Map();
  readonly #byService = new Map<string, Map<string, EndpointSlice>>();
  /** By Service, and by protocol and name of its port, with sessions also by the Service port. */
  readonly #endpoints = new Map<string, Map<string, readonly Endpoint[]>>();

  /** Takes a new snapshot's slices; answers with the Services (`namespace/name`) whose slices changed. */
  update(slices: ReadonlyMap<string, EndpointSlice>): ReadonlySet<string> {
    const changed = new Set<string>();
    if (slices === this.#slices) return changed;
    for (const [key, before] of this.#slices) if (!slices.has(key)) this.#remove(key, before, changed);
    for (const [key, slice] of slices) {
      const before = this.#slices.get(key);
      if (before === slice) continue;
      if (before !== undefined) this.#remove(key, before, changed);
      this.#add(key, slice, changed);
    }
    this.#slices = slices;
    for (const service of changed) this.#endpoints.delete(service);
    return changed;
  }

  /**
   * The endpoints behind one port of a Service, in a stable order; the same reference until one of the slices changes.
   * @param sessionPort number of the Service port, when the endpoints need a `session`
   */
  endpoints(service: string, portName: string, transport: 'TCP' | 'UDP', sessionPort: number | undefined): readonly Endpoint[] {
    let byPort = this.#endpoints.get(service);
    const key = sessionPort === undefined ? `${transport} ${portName}` : `${transport} ${portName} ${sessionPort}`;
    const known = byPort?.get(key);
    if (known !== undefined) return known;
    const slices = this.#byService.get(service);
    if (slices === undefined) return noEndpoints;
    const sessionScope = sessionPort === undefined ? undefined : `${service}:${sessionPort}`;
    const endpoints = readSliceEndpoints(slices, portName, transport, sessionScope);
    if (byPort === undefined) this.#endpoints.set(service, (byPort = new Map()));
    byPort.set(key, endpoints);
    return endpoints;
  }

  #add(key: string, slice: EndpointSlice, changed: Set<string>): void {
    const service = serviceOf(key, slice);
    if (service === undefined) return;
    const slices = this.#byService.get(service);
    if (slices === undefined) this.#byService.set(service, new Map([[key, slice]]));
    else slices.set(key, slice);
    changed.add(service);
  }

  #remove(key: string, slice: EndpointSlice, changed: Set<string>): void {
    const service = serviceOf(key, slice);
    if (service === undefined) return;
    const slices = this.#byService.get(service);
    slices?.delete(key);
    if (slices?.size === 0) this.#byService.delete(service);
    changed.add(service);
  }
}

function serviceOf(key: string, slice: EndpointSlice): string | undefined {
  const name = textOf(fieldsOf(fieldsOf(slice.metadata).labels)[serviceNameLabel]);
  return name === undefined ? undefined : `${key.slice(0, key.indexOf('/'))}/${name}`;
}

/** Whether some endpoint may get a new request. */
export function hasUsableEndpoint(endpoints: readonly Endpoint[]): boolean {
  return endpoints.some((endpoint) => endpoint.state !== 'draining');
}
