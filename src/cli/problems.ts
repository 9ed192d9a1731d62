import { hasErrors, type ProblemReport } from '../ask/reports/problem-report.ts';
import { renderProblemReport } from '../ask/reports/render-problems.ts';
import { optional, text } from '../config/value-types.ts';
import { adminOption, askReport } from './ask-pod.ts';
import type { Command, CommandContext } from './command.ts';
import { type CommandOption, renderCommandOptions } from './command-options.ts';
import { exitCodes } from './exit-code.ts';
import { jsonOption, limitOption, liveArguments, queryText } from './live-arguments.ts';

const search: CommandOption<string | undefined> = {
  flag: 'search',
  value: optional(text('TEXT', 'a text'), 'any'),
  default: undefined,
  defaultText: 'any',
  doc: "Only problems of objects that have this in 'Kind namespace/name', or in their reason.",
};
const limit = limitOption(200, 10_000, 'problems');

/** The flags of the command. */
export const problemsOptions: readonly CommandOption<unknown>[] = [search, limit, adminOption, jsonOption];

/** `problems`: what a running program can not serve as it was asked to. */
export const problemsCommand: Command = {
  name: 'problems',
  summary: 'List what is wrong with the objects that a running program reads, and what to do.',
  help: () => `${usage}\n\nFlags:\n${renderCommandOptions(problemsOptions)}`,
  asksProgram: () => true,
  run,
};

const usage = `Usage: smartproxy-ingress problems [--search TEXT] [--limit N] [--json] [--admin ADDRESS:PORT]

Prints a line for each problem, errors first: level, reason (docs/problems.md), object, field, what is the matter and what to do; objects that no
route comes of are among them. Files and watches that can not be read come before, and how many endpoints are out of rotation last.
Ends with status 0 when there is no error, 3 when there is one, 4 when no program answers.`;

async function run(args: readonly string[], { print }: CommandContext): Promise<number> {
  const given = liveArguments('problems', args, problemsOptions);
  const query = queryText({ search: given.read(search), limit: given.read(limit) });
  const report = await askReport<ProblemReport>(given.read(adminOption), `/debug/problems${query}`, 'sources', 'objects', 'endpoints');
  print(given.read(jsonOption) ? JSON.stringify(report, undefined, 2) : renderProblemReport(report));
  return hasErrors(report) ? exitCodes.findings.code : exitCodes.ok.code;
}
