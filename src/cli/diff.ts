import { type ComparedItems, compareWithFolder } from '../ask/diff/compared-items.ts';
import { diffItems } from '../ask/diff/diff-items.ts';
import { renderChanges } from '../ask/diff/render-changes.ts';
import { type TableItem, tableItems } from '../ask/diff/table-items.ts';
import { onOff } from '../config/value-types.ts';
import { SmartProxyError } from '../errors.ts';
import { dumpTable, type TableDump, tableDumpOf } from '../routes/table-dump.ts';
import { adminOption, askPod } from './ask-pod.ts';
import type { Command, CommandContext } from './command.ts';
import { configForFolder, renderSharedOptions } from './command-config.ts';
import { type CommandArguments, type CommandOption, renderCommandOptions, splitArguments } from './command-options.ts';
import { exitCodes } from './exit-code.ts';
import { type FolderReading, readFolder } from './folder-reading.ts';
import { jsonOption } from './live-arguments.ts';
import { readSavedTable } from './saved-table.ts';
import { unreadNotes } from './unread-notes.ts';

const prune: CommandOption<boolean> = {
  flag: 'prune',
  value: onOff,
  default: false,
  defaultText: 'only what objects of the folder make is compared',
  doc: 'Against a running program or a saved table: the folder is all that there should be, so that what it does not hold is removed.',
};

/** The flags of the command. */
export const diffOptions: readonly CommandOption<unknown>[] = [adminOption, prune, jsonOption];

/** `diff`: what a change of manifests would change of what is served. */
export const diffCommand: Command = {
  name: 'diff',
  summary: 'Say what would be served otherwise: by one folder or saved table and another, or by a running program and one.',
  help: () => `${usage}\n\nFlags:\n${renderCommandOptions(diffOptions)}\n\n${renderSharedOptions()}`,
  asksProgram: (args) => splitArguments(args, diffOptions).operands.length < 2,
  run,
};

const usage = `Usage: smartproxy-ingress diff OLD NEW [FLAG ...]
       smartproxy-ingress diff NEW [--admin ADDRESS:PORT] [FLAG ...]      (what a running program serves, and NEW)

OLD and NEW are folders of manifests, or files with a saved table: curl http://127.0.0.1:10255/debug/routes > table.json.
Prints routes, hosts, endpoints, policies and certificates that are added, removed or changed from OLD to NEW, by the objects that they come of.
Ends with status 0 when there is no difference, 3 when there is, 1 when a folder or a part of it can not be read, 4 when no program answers.`;

type Items = ReadonlyMap<string, TableItem>;

/** One side: the table of a program, or a folder of manifests. */
type Side = (Dumped & { readonly kind: 'table' }) | (Dumped & { readonly kind: 'folder'; readonly reading: FolderReading });

/** What is known of a table by its dump. */
interface Dumped {
  readonly items: Items;
  /** Whether it has contents of Secrets, which a dump leaves out. */
  readonly hasSecrets: boolean;
}

function dumped(table: TableDump): Dumped {
  return { items: tableItems(table), hasSecrets: Object.keys(table.secrets ?? {}).length > 0 };
}

async function run(args: readonly string[], context: CommandContext): Promise<number> {
  const given = splitArguments(args, diffOptions);
  const [first, second, ...more] = given.operands;
  if (first === undefined)
    throw new SmartProxyError('CONFIG_INVALID', 'Cannot compare nothing: give one folder of manifests or saved table, or two');
  if (more.length > 0) throw new SmartProxyError('CONFIG_INVALID', 'Cannot compare more than two folders or saved tables');
  if (second !== undefined && given.isGiven(adminOption))
    throw new SmartProxyError('CONFIG_INVALID', 'Cannot use --admin with OLD and NEW: no program is asked');
  const next = await readSide(second ?? first, given, context);
  const old = second === undefined ? await askSide(given.read(adminOption)) : await readSide(first, given, context);
  const isAll = given.read(prune);
  if (isAll && old.kind === next.kind)
    throw new SmartProxyError('CONFIG_INVALID', 'Cannot use --prune with two folders or two tables: each is all that there is');
  const { before, after, notes } = compare(old, next, isAll);
  const changes = diffItems(before, after);
  context.print(given.read(jsonOption) ? JSON.stringify({ changes, notes }, undefined, 2) : [renderChanges(changes), ...notes].join('\n'));
  const unread = unreadOf(old) + unreadOf(next);
  if (unread > 0) throw new SmartProxyError('MANIFEST_INVALID', `Cannot compare all: ${unread} of the files or objects can not be read`);
  return changes.length > 0 ? exitCodes.findings.code : exitCodes.ok.code;
}

/** What may be another there nobody knows. */
function unreadOf(side: Side): number {
  return side.kind === 'folder' ? side.reading.sourceProblems.length : 0;
}

async function readSide(path: string, given: CommandArguments, context: CommandContext): Promise<Side> {
  const table = await readSavedTable(path);
  if (table !== undefined) return { kind: 'table', ...dumped(table) };
  const reading = await readFolder(await configForFolder(given.others, path, context), path, Date.now());
  return { kind: 'folder', ...dumped(dumpTable(reading.translation.routeTable)), reading };
}

async function askSide(admin: string): Promise<Side> {
  const table = tableDumpOf(await askPod(admin, '/debug/routes'));
  if (table !== undefined) return { kind: 'table', ...dumped(table) };
  throw new SmartProxyError('ADMIN_UNREACHABLE', 'Cannot read the table of the program: it is of another version than this command');
}

function compare(old: Side, next: Side, isAll: boolean): ComparedItems {
  const secrets = old.hasSecrets || next.hasSecrets ? ['Not compared: users and keys in Secrets, which no table shows.'] : [];
  const said = [...new Set([...secrets, ...notesOf(old), ...notesOf(next)])];
  if (old.kind === 'table' && next.kind === 'folder') {
    const { before, after, notes } = compareWithFolder(old.items, { ...next.reading, items: next.items }, isAll);
    return { before, after, notes: [...notes, ...said] };
  }
  if (old.kind === 'folder' && next.kind === 'table') {
    const { before, after, notes } = compareWithFolder(next.items, { ...old.reading, items: old.items }, isAll);
    return { before: after, after: before, notes: [...notes, ...said] };
  }
  return { before: old.items, after: next.items, notes: said };
}

function notesOf(side: Side): readonly string[] {
  if (side.kind === 'table') return [];
  return [...side.reading.assumptions, ...unreadNotes(side.reading.sourceProblems)];
}
