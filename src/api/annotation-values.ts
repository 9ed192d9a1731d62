import { maxTimeoutMs } from '../timer-wheel.ts';

/** What became of an annotation's text. */
export type Parsed<T> =
  | { readonly kind: 'value'; readonly value: T }
  /** Not of the type; `expected` says what is: "true or false". */
  | { readonly kind: 'invalid'; readonly expected: string }
  /** Well formed, but this version doesn't serve it; `instead` says what happens: "http is used". */
  | { readonly kind: 'unsupported'; readonly instead: string };

/** A type of annotation value: how it is called in the documentation, and how it is read. Parsers take any text and never throw. */
export interface ValueType<T> {
  readonly name: string;
  parse(text: string): Parsed<T>;
}

/** `true` or `false`, as Kubernetes users write it. */
export const booleanValue: ValueType<boolean> = {
  name: 'boolean',
  parse: (text) => {
    if (text === 'true') return { kind: 'value', value: true };
    if (text === 'false') return { kind: 'value', value: false };
    return { kind: 'invalid', expected: '"true" or "false"' };
  },
};

/** Milliseconds from `500ms`, `5s`, `1m30s`, `2h`, or a bare number of seconds as in ingress-nginx. */
export function durationValue(minMs: number): ValueType<number> {
  const expected = `a time like "5s", "1m30s" or "500ms" from ${minMs} ms to ${maxTimeoutMs} ms${minMs === 0 ? ' ("0" for none)' : ''}`;
  return {
    name: 'duration',
    parse: (text) => {
      const ms = parseDurationMs(text);
      return ms === undefined || ms < minMs || ms > maxTimeoutMs ? { kind: 'invalid', expected } : { kind: 'value', value: ms };
    },
  };
}

/** Bytes from `0`, `1048576`, `512k`, `8m`, `1g` (powers of 1,024; `Ki`, `Mi`, `Gi` mean the same). */
export const sizeValue: ValueType<number> = {
  name: 'size',
  parse: (text) => {
    const match = shortText(text) ? /^(\d{1,15})(?:([kmg])i?)?$/i.exec(text) : null;
    const bytes = match === null ? Number.NaN : Number(match[1]) * (unitBytes[(match[2] ?? '').toLowerCase()] ?? Number.NaN);
    return Number.isSafeInteger(bytes)
      ? { kind: 'value', value: bytes }
      : { kind: 'invalid', expected: 'a size like "512k", "8m" or "1g" ("0" for no limit)' };
  },
};

/** A whole number in bounds. */
export function integerValue(min: number, max: number): ValueType<number> {
  return {
    name: 'integer',
    parse: (text) => {
      const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
      return value >= min && value <= max
        ? { kind: 'value', value }
        : { kind: 'invalid', expected: `a whole number from ${min} to ${max}` };
    },
  };
}

/** One of a few words, in any case. */
export function choiceValue<const T extends string>(choices: readonly T[]): ValueType<T> {
  return wordValue(new Map(choices.map((choice) => [choice, choice])), [], '');
}

/** One of a few words, in any case, which stand for values; `unsupported` are words that others know and we answer with `instead`. */
export function wordValue<T>(words: ReadonlyMap<string, T>, unsupported: readonly string[], instead: string): ValueType<T> {
  const names = [...words.keys()];
  return {
    name: names
      .map((name) => `\`${name}\``)
      .join(', ')
      .replace(/, ([^,]*)$/, ' or $1'),
    parse: (text) => {
      const word = text.toLowerCase();
      const value = words.get(word);
      if (value !== undefined) return { kind: 'value', value };
      if (unsupported.includes(word)) return { kind: 'unsupported', instead };
      return { kind: 'invalid', expected: `one of ${names.map((name) => `"${name}"`).join(', ')}` };
    },
  };
}

/** A DNS name, put into lower case. */
export const dnsNameValue: ValueType<string> = {
  name: 'DNS name',
  parse: (text) => {
    const name = text.toLowerCase();
    return name.length <= 253 && dnsNamePattern.test(name)
      ? { kind: 'value', value: name }
      : { kind: 'invalid', expected: 'a DNS name like "backend.example.com"' };
  },
};

/** The name of an object in the same namespace. */
export const objectNameValue: ValueType<string> = {
  name: 'object name',
  parse: (text) =>
    text.length <= 253 && dnsNamePattern.test(text)
      ? { kind: 'value', value: text }
      : { kind: 'invalid', expected: 'the name of an object in the same namespace, without a namespace before it' },
};

const dnsNamePattern = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;

const unitBytes: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };
const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Whether a text is short enough to look at: anything longer is no number of ours. */
function shortText(text: string): boolean {
  return text.length <= 32;
}

function parseDurationMs(text: string): number | undefined {
  if (!shortText(text)) return undefined;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  if (!/^(?:\d+(?:ms|s|m|h))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+)(ms|s|m|h)/g)) total += Number(amount) * (unitMs[unit ?? ''] ?? Number.NaN);
  return total;
}
