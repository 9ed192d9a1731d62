import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** buildah with storage of its own in a folder: no image registry, no engine, nothing of the machine's images. */
export class Buildah {
  readonly #env: NodeJS.ProcessEnv;
  readonly #policy: string;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    const storage = join(folder, 'storage.conf');
    writeFileSync(storage, `[storage]\ndriver = "overlay"\ngraphroot = "${join(folder, 'graph')}"\nrunroot = "${join(folder, 'run')}"\n`);
    this.#policy = join(folder, 'policy.json');
    writeFileSync(this.#policy, JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }] }));
    this.#env = { ...process.env, CONTAINERS_STORAGE_CONF: storage, STORAGE_DRIVER: 'overlay', BUILDAH_ISOLATION: 'chroot' };
  }

  /** Runs a command of buildah; its standard output without the last newline. Throws with the end of what it said. */
  async run(command: string, ...args: readonly string[]): Promise<string> {
    try {
      const options = { env: this.#env, maxBuffer: 64 * 1024 * 1024 };
      return (await execute('buildah', [command, ...args], options)).stdout.trimEnd();
    } catch (error) {
      const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
      throw new Error(`Cannot run buildah ${command}: ${(stdout + stderr).slice(-3000)}`, { cause: error });
    }
  }

  /** Builds the folder's Dockerfile from images that are in the storage. */
  async build(folder: string, ...args: readonly string[]): Promise<void> {
    await this.run('build', '--pull-never', ...args, folder);
  }

  async has(image: string): Promise<boolean> {
    return (await this.run('images', '--quiet', '--filter', `reference=${image}`)) !== '';
  }

  /** Takes the image of an archive as `docker save` writes it, under its own name. */
  async load(archive: string): Promise<void> {
    await this.run('pull', '--quiet', '--signature-policy', this.#policy, `docker-archive:${archive}`);
  }

  /** Makes an image of a root file system in a tar. */
  async imageOf(rootFileSystem: string, image: string): Promise<void> {
    const container = await this.run('from', 'scratch');
    await this.run('add', '--quiet', container, rootFileSystem, '/');
    await this.run('commit', '--quiet', '--rm', container, image);
  }

  /** Writes an image into an archive that `ctr images import` and `docker load` read. */
  async save(image: string, archive: string): Promise<void> {
    await this.run('push', '--quiet', '--signature-policy', this.#policy, image, `docker-archive:${archive}:${image}`);
  }
}
