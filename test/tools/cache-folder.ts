import { homedir } from 'node:os';
import { join } from 'node:path';

/** The folder `name` for what is made once for all test runs of this user; it may not exist yet. */
export function cacheFolder(name: string): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'smartproxy-ingress', name);
}
