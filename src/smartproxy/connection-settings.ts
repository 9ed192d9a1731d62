import type { Config } from '../config/config.ts';
import type { RateLimit } from '../routes/policy.ts';
import { type InstallationSettings, installationKey, type RouteTable } from '../routes/route-table.ts';
import { sharedConnectionRate } from './address-rate.ts';
import type { SecurityLimits } from './security-manager.ts';

/** What holds for every client connection: the options, and before them what the table says of the installation. */
export interface ConnectionSettings {
  readonly security: SecurityLimits;
  readonly maxConnections: number;
  readonly maxConnectionLifetimeMs: number;
  readonly maxUdpSessions: number;
  readonly firstByteTimeoutMs: number;
  readonly handshakeTimeoutMs: number;
  readonly drainTimeoutMs: number;
}

export function connectionSettings(config: Config, { settings }: Pick<RouteTable, 'settings'>): ConnectionSettings {
  const own: Partial<InstallationSettings> = settings.get(installationKey) ?? {};
  return {
    security: {
      maxConnectionsPerIp: own.maxConnectionsPerAddress ?? config.maxConnectionsPerIp,
      connectionRatePerMinute: own.connectionRatePerMinute ?? config.connectionRatePerMinute,
      allowCidrs: own.allowCidrs ?? config.allowCidrs,
      denyCidrs: own.denyCidrs ?? config.denyCidrs,
    },
    maxConnections: own.maxConnections ?? config.maxConnections,
    maxConnectionLifetimeMs: own.maxConnectionLifetimeMs ?? config.maxConnectionLifetimeMs,
    maxUdpSessions: own.maxUdpSessions ?? config.maxUdpSessions,
    firstByteTimeoutMs: own.firstByteTimeoutMs ?? config.firstByteTimeoutMs,
    handshakeTimeoutMs: own.handshakeTimeoutMs ?? config.handshakeTimeoutMs,
    drainTimeoutMs: own.drainTimeoutMs ?? config.drainTimeoutMs,
  };
}

/** The rate of new connections of an address, as replicas share it; undefined: there is none. */
export function sharedRateOf({ ingressClass }: Config, { security }: ConnectionSettings): RateLimit | undefined {
  return sharedConnectionRate(security.connectionRatePerMinute, ingressClass);
}
