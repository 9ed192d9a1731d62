import type { Config } from '../config/config.ts';
import type { AccessLogSettings } from '../observability/access-log.ts';
import { installationKey, type RouteTable } from '../routes/route-table.ts';

/** What is logged now: as the installation says, else as the options. */
export function accessLogSettings(
  config: Pick<Config, 'accessLog' | 'accessLogFormat'>,
  { settings }: Pick<RouteTable, 'settings'>,
): AccessLogSettings {
  const own = settings.get(installationKey);
  return { mode: own?.accessLogMode ?? config.accessLog, format: own?.accessLogFormat ?? config.accessLogFormat };
}
