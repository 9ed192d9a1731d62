import { homedir } from 'node:os';
import { join } from 'node:path';

/** A folder below the user's cache for what tests build once; it need not exist. */
export function cacheFolder(...names: readonly string[]): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'smartproxy-ingress', ...names);
}
