import type { Config } from '../config/config.ts';
import { AccessLog } from '../observability/access-log.ts';
import { LineWriter } from '../observability/line-writer.ts';
import { emptyRouteTable } from '../routes/route-table.ts';
import { accessLogSettings } from './access-log-settings.ts';

const stdoutFd = 1;

/** The access log on standard output, as the configuration asks for it until there is a table. */
export function openAccessLog(config: Config): AccessLog {
  return new AccessLog(new LineWriter(stdoutFd), accessLogSettings(config, emptyRouteTable));
}
