import type { ConnectionPolicy } from '../routes/policy.ts';
import { maxTimeoutMs } from '../timer-wheel.ts';
import type { RouteSettings } from './route-settings.ts';

/** How much longer silence may last with the treatment `Extended`: the factor of SmartProxy's `keepAliveInactivityMultiplier`. */
const extendedIdleFactor = 6;
/** And how long a connection may live then at least: SmartProxy's `extendedKeepAliveLifetime`. */
const extendedLifetimeMs = 7 * 24 * 3_600_000;
/** When TCP begins to probe peers that may be silent for long. */
const probeAfterMs = 60_000;

/** What settings mean for connections that nobody reads. */
export function connectionPolicyOf(settings: RouteSettings): ConnectionPolicy {
  const { keepAlive = 'standard', tunnelIdleTimeoutMs = 0 } = settings;
  const idleMs = settings.connectionIdleMs ?? tunnelIdleTimeoutMs;
  const lifetimeMs = settings.connectionLifetimeMs ?? 0;
  const limits = {
    standard: { idleMs, lifetimeMs, probeAfterMs: 0 },
    extended: {
      idleMs: Math.min(idleMs * extendedIdleFactor, maxTimeoutMs),
      lifetimeMs: lifetimeMs === 0 ? 0 : Math.max(lifetimeMs, extendedLifetimeMs),
      probeAfterMs,
    },
    immortal: { idleMs: 0, lifetimeMs: 0, probeAfterMs },
  };
  return {
    ...limits[keepAlive],
    firstDataMs: settings.firstDataMs ?? 0,
    whenRemoved: settings.whenRemoved ?? 'cut',
    maxConnections: settings.maxConnections ?? 0,
    maxConnectionsPerAddress: settings.maxConnectionsPerAddress ?? 0,
  };
}
