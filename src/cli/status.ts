import { renderStatus } from '../ask/reports/render-status.ts';
import type { StatusReport } from '../ask/reports/status-report.ts';
import { adminOption, askReport } from './ask-pod.ts';
import type { Command, CommandContext } from './command.ts';
import { type CommandOption, renderCommandOptions } from './command-options.ts';
import { exitCodes } from './exit-code.ts';
import { jsonOption, liveArguments } from './live-arguments.ts';

/** The flags of the command. */
export const statusOptions: readonly CommandOption<unknown>[] = [adminOption, jsonOption];

/** `status`: what a running program is and how it fares. */
export const statusCommand: Command = {
  name: 'status',
  summary: 'Say what a running program is, what it serves and how it fares.',
  help: () => `${usage}\n\nFlags:\n${renderCommandOptions(statusOptions)}`,
  asksProgram: () => true,
  run,
};

const usage = `Usage: smartproxy-ingress status [--json] [--admin ADDRESS:PORT]

Prints version, pod, readiness with what does not work, source, table, listeners, workers, and what was counted since the start.
Ends with status 0 when it is ready and all of it works, 3 when not, 4 when no program answers.`;

async function run(args: readonly string[], { print }: CommandContext): Promise<number> {
  const given = liveArguments('status', args, statusOptions);
  const status = await askReport<StatusReport>(given.read(adminOption), '/debug/status', 'troubles', 'listeners', 'workers');
  print(given.read(jsonOption) ? JSON.stringify(status, undefined, 2) : renderStatus(status));
  return status.ready && status.troubles.length === 0 ? exitCodes.ok.code : exitCodes.findings.code;
}
