import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/**
 * Arguments that give `npm ci` inside of a build what npm has outside: its settings, the certificates that they name, and its cache. On a
 * machine that reaches the npm registry through something of its own, a build reaches it too; nothing of this is in the image.
 */
export function npmVolumes(): readonly string[] {
  const names = ['userconfig', 'globalconfig', 'cafile', 'cache'] as const;
  const settings = JSON.parse(execFileSync('npm', ['config', 'list', '--long', '--json'], { encoding: 'utf8' })) as Record<string, unknown>;
  const inside = { userconfig: '/root/.npmrc', globalconfig: '/usr/local/etc/npmrc', cafile: settings.cafile, cache: '/root/.npm' };
  return names.flatMap((name) => {
    const path = settings[name];
    if (typeof path !== 'string' || !existsSync(path)) return [];
    return ['--volume', `${path}:${inside[name]}:${name === 'cache' ? 'rw' : 'ro'}`];
  });
}
