import type { BigIntStats, Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { messageOf } from '../../errors.ts';
import { isSecretFolder, mostEntries } from './secret-folder.ts';

export interface ListLimits {
  readonly maxFiles: number;
  readonly maxDepth: number;
}

/** A file with a text that is another one whenever the file was written, replaced or switched. */
export interface ListedFile {
  readonly path: string;
  readonly version: string;
  readonly bytes: number;
  /** Of a folder that is a Secret: the paths of its entries. */
  readonly entries?: readonly string[];
}

/** A folder; `identity` is another one when it was replaced by a new folder of the same name. */
export interface ListedFolder {
  readonly path: string;
  readonly identity: string;
}

export interface Listing {
  /** Sorted by path. */
  readonly files: readonly ListedFile[];
  /** The folders that were read: what is worth watching. */
  readonly folders: readonly ListedFolder[];
  /** Paths that could not be read, or not any more, with the reason. What was known below them may still be there. */
  readonly unreadable: ReadonlyMap<string, string>;
  /** More files are there than `maxFiles`. */
  readonly truncated: boolean;
}

/**
 * Every manifest file below `root`, or `root` itself when it is a file. Links are followed (a ConfigMap volume is made of them),
 * each folder once; names with a leading dot are left out (a ConfigMap's `..data`, editors' swap files). A folder that is a Secret counts as
 * one file.
 */
export async function listFiles(root: string, limits: ListLimits): Promise<Listing> {
  const listing = { files: [] as ListedFile[], folders: [] as ListedFolder[], unreadable: new Map<string, string>(), truncated: false };
  const visited = new Set<string>();

  async function visit(path: string, depth: number): Promise<void> {
    try {
      const stats = await stat(path, { bigint: true });
      if (stats.isDirectory() && depth > 0 && isSecretFolder(basename(path))) await addSecret(path, stats);
      else if (stats.isDirectory()) await visitFolder(path, `${stats.dev} ${stats.ino}`, depth);
      else if (stats.isFile() && (depth === 0 || isManifest(path))) addFile(path, stats);
    } catch (error) {
      if (depth === 0 || !isGone(error)) listing.unreadable.set(path, messageOf(error));
    }
  }

  async function visitFolder(path: string, identity: string, depth: number): Promise<void> {
    if (visited.has(identity)) return;
    visited.add(identity);
    if (depth > limits.maxDepth) {
      listing.unreadable.set(path, `folders are nested deeper than ${limits.maxDepth}`);
      return;
    }
    const entries = await readdir(path, { withFileTypes: true });
    listing.folders.push({ path, identity });
    for (const entry of entries) {
      if (listing.truncated) return;
      if (isCandidate(entry)) await visit(join(path, entry.name), depth + 1);
    }
  }

  /** Its entries are looked at, not read. */
  async function addSecret(path: string, folder: BigIntStats): Promise<void> {
    const names = (await readdir(path)).filter((name) => !name.startsWith('.')).sort();
    listing.folders.push({ path, identity: `${folder.dev} ${folder.ino}` });
    if (names.length > mostEntries) {
      listing.unreadable.set(path, `a Secret of more than ${mostEntries} entries`);
      return;
    }
    const seen: { readonly entry: string; readonly stats: BigIntStats }[] = [];
    for (const name of names) {
      const entry = join(path, name);
      try {
        const stats = await stat(entry, { bigint: true });
        if (stats.isFile()) seen.push({ entry, stats });
      } catch (error) {
        // A link that leads nowhere, in the middle of a renewal perhaps: what was there before still counts.
        listing.unreadable.set(path, messageOf(error));
        return;
      }
    }
    if (listing.files.length >= limits.maxFiles) {
      listing.truncated = true;
      return;
    }
    const version = seen.map(({ entry, stats }) => `${basename(entry)} ${versionOf(stats)}`).join('\n');
    const bytes = seen.reduce((sum, { stats }) => sum + Number(stats.size), 0);
    listing.files.push({ path, version, bytes, entries: seen.map(({ entry }) => entry) });
  }

  function addFile(path: string, stats: BigIntStats): void {
    if (listing.files.length >= limits.maxFiles) {
      listing.truncated = true;
      return;
    }
    listing.files.push({ path, version: versionOf(stats), bytes: Number(stats.size) });
  }

  await visit(root, 0);
  listing.files.sort((a, b) => (a.path < b.path ? -1 : 1));
  return listing;
}

/** The version of a file as it is now, as in a listing; undefined: it is gone or can't be read. */
export async function versionAt(path: string): Promise<string | undefined> {
  try {
    return versionOf(await stat(path, { bigint: true }));
  } catch {
    return undefined;
  }
}

function versionOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
}

function isCandidate(entry: Dirent): boolean {
  return !entry.name.startsWith('.') && (entry.isDirectory() || entry.isSymbolicLink() || isManifest(entry.name));
}

function isManifest(name: string): boolean {
  return /\.(yaml|yml|json)$/i.test(name);
}

/** A file that went away between listing and looking, or a link whose target did. */
function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
