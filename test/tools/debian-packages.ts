import { spawn, spawnSync } from 'node:child_process';
import { fetchPatiently } from './fetch-patiently.ts';

// biome-ignore lint/suspicious/noTemplateCurlyInString: placeholders of dpkg
const packageStatus = '${Package} ${db:Status-Status}\\n';

/** The packages of `names` that are not installed; all of them where there is no dpkg. */
export function missingDebianPackages(names: readonly string[]): readonly string[] {
  const { stdout } = spawnSync('dpkg-query', ['-W', '-f', packageStatus, ...names], { encoding: 'utf8' });
  const installed = new Set((stdout ?? '').split('\n').filter((line) => line.endsWith(' installed')));
  return names.filter((name) => !installed.has(`${name} installed`));
}

/** Why these packages can't be had here; undefined when they are installed or can be. */
export function debianPackagesObstacle(names: readonly string[]): string | undefined {
  const missing = missingDebianPackages(names);
  if (missing.length === 0) return undefined;
  if (spawnSync('apt-get', ['--version']).status !== 0) return `no apt-get to install ${missing.join(', ')} with`;
  return process.getuid?.() === 0 ? undefined : `${missing.join(', ')} not installed, and only root can install them`;
}

/** Installs what is missing of `names`, from the machine's own Debian release; does nothing when nothing is. */
export async function installDebianPackages(names: readonly string[]): Promise<void> {
  const missing = missingDebianPackages(names);
  if (missing.length === 0) return;
  note(`installing ${missing.join(', ')}`);
  await fetchPatiently(note, async () => {
    // An update may warn of sources that have nothing to do with us; what matters is the installation.
    await aptGet('update');
    const { code, output } = await aptGet('install', '--yes', '--no-install-recommends', ...missing);
    if (code !== 0) throw new Error(`Cannot install ${missing.join(', ')}: ${output}`);
  });
}

function note(text: string): void {
  process.stderr.write(`Debian packages: ${text}\n`);
}

function aptGet(...args: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const child = spawn('apt-get', ['-qq', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        output = (output + chunk).slice(-4000);
      });
    }
    child.once('error', (error) => reject(new Error(`Cannot run apt-get: ${error.message}`)));
    child.once('close', (code) => resolve({ code, output }));
  });
}
