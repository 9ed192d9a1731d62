import type { WeightedBackend } from './route.ts';

/** Those of a route's backends that it has where a request or connection came in. @param listener its key */
export function backendsOn(backends: readonly WeightedBackend[], listener: string): readonly WeightedBackend[] {
  return differByListener(backends) ? backends.filter(({ listeners }) => listeners?.includes(listener) !== false) : backends;
}

/** Whether the backends are not the same on every listener. */
export function differByListener(backends: readonly WeightedBackend[]): boolean {
  return backends.some(({ listeners }) => listeners !== undefined);
}
