import { Redacted } from '../redacted.ts';
import { compareHostKeys } from './compare-routes.ts';
import type { TableEntry } from './entry-key.ts';
import { type RouteTable, type TablePart, tableParts } from './route-table.ts';

/** A table as plain data for people: parts by name, entries by key. Safe to print and to serve. */
export type TableDump = Readonly<Record<TablePart, Readonly<Record<string, unknown>>>>;

/**
 * Turns a table into plain data for goldens and `/debug/routes`. Equal tables give equal text: hosts in order of precedence, everything
 * else and all properties by name, undefined properties left out. A certificate's fingerprint stands for its chain and private key, also
 * where a service shows it to its backend.
 */
export function dumpTable(table: RouteTable): TableDump {
  return Object.fromEntries(tableParts.map((part) => [part, dumpPart(part, table[part])])) as TableDump;
}

/** Parts that every dump has; of another version it may lack others. */
const mainParts = ['listeners', 'hosts', 'services'] as const;

/** What was read somewhere as a dump; undefined: it is none. */
export function tableDumpOf(data: unknown): TableDump | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const parts = data as Readonly<Record<string, unknown>>;
  const isPart = (part: unknown): boolean => typeof part === 'object' && part !== null && !Array.isArray(part);
  return mainParts.every((name) => isPart(parts[name])) ? (data as TableDump) : undefined;
}

function dumpPart(part: TablePart, entries: ReadonlyMap<string, TableEntry>): Readonly<Record<string, unknown>> {
  const sorted = [...entries].sort(part === 'hosts' ? ([a], [b]) => compareHostKeys(a, b) : byName);
  return Object.fromEntries(sorted.map(([key, entry]) => [key, dumpEntry(entry)]));
}

/** An entry without its own key, under which it is listed. */
function dumpEntry(entry: TableEntry): unknown {
  return dumpObject('key' in entry ? { ...entry, key: undefined } : entry);
}

function dumpValue(value: unknown): unknown {
  if (value instanceof Redacted) return value.toString();
  if (Array.isArray(value)) return value.map(dumpValue);
  return typeof value === 'object' && value !== null ? dumpObject(value) : value;
}

function dumpObject(object: object): unknown {
  const shown = 'privateKey' in object ? { ...object, chain: undefined, privateKey: undefined } : object;
  const properties = Object.entries(shown).filter(([, value]) => value !== undefined);
  return Object.fromEntries(properties.sort(byName).map(([name, value]) => [name, dumpValue(value)]));
}

function byName(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  if (a[0] === b[0]) return 0;
  return a[0] < b[0] ? -1 : 1;
}
