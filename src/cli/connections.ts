import { readFile } from 'node:fs/promises';
import { renderConnections, renderEndings, type ShownConnection, type ShownEnding } from '../ask/reports/render-connections.ts';
import { countOf } from '../ask/units.ts';
import { duration, onOff, optional, text } from '../config/value-types.ts';
import { messageOf, SmartProxyError } from '../errors.ts';
import { adminOption, askList, changePod } from './ask-pod.ts';
import type { Command, CommandContext } from './command.ts';
import { type CommandArguments, type CommandOption, renderCommandOptions } from './command-options.ts';
import { exitCodes } from './exit-code.ts';
import { jsonOption, limitOption, liveArguments, queryText } from './live-arguments.ts';
import { routeOption } from './routes.ts';

const older: CommandOption<number> = {
  flag: 'older',
  value: duration,
  default: 0,
  defaultText: 'of any age',
  doc: 'Only those that have been open for at least so long, or with --ended lasted so long.',
};
const limit = limitOption(100, 10_000, 'connections');
const ended: CommandOption<boolean> = {
  flag: 'ended',
  value: onOff,
  default: false,
  defaultText: 'open ones',
  doc: 'Those that ended lately, and why, in place of open ones.',
};
const kill: CommandOption<boolean> = {
  flag: 'kill',
  value: onOff,
  default: false,
  defaultText: 'they are listed',
  doc: 'End all that are meant, with reason killed. At least one of the flags that say which has to be given.',
};
const tokenFile: CommandOption<string | undefined> = {
  flag: 'admin-token-file',
  value: optional(text('FILE', 'a path'), 'none'),
  default: undefined,
  defaultText: 'none, and nothing can be ended',
  doc: 'File with the admin token of the program, for --kill.',
};

/** Flags that say which connections are meant, beside route and age: their names are those of the page. */
const fields = (
  [
    ['id', 'ID', 'Only the one with this id.'],
    ['endpoint', 'ADDRESS:PORT', 'Only those to this endpoint.'],
    ['listener', 'NAME', 'Only those of this listener.'],
    ['client', 'ADDRESS', 'Only those of this client address.'],
    ['sni', 'NAME', 'Only those with this server name of TLS.'],
  ] as const
).map(([flag, placeholder, doc]): CommandOption<string | undefined> & { readonly flag: typeof flag } => ({
  flag,
  value: optional(text(placeholder, 'a text'), 'any'),
  default: undefined,
  defaultText: 'any',
  doc,
}));

/** The flags of the command. */
export const connectionsOptions: readonly CommandOption<unknown>[] = [
  routeOption,
  older,
  ...fields,
  limit,
  ended,
  kill,
  tokenFile,
  adminOption,
  jsonOption,
];

/** `connections`: who is connected, and why others left. */
export const connectionsCommand: Command = {
  name: 'connections',
  summary: 'List who is connected to a running program, or who left and why; end connections by hand.',
  help: () => `${usage}\n\nFlags:\n${renderCommandOptions(connectionsOptions)}`,
  asksProgram: () => true,
  run,
};

const usage = `Usage: smartproxy-ingress connections [--route ROUTE] [--older DURATION] [FLAG ...] [--json] [--admin ADDRESS:PORT]
       smartproxy-ingress connections --ended [FLAG ...]
       smartproxy-ingress connections --kill --admin-token-file FILE --route ROUTE [FLAG ...]

Prints open connections and UDP sessions, the oldest first; with --ended those that ended lately, the latest first, with who ended
them and why (docs/connections.md); with --kill it ends those that are meant, which takes the program's admin token.
Ends with status 0 when there are some, 3 when there is none, 1 when the program allows no change, 4 when no program answers.`;

async function run(args: readonly string[], { print, note }: CommandContext): Promise<number> {
  const given = liveArguments('connections', args, connectionsOptions);
  if (given.read(kill)) return killMeant(given, print);
  if (given.read(tokenFile) !== undefined)
    throw new SmartProxyError('CONFIG_INVALID', 'Cannot use --admin-token-file without --kill: a list needs no token');
  const page = given.read(ended) ? 'endings' : 'connections';
  const most = given.read(limit);
  // One more than is shown tells whether there are more.
  const path = `/debug/${page}${queryText({ ...meant(given), limit: most + 1 })}`;
  const found = await askList<ShownConnection & ShownEnding>(given.read(adminOption), path);
  const list = found.slice(0, most);
  if (given.read(jsonOption)) print(JSON.stringify(list, undefined, 2));
  else print(given.read(ended) ? renderEndings(list) : renderConnections(list));
  if (found.length > most) note?.(`there are more than the ${most} that are shown: --limit`);
  return list.length > 0 ? exitCodes.ok.code : exitCodes.findings.code;
}

async function killMeant(given: CommandArguments, print: (text: string) => void): Promise<number> {
  if (given.read(ended)) throw new SmartProxyError('CONFIG_INVALID', 'Cannot use --kill with --ended: those have ended');
  if (given.isGiven(limit))
    throw new SmartProxyError(
      'CONFIG_INVALID',
      'Cannot use --limit with --kill: all that are meant are ended; list them without --kill first',
    );
  const query = queryText(meant(given));
  if (query === '')
    throw new SmartProxyError('CONFIG_INVALID', 'Cannot end every connection at once: say which with --route, --older, --client or others');
  const killed = await changePod(given.read(adminOption), 'DELETE', `/debug/connections${query}`, await readToken(given.read(tokenFile)));
  print(given.read(jsonOption) ? JSON.stringify({ killed }) : `Ended ${countOf(killed, 'connection')}.`);
  return killed > 0 ? exitCodes.ok.code : exitCodes.findings.code;
}

const pageNames: Readonly<Record<string, string>> = { client: 'remoteAddress', sni: 'serverName' };

/** As the pages have it. */
function meant(given: CommandArguments): Readonly<Record<string, string | undefined>> {
  const olderMs = given.read(older);
  const texts = Object.fromEntries(fields.map((field) => [pageNames[field.flag] ?? field.flag, given.read(field)]));
  return { route: given.read(routeOption), ...texts, older: olderMs === 0 ? undefined : duration.format(olderMs) };
}

async function readToken(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const token = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new SmartProxyError('CONFIG_INVALID', `Cannot use --admin-token-file ${file}: ${messageOf(error)}`);
  });
  if (/^[\x21-\x7e]+$/.test(token.trim())) return token.trim();
  throw new SmartProxyError('CONFIG_INVALID', `Cannot use --admin-token-file ${file}: it does not hold one token`);
}
