import { isNetwork } from '../address-list.ts';
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

/** `true` or `false`; in any case, for what templates make of a boolean is often `True`, which ingress-nginx takes too. */
export const booleanValue: ValueType<boolean> = {
  name: 'boolean',
  parse: (text) => {
    if (/^true$/i.test(text)) return { kind: 'value', value: true };
    if (/^false$/i.test(text)) return { kind: 'value', value: false };
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

/** A part of a request that requests are told apart by. */
export type NamedPart =
  | { readonly kind: 'header' | 'cookie' | 'query'; readonly name: string }
  | { readonly kind: 'client-address' }
  | { readonly kind: 'target' };

/** A part of a request, in nginx's words. */
export const hashSourceValue: ValueType<NamedPart> = {
  name: '`$remote_addr`, `$request_uri`, `$http_NAME`, `$cookie_NAME` or `$arg_NAME`',
  parse: (text) => {
    if (text === '$remote_addr' || text === '$binary_remote_addr') return { kind: 'value', value: { kind: 'client-address' } };
    if (text === '$request_uri') return { kind: 'value', value: { kind: 'target' } };
    const [, source, name] = /^\$(http|cookie|arg)_(\w{1,256})$/.exec(text) ?? [];
    if (source === undefined || name === undefined) return { kind: 'invalid', expected: hashSourceValue.name.replaceAll('`', '') };
    if (source === 'http') return { kind: 'value', value: { kind: 'header', name: name.toLowerCase().replaceAll('_', '-') } };
    return { kind: 'value', value: { kind: source === 'cookie' ? 'cookie' : 'query', name } };
  },
};

/** Parts of a request one after the other, in nginx's words. */
export const authCacheKeyValue: ValueType<readonly NamedPart[]> = {
  name: 'some of `$remote_addr`, `$remote_user`, `$request_uri`, `$http_NAME`, `$cookie_NAME` and `$arg_NAME`',
  parse: (text) => {
    // Who agree in the whole header agree in the name.
    const exact = text.length <= 1024 ? text.replaceAll(/\$remote_user(?!\w)/g, '$http_authorization') : '';
    const parts = exact.split(/(?=\$)/).map((part) => hashSourceValue.parse(part));
    const named = parts.flatMap((part) => (part.kind === 'value' ? [part.value] : []));
    return named.length > 0 && named.length === parts.length && named.length <= maxKeyParts
      ? { kind: 'value', value: named }
      : { kind: 'invalid', expected: `${authCacheKeyValue.name.replaceAll('`', '')}, ${maxKeyParts} at most and nothing between` };
  },
};

/** For how long answers of some statuses hold. */
export interface StatusDuration {
  readonly statuses: readonly number[];
  readonly ms: number;
}

/** Statuses and a time after them, several with commas. */
export const authCacheDurationsValue: ValueType<readonly StatusDuration[]> = {
  name: 'durations',
  parse: (text) => {
    const entries = text.length <= 1024 ? text.split(',').map((part) => part.trim().split(/\s+/)) : [];
    const durations = entries.flatMap((words): readonly StatusDuration[] => {
      const ms = parseDurationMs(words.at(-1) ?? '');
      const statuses = words.slice(0, -1);
      const isRight = statuses.length > 0 && statuses.every(isCachedStatus) && ms !== undefined && ms >= 1000 && ms <= maxCachedMs;
      return isRight ? [{ statuses: statuses.map(Number), ms }] : [];
    });
    return durations.length > 0 && durations.length === entries.length
      ? { kind: 'value', value: durations }
      : { kind: 'invalid', expected: 'statuses out of 200 to 299, 401 and 403 with a time from 1s to 24h: "200 202 10m, 401 1m"' };
  },
};

/** As the CRD has it. */
const maxKeyParts = 8;
const maxCachedMs = 86_400_000;

function isCachedStatus(text: string): boolean {
  return /^(?:2\d\d|401|403)$/.test(text);
}

/** What `next-upstream` asks for. */
export interface NextUpstream {
  readonly reset: boolean;
  readonly timeout: boolean;
  readonly statuses: readonly number[];
  readonly grpcStatuses: readonly string[];
  readonly nonIdempotent: boolean;
}

const nextUpstreamWords = ['error', 'timeout', 'invalid_header', 'non_idempotent'] as const;

/** nginx's words for when the next server is asked. */
export const nextUpstreamValue: ValueType<NextUpstream | 'off'> = {
  name: '`error`, `timeout`, `invalid_header`, `http_500`, `http_502`, `http_503`, `http_504`, `http_403`, `http_404`, `http_429`, `non_idempotent`, or `off`',
  parse: (text) => {
    const words = text.slice(0, 200).split(/\s+/);
    const statuses = words.flatMap((word) => /^http_(50[0234]|40[34]|429)$/.exec(word)?.[1] ?? []);
    const named = nextUpstreamWords.filter((word) => words.includes(word));
    if (words.length === 1 && words[0] === 'off') return { kind: 'value', value: 'off' };
    if (text.length > 200 || new Set(words).size !== statuses.length + named.length)
      return { kind: 'invalid', expected: `words out of ${nextUpstreamValue.name.replaceAll('`', '')}` };
    const has = (word: (typeof nextUpstreamWords)[number]) => named.includes(word);
    const value = {
      reset: has('error') || has('invalid_header'),
      timeout: has('timeout'),
      statuses: statuses.map(Number),
      grpcStatuses: [],
      nonIdempotent: has('non_idempotent'),
    };
    return { kind: 'value', value };
  },
};

/** A token of RFC 9110. */
export const cookieNameValue: ValueType<string> = {
  name: 'cookie name',
  parse: (text) =>
    /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}$/.test(text)
      ? { kind: 'value', value: text }
      : { kind: 'invalid', expected: 'the name of a cookie, like "session"' },
};

/** What RFC 6265 lets a cookie's path be. */
export const cookiePathValue: ValueType<string> = {
  name: 'path',
  parse: (text) =>
    /^\/[!-:<-~]{0,1023}$/.test(text)
      ? { kind: 'value', value: text }
      : { kind: 'invalid', expected: 'a path like "/shop", without spaces and semicolons' },
};

/** Texts of one kind, divided by commas. */
function listValue(name: string, pattern: RegExp, most: number, expected: string): ValueType<readonly string[]> {
  return {
    name,
    parse: (text) => {
      const parts = partsOf(text);
      return parts.length > 0 && parts.length <= most && parts.every((part) => pattern.test(part))
        ? { kind: 'value', value: [...new Set(parts)] }
        : { kind: 'invalid', expected };
    },
  };
}

const lowerCaseOrigins = listValue(
  'origins',
  /^(?:\*|https?:\/\/(?:\*\.)?[a-z0-9](?:[-a-z0-9.]{0,252}[a-z0-9])?(?::\d{1,5})?)$/,
  32,
  'origins without a path, divided by commas: "https://app.example.com, https://*.example.org", or "*"',
);

/** Origins of pages, as the CRD has them; put into lower case, as browsers send them. */
export const originsValue: ValueType<readonly string[]> = {
  name: lowerCaseOrigins.name,
  parse: (text) => lowerCaseOrigins.parse(text.toLowerCase()),
};

/** Methods of requests. */
export const methodsValue: ValueType<readonly string[]> = listValue(
  'methods',
  /^[A-Z][-A-Z]{0,31}$/,
  16,
  'methods in upper case, divided by commas: "GET, PUT"',
);

/** Names of headers in any letter case, which may be those of the proxy too. */
export const fieldNamesValue: ValueType<readonly string[]> = listValue(
  'header names',
  /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/,
  64,
  'names of headers, divided by commas: "X-One, X-Two"',
);

/** A host, perhaps with a port, put into lower case. */
export const authorityValue: ValueType<string> = {
  name: 'host',
  parse: (text) => {
    const [, host = '', port = ''] = /^([^:]*)((?::\d{1,5})?)$/.exec(text.toLowerCase()) ?? [];
    return host.length <= 253 && dnsNamePattern.test(host)
      ? { kind: 'value', value: host + port }
      : { kind: 'invalid', expected: 'a host, perhaps with a port, like "backend.example.com" or "backend:8080", without variables' };
  },
};

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

/** Addresses and CIDRs, divided by commas. @param fewest 1 where a list of none would say the contrary of one of some */
export function networksValue(fewest: 0 | 1): ValueType<readonly string[]> {
  return {
    name: 'networks',
    parse: (text) => {
      const networks = partsOf(text);
      return text.length <= maxListLength && networks.length >= fewest && networks.every(isNetwork)
        ? { kind: 'value', value: networks }
        : { kind: 'invalid', expected: `addresses or CIDRs like "10.0.0.0/8, 2001:db8::/32", ${maxListLength} characters at most` };
    },
  };
}

/** Content codings in order of preference, divided by commas, or `off`: none. */
export const codingsValue: ValueType<readonly ('gzip' | 'br' | 'zstd')[]> = {
  name: 'codings',
  parse: (text) => {
    const words = shortText(text) ? partsOf(text.toLowerCase()) : [];
    const codings = contentCodings.filter((coding) => words.includes(coding));
    if (words.length === 1 && words[0] === 'off') return { kind: 'value', value: [] };
    return codings.length === words.length && codings.length > 0
      ? { kind: 'value', value: codings.toSorted((a, b) => words.indexOf(a) - words.indexOf(b)) }
      : { kind: 'invalid', expected: '"off", or some of "zstd", "br" and "gzip", divided by commas' };
  },
};

const contentCodings = ['zstd', 'br', 'gzip'] as const;

/** A port of a Service in the same namespace: `name:80` or `name:http`. */
export const serviceValue: ValueType<{ readonly name: string; readonly port: number | string }> = {
  name: 'service',
  parse: (text) => {
    const [name = '', port = '', ...more] = text.length <= 320 ? text.split(':') : [];
    const isNumber = /^\d{1,5}$/.test(port);
    const isPort = isNumber ? Number(port) >= 1 && Number(port) <= 65_535 : /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(port);
    return more.length === 0 && name.length <= 253 && dnsNamePattern.test(name) && isPort
      ? { kind: 'value', value: { name, port: isNumber ? Number(port) : port } }
      : { kind: 'invalid', expected: 'a Service in the same namespace with its port, "name:80" or "name:http"' };
  },
};

/** HTTP statuses of errors, divided by commas. */
export const statusesValue: ValueType<readonly number[]> = {
  name: 'statuses',
  parse: (text) => {
    const parts = partsOf(text);
    const isRight = parts.length > 0 && parts.every((part) => /^[45]\d\d$/.test(part));
    return isRight
      ? { kind: 'value', value: [...new Set(parts.map(Number))] }
      : { kind: 'invalid', expected: 'statuses from 400 to 599, divided by commas: "404,503"' };
  },
};

/** Printable ASCII that fits between quotes without an escape. */
export const quotableValue: ValueType<string> = {
  name: 'text',
  parse: (text) =>
    /^[ !#-[\]-~]{1,128}$/.test(text)
      ? { kind: 'value', value: text }
      : { kind: 'invalid', expected: 'up to 128 printable ASCII characters without quotes and backslashes' },
};

/** An http or https URL with a host of its own. */
export const urlValue: ValueType<string> = {
  name: 'URL',
  parse: (text) =>
    text.length <= 1024 && /^https?:\/\/[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?(?::\d{1,5})?(?:\/[!-~]*)?$/i.test(text) && !/\$/.test(text)
      ? { kind: 'value', value: text }
      : { kind: 'invalid', expected: 'a URL like "http://auth.example.com/check", with the host in full and no variables' },
};

/** What a browser can be sent to: a URL, or a path. */
export const locationValue: ValueType<string> = {
  name: 'URL',
  parse: (text) =>
    text.length <= 1024 && /^(?:(?:https?|\$scheme|\$pass_access_scheme):\/\/|\/)[!-~]*$/.test(text) && !unknownVariable.test(text)
      ? { kind: 'value', value: text }
      : {
          kind: 'invalid',
          expected:
            'a URL like "https://login.example.com/start", in which $host, $scheme, $request_uri and $escaped_request_uri may stand',
        },
};

const unknownVariable = /\$(?!(?:host|http_host|best_http_host|scheme|pass_access_scheme|request_uri|escaped_request_uri)(?![a-z_]))/;

/** Names of headers, in lower case, from a list with commas. None is one that the proxy alone writes. */
export const headerNamesValue: ValueType<readonly string[]> = {
  name: 'header names',
  parse: (text) => {
    const names = partsOf(text.toLowerCase());
    const isUsable =
      text.length <= 4096 &&
      names.length > 0 &&
      names.every((name) => /^[!#$%&'*+.^_`|~0-9a-z-]{1,256}$/.test(name) && !ownHeaders.test(name));
    return isUsable
      ? { kind: 'value', value: names }
      : {
          kind: 'invalid',
          expected: 'names of headers with commas between them, none of which the proxy alone writes (X-Forwarded-*, Host and the like)',
        };
  },
};

/** As the CRD has it. */
const ownHeaders =
  /^(?:connection|content-length|date|expect|forwarded|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|x-forwarded-.*|x-real-ip|x-request-id)$/;

/** The name of an issuer, as the CRD has it. */
export const issuerNameValue: ValueType<string> = {
  name: 'issuer name',
  parse: (text) =>
    text.length <= 253 && dnsNamePattern.test(text)
      ? { kind: 'value', value: text }
      : { kind: 'invalid', expected: 'the name of an issuer of the SmartProxyConfig (acme.issuers)' },
};

/** The name of an object in the same namespace. */
export const objectNameValue: ValueType<string> = {
  name: 'object name',
  parse: (text) =>
    text.length <= 253 && dnsNamePattern.test(text)
      ? { kind: 'value', value: text }
      : { kind: 'invalid', expected: 'the name of an object in the same namespace, without a namespace before it' },
};

/** Of a list, in characters. */
const maxListLength = 16_384;

/** The texts between commas. Where there is none, as behind a comma at the end, nothing is said; too long a list is none. */
function partsOf(text: string): readonly string[] {
  if (text.length > maxListLength) return [];
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

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
