import type { RouteSource } from './route.ts';
import type { Listener } from './route-table.ts';

/**
 * Whose routes listeners serve that are kept for some namespaces, by the key of the listener; undefined: none is, as nearly everywhere. A
 * listener that is not in it serves everybody's.
 */
export type KeptListeners = ReadonlyMap<string, ReadonlySet<string>> | undefined;

export function keptListeners(listeners: ReadonlyMap<string, Listener>): KeptListeners {
  const kept = new Map<string, ReadonlySet<string>>();
  for (const { key, namespaces } of listeners.values()) if (namespaces !== undefined) kept.set(key, new Set(namespaces));
  return kept.size === 0 ? undefined : kept;
}

/** Whose namespace counts where a listener is kept; undefined: it is of the installation (its default backend), and served on all. */
export function keeperOf({ kind, namespace }: RouteSource): string | undefined {
  return kind === 'Service' ? undefined : namespace;
}
