import type { ClientConnectionPolicy, ConnectionPolicy } from '../routes/policy.ts';
import { maxTimeoutMs } from '../timer-wheel.ts';
import type { ClientConnectionSettings, RouteSettings } from './route-settings.ts';

/** How much longer silence may last with the treatment `Extended`: the factor of SmartProxy's `keepAliveInactivityMultiplier`. */
const extendedIdleFactor = 6;
/** And how long a connection may live then at least: SmartProxy's `extendedKeepAliveLifetime`. */
const extendedLifetimeMs = 7 * 24 * 3_600_000;
/** When TCP begins to probe peers that may be silent for long. */
const probeAfterMs = 60_000;

/** What a treatment makes of times. */
interface Treatment {
  readonly idleFactor: number;
  readonly lifetimeMs: (ms: number) => number;
  readonly probeAfterMs: number;
}

const treatments: Readonly<Record<NonNullable<RouteSettings['keepAlive']>, Treatment>> = {
  standard: { idleFactor: 1, lifetimeMs: (ms) => ms, probeAfterMs: 0 },
  extended: { idleFactor: extendedIdleFactor, lifetimeMs: (ms) => (ms === 0 ? 0 : Math.max(ms, extendedLifetimeMs)), probeAfterMs },
  immortal: { idleFactor: 0, lifetimeMs: () => 0, probeAfterMs },
};

function idleTime(ms: number, { idleFactor }: Treatment): number {
  return Math.min(ms * idleFactor, maxTimeoutMs);
}

/** What settings mean for connections that nobody reads. */
export function connectionPolicyOf(settings: RouteSettings): ConnectionPolicy {
  const treatment = treatments[settings.keepAlive ?? 'standard'];
  return {
    idleMs: idleTime(settings.connectionIdleMs ?? settings.tunnelIdleTimeoutMs ?? 0, treatment),
    lifetimeMs: treatment.lifetimeMs(settings.connectionLifetimeMs ?? 0),
    probeAfterMs: treatment.probeAfterMs,
    firstDataMs: settings.firstDataMs ?? 0,
    whenRemoved: settings.whenRemoved ?? 'cut',
    maxConnections: settings.maxConnections ?? 0,
    maxConnectionsPerAddress: settings.maxConnectionsPerAddress ?? 0,
  };
}

/** What settings mean for connections that bring requests. */
export function clientConnectionPolicyOf({
  idleMs,
  lifetimeMs = 0,
  keepAlive = 'standard',
  whenRemoved,
}: ClientConnectionSettings): ClientConnectionPolicy {
  const treatment = treatments[keepAlive];
  return {
    idleMs,
    idleFactor: treatment.idleFactor,
    lifetimeMs: treatment.lifetimeMs(lifetimeMs),
    probeAfterMs: treatment.probeAfterMs,
    whenRemoved,
  };
}

/** How long an upgrade may be silent both ways: the treatment is of whichever time holds. */
export function upgradeIdleMs({ tunnelIdleTimeoutMs = 0, clientConnection }: RouteSettings): number {
  return idleTime(tunnelIdleTimeoutMs, treatments[clientConnection?.keepAlive ?? 'standard']);
}
