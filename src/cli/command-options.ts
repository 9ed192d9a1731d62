import { parseArgs } from 'node:util';
import { configFields, isSwitch } from '../config/arguments.ts';
import { nearestName } from '../config/nearest-name.ts';
import { options } from '../config/options.ts';
import { invalid, type ValueType } from '../config/value-types.ts';
import { SmartProxyError } from '../errors.ts';

/** A flag of one command, beside the options that all have in common. */
export interface CommandOption<T> {
  readonly flag: string;
  /** One letter: `-f`. */
  readonly short?: string;
  readonly value: ValueType<T>;
  readonly default: T;
  readonly doc: string;
  /** The default in words. */
  readonly defaultText: string;
}

/** A command line, taken apart. */
export interface CommandArguments {
  /** What is no flag, in order. */
  readonly operands: readonly string[];
  /** Flags that are not the command's own, as they were given: those of the option table, or none. */
  readonly others: readonly string[];
  read<T>(option: CommandOption<T>): T;
  /** Whether it stands on the command line, whatever its value. */
  isGiven(option: Pick<CommandOption<unknown>, 'flag'>): boolean;
}

const tableFlags = configFields.map((field) => options[field].flag);

/**
 * Takes `args` apart by the command's own flags; throws CONFIG_INVALID for one without its value. Flags of the option table keep theirs.
 * @param meant flags that somebody may have meant by one that does not exist, beside the command's own
 */
export function splitArguments(
  args: readonly string[],
  own: readonly CommandOption<unknown>[],
  meant: readonly string[] = tableFlags,
): CommandArguments {
  const declared = Object.fromEntries(configFields.map((field) => [options[field].flag, { type: typeOf(isSwitch(field)) }]));
  for (const { flag, short, value } of own) {
    declared[flag] = { type: typeOf(value.placeholder === ''), ...(short === undefined ? {} : { short }) };
  }
  const { tokens } = parseArgs({ args: [...args], options: declared, strict: false, tokens: true });
  const texts = new Map<string, string[]>();
  const operands: string[] = [];
  const others: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    else if (token.kind === 'option') {
      const option = own.find(({ flag }) => flag === token.name);
      if (option === undefined) others.push(shared(token, [...own.map(({ flag }) => flag), ...meant]));
      else texts.set(option.flag, [...(texts.get(option.flag) ?? []), textOf(option, token.value)]);
    }
  }
  return {
    operands,
    others,
    read: (option) => readOption(option, texts.get(option.flag)),
    isGiven: ({ flag }) => texts.has(flag),
  };
}

/** The command's own flags as `--help` shows them. */
export function renderCommandOptions(own: readonly CommandOption<unknown>[]): string {
  return own
    .map(({ flag, short, value, doc, defaultText }) => {
      const head = `--${flag}${value.placeholder === '' ? '' : ` ${value.placeholder}`}`;
      return `  ${short === undefined ? '' : `-${short}, `}${head}\n        ${doc} Default: ${defaultText}.`;
    })
    .join('\n');
}

/** As `type`, any number of times; each time is one value, commas and all. */
export function each<T>(type: ValueType<T>): ValueType<readonly T[]> {
  return {
    ...type,
    allowed: `${type.allowed}, any number of times`,
    repeatable: true,
    parse(texts) {
      const values = texts.map((text) => type.parse([text]));
      return values.includes(invalid) ? invalid : (values as T[]);
    },
    format: (values) => values.map(type.format).join(', '),
  };
}

/** A flag of the option table as it was given; throws CONFIG_INVALID for one that does not exist. */
function shared(
  token: { readonly name: string; readonly rawName: string; readonly value?: string | undefined },
  meant: readonly string[],
): string {
  const name = token.name.replace(/^no-/, '');
  if (tableFlags.includes(token.name) || tableFlags.includes(name))
    return token.value === undefined ? token.rawName : `${token.rawName}=${token.value}`;
  const nearest = nearestName(token.name, meant);
  const advice = nearest === undefined ? 'see --help for those that exist' : `did you mean --${nearest}?`;
  throw new SmartProxyError('CONFIG_INVALID', `Cannot use ${token.rawName.slice(0, 100)}: no such flag; ${advice}`);
}

function typeOf(isBoolean: boolean): 'boolean' | 'string' {
  return isBoolean ? 'boolean' : 'string';
}

function textOf({ flag, value }: CommandOption<unknown>, given: string | undefined): string {
  if (given !== undefined) return given;
  if (value.placeholder === '') return 'true';
  throw new SmartProxyError('CONFIG_INVALID', `Cannot use --${flag} without a value: expected ${value.allowed}`);
}

function readOption<T>(option: CommandOption<T>, texts: readonly string[] | undefined): T {
  if (texts === undefined) return option.default;
  const value = option.value.parse(texts);
  if (value !== invalid) return value;
  const shown = (texts.at(-1) ?? '').slice(0, 100);
  throw new SmartProxyError('CONFIG_INVALID', `Cannot use --${option.flag} '${shown}': expected ${option.value.allowed}`);
}
