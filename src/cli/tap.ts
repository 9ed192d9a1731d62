import { renderTapLine } from '../ask/reports/render-tap.ts';
import { integer, optional, text } from '../config/value-types.ts';
import { adminOption } from './ask-pod.ts';
import { askStream } from './ask-stream.ts';
import type { Command, CommandContext } from './command.ts';
import { type CommandOption, renderCommandOptions } from './command-options.ts';
import { exitCodes } from './exit-code.ts';
import { jsonOption, liveArguments, queryText } from './live-arguments.ts';
import { routeOption } from './routes.ts';
import type { TapLine } from './tap-page.ts';

const host: CommandOption<string | undefined> = {
  flag: 'host',
  value: optional(text('HOST', 'a host name'), 'any'),
  default: undefined,
  defaultText: 'any',
  doc: 'Only requests for this host.',
};
const status: CommandOption<string | undefined> = {
  flag: 'status',
  value: optional(text('STATUS', 'a status such as 404, or a class such as 5xx', /^[1-5](?:\d\d|xx)$/), 'any'),
  default: undefined,
  defaultText: 'any',
  doc: 'Only requests that were answered so: 404, or 5xx.',
};
const rate: CommandOption<number> = {
  flag: 'rate',
  value: integer(1, 1000),
  default: 10,
  defaultText: '10',
  doc: 'Most requests a second; of the others only the number is shown.',
};
const seconds: CommandOption<number> = {
  flag: 'seconds',
  value: integer(1, 3600),
  default: 60,
  defaultText: '60',
  doc: 'How long to look.',
};

/** The flags of the command. */
export const tapOptions: readonly CommandOption<unknown>[] = [routeOption, host, status, rate, seconds, adminOption, jsonOption];

/** `tap`: requests of a running program, as they pass. */
export const tapCommand: Command = {
  name: 'tap',
  summary: 'Show requests of a running program as they end, sampled, for a while.',
  help: () => `${usage}\n\nFlags:\n${renderCommandOptions(tapOptions)}`,
  asksProgram: () => true,
  run,
};

const usage = `Usage: smartproxy-ingress tap [--route ROUTE] [--host HOST] [--status STATUS] [--rate N] [--seconds N] [--json] [--admin ADDRESS:PORT]

Prints a line for each request that ends, with time, answer, route, endpoint and client; --json prints the fields of the access log, one object a line.
Queries, headers and bodies are never shown. Ctrl-C ends it sooner, and so does a reader that has enough (head).
Ends with status 0 when the time is over, 3 when no request came, 4 when no program answers or it ends in between.`;

async function run(args: readonly string[], { print, readerGone }: CommandContext): Promise<number> {
  const given = liveArguments('tap', args, tapOptions);
  const query = queryText({
    route: given.read(routeOption),
    host: given.read(host),
    status: given.read(status),
    rate: given.read(rate),
    seconds: given.read(seconds),
  });
  const asJson = given.read(jsonOption);
  let seen = 0;
  const onLine = (line: unknown): void => {
    const tapped = line as TapLine;
    if (tapped.kind === 'end') return;
    if (tapped.kind === 'request') seen++;
    print(asJson ? JSON.stringify(tapped) : renderTapLine(tapped));
  };
  await askStream(given.read(adminOption), `/debug/tap${query}`, { onLine, lastsMs: given.read(seconds) * 1000, signal: readerGone });
  if (seen === 0 && !asJson)
    print('No request came. Routes that have requests: smartproxy-ingress top; which route takes one: smartproxy-ingress explain URL');
  return seen > 0 ? exitCodes.ok.code : exitCodes.findings.code;
}
