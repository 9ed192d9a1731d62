import type { Secret } from '../api/objects.ts';
import type { ApiClient, ApiRequest } from '../sources/kubernetes/api-client.ts';
import { hasStatus } from '../sources/kubernetes/api-error.ts';
import { type ApiVerb, apiTrouble } from '../sources/kubernetes/api-trouble.ts';
import { collectionPath, secretType } from '../sources/kubernetes/resources.ts';
import { type AcmeSecrets, nameOfKey, SecretsError } from './acme-secrets.ts';

/** What an answer with one of these HTTP statuses stands for: undefined. */
type Absent = readonly number[];

const gone: Absent = [404];
/** Somebody was faster. One that was deleted meanwhile is no version of it either. */
const conflict: Absent = [409];
const conflictOrGone: Absent = [409, 404];

/** Secrets of an API server. */
export class KubernetesSecrets implements AcmeSecrets {
  readonly #client: ApiClient;

  constructor(client: ApiClient) {
    this.#client = client;
  }

  read(key: string): Promise<Secret | undefined> {
    return this.#ask<Secret>('get', { path: pathOf(key) }, gone);
  }

  write(secret: Secret): Promise<Secret | undefined> {
    return this.#write(secret, {});
  }

  async probe(secret: Secret): Promise<void> {
    await this.#write(secret, { dryRun: 'All' });
  }

  async remove(key: string): Promise<void> {
    await this.#ask('delete', { method: 'DELETE', path: pathOf(key) }, gone);
  }

  async list(namespace: string, type: string): Promise<readonly Secret[]> {
    const query = { fieldSelector: `type=${type}` };
    const list = await this.#ask<{ items: readonly Secret[] }>('list', { path: collectionPath(secretType, namespace), query }, []);
    return list?.items ?? [];
  }

  #write(secret: Secret, query: ApiRequest['query']): Promise<Secret | undefined> {
    const { namespace, name, resourceVersion } = secret.metadata;
    const body = { apiVersion: 'v1', ...secret };
    const path = collectionPath(secretType, namespace);
    return resourceVersion === undefined
      ? this.#ask<Secret>('create', { method: 'POST', path, body, query }, conflict)
      : this.#ask<Secret>('update', { method: 'PUT', path: `${path}/${name}`, body, query }, conflictOrGone);
  }

  async #ask<T>(verb: ApiVerb, request: ApiRequest, absent: Absent): Promise<T | undefined> {
    try {
      return await this.#client.json<T>(request);
    } catch (error) {
      if (absent.some((status) => hasStatus(error, status))) return undefined;
      throw new SecretsError(apiTrouble(error, verb, request.path), error);
    }
  }
}

function pathOf(key: string): string {
  const { namespace, name } = nameOfKey(key);
  return `${collectionPath(secretType, namespace)}/${name}`;
}
