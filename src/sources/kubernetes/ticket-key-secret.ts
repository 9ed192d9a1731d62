import type { Secret } from '../../api/objects.ts';
import type { Log } from '../../log.ts';
import type { Troubles } from '../troubles.ts';
import type { ApiClient } from './api-client.ts';
import { hasStatus } from './api-error.ts';
import { type ApiVerb, apiTrouble } from './api-trouble.ts';
import { pause } from './pause.ts';
import { collectionPath, secretType } from './resources.ts';
import { bytesOfKeySet, dataOfKeySet, dueKeySet, isStale, readKeySet, type TicketKeySet, ticketKeysType } from './ticket-key-set.ts';

export interface TicketKeySecretOptions {
  readonly client: Pick<ApiClient, 'json'>;
  readonly namespace: string;
  readonly name: string;
  readonly log: Log;
  readonly troubles: Troubles;
  /** Whether this replica is the one that rotates. */
  readonly isLeader: () => boolean;
  /** How long a key makes tickets; 0: for ever. */
  readonly rotationMs: () => number;
  /** 48 bytes a key, the one that makes tickets first; undefined: there are none to share (any more). Told again and again. */
  readonly onKeys: (keys: Uint8Array | undefined) => void;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
  /** How often the Secret is looked at. @default 5,000 */
  readonly intervalMs?: number;
}

/** Name of this part in troubles. */
const part = 'ticket keys';

/**
 * The Secret with the keys of session tickets that all replicas share. Every replica reads it again and again; the leader makes and
 * rotates them, each time in the place of the version that it has read, so that of two leaders one alone writes.
 */
export class TicketKeySecret {
  readonly #options: TicketKeySecretOptions;
  readonly #collection: string;
  readonly #now: () => number;
  readonly #closing = new AbortController();
  #running: Promise<void> | undefined;
  /** As they were read last. */
  #keys: TicketKeySet | undefined;
  /** What was asked for last, for the words on its failure. */
  #asked: readonly [ApiVerb, string] = ['get', ''];

  constructor(options: TicketKeySecretOptions) {
    this.#options = options;
    this.#collection = collectionPath(secretType, options.namespace);
    this.#now = options.now ?? Date.now;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the program ends'));
    await this.#running;
  }

  /** Reads the keys, rotates them when that is due and ours to do, and hands them on. Never rejects. */
  async look(): Promise<void> {
    const { troubles, rotationMs, onKeys } = this.#options;
    try {
      await this.#update();
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      troubles.report(part, apiTrouble(error, ...this.#asked));
    }
    const keys = this.#keys;
    // Keys that nobody rotates any more are dropped here too, whatever is the matter with the API server.
    onKeys(keys === undefined || isStale(keys, rotationMs(), this.#now()) ? undefined : bytesOfKeySet(keys));
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.look();
      await pause(this.#options.intervalMs ?? 5000, signal);
    }
  }

  async #update(): Promise<void> {
    const { troubles, namespace, name, isLeader, rotationMs } = this.#options;
    const secret = await this.#read();
    if (secret !== undefined && secret.type !== ticketKeysType) {
      this.#keys = undefined;
      const message = `Cannot share ticket keys in Secret ${namespace}/${name}: its type is not ${ticketKeysType}; delete it, or name another with --ticket-key-secret`;
      troubles.report(part, { reason: 'invalid', message });
      return;
    }
    this.#keys = secret && readKeySet(secret);
    const due = isLeader() ? dueKeySet(this.#keys, rotationMs(), this.#now()) : undefined;
    if (due !== undefined && due !== this.#keys && (await this.#write(secret, due))) this.#keys = due;
    troubles.clear(part);
  }

  async #read(): Promise<Secret | undefined> {
    const path = `${this.#collection}/${this.#options.name}`;
    this.#asked = ['get', path];
    try {
      return await this.#options.client.json<Secret>({ path, signal: this.#closing.signal });
    } catch (error) {
      if (hasStatus(error, 404)) return undefined;
      throw error;
    }
  }

  /** False: another replica was faster; what it wrote is read the next time. */
  async #write(before: Secret | undefined, keys: TicketKeySet): Promise<boolean> {
    const { client, namespace, name, log } = this.#options;
    const { signal } = this.#closing;
    const metadata = before?.metadata ?? { namespace, name, labels: { 'app.kubernetes.io/managed-by': 'smartproxy-ingress' } };
    const body = { apiVersion: 'v1', kind: 'Secret', type: ticketKeysType, metadata, data: dataOfKeySet(keys) };
    const path = before === undefined ? this.#collection : `${this.#collection}/${name}`;
    this.#asked = [before === undefined ? 'create' : 'update', path];
    try {
      await client.json({ method: before === undefined ? 'POST' : 'PUT', path, body, signal });
    } catch (error) {
      if (hasStatus(error, 409)) return false;
      throw error;
    }
    log.info({ secret: `${namespace}/${name}` }, 'shared keys of TLS session tickets replaced');
    return true;
  }
}
