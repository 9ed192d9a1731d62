import { type FSWatcher, watch } from 'node:fs';
import type { ListedFolder } from './list-files.ts';

/** Most folders that are watched; what lies beyond is found by the slow rescan. */
const maxWatchedFolders = 2000;

/**
 * Watches folders for entries that appear, change or go. Events are a hint that something happened, never what: a watch can miss
 * events and can fail, so that its user looks again from time to time anyway.
 */
export class FolderWatcher {
  readonly #onEvent: () => void;
  /** By the folder's identity and path. */
  readonly #watchers = new Map<string, FSWatcher>();

  constructor(onEvent: () => void) {
    this.#onEvent = onEvent;
  }

  /** Watches exactly these folders from now on; one that was replaced by another of its name is watched anew. */
  watch(folders: readonly ListedFolder[]): void {
    const wanted = new Map(folders.slice(0, maxWatchedFolders).map(({ path, identity }) => [`${identity} ${path}`, path]));
    for (const key of [...this.#watchers.keys()]) if (!wanted.has(key)) this.#unwatch(key);
    for (const [key, path] of wanted) if (!this.#watchers.has(key)) this.#watchOne(key, path);
  }

  close(): void {
    for (const key of [...this.#watchers.keys()]) this.#unwatch(key);
  }

  #watchOne(key: string, path: string): void {
    try {
      const watcher = watch(path, { persistent: false });
      watcher.on('change', this.#onEvent);
      watcher.on('error', () => this.#unwatch(key));
      this.#watchers.set(key, watcher);
    } catch {
      // Gone already, or the machine's limit of watches is reached: the rescan sees its changes.
    }
  }

  #unwatch(key: string): void {
    const watcher = this.#watchers.get(key);
    if (watcher === undefined) return;
    this.#watchers.delete(key);
    watcher.off('change', this.#onEvent);
    watcher.close();
  }
}
