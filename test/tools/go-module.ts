import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fetchPatiently } from './fetch-patiently.ts';

const run = promisify(execFile);

/** A Go module as files: its path and version, and the sum that it must have. */
export interface PinnedModule {
  readonly module: string;
  readonly sum: string;
}

/** The folder of a module, fetched once into Go's module cache. */
export async function moduleFolder({ module, sum }: PinnedModule): Promise<string> {
  const note = (text: string) => process.stderr.write(`${module}: ${text}\n`);
  const options = { cwd: import.meta.dirname, maxBuffer: 1024 * 1024 };
  const { stdout } = await fetchPatiently(note, () => run('go', ['mod', 'download', '-json', module], options));
  const found = JSON.parse(stdout) as { readonly Dir: string; readonly Sum: string };
  if (found.Sum !== sum) throw new Error(`Cannot use ${module}: its sum is ${found.Sum}, expected ${sum}`);
  return found.Dir;
}
