import { readFile } from 'node:fs/promises';
import { type TableDump, tableDumpOf } from '../routes/table-dump.ts';

/**
 * The table in a file that `/debug/routes` was saved to: one whose name ends in `.json`.
 * @returns undefined: it is something else, such as a folder or a manifest
 */
export async function readSavedTable(path: string): Promise<TableDump | undefined> {
  if (!path.endsWith('.json')) return undefined;
  const text = await readFile(path, 'utf8').catch(() => '');
  try {
    return tableDumpOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}
