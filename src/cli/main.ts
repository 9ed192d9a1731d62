import { type ErrorCode, messageOf, SmartProxyError } from '../errors.ts';
import { backendsCommand } from './backends.ts';
import { bugreportCommand } from './bugreport.ts';
import { certsCommand } from './certs.ts';
import type { Command, CommandContext } from './command.ts';
import { connectionsCommand } from './connections.ts';
import { diffCommand } from './diff.ts';
import { exitCodes } from './exit-code.ts';
import { explainCommand } from './explain.ts';
import { helpCommand } from './help.ts';
import { kubectlCommand } from './kubectl/plugin.ts';
import { lintCommand } from './lint.ts';
import { problemsCommand } from './problems.ts';
import { routesCommand } from './routes.ts';
import { runCommand } from './run.ts';
import { statusCommand } from './status.ts';
import { tapCommand } from './tap.ts';
import { topCommand } from './top.ts';
import { trustCommand } from './trust.ts';
import { unknownCommand } from './unknown-command.ts';
import { versionCommand } from './version.ts';

/** Commands that ask something: a running program, at `--admin`, or files. */
const askingCommands: readonly Command[] = [
  explainCommand,
  lintCommand,
  diffCommand,
  statusCommand,
  problemsCommand,
  routesCommand,
  backendsCommand,
  connectionsCommand,
  topCommand,
  tapCommand,
  certsCommand,
  bugreportCommand,
];
const commands: readonly Command[] = [runCommand, ...askingCommands, kubectlCommand(askingCommands), trustCommand, versionCommand];
const help = helpCommand(commands);

/** Runs the command that `args` name; resolves to the exit status. `complain` gets one line when that is not 0. */
export async function runMain(args: readonly string[], context: CommandContext, complain: (line: string) => void): Promise<number> {
  try {
    return await dispatch(args, context);
  } catch (error) {
    complain(error instanceof SmartProxyError ? error.message : String(error instanceof Error ? error.stack : messageOf(error)));
    return error instanceof SmartProxyError ? statusOf(error.code) : exitCodes.failure.code;
  }
}

function statusOf(code: ErrorCode): number {
  if (code === 'CONFIG_INVALID') return exitCodes.usage.code;
  return code === 'ADMIN_UNREACHABLE' ? exitCodes.unreachable.code : exitCodes.failure.code;
}

async function dispatch([name, ...args]: readonly string[], context: CommandContext): Promise<number> {
  if (name === undefined) {
    context.print(help.help([]));
    return exitCodes.usage.code;
  }
  if (name === '--help' || name === '-h') return help.run([], context);
  if (name === '--version') return versionCommand.run([], context);
  const command = [...commands, help].find((each) => each.name === name);
  if (command === undefined) throw unknownCommand(name, commands);
  if (args.includes('--help') || args.includes('-h')) return help.run([name, ...args], context);
  return command.run(args, context);
}
