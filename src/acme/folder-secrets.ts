import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Secret } from '../api/objects.ts';
import { messageOf, SmartProxyError } from '../errors.ts';
import { fieldsOf, jsonOf, textOf } from '../translate/unknown-input.ts';
import { type AcmeSecrets, nameOfKey } from './acme-secrets.ts';

/** The objects that people wrote, among which kept Secrets are to be seen. */
export interface KeptSecrets {
  /** A Secret that stands in a manifest. */
  written(key: string): Secret | undefined;
  /** Shows a kept Secret among the objects, where no manifest has one of its name. */
  keep(secret: Secret): void;
  forget(key: string): void;
}

/** Secrets in files of a folder, mode 0600, each as JSON. Those of manifests are seen, and never written. */
export class FolderSecrets implements AcmeSecrets {
  readonly #folder: string;
  readonly #shown: KeptSecrets;

  private constructor(folder: string, shown: KeptSecrets) {
    this.#folder = folder;
    this.#shown = shown;
  }

  /** Makes the folder where there is none, and shows what is in it. Throws STATE_UNUSABLE. */
  static async open(folder: string, shown: KeptSecrets): Promise<FolderSecrets> {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await chmod(folder, 0o700);
      const secrets = new FolderSecrets(folder, shown);
      for (const secret of await secrets.#all()) shown.keep(secret);
      return secrets;
    } catch (error) {
      throw new SmartProxyError('STATE_UNUSABLE', `Cannot keep certificates in ${folder}: ${messageOf(error)}`, { cause: error });
    }
  }

  async read(key: string): Promise<Secret | undefined> {
    return this.#shown.written(key) ?? (await this.#kept(key));
  }

  async write(secret: Secret): Promise<Secret | undefined> {
    const { namespace, name, resourceVersion } = secret.metadata;
    const key = `${namespace}/${name}`;
    const present = await this.read(key);
    if (present?.metadata.resourceVersion !== resourceVersion) return undefined;
    const kept: Secret = { ...secret, metadata: { ...secret.metadata, resourceVersion: randomUUID() } };
    const path = this.#pathOf(key);
    const temporary = `${path}.${randomUUID()}`;
    await writeFile(temporary, JSON.stringify(kept), { mode: 0o600, flag: 'wx' });
    await rename(temporary, path);
    this.#shown.keep(kept);
    return kept;
  }

  /** A folder that can not be written fails before, with the state of the order. */
  async probe(): Promise<void> {}

  async remove(key: string): Promise<void> {
    await rm(this.#pathOf(key), { force: true });
    this.#shown.forget(key);
  }

  async list(namespace: string, type: string): Promise<readonly Secret[]> {
    return (await this.#all()).filter((secret) => secret.metadata.namespace === namespace && secret.type === type);
  }

  /** Those that can be read: one file that is broken is told when somebody needs it, and keeps nobody from the others. */
  async #all(): Promise<readonly Secret[]> {
    const names = (await readdir(this.#folder)).filter((name) => name.endsWith('.json'));
    const read = await Promise.allSettled(names.map((name) => readSecret(join(this.#folder, name))));
    return read.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  }

  async #kept(key: string): Promise<Secret | undefined> {
    try {
      return await readSecret(this.#pathOf(key));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  #pathOf(key: string): string {
    const { namespace, name } = nameOfKey(key);
    return join(this.#folder, `${encodeURIComponent(namespace)}_${encodeURIComponent(name)}.json`);
  }
}

async function readSecret(path: string): Promise<Secret> {
  const secret = jsonOf(await readFile(path, 'utf8'));
  const { namespace, name } = fieldsOf(fieldsOf(secret).metadata);
  if (textOf(namespace) !== undefined && textOf(name) !== undefined) return secret as Secret;
  throw new SmartProxyError('STATE_UNUSABLE', `Cannot use ${path}: it holds no Secret in JSON; restore it, or delete it`);
}
