import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { objectKey } from '../../api/objects.ts';
import { messageOf, SmartProxyError } from '../../errors.ts';
import { ObjectStore, type ResourceHealth } from '../object-store.ts';
import { FolderWatcher } from './folder-watcher.ts';
import { KeptSecrets } from './kept-secrets.ts';
import { type ListedFile, type Listing, listFiles, versionAt } from './list-files.ts';
import { type FileState, indexManifests, locationKey, type ManifestIndex } from './manifest-index.ts';
import type { ManifestSource } from './manifest-source.ts';
import { type Manifest, parseManifest } from './parse-manifest.ts';
import { ScanSchedule } from './scan-schedule.ts';
import { readSecretFolder } from './secret-folder.ts';
import { SettlingFiles } from './settling-files.ts';

const maxFileBytes = 4 * 1024 ** 2;
const limits = { maxFiles: 50_000, maxDepth: 32 };

/** A file as it was read last; `version` tells whether it has to be read again. */
interface KnownFile extends FileState {
  readonly version: string;
}

/**
 * Objects from a folder of manifests (or one file), kept up to date: watched, and looked through every few seconds besides. A file
 * that can't be read or parsed keeps what it said before; what is wrong stands in the store's problems with file and line. So does one that is
 * being written, or is gone for a moment: nothing that is served is lost by how a file is written.
 */
export class ManifestFolder implements ManifestSource {
  readonly store = new ObjectStore();
  readonly kept = new KeptSecrets(this.store, (key) => this.locationOf('Secret', key) !== undefined);
  readonly #root: string;
  readonly #schedule: ScanSchedule;
  readonly #watcher: FolderWatcher;
  readonly #steadyNow: () => number;
  readonly #files = new Map<string, KnownFile>();
  readonly #settling = new SettlingFiles();
  #isStarted = false;
  #index: ManifestIndex = indexManifests([]);
  #rootProblem = '';
  #lastScanMs = 0;

  /**
   * @param now of the day, for health
   * @param steadyNow for how long files have been as they are, in ms
   */
  constructor(root: string, now: () => number = Date.now, steadyNow: () => number = steadyMs) {
    this.#root = root;
    this.#steadyNow = steadyNow;
    this.#schedule = new ScanSchedule(async () => {
      await this.#scan();
      this.#lastScanMs = now();
      return this.#settling.lookAgainMs;
    });
    this.#watcher = new FolderWatcher(() => this.#schedule.soon());
  }

  /** Reads everything once; rejects when the folder itself can't be read. */
  async start(): Promise<void> {
    await this.#schedule.run();
    if (this.#rootProblem !== '') {
      await this.close();
      throw new SmartProxyError('MANIFEST_INVALID', `Cannot read manifests in ${this.#root}: ${this.#rootProblem}`);
    }
    this.#isStarted = true;
    this.store.markSynced();
  }

  /** Nothing to do: all Secrets of the folder are in the store. */
  setReferencedSecrets(): void {}

  async close(): Promise<void> {
    this.#watcher.close();
    await this.#schedule.close();
  }

  health(): readonly ResourceHealth[] {
    const healthy = this.#rootProblem === '';
    return [{ resource: 'manifests', healthy, detail: this.#rootProblem, restarts: 0, lastEventMs: this.#lastScanMs }];
  }

  locationOf(kind: string, key: string): string | undefined {
    return this.#index.locations.get(locationKey(kind, key));
  }

  async textOf(file: string): Promise<string | undefined> {
    const path = join(this.#root, file);
    return await readText(this.#files.has(path) ? path : this.#root);
  }

  skippedKinds(): ReadonlyMap<string, number> {
    return this.#index.skipped;
  }

  async #scan(): Promise<void> {
    const listing = await listFiles(this.#root, limits);
    this.#rootProblem = listing.unreadable.get(this.#root) ?? '';
    this.#watcher.watch(listing.folders.length > 0 ? listing.folders : [{ path: dirname(this.#root), identity: 'parent' }]);
    for (const file of listing.files) await this.#update(file);
    this.#forgetMissing(listing);
    this.#publish(listing);
  }

  async #update(file: ListedFile): Promise<void> {
    const known = this.#files.get(file.path);
    if (known?.version === file.version) {
      this.#settling.settle(file.path);
      if (known.isLeaving) this.#files.set(file.path, { ...known, isLeaving: false });
      return;
    }
    const { mayRead, mayRemove } = this.#isStarted ? this.#settling.seen(file.path, file.version, this.#steadyNow()) : settled;
    if (!mayRead) return;
    const read = await readManifest(file);
    if (this.#isStarted && file.entries === undefined && (await versionAt(file.path)) !== file.version) return;
    if (!mayRemove && read.kind === 'parsed' && !hasAllOf(read.manifest, known?.manifest)) return;
    this.#settling.settle(file.path);
    const manifest = read.kind === 'parsed' ? read.manifest : known?.manifest;
    const failure = read.kind === 'parsed' ? undefined : { line: read.line, message: read.message };
    this.#files.set(file.path, { name: this.#nameOf(file.path), version: file.version, manifest, failure });
  }

  /** A file is gone when its folder could be read and did not hold it. */
  #forgetMissing(listing: Listing): void {
    const present = new Set(listing.files.map(({ path }) => path));
    const unseen = [...listing.unreadable.keys()];
    for (const path of [...this.#files.keys()]) {
      const mayExist = listing.truncated || unseen.some((folder) => path === folder || path.startsWith(folder + sep));
      if (present.has(path) || mayExist) continue;
      const file = this.#files.get(path);
      if (file !== undefined && !this.#settling.seen(path, 'gone', this.#steadyNow()).mayRemove) {
        this.#files.set(path, { ...file, isLeaving: true });
        continue;
      }
      this.#settling.settle(path);
      this.#files.delete(path);
    }
  }

  #publish(listing: Listing): void {
    const inOrder = [...this.#files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, file]) => file);
    const isLeaving = (file: FileState): boolean => file.isLeaving === true;
    this.#index = indexManifests([...inOrder.filter((file) => !isLeaving(file)), ...inOrder.filter(isLeaving)]);
    const problems = [...listing.unreadable].map(([path, message]) => ({ where: this.#nameOf(path), message }));
    if (listing.truncated) problems.push({ where: this.#nameOf(this.#root), message: `only the first ${limits.maxFiles} files are read` });
    this.store.setProblems('manifests', [...problems, ...this.#index.problems]);
    this.store.replaceAll([...this.#index.objects, ...this.kept.shown]);
  }

  #nameOf(path: string): string {
    return relative(this.#root, path) || basename(path);
  }
}

function steadyMs(): number {
  return performance.now();
}

/** At the start, when nothing is served that could be lost. */
const settled = { mayRead: true, mayRemove: true };

/** Whether a file has every object that it had before. */
function hasAllOf(now: Manifest, before: Manifest | undefined): boolean {
  if (before === undefined || before.objects.length === 0) return true;
  const keys = new Set(now.objects.map(({ object }) => locationKey(object.kind, objectKey(object))));
  return before.objects.every(({ object }) => keys.has(locationKey(object.kind, objectKey(object))));
}

async function readManifest(file: ListedFile): Promise<ReturnType<typeof parseManifest>> {
  if (file.bytes > maxFileBytes) return { kind: 'failed', line: 1, message: `larger than ${maxFileBytes / 1024 ** 2} MiB` };
  try {
    return file.entries === undefined ? parseManifest(await readFile(file.path)) : await readSecretFolder(file.path, file.entries);
  } catch (error) {
    return { kind: 'failed', line: 1, message: messageOf(error) };
  }
}

/** undefined: it is no file that would be read. */
async function readText(path: string): Promise<string | undefined> {
  try {
    const stats = await stat(path);
    return stats.isFile() && stats.size <= maxFileBytes ? await readFile(path, 'utf8') : undefined;
  } catch {
    return undefined;
  }
}
