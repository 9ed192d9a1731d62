import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { imageArguments, readImageFacts } from '../../../tools/image-arguments.ts';
import { cacheFolder } from '../cache-folder.ts';
import { debianPackagesObstacle, installDebianPackages } from '../debian-packages.ts';
import { withLock } from '../lock-file.ts';
import type { Buildah } from './buildah.ts';
import { npmVolumes } from './npm-volumes.ts';
import { baseImages, buildahWithBases, buildObstacle, nftablesDockerfile } from './stand-in-bases.ts';

const root = join(import.meta.dirname, '../../..');
const keptArchives = 3;
const packages = ['buildah', 'mmdebstrap', 'debian-archive-keyring', 'runc'];
/** Labels with what no checkout says, so that a test knows where they come from. */
const facts = { ...readImageFacts(root), revision: '0123456789abcdef0123456789abcdef01234567', created: '2026-11-01T12:00:00Z' };

/** The image of this checkout, built from its Dockerfile. */
export interface ProductImage {
  readonly name: string;
  /** As `docker save` writes it. */
  readonly archive: string;
  readonly facts: typeof facts;
}

/** Why the image can't be built on this machine; undefined when it can. */
export function imageObstacle(): string | undefined {
  return buildObstacle() ?? debianPackagesObstacle(packages);
}

/**
 * Builds the image from the Dockerfile as it is, unless the cache has the archive of one with the same content: from stand-ins for the base
 * images, since no test may need an image registry. Installs what it builds with.
 */
export async function productImage(): Promise<ProductImage> {
  await installDebianPackages(packages);
  const name = `docker.io/library/smartproxy-ingress:${facts.version}`;
  const archive = join(cacheFolder('images'), `smartproxy-ingress-${contentHash()}.tar`);
  await cachedArchive('smartproxy-ingress', archive, async (path) => {
    const buildah = await buildahWithBases();
    await buildah.build(root, ...imageArguments(name, facts), ...npmVolumes());
    await saveAndForget(buildah, name, path);
  });
  return { name, archive, facts };
}

/** Builds the image that can change the kernel's rules from its own Dockerfile and the archive of the product's image. */
export async function nftablesImage(): Promise<Pick<ProductImage, 'name' | 'archive'>> {
  const product = await productImage();
  const name = `${product.name}-nftables`;
  const archive = join(cacheFolder('images'), `nftables-${hashOf([join(root, nftablesDockerfile)], product.archive)}.tar`);
  await cachedArchive('nftables', archive, async (path) => {
    const buildah = await buildahWithBases();
    await buildah.load(product.archive);
    const file = ['--file', join(root, nftablesDockerfile), '--build-arg', `IMAGE=${product.name}`, '--tag', name];
    await buildah.build(join(root, nftablesDockerfile, '..'), ...file);
    await saveAndForget(buildah, name, path);
    await buildah.run('rmi', product.name);
  });
  return { name, archive };
}

/** The archive of the last image, made from the one before it, built unless the cache has them; undefined where their tests are skipped. */
export async function imagesForTests(): Promise<string | undefined> {
  return imageSkip() === false ? (await nftablesImage()).archive : undefined;
}

/** A reason to leave out tests that need the image; never one with CI=true, where that is a failure. */
export function imageSkip(): string | false {
  return process.env.CI === 'true' ? false : (imageObstacle() ?? false);
}

/** The archive of the build image's stand-in, under the image's own name: pods of examples run their scripts with it. */
export async function nodeImageArchive(): Promise<string> {
  await installDebianPackages(packages);
  const archive = join(cacheFolder('images'), `node-${hashOf([])}.tar`);
  await cachedArchive('node', archive, async (path) => (await buildahWithBases()).save(baseImages.build, path));
  return archive;
}

/** The archive of an image with a static program that waits, which pods share their namespaces through. */
export async function pauseImageArchive(image: string): Promise<string> {
  await installDebianPackages([...packages, 'catatonit']);
  const archive = join(cacheFolder('images'), `pause-${hashOf(['/usr/bin/catatonit'])}.tar`);
  await cachedArchive('pause', archive, async (path) => {
    const buildah = await buildahWithBases();
    const container = await buildah.run('from', 'scratch');
    await buildah.run('copy', '--quiet', container, '/usr/bin/catatonit', '/pause');
    await buildah.run('config', '--entrypoint', '["/pause","-P"]', container);
    await buildah.run('commit', '--quiet', '--rm', container, image);
    await saveAndForget(buildah, image, path);
  });
  return archive;
}

async function saveAndForget(buildah: Buildah, image: string, archive: string): Promise<void> {
  await buildah.save(image, archive);
  await buildah.run('rmi', image);
}

/** Calls `make` for an archive that is not there; of the older ones of that name the last few stay, for other checkouts. */
async function cachedArchive(name: string, archive: string, make: (path: string) => Promise<void>): Promise<void> {
  const folder = cacheFolder('images');
  mkdirSync(folder, { recursive: true });
  const note = (text: string) => process.stderr.write(`image ${name}: ${text}\n`);
  await withLock(join(folder, `${name}.lock`), note, async () => {
    if (existsSync(archive)) return utimesSync(archive, new Date(), new Date());
    note('building');
    const startedMs = Date.now();
    const others = globSync(`${folder}/${name}-*.tar*`).map((path) => ({ path, usedMs: statSync(path).mtimeMs }));
    for (const { path } of others.sort((a, b) => b.usedMs - a.usedMs).slice(keptArchives - 1)) rmSync(path);
    await make(`${archive}.part`);
    renameSync(`${archive}.part`, archive);
    note(`built in ${Math.round((Date.now() - startedMs) / 1000)} s`);
  });
}

/** Changes with everything that goes into the image. */
function contentHash(): string {
  const folders = ['bin/**/*', 'src/**/*', 'tools/*{bundle,sbom}.ts'].flatMap((pattern) => globSync(`${root}/${pattern}`));
  const files = ['Dockerfile', '.dockerignore', 'package.json', 'package-lock.json', 'LICENSE'].map((file) => join(root, file));
  return hashOf([...folders, ...files]);
}

function hashOf(paths: readonly string[], madeFrom = ''): string {
  const hash = createHash('sha256').update(JSON.stringify([baseImages, facts]) + basename(madeFrom));
  for (const path of [...paths].sort()) {
    if (statSync(path).isFile()) hash.update(relative(root, path)).update(readFileSync(path));
  }
  return hash.digest('hex').slice(0, 16);
}
