import type { BackendReport } from '../ask/reports/backend-report.ts';
import { renderBackendReport } from '../ask/reports/render-backends.ts';
import { optional, text } from '../config/value-types.ts';
import { adminOption, askReport } from './ask-pod.ts';
import type { Command, CommandContext } from './command.ts';
import { type CommandOption, renderCommandOptions } from './command-options.ts';
import { exitCodes } from './exit-code.ts';
import { jsonOption, limitOption, liveArguments, queryText } from './live-arguments.ts';

const service: CommandOption<string | undefined> = {
  flag: 'service',
  value: optional(text('SERVICE', 'a Service such as shop/web'), 'any'),
  default: undefined,
  defaultText: 'any',
  doc: 'Only this Service: namespace/name, or namespace/name:port as the list has it.',
};
const limit = limitOption(200, 2000, 'Services');

/** The flags of the command. */
export const backendsOptions: readonly CommandOption<unknown>[] = [service, limit, adminOption, jsonOption];

/** `backends`: Services and the state of their endpoints. */
export const backendsCommand: Command = {
  name: 'backends',
  summary: 'List the Services that a running program sends to, with the state of each endpoint.',
  help: () => `${usage}\n\nFlags:\n${renderCommandOptions(backendsOptions)}`,
  asksProgram: () => true,
  run,
};

const usage = `Usage: smartproxy-ingress backends [--service SERVICE] [--json] [--admin ADDRESS:PORT]

Prints each endpoint with its state (ready, out of rotation, drained by hand, draining, fallback: serving while terminating), why, and what it has to do.
Ends with status 0 when there are some, 3 when there is none, 4 when no program answers.`;

async function run(args: readonly string[], { print }: CommandContext): Promise<number> {
  const given = liveArguments('backends', args, backendsOptions);
  const query = queryText({ service: given.read(service), limit: given.read(limit) });
  const report = await askReport<BackendReport>(given.read(adminOption), `/debug/backends${query}`, 'backends');
  print(given.read(jsonOption) ? JSON.stringify(report, undefined, 2) : renderBackendReport(report));
  return report.backends.length > 0 ? exitCodes.ok.code : exitCodes.findings.code;
}
