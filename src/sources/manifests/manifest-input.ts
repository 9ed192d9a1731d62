import { SmartProxyError } from '../../errors.ts';
import { ObjectStore, type ResourceHealth } from '../object-store.ts';
import { KeptSecrets } from './kept-secrets.ts';
import { indexManifests, locationKey, type ManifestIndex } from './manifest-index.ts';
import type { ManifestSource } from './manifest-source.ts';
import { parseManifest } from './parse-manifest.ts';

const maxInputBytes = 64 * 1024 ** 2;
const name = 'standard input';

/** Objects from a stream (`--manifests -`), read to its end once. There is no last good content: what does not parse is an error. */
export class ManifestInput implements ManifestSource {
  readonly store = new ObjectStore();
  readonly kept = new KeptSecrets(this.store, (key) => this.locationOf('Secret', key) !== undefined);
  readonly #stream: AsyncIterable<Uint8Array>;
  #index: ManifestIndex = indexManifests([]);
  readonly #keepsText: boolean;
  #text: string | undefined;
  #readAtMs = 0;

  /** @param keepsText so that lines of fields can be told: for who asks and ends */
  constructor(stream: AsyncIterable<Uint8Array>, { keepsText = false }: { readonly keepsText?: boolean } = {}) {
    this.#stream = stream;
    this.#keepsText = keepsText;
  }

  async start(): Promise<void> {
    const bytes = await readAll(this.#stream);
    const result = parseManifest(bytes);
    if (result.kind === 'failed') {
      throw new SmartProxyError('MANIFEST_INVALID', `Cannot read manifests from ${name}: line ${result.line}: ${result.message}`);
    }
    this.#index = indexManifests([{ name, manifest: result.manifest, failure: undefined }]);
    if (this.#keepsText) this.#text = new TextDecoder().decode(bytes);
    this.#readAtMs = Date.now();
    this.store.setProblems('manifests', this.#index.problems);
    this.store.replaceAll([...this.#index.objects, ...this.kept.shown]);
    this.store.markSynced();
  }

  /** Nothing to do: all Secrets of the stream are in the store. */
  setReferencedSecrets(): void {}

  async close(): Promise<void> {}

  health(): readonly ResourceHealth[] {
    return [{ resource: 'manifests', healthy: true, detail: '', restarts: 0, lastEventMs: this.#readAtMs }];
  }

  locationOf(kind: string, key: string): string | undefined {
    return this.#index.locations.get(locationKey(kind, key));
  }

  async textOf(): Promise<string | undefined> {
    return this.#text;
  }

  skippedKinds(): ReadonlyMap<string, number> {
    return this.#index.skipped;
  }
}

async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > maxInputBytes) throw new SmartProxyError('MANIFEST_INVALID', `Cannot read manifests from ${name}: more than 64 MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
