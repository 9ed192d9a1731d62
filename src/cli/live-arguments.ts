import { integer, onOff } from '../config/value-types.ts';
import { SmartProxyError } from '../errors.ts';
import { type CommandArguments, type CommandOption, splitArguments } from './command-options.ts';

/** Print JSON in place of text. */
export const jsonOption: CommandOption<boolean> = { flag: 'json', value: onOff, default: false, defaultText: 'text', doc: 'Print JSON.' };

/** Most of what is listed. */
export function limitOption(byDefault: number, most: number, what: string): CommandOption<number> {
  return {
    flag: 'limit',
    value: integer(1, most),
    default: byDefault,
    defaultText: String(byDefault),
    doc: `Most ${what} that are shown.`,
  };
}

/** The arguments of a command that asks a running program: flags of its own and nothing else. Throws CONFIG_INVALID. */
export function liveArguments(name: string, args: readonly string[], own: readonly CommandOption<unknown>[]): CommandArguments {
  const given = splitArguments(args, own, []);
  const [operand] = given.operands;
  if (operand !== undefined)
    throw new SmartProxyError('CONFIG_INVALID', `Cannot use the argument '${operand.slice(0, 100)}': ${name} has flags only`);
  const [other] = given.others;
  if (other !== undefined)
    throw new SmartProxyError(
      'CONFIG_INVALID',
      `Cannot use ${other.split('=')[0]} with ${name}: the program that is asked has its own options`,
    );
  return given;
}

/** `?route=...&limit=...`, without what is not given. */
export function queryText(query: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
}
