import type { Command } from './command.ts';
import { exitCodes } from './exit-code.ts';
import { unknownCommand } from './unknown-command.ts';

/** `help`: the list of commands, or the help of one. */
export function helpCommand(others: readonly Command[]): Command {
  const command: Command = {
    name: 'help',
    summary: 'Print this list, or the help of a command.',
    help: () => overview([...others, command]),
    async run([name, ...args], { print }) {
      const found = name === undefined ? command : [...others, command].find((each) => each.name === name);
      if (found === undefined) throw unknownCommand(name ?? '', others);
      print(found.help(args));
      return exitCodes.ok.code;
    },
  };
  return command;
}

function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length)) + 2;
  return [
    'Usage: smartproxy-ingress COMMAND [FLAG ...]',
    '',
    'A Kubernetes ingress controller and its proxy.',
    '',
    'Commands:',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`),
    '',
    'Exit status:',
    ...Object.values(exitCodes).map(({ code, meaning }) => `  ${code}  ${meaning}`),
    '',
    'smartproxy-ingress COMMAND --help describes a command.',
  ].join('\n');
}
