import type { SmartRouteTcpBackend } from '../api/generated/smart-route.ts';
import type { WeightedBackend } from '../routes/route.ts';
import type { Listener } from '../routes/route-table.ts';
import type { ServiceBinding } from './service-binding.ts';

/** A backend of a route, found or not, on the listeners where it is one. */
export interface FoundBackend {
  /** A sentence: why there is none. */
  readonly result: ServiceBinding | string;
  readonly weighted: WeightedBackend;
}

/**
 * Looks a backend up: where its port is that of the client, once for each listener.
 * @param listeners those that the route is served on
 * @param bind finds the Service port; `preserved` is the port that clients dial
 */
export function findBackends(
  backend: SmartRouteTcpBackend,
  listeners: () => readonly Listener[],
  bind: (preserved: number | undefined) => ServiceBinding | string,
): readonly FoundBackend[] {
  const { weight = 1, port } = backend;
  if (port.preserve !== true) return [found(bind(undefined), weight)];
  return listeners().map(({ key, publishedPort }) => found(bind(publishedPort), weight, [key]));
}

/** Those of the backends that can be served. */
export function bindingsOf(backends: readonly FoundBackend[]): readonly ServiceBinding[] {
  return backends.flatMap(({ result }) => (typeof result === 'string' ? [] : [result]));
}

function found(result: ServiceBinding | string, weight: number, listeners?: readonly string[]): FoundBackend {
  const service = typeof result === 'string' ? undefined : result.service.key;
  return { result, weighted: { service, weight, ...(listeners && { listeners }) } };
}
