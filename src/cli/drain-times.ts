import type { Config } from '../config/config.ts';
import { installationKey, type RouteTable } from '../routes/route-table.ts';

/** How an end is made now: as the installation says, else as the options. Milliseconds. */
export interface DrainTimes {
  /** How long to go on accepting. */
  readonly delayMs: number;
  /** How long what is open may take after that. */
  readonly timeoutMs: number;
}

export function drainTimes(
  config: Pick<Config, 'drainDelayMs' | 'drainTimeoutMs'>,
  { settings }: Pick<RouteTable, 'settings'>,
): DrainTimes {
  const own = settings.get(installationKey);
  return { delayMs: own?.drainDelayMs ?? config.drainDelayMs, timeoutMs: own?.drainTimeoutMs ?? config.drainTimeoutMs };
}
