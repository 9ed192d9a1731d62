import type { AcmeSecrets } from '../../../src/acme/acme-secrets.ts';
import type { Secret } from '../../../src/api/objects.ts';

/** Secrets in memory that keep versions as an API server does. */
export class MemorySecrets implements AcmeSecrets {
  readonly objects = new Map<string, Secret>();
  /** Called before each write; what it throws is what becomes of the write. */
  beforeWrite: (secret: Secret) => void = () => {};
  #version = 0;

  async read(key: string): Promise<Secret | undefined> {
    return this.objects.get(key);
  }

  async write(secret: Secret): Promise<Secret | undefined> {
    this.beforeWrite(secret);
    const { namespace, name, resourceVersion } = secret.metadata;
    const key = `${namespace}/${name}`;
    if (this.objects.get(key)?.metadata.resourceVersion !== resourceVersion) return undefined;
    const kept: Secret = { ...secret, metadata: { ...secret.metadata, resourceVersion: String(++this.#version) } };
    this.objects.set(key, kept);
    return kept;
  }

  async probe(): Promise<void> {}

  async remove(key: string): Promise<void> {
    this.objects.delete(key);
  }

  async list(namespace: string, type: string): Promise<readonly Secret[]> {
    return [...this.objects.values()].filter((secret) => secret.metadata.namespace === namespace && secret.type === type);
  }
}
