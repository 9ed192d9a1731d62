import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

const retries = ['-o', 'Acquire::Retries=5'];

/** Paths of a real Prometheus and its tool. */
export interface PrometheusPrograms {
  readonly prometheus: string;
  readonly promtool: string;
}

/**
 * Prometheus and promtool: those that PROMETHEUS and PROMTOOL name, else those on the PATH, else out of Debian's package, which is
 * unpacked into the user's cache and not installed: no service starts. Throws with what is missing.
 */
export function prometheusPrograms(): PrometheusPrograms {
  const [prometheus, promtool] = [programOf('prometheus', process.env.PROMETHEUS), programOf('promtool', process.env.PROMTOOL)];
  if (prometheus !== undefined && promtool !== undefined) return { prometheus, promtool };
  const bin = unpackedFolder();
  return { prometheus: prometheus ?? join(bin, 'prometheus'), promtool: promtool ?? join(bin, 'promtool') };
}

/** Why tests with a real Prometheus cannot run here; false: they can. */
export function prometheusMissing(): string | false {
  try {
    prometheusPrograms();
    return false;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function programOf(name: string, given: string | undefined): string | undefined {
  if (given !== undefined && given !== '') {
    if (!existsSync(given)) throw new Error(`Cannot use ${name}: ${given}, which ${name.toUpperCase()} names, does not exist`);
    return given;
  }
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}

/** Several processes may ask at once: each unpacks apart, and the first to be done is kept. */
function unpackedFolder(): string {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'smartproxy-ingress');
  const folder = join(cache, 'prometheus-debian');
  const bin = join(folder, 'usr', 'bin');
  if (existsSync(join(bin, 'promtool'))) return bin;
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'prometheus-'));
  try {
    // Package lists may be absent or older than the archive; only root can bring them up to date.
    if (!download(work) && !(process.getuid?.() === 0 && run('apt-get', ['-qq', ...retries, 'update'], work) && download(work))) {
      throw new Error(
        "Cannot get Prometheus: Debian's package prometheus cannot be downloaded; let PROMETHEUS and PROMTOOL name the programs, or install them",
      );
    }
    const deb = readdirSync(work).find((name) => name.endsWith('.deb')) ?? '';
    if (!run('dpkg-deb', ['-x', deb, 'unpacked'], work)) throw new Error(`Cannot unpack ${deb}: dpkg-deb failed`);
    if (!existsSync(folder)) renameSync(join(work, 'unpacked'), folder);
    return bin;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function download(folder: string): boolean {
  return run('apt-get', ['-qq', ...retries, 'download', 'prometheus'], folder) && readdirSync(folder).some((name) => name.endsWith('.deb'));
}

function run(command: string, args: readonly string[], cwd: string): boolean {
  return spawnSync(command, args, { cwd, stdio: 'ignore' }).status === 0;
}
