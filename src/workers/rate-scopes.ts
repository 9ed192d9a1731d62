import type { Config } from '../config/config.ts';
import type { RouteTable } from '../routes/route-table.ts';
import { connectionRate, sessionRate } from '../smartproxy/address-rate.ts';
import { connectionSettings } from '../smartproxy/connection-settings.ts';

/** The scopes of all limits of a rate that hold in a worker: those of policies and those of the installation. */
export function rateScopesOf(config: Config, table: Pick<RouteTable, 'policies' | 'settings'>): ReadonlySet<string> {
  const scopes = new Set<string>();
  for (const { rateLimits = [] } of table.policies.values()) for (const { scope } of rateLimits) scopes.add(scope);
  const { connectionRatePerMinute } = connectionSettings(config, table).security;
  for (const limit of [connectionRate(connectionRatePerMinute), sessionRate(connectionRatePerMinute)]) if (limit) scopes.add(limit.scope);
  return scopes;
}
