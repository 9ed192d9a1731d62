import type { Config } from '../config/config.ts';
import { AccessLog } from '../observability/access-log.ts';
import { LineWriter } from '../observability/line-writer.ts';

const stdoutFd = 1;

/** The access log on standard output that the configuration asks for; undefined: none. */
export function openAccessLog(config: Config): AccessLog | undefined {
  return config.accessLog === 'off' ? undefined : new AccessLog(new LineWriter(stdoutFd), config.accessLog);
}
