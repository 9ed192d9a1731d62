import { isDeepStrictEqual } from 'node:util';
import type { EndpointSlice } from '../api/objects.ts';
import type { Endpoint, EndpointSet } from '../routes/service.ts';
import { EndpointIndex, hasUsableEndpoint } from './endpoint-index.ts';
import type { ServiceBinding } from './service-binding.ts';
import { noParts, type StaticParts } from './static-parts.ts';

/** The `endpoints` part of a table, and the services in it that can't answer. */
export interface EndpointParts {
  readonly endpoints: ReadonlyMap<string, EndpointSet>;
  /** Keys of services without a usable endpoint. */
  readonly empty: ReadonlySet<string>;
}

/** Keeps the `endpoints` part: a changed slice touches the sets of its own Service and nothing else. */
export class EndpointSets {
  readonly #index = new EndpointIndex();
  #bindings: StaticParts['bindings'] = noParts.bindings;
  #result: EndpointParts = { endpoints: new Map(), empty: new Set() };

  update(slices: ReadonlyMap<string, EndpointSlice>, parts: StaticParts): EndpointParts {
    const changed = this.#index.update(slices);
    if (parts.bindings !== this.#bindings) this.#result = this.#all(parts.bindings);
    else if (changed.size > 0) this.#result = this.#some(changed, parts);
    this.#bindings = parts.bindings;
    return this.#result;
  }

  #all(bindings: StaticParts['bindings']): EndpointParts {
    const endpoints = new Map<string, EndpointSet>();
    for (const [key, binding] of bindings) endpoints.set(key, this.#set(key, binding));
    return { endpoints, empty: emptyKeys(endpoints) };
  }

  #some(changed: ReadonlySet<string>, parts: StaticParts): EndpointParts {
    const before = this.#result;
    let endpoints: Map<string, EndpointSet> | undefined;
    let empty: ReadonlySet<string> = before.empty;
    for (const object of changed) {
      for (const key of parts.keysByObject.get(object) ?? []) {
        const binding = parts.bindings.get(key);
        const known = before.endpoints.get(key);
        const set = binding === undefined ? known : this.#set(key, binding);
        if (set === undefined || set === known) continue;
        endpoints ??= new Map(before.endpoints);
        endpoints.set(key, set);
        const usable = hasUsableEndpoint(set.endpoints);
        if (usable === empty.has(key)) empty = toggled(empty, key);
      }
    }
    return endpoints === undefined ? before : { endpoints, empty };
  }

  /** The known set when its endpoints are the same. */
  #set(key: string, binding: ServiceBinding): EndpointSet {
    const known = this.#result.endpoints.get(key);
    const endpoints = this.#endpointsOf(binding);
    if (known !== undefined && (known.endpoints === endpoints || isDeepStrictEqual(known.endpoints, endpoints))) return known;
    return { key, endpoints };
  }

  #endpointsOf({ externalName, objectKey, portName, transport, service }: ServiceBinding): readonly Endpoint[] {
    if (externalName === undefined) return this.#index.endpoints(objectKey, portName, transport, service.sessions && service.port);
    return [{ address: externalName, port: service.port, state: 'ready', zone: undefined, forZones: [] }];
  }
}

function emptyKeys(sets: ReadonlyMap<string, EndpointSet>): ReadonlySet<string> {
  const empty = new Set<string>();
  for (const [key, set] of sets) if (!hasUsableEndpoint(set.endpoints)) empty.add(key);
  return empty;
}

function toggled(set: ReadonlySet<string>, key: string): ReadonlySet<string> {
  const copy = new Set(set);
  if (!copy.delete(key)) copy.add(key);
  return copy;
}
