import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../cache-folder.ts';
import { fetchPatiently } from '../fetch-patiently.ts';
import { withLock } from '../lock-file.ts';
import { Buildah } from './buildah.ts';

const execute = promisify(execFile);
const root = join(import.meta.dirname, '../../..');
/** The npm of the build image's stand-in. */
const npmVersion = '11.19.1';
/** A new number makes the stand-ins again. */
const recipe = 2;

/** The Dockerfile of the image that can change the kernel's rules, from the root. */
export const nftablesDockerfile = 'deploy/nftables/Dockerfile';

/** The default of an ARG of a Dockerfile. */
export function dockerfileDefault(name: string, file = 'Dockerfile'): string {
  const value = new RegExp(`^ARG ${name}=(.+)$`, 'm').exec(readFileSync(join(root, file), 'utf8'))?.[1];
  if (value === undefined) throw new Error(`${file} has no ARG ${name} with a default`);
  return value;
}

/** The base images that the Dockerfile names. */
export const baseImages = { build: dockerfileDefault('BUILD_IMAGE'), runtime: dockerfileDefault('RUNTIME_IMAGE') };
/** Where the programs come from that change the kernel's rules: the same Debian as the build image, which stands in for it. */
const toolsImage = dockerfileDefault('TOOLS_IMAGE', nftablesDockerfile);

/**
 * buildah whose storage holds stand-ins for all base images, under their real names: Debian 12 with the pinned Node and npm, and Debian
 * 12's C and C++ libraries without anything to run. Made once, from Debian's packages and the npm registry.
 */
export async function buildahWithBases(): Promise<Buildah> {
  const node = join(root, 'node_modules/node/bin/node');
  const folder = cacheFolder(`image-bases-${recipe}-${/:([\w.]+)/.exec(baseImages.build)?.[1]}`);
  const buildah = new Buildah(folder);
  await withLock(join(folder, 'lock'), note, async () => {
    const scratch = mkdtempSync(join(tmpdir(), 'smartproxy-bases-'));
    try {
      if (!(await buildah.has(baseImages.runtime))) {
        note(`making a stand-in for ${baseImages.runtime} (once)`);
        await buildah.imageOf(await runtimeRoot(scratch), baseImages.runtime);
      }
      if (!(await buildah.has(baseImages.build))) {
        note(`making a stand-in for ${baseImages.build} (once)`);
        await buildah.imageOf(await buildRoot(scratch, node), baseImages.build);
      }
      if (!(await buildah.has(toolsImage))) await buildah.run('tag', baseImages.build, toolsImage);
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  });
  return buildah;
}

/** As in a distroless image: packages unpacked and nothing configured, so that there is no shell; one user, and no root's. */
async function runtimeRoot(scratch: string): Promise<string> {
  const archive = join(scratch, 'runtime.tar');
  const passwd = 'echo nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin > "$1/etc/passwd"';
  const group = 'echo nonroot:x:65532: > "$1/etc/group"';
  await debootstrap(archive, 'extract', 'base-files,netbase,tzdata,libc6,libstdc++6,libgcc-s1', [passwd, group]);
  return archive;
}

async function buildRoot(scratch: string, node: string): Promise<string> {
  const archive = join(scratch, 'build.tar');
  const args = ['pack', '--loglevel', 'error', `npm@${npmVersion}`];
  await fetchPatiently(note, () => execute('npm', args, { cwd: scratch }));
  const npm = '/usr/local/lib/node_modules/npm';
  await debootstrap(archive, 'minbase', 'libstdc++6,libatomic1', [
    `copy-in ${node} /usr/local/bin`,
    `mkdir -p "$1${npm}"`,
    `tar -xzf ${join(scratch, `npm-${npmVersion}.tgz`)} -C "$1${npm}" --strip-components=1 --no-same-owner`,
    'ln -s ../lib/node_modules/npm/bin/npm-cli.js "$1/usr/local/bin/npm"',
  ]);
  return archive;
}

/** Packages come from an archive that may be away for a moment. */
const patient = ['--aptopt=Acquire::Retries "5"'];

async function debootstrap(archive: string, variant: string, packages: string, hooks: readonly string[]): Promise<void> {
  mkdirSync(join(archive, '..'), { recursive: true });
  const customize = hooks.map((hook) => `--customize-hook=${hook}`);
  await execute('mmdebstrap', ['--quiet', `--variant=${variant}`, `--include=${packages}`, ...patient, ...customize, 'bookworm', archive]);
}

/** Why no image can be built here; undefined when it can. */
export function buildObstacle(): string | undefined {
  if (process.platform !== 'linux') return 'images are built on Linux only';
  if (process.getuid?.() !== 0) return 'not root: buildah in chroots needs it';
  return spawnSync('npm', ['--version']).status === 0 ? undefined : 'no npm';
}

function note(text: string): void {
  process.stderr.write(`base images: ${text}\n`);
}
