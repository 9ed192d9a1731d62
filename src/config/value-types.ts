import { isIP } from 'node:net';
import { isLoopbackAddress } from '../local-address.ts';

/** What a parser answers when the text is not allowed. */
export const invalid: unique symbol = Symbol('invalid');
type Invalid = typeof invalid;

/** A JSON Schema (2020-12), as data. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** One kind of option value: how it is written, what is allowed, and how it is shown. */
export interface ValueType<T> {
  /** In help texts: `--http-port PORT`. Empty for a switch, which needs no value. */
  readonly placeholder: string;
  /** Ends the sentence "... is not allowed; expected". */
  readonly allowed: string;
  /** May be given more than once; `parse` then gets every text. Otherwise it gets the last one. */
  readonly repeatable: boolean;
  /** What a YAML file may have for it: the Helm chart's values are checked with this. It allows no less than `parse` does. */
  readonly schema: JsonSchema;
  parse(texts: readonly string[]): T | Invalid;
  /** The value as one would type it. */
  format(value: T): string;
}

/** The longest time that Node's timers can wait. */
const maxDurationMs = 2 ** 31 - 1;
const millisecondsPer: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const bytesPer: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

function scalar<T>(type: {
  placeholder: string;
  allowed: string;
  schema: JsonSchema;
  parse: (text: string) => T | Invalid;
  format: (value: T) => string;
}): ValueType<T> {
  return { ...type, repeatable: false, parse: (texts) => type.parse(texts.at(-1) ?? '') };
}

/** YAML 1.1 reads `off` as false. */
const offSchema: JsonSchema = { enum: ['off', false, 0] };

/** A switch: `--flag`, `--no-flag`, `--flag=true|false`. */
export const onOff: ValueType<boolean> = scalar({
  placeholder: '',
  allowed: 'true or false',
  schema: { type: 'boolean' },
  parse: (text) => (text === 'true' || text === '1' ? true : text === 'false' || text === '0' ? false : invalid),
  format: String,
});

/** Milliseconds: `100ms`, `5s`, `2m`, `1h`, `1d`; `off` or `0` is 0. */
export const duration: ValueType<number> = scalar({
  placeholder: 'DURATION',
  allowed: 'a duration such as 100ms, 5s, 2m or 1h (at most 24d), or off',
  schema: { anyOf: [{ type: 'string', pattern: '^(\\d{1,10}(ms|s|m|h|d)|0)$' }, offSchema] },
  parse(text) {
    if (text === 'off' || text === '0') return 0;
    const [, digits, unit] = /^(\d{1,10})(ms|s|m|h|d)$/.exec(text) ?? [];
    const milliseconds = Number(digits) * (millisecondsPer[unit ?? ''] ?? Number.NaN);
    return milliseconds <= maxDurationMs ? milliseconds : invalid;
  },
  format: (value) => (value === 0 ? 'off' : withUnit(value, millisecondsPer, 'ms')),
});

const sizeSchema: JsonSchema = {
  anyOf: [
    { type: 'string', pattern: '^\\d{1,12}[kmgKMG]?$' },
    { type: 'integer', minimum: 0 },
  ],
};

/** Bytes: `512`, `16k`, `1m`, `1g` (powers of 1024); `off` or `0` is 0. */
export const size: ValueType<number> = scalar({
  placeholder: 'SIZE',
  allowed: 'a size such as 16k, 1m or 1g, or off',
  schema: { anyOf: [sizeSchema, offSchema] },
  parse(text) {
    if (text === 'off' || text === '0') return 0;
    const [, digits, unit] = /^(\d{1,12})([kmg]?)$/i.exec(text) ?? [];
    const bytes = Number(digits) * (bytesPer[(unit ?? '').toLowerCase()] ?? Number.NaN);
    return Number.isSafeInteger(bytes) ? bytes : invalid;
  },
  format: (value) => (value === 0 ? 'off' : withUnit(value, bytesPer, '')),
});

/** A size that may not be off, nor less than `min` bytes. */
export function sizeAtLeast(min: number): ValueType<number> {
  return scalar({
    ...size,
    allowed: `a size from ${size.format(min)} up`,
    schema: sizeSchema,
    parse(text) {
      const bytes = size.parse([text]);
      return bytes === invalid || bytes < min ? invalid : bytes;
    },
  });
}

function withUnit(value: number, factors: Readonly<Record<string, number>>, smallest: string): string {
  let best = `${value}${smallest}`;
  for (const [unit, factor] of Object.entries(factors)) if (value % factor === 0) best = `${value / factor}${unit}`;
  return best;
}

/** A whole number from `min` to `max`. */
export function integer(min: number, max: number): ValueType<number> {
  return scalar({
    placeholder: 'NUMBER',
    allowed: `a whole number from ${min} to ${max}`,
    schema: { type: 'integer', minimum: min, maximum: max },
    parse: (text) => (/^\d{1,15}$/.test(text) && Number(text) >= min && Number(text) <= max ? Number(text) : invalid),
    format: String,
  });
}

/** A port number; 0 lets the kernel choose a free one. */
export const port: ValueType<number> = { ...integer(0, 65535), placeholder: 'PORT', allowed: 'a port number from 0 to 65535' };

/** One of a closed list of words. */
export function choice<T extends string>(...words: readonly T[]): ValueType<T> {
  return scalar({
    placeholder: words.join('|'),
    allowed: words.join(', '),
    schema: { enum: words.includes('off' as T) ? [...words, false] : words },
    parse: (text) => words.find((word) => word === text) ?? invalid,
    format: String,
  });
}

/** A text that matches `pattern`. */
export function text(placeholder: string, allowed: string, pattern = /^[^\0\r\n]+$/): ValueType<string> {
  const schema = { type: 'string', pattern: pattern.source };
  return scalar({ placeholder, allowed, schema, parse: (value) => (pattern.test(value) ? value : invalid), format: String });
}

/** An address or host name, as statuses have it. */
export const hostOrAddress = text('ADDRESS', 'an address or host name', /^[A-Za-z0-9.:-]+$/);

/** The value of `type`, or undefined, which is written as `word`. */
export function optional<T>(type: ValueType<T>, word: string): ValueType<T | undefined> {
  return {
    ...type,
    allowed: `${type.allowed}, or ${word}`,
    schema: { anyOf: [type.schema, word === 'off' ? offSchema : { const: word }] },
    parse: (texts) => (texts.at(-1) === word ? undefined : type.parse(texts)),
    format: (value) => (value === undefined ? word : type.format(value)),
  };
}

/** A text with several values, separated by commas; where their schema has no pattern, `parse` alone says what each must be. */
function commaSeparated({ pattern }: JsonSchema): JsonSchema {
  const each = typeof pattern === 'string' ? /^\^(.*)\$$/.exec(pattern)?.[1] : undefined;
  if (each === undefined) return { type: 'string' };
  const part = `\\s*(${each})?\\s*`;
  return { type: 'string', pattern: `^${part}(,${part})*$` };
}

/** Values of `type`, separated by commas or given one flag each; an empty text is an empty list. */
export function list<T>(type: ValueType<T>): ValueType<readonly T[]> {
  return {
    placeholder: `${type.placeholder},...`,
    allowed: `a comma separated list, each ${type.allowed}`,
    repeatable: true,
    schema: { anyOf: [{ type: 'array', items: type.schema }, commaSeparated(type.schema)] },
    parse(texts) {
      const values: T[] = [];
      for (const part of texts.flatMap((each) => each.split(','))) {
        if (part.trim() === '') continue;
        const value = type.parse([part.trim()]);
        if (value === invalid) return invalid;
        values.push(value);
      }
      return values;
    },
    format: (values) => (values.length === 0 ? 'none' : values.map(type.format).join(',')),
  };
}

/** A share from 0 to 1. */
export const ratio: ValueType<number> = scalar({
  placeholder: 'RATIO',
  allowed: 'a number from 0 to 1 such as 0.01',
  schema: { type: 'number', minimum: 0, maximum: 1 },
  parse: (value) => (/^(0(\.\d{1,9})?|1(\.0{1,9})?)$/.test(value) ? Number(value) : invalid),
  format: String,
});

/** An http or https URL without user and password. */
export const url: ValueType<string> = scalar({
  placeholder: 'URL',
  allowed: 'an http or https URL such as http://collector:4318/v1/traces',
  schema: { type: 'string', pattern: '^https?://[^\\s@]+$' },
  parse: (value) => (/^https?:\/\/[^\s@]+$/.test(value) && URL.canParse(value) ? value : invalid),
  format: String,
});

/** A redis or rediss URL without user and password. */
export const redisAddress: ValueType<string> = scalar({
  placeholder: 'URL',
  allowed: 'a redis or rediss URL without a password such as redis://redis:6379/0',
  schema: { type: 'string', pattern: '^rediss?://[^\\s@]+$' },
  parse: (value) => (/^rediss?:\/\/[^\s@]+$/.test(value) && URL.canParse(value) ? value : invalid),
  format: String,
});

/** A numeric IPv4 or IPv6 address. */
export const address: ValueType<string> = scalar({
  placeholder: 'ADDRESS',
  allowed: 'a numeric IPv4 or IPv6 address such as 127.0.0.1 or ::',
  schema: { type: 'string', pattern: '^[0-9A-Fa-f:.]+$' },
  parse: (value) => (isIP(value) === 0 ? invalid : value),
  format: String,
});

/** A numeric address that only this machine reaches. */
export const loopbackAddress: ValueType<string> = scalar({
  placeholder: 'ADDRESS',
  allowed: 'a loopback address such as 127.0.0.1 or ::1',
  schema: { type: 'string', pattern: '^[0-9A-Fa-f:.]+$' },
  parse: (value) => (isLoopbackAddress(value) ? value : invalid),
  format: String,
});

/** An address or a network in CIDR form. */
export const cidr: ValueType<string> = scalar({
  placeholder: 'CIDR',
  allowed: 'an address or network such as 10.0.0.0/8 or 2001:db8::/32',
  schema: { type: 'string', pattern: '^[0-9A-Fa-f:.]+(/\\d{1,3})?$' },
  parse: (value) => (isCidr(value) ? value : invalid),
  format: String,
});

function isCidr(value: string): boolean {
  const [base = '', bits, ...more] = value.split('/');
  const family = isIP(base);
  if (family === 0 || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

const label = '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?';
const subdomain = `${label}(\\.${label})*`;

/** A Kubernetes name: labels of lower-case letters, digits and dashes. */
export const objectName = text('NAME', 'a Kubernetes object name', new RegExp(`^${subdomain}$`));
/** `namespace/name`. */
export const namespacedName = text('NAMESPACE/NAME', 'namespace/name', new RegExp(`^${label}/${subdomain}$`));
/** `namespace/service:port`, the port by name or number. */
export const servicePort = text(
  'NAMESPACE/SERVICE:PORT',
  'namespace/service:port',
  new RegExp(`^${label}/${subdomain}:([0-9]{1,5}|[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?)$`),
);
