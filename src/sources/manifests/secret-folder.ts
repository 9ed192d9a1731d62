import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ParseResult } from './parse-manifest.ts';
import { readObject } from './read-object.ts';

const suffix = '.secret';

/** Most files of a folder that is a Secret. */
export const mostEntries = 100;

/**
 * Whether a folder of this name is a Secret, whose entries are its files: `web-tls.secret` of namespace `default`, `shop_web-tls.secret` of
 * namespace `shop`. A name in Kubernetes has no underscore.
 */
export function isSecretFolder(name: string): boolean {
  return name.endsWith(suffix) && name.length > suffix.length;
}

/**
 * The Secret that a folder is, as if a manifest had it: of type `kubernetes.io/tls` when it has `tls.crt` and `tls.key`. Rejects when an
 * entry can't be read.
 * @param entries paths of its files
 */
export async function readSecretFolder(path: string, entries: readonly string[]): Promise<ParseResult> {
  const named = basename(path).slice(0, -suffix.length);
  const cut = named.indexOf('_');
  const metadata = cut === -1 ? { name: named } : { name: named.slice(cut + 1), namespace: named.slice(0, cut) };
  const texts = await Promise.all(entries.map((entry) => readFile(entry, 'base64')));
  const data = Object.fromEntries(entries.map((entry, index) => [basename(entry), texts[index]]));
  const type = 'tls.crt' in data && 'tls.key' in data ? 'kubernetes.io/tls' : 'Opaque';
  const read = readObject({ apiVersion: 'v1', kind: 'Secret', type, metadata, data });
  const objects = read.kind === 'object' ? [{ object: read.object, line: 1 }] : [];
  const problems = read.kind === 'problem' ? [{ line: 1, message: read.message }] : [];
  return { kind: 'parsed', manifest: { objects, problems, skipped: new Map() } };
}
