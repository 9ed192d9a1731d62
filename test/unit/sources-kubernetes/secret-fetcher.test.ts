import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { type TestContext, test } from 'node:test';
import { SecretFetcher } from '../../../src/sources/kubernetes/secret-fetcher.ts';
import { ObjectStore } from '../../../src/sources/object-store.ts';
import { Troubles } from '../../../src/sources/troubles.ts';
import { eventually } from '../../tools/eventually.ts';
import { RecordedLog } from '../../tools/recorded-log.ts';
import { ScriptedApi, sendJson } from '../../tools/scripted-api.ts';

const key = 'shop/tls';
/** With it, as many as are read at once. */
const others = ['shop/a', 'shop/b', 'shop/c'];

interface Read {
  readonly key: string;
  readonly response: ServerResponse;
}

/** A fetcher whose reads wait until the test answers them with a version. */
class Held {
  readonly store = new ObjectStore();
  readonly fetcher: SecretFetcher;
  readonly #api: ScriptedApi;
  readonly #reads: Read[];

  private constructor(api: ScriptedApi, reads: Read[]) {
    this.#api = api;
    this.#reads = reads;
    const troubles = new Troubles({ store: this.store, log: new RecordedLog() });
    this.fetcher = new SecretFetcher({ client: api.client, store: this.store, troubles });
  }

  static async start(t: TestContext): Promise<Held> {
    const reads: Read[] = [];
    const api = await ScriptedApi.start((_, response, { pathname }) => {
      const [, , , , namespace, , name] = pathname.split('/');
      reads.push({ key: `${namespace}/${name}`, response });
    });
    const held = new Held(api, reads);
    t.after(async () => {
      await held.fetcher.close();
      await api.close();
    });
    return held;
  }

  get requests(): number {
    return this.#api.requests.length;
  }

  /** What the store has of the Secret. */
  get version(): string | undefined {
    return this.store.get('Secret', key)?.metadata.resourceVersion;
  }

  /** A watch tells that there is this version of a Secret. */
  exists(of: string, version: string): void {
    this.fetcher.metadataTarget('secrets').apply(object(of, version));
  }

  /** Answers the read of a Secret that waits, as soon as one does. */
  async answer(of: string, version: string): Promise<void> {
    const read = await eventually(`a read of ${of}`, () => this.#reads.find((waiting) => waiting.key === of));
    this.#reads.splice(this.#reads.indexOf(read), 1);
    sendJson(read.response, 200, { ...object(of, version), data: {} });
  }
}

function object(of: string, resourceVersion: string) {
  const [namespace = '', name = ''] = of.split('/');
  return { metadata: { namespace, name, resourceVersion } };
}

test('a Secret that changes while it is read is read again, though the answer is of the version before', async (t) => {
  const held = await Held.start(t);
  for (const of of [...others, key]) held.exists(of, '1');
  const done = held.fetcher.setReferenced([...others, key]);
  await eventually('all are read at once', () => held.requests === 4);
  held.exists(key, '2');
  await held.answer(key, '1');
  await eventually('the version before is there', () => held.version === '1');
  await held.answer(key, '2');
  await eventually('the version after is there', () => held.version === '2');
  for (const of of others) await held.answer(of, '1');
  await done;
  assert.equal(held.requests, 5);
});

test('a Secret is read once at a time: an answer that comes late is of no version before', async (t) => {
  const held = await Held.start(t);
  held.exists(key, '1');
  const done = held.fetcher.setReferenced([key]);
  const again = held.fetcher.setReferenced([key]);
  await eventually('it is read', () => held.requests > 0);
  await held.answer(key, '1');
  await Promise.all([done, again]);
  assert.deepEqual([held.requests, held.version], [1, '1']);
});

test('a read that is newer than what asked for it is enough, whether its event comes after it or meanwhile', async (t) => {
  const held = await Held.start(t);
  held.exists(key, '1');
  const first = held.fetcher.setReferenced([key]);
  await held.answer(key, '2');
  await first;
  held.exists(key, '2');
  await held.fetcher.setReferenced([key]);
  assert.deepEqual([held.requests, held.version], [1, '2']);

  held.exists(key, '3');
  await eventually('it is read', () => held.requests === 2);
  held.exists(key, '4');
  await held.answer(key, '4');
  await held.fetcher.setReferenced([key]);
  assert.deepEqual([held.requests, held.version], [2, '4']);
});
