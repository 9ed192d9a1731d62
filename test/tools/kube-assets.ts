import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

interface Build {
  readonly version: string;
  /** Program -> Go package. */
  readonly programs: Readonly<Record<string, string>>;
  readonly linkerFlags: readonly string[];
}

const recipe = join(import.meta.dirname, 'kube');
const build = JSON.parse(readFileSync(join(recipe, 'build.json'), 'utf8')) as Build;
const programs = Object.keys(build.programs);

/**
 * The folder with kube-apiserver, etcd and kubectl: KUBEBUILDER_ASSETS when set, else built once from the pinned Go modules into
 * the user's cache. Several processes may ask at once: one builds, the others wait.
 */
export async function kubeAssets(): Promise<string> {
  const given = process.env.KUBEBUILDER_ASSETS;
  if (given !== undefined && given !== '') return requirePrograms(given);
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'smartproxy-ingress', `kube-${build.version}`);
  const bin = join(cache, 'bin');
  if (hasPrograms(bin)) return bin;
  mkdirSync(bin, { recursive: true });
  await withLock(join(cache, 'lock'), async () => {
    for (const program of programs) if (!existsSync(join(bin, program))) await buildProgram(program, cache, bin);
  });
  return requirePrograms(bin);
}

function hasPrograms(folder: string): boolean {
  return programs.every((program) => existsSync(join(folder, program)));
}

function requirePrograms(folder: string): string {
  const missing = programs.filter((program) => !existsSync(join(folder, program)));
  if (missing.length > 0) throw new Error(`Cannot start a control plane: ${folder} lacks ${missing.join(', ')}`);
  return folder;
}

async function buildProgram(program: string, cache: string, bin: string): Promise<void> {
  const startedMs = Date.now();
  const note = (text: string) => process.stderr.write(`kube ${build.version}: ${text}\n`);
  note(`building ${program} from Go modules (once; kube-apiserver takes several minutes)`);
  const folder = mkdtempSync(join(cache, 'build-'));
  const progress = setInterval(() => note(`still building ${program}, ${Math.round((Date.now() - startedMs) / 1000)} s`), 30_000);
  try {
    for (const file of ['go.mod', 'go.sum']) cpSync(join(recipe, file), join(folder, file));
    const output = join(folder, program);
    const args = ['build', '-mod=mod', '-trimpath', '-ldflags', build.linkerFlags.join(' '), '-o', output, String(build.programs[program])];
    await goBuild(args, folder);
    renameSync(output, join(bin, program));
    note(`built ${program} in ${Math.round((Date.now() - startedMs) / 1000)} s`);
  } finally {
    clearInterval(progress);
    rmSync(folder, { recursive: true, force: true });
  }
}

function goBuild(args: readonly string[], cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('go', args, { cwd, env: { ...process.env, CGO_ENABLED: '0' }, stdio: ['ignore', 'ignore', 'pipe'] });
    let errors = '';
    child.stderr.on('data', (chunk) => {
      errors = (errors + chunk).slice(-4000);
    });
    child.once('error', (error) => reject(new Error(`Cannot run go: ${error.message}. Install Go 1.26 or set KUBEBUILDER_ASSETS`)));
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`Cannot build ${args.at(-1)}: go ended with ${code}\n${errors}`)),
    );
  });
}

/** Runs `work` while holding a lock file with our process id; takes over the lock of a process that is gone. */
async function withLock(path: string, work: () => Promise<void>): Promise<void> {
  let isWaiting = false;
  while (!takeLock(path)) {
    if (!isWaiting) process.stderr.write(`kube ${build.version}: another process is building; waiting for ${path}\n`);
    isWaiting = true;
    await delay(1000);
  }
  try {
    await work();
  } finally {
    rmSync(path, { force: true });
  }
}

function takeLock(path: string): boolean {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if (isAbandoned(path)) rmSync(path, { force: true });
    return false;
  }
}

function isAbandoned(path: string): boolean {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    // A lock that is being written has no id yet.
    if (!Number.isInteger(pid) || pid <= 0) return Date.now() - statSync(path).mtimeMs > 10_000;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
