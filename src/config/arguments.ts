import { parseArgs } from 'node:util';
import { SmartProxyError } from '../errors.ts';
import type { Config } from './config.ts';
import { nearestName } from './nearest-name.ts';
import { options } from './options.ts';

/** The fields of the Config, in the order of the option table. */
export const configFields = Object.keys(options) as (keyof Config)[];

const fieldOfFlag = new Map(configFields.map((field) => [options[field].flag, field]));

/** What a command line says, not yet checked: every text given for each option. */
export interface ParsedArguments {
  readonly texts: ReadonlyMap<keyof Config, readonly string[]>;
  /** `--help` or `-h` was among them. */
  readonly help: boolean;
}

/** Whether the option is a switch: `--flag` and `--no-flag` need no value. */
export function isSwitch(field: keyof Config): boolean {
  return options[field].value.placeholder === '';
}

/** Reads `--flag value`, `--flag=value`, `--switch` and `--no-switch`; throws CONFIG_INVALID for anything else. */
export function parseArguments(args: readonly string[]): ParsedArguments {
  const declared = Object.fromEntries(
    configFields.map((field) => [options[field].flag, { type: isSwitch(field) ? ('boolean' as const) : ('string' as const) }]),
  );
  const { tokens } = parseArgs({
    args: [...args],
    options: { ...declared, help: { type: 'boolean', short: 'h' } },
    strict: false,
    tokens: true,
  });
  const texts = new Map<keyof Config, string[]>();
  let help = false;
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional')
      throw new SmartProxyError('CONFIG_INVALID', `Cannot use argument '${token.value}': only flags are expected`);
    if (token.name === 'help') {
      help = true;
      continue;
    }
    const { field, text } = fieldAndText(token);
    const given = texts.get(field);
    if (given === undefined) texts.set(field, [text]);
    else given.push(text);
  }
  return { texts, help };
}

function fieldAndText(token: { readonly name: string; readonly rawName: string; readonly value?: string | undefined }): {
  field: keyof Config;
  text: string;
} {
  const field = fieldOfFlag.get(token.name);
  if (field !== undefined) {
    if (token.value === undefined && !isSwitch(field)) {
      throw new SmartProxyError('CONFIG_INVALID', `Cannot use --${token.name} without a value: expected ${options[field].value.allowed}`);
    }
    return { field, text: token.value ?? 'true' };
  }
  const negated = token.name.startsWith('no-') ? fieldOfFlag.get(token.name.slice('no-'.length)) : undefined;
  if (negated !== undefined && isSwitch(negated) && token.value === undefined) return { field: negated, text: 'false' };
  const nearest = nearestName(token.name, fieldOfFlag.keys());
  const advice = nearest === undefined ? 'see --help for those that exist' : `did you mean --${nearest}?`;
  throw new SmartProxyError('CONFIG_INVALID', `Cannot use ${token.rawName}: no such flag; ${advice}`);
}
