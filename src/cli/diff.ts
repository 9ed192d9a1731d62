import { compareWithFolder } from '../ask/diff/compared-items.ts';
import { diffItems } from '../ask/diff/diff-items.ts';
import { renderChanges } from '../ask/diff/render-changes.ts';
import { type TableItem, tableItems } from '../ask/diff/table-items.ts';
import { onOff } from '../config/value-types.ts';
import { SmartProxyError } from '../errors.ts';
import { dumpTable } from '../routes/table-dump.ts';
import { adminOption, askPod } from './ask-pod.ts';
import type { Command, CommandContext } from './command.ts';
import { configForFolder, renderSharedOptions } from './command-config.ts';
import { type CommandOption, renderCommandOptions, splitArguments } from './command-options.ts';
import { exitCodes } from './exit-code.ts';
import { type FolderReading, readFolder } from './folder-reading.ts';

const prune: CommandOption<boolean> = {
  flag: 'prune',
  value: onOff,
  default: false,
  defaultText: 'only what objects of the folder make is compared',
  doc: 'Against a running program: the folder is all that there should be, so that what it does not hold is removed.',
};
const json: CommandOption<boolean> = { flag: 'json', value: onOff, default: false, defaultText: 'text', doc: 'Print JSON.' };

/** The flags of the command. */
export const diffOptions: readonly CommandOption<unknown>[] = [adminOption, prune, json];

/** `diff`: what a change of manifests would change of what is served. */
export const diffCommand: Command = {
  name: 'diff',
  summary: 'Say what would be served otherwise: by one folder and another, or by a running program and a folder.',
  help: () => `${usage}\n\nFlags:\n${renderCommandOptions(diffOptions)}\n\n${renderSharedOptions()}`,
  asksProgram: (args) => splitArguments(args, diffOptions).operands.length < 2,
  run,
};

const usage = `Usage: smartproxy-ingress diff OLD NEW [FLAG ...]      (two folders of manifests)
       smartproxy-ingress diff NEW [--admin ADDRESS:PORT] [FLAG ...]      (what a running program serves, and a folder)

Prints routes, hosts, endpoints, policies and certificates that are added, removed or changed from OLD to NEW, by the objects that they come of.
Ends with status 0 when there is no difference, 3 when there is, 1 when a folder can not be read, 4 when no program answers.`;

type Items = ReadonlyMap<string, TableItem>;

async function run(args: readonly string[], context: CommandContext): Promise<number> {
  const given = splitArguments(args, diffOptions);
  const [first, second, ...more] = given.operands;
  if (first === undefined) throw new SmartProxyError('CONFIG_INVALID', 'Cannot compare nothing: give one folder of manifests, or two');
  if (more.length > 0) throw new SmartProxyError('CONFIG_INVALID', 'Cannot compare more than two folders');
  if (second !== undefined && given.read(prune))
    throw new SmartProxyError('CONFIG_INVALID', 'Cannot use --prune with two folders: each is all that there is');
  if (second !== undefined && given.isGiven(adminOption))
    throw new SmartProxyError('CONFIG_INVALID', 'Cannot use --admin with two folders: no program is asked');
  const read = async (folder: string) => readFolder(await configForFolder(given.others, folder, context), folder, Date.now());
  const [before, after, notes] =
    second === undefined
      ? againstProgram(await read(first), await askPod(given.read(adminOption), '/debug/routes'), given.read(prune))
      : betweenFolders(await read(first), await read(second));
  const changes = diffItems(before, after);
  context.print(given.read(json) ? JSON.stringify({ changes, notes }, undefined, 2) : [renderChanges(changes), ...notes].join('\n'));
  return changes.length > 0 ? exitCodes.findings.code : exitCodes.ok.code;
}

function betweenFolders(old: FolderReading, next: FolderReading): readonly [Items, Items, readonly string[]] {
  const notes = [...new Set([...old.assumptions, ...next.assumptions, ...unread(old), ...unread(next)])];
  return [tableItems(dumpTable(old.translation.routeTable)), tableItems(dumpTable(next.translation.routeTable)), notes];
}

function againstProgram(next: FolderReading, live: unknown, isAll: boolean): readonly [Items, Items, readonly string[]] {
  if (typeof live !== 'object' || live === null || !('hosts' in live)) {
    throw new SmartProxyError('ADMIN_UNREACHABLE', 'Cannot read the table of the program: it is of another version than this command');
  }
  const items = tableItems(dumpTable(next.translation.routeTable));
  const { before, after, notes } = compareWithFolder(tableItems(live as Readonly<Record<string, unknown>>), { ...next, items }, isAll);
  return [before, after, [...notes, ...next.assumptions, ...unread(next)]];
}

function unread({ sourceProblems }: FolderReading): readonly string[] {
  return sourceProblems.slice(0, 10).map(({ where, message }) => `Not read: ${where}: ${message}`);
}
