import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './cache-folder.ts';
import { fetchPatiently } from './fetch-patiently.ts';
import { withLock } from './lock-file.ts';

/** What is built from pinned Go modules: `build.json` of a folder that also holds their go.mod and go.sum, and perhaps a program of its own. */
export interface GoBuild {
  /** The folder's name: what the cache and messages call it. */
  readonly name: string;
  readonly folder: string;
  readonly version: string;
  /** Program -> Go package. */
  readonly programs: Readonly<Record<string, string>>;
  readonly linkerFlags: readonly string[];
}

/** Reads the recipe in the folder `name` beside this file. */
export function readGoBuild(name: string): GoBuild {
  const folder = join(import.meta.dirname, name);
  const data = JSON.parse(readFileSync(join(folder, 'build.json'), 'utf8')) as Omit<GoBuild, 'name' | 'folder'>;
  return { name, folder, ...data };
}

/**
 * The folder with all programs of `build`, built once into the user's cache. Several processes may ask at once: one builds, the others
 * wait.
 */
export async function builtPrograms(build: GoBuild): Promise<string> {
  const cache = cacheFolder(`${build.name}-${build.version}`);
  const bin = join(cache, 'bin');
  if (missingPrograms(build, bin).length === 0) return bin;
  mkdirSync(bin, { recursive: true });
  await withLock(
    join(cache, 'lock'),
    (text) => note(build, text),
    async () => {
      for (const program of missingPrograms(build, bin)) await buildProgram(build, program, cache, bin);
    },
  );
  return bin;
}

/** Programs of `build` that are not in `folder`. */
export function missingPrograms(build: GoBuild, folder: string): readonly string[] {
  return Object.keys(build.programs).filter((program) => !existsSync(join(folder, program)));
}

function note(build: GoBuild, text: string): void {
  process.stderr.write(`${build.name} ${build.version}: ${text}\n`);
}

async function buildProgram(build: GoBuild, program: string, cache: string, bin: string): Promise<void> {
  const startedMs = Date.now();
  note(build, `building ${program} from Go modules (once)`);
  const folder = mkdtempSync(join(cache, 'build-'));
  const seconds = (): number => Math.round((Date.now() - startedMs) / 1000);
  const progress = setInterval(() => note(build, `still building ${program}, ${seconds()} s`), 30_000);
  try {
    for (const file of readdirSync(build.folder))
      if (/^go\.(mod|sum)$|\.go$/.test(file)) cpSync(join(build.folder, file), join(folder, file));
    const output = join(folder, program);
    const source = String(build.programs[program]);
    await fetchPatiently(
      (text) => note(build, text),
      () => go(['list', '-mod=mod', '-deps', source], folder),
    );
    const args = ['build', '-mod=mod', '-trimpath', '-ldflags', build.linkerFlags.join(' '), '-o', output, source];
    await go(args, folder);
    renameSync(output, join(bin, program));
    note(build, `built ${program} in ${seconds()} s`);
  } finally {
    clearInterval(progress);
    rmSync(folder, { recursive: true, force: true });
  }
}

function go(args: readonly string[], cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('go', args, { cwd, env: { ...process.env, CGO_ENABLED: '0' }, stdio: ['ignore', 'ignore', 'pipe'] });
    let errors = '';
    child.stderr.on('data', (chunk) => {
      errors = (errors + chunk).slice(-4000);
    });
    child.once('error', (error) => reject(new Error(`Cannot run go: ${error.message}. Install Go 1.26`)));
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`Cannot ${args[0]} ${args.at(-1)}: go ended with ${code}\n${errors}`)),
    );
  });
}
