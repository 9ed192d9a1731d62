import { renderRouteReport } from '../ask/reports/render-routes.ts';
import type { RouteReport } from '../ask/reports/route-report.ts';
import { optional, text } from '../config/value-types.ts';
import { adminOption, askReport } from './ask-pod.ts';
import type { Command, CommandContext } from './command.ts';
import { type CommandOption, renderCommandOptions } from './command-options.ts';
import { exitCodes } from './exit-code.ts';
import { jsonOption, limitOption, liveArguments, queryText } from './live-arguments.ts';

const host: CommandOption<string | undefined> = {
  flag: 'host',
  value: optional(text('HOST', 'a host as objects have it'), 'any'),
  default: undefined,
  defaultText: 'any',
  doc: 'Only rules of this host, as objects have it: *.example.com.',
};
const search: CommandOption<string | undefined> = {
  flag: 'search',
  value: optional(text('TEXT', 'a text'), 'any'),
  default: undefined,
  defaultText: 'any',
  doc: 'Only what has this in its host, or in namespace/name of its object.',
};
const limit = limitOption(200, 10_000, 'objects');

/** `Ingress shop/web`, or the key of a rule. */
export const routeOption: CommandOption<string | undefined> = {
  flag: 'route',
  value: optional(text('ROUTE', "an object such as 'Ingress shop/web'"), 'any'),
  default: undefined,
  defaultText: 'any',
  doc: "Only an object's: 'Ingress shop/web', or those of one route by its key, as the access log has it.",
};

/** The flags of the command. */
export const routesOptions: readonly CommandOption<unknown>[] = [host, routeOption, search, limit, adminOption, jsonOption];

/** `routes`: what a running program routes where. */
export const routesCommand: Command = {
  name: 'routes',
  summary: 'List what a running program routes where, how much, and what is wrong with it.',
  help: () => `${usage}\n\nFlags:\n${renderCommandOptions(routesOptions)}`,
  asksProgram: () => true,
  run,
};

const usage = `Usage: smartproxy-ingress routes [--host HOST] [--route ROUTE] [--search TEXT] [--json] [--admin ADDRESS:PORT]

Prints each rule of each object with its host, match, action and ready endpoints, what was counted of the object since the program began, and its problems.
Ends with status 0 when there are some, 3 when there is none, 4 when no program answers.`;

async function run(args: readonly string[], { print }: CommandContext): Promise<number> {
  const given = liveArguments('routes', args, routesOptions);
  const query = queryText({
    host: given.read(host),
    route: given.read(routeOption),
    search: given.read(search),
    limit: given.read(limit),
  });
  const report = await askReport<RouteReport>(given.read(adminOption), `/debug/route-report${query}`, 'routes');
  print(given.read(jsonOption) ? JSON.stringify(report, undefined, 2) : renderRouteReport(report));
  return report.routes.length > 0 ? exitCodes.ok.code : exitCodes.findings.code;
}
