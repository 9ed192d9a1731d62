import { isHopByHop } from '../header-names.ts';
import { lowerToken } from './character-classes.ts';

/** What the field section does with a field, by its name. */
export const FieldRole = {
  /** Into the header list. */
  plain: 0,
  /** Left out of the header list. */
  dropped: 1,
  contentLength: 2,
  transferEncoding: 3,
  host: 4,
  connection: 5,
  upgrade: 6,
  expect: 7,
} as const;
export type FieldRole = (typeof FieldRole)[keyof typeof FieldRole];

/** A header name that is found in the table instead of being cut out of the head and put into lower case. */
export interface KnownName {
  readonly name: string;
  readonly role: FieldRole;
  readonly bytes: Uint8Array;
}

const roles: Readonly<Record<string, FieldRole>> = {
  'content-length': FieldRole.contentLength,
  'transfer-encoding': FieldRole.transferEncoding,
  host: FieldRole.host,
  connection: FieldRole.connection,
  upgrade: FieldRole.upgrade,
  expect: FieldRole.expect,
  // CGI-like servers turn it into HTTP_PROXY, which HTTP clients inside of the application then believe.
  proxy: FieldRole.dropped,
};

/** Names that browsers, their proxies and applications send often. A name that is missing here is only a little slower. */
const commonNames = [
  ...Object.keys(roles),
  ...['keep-alive', 'proxy-connection', 'proxy-authenticate', 'proxy-authorization', 'proxy-authentication-info', 'te', 'http2-settings'],
  ...['accept', 'accept-charset', 'accept-encoding', 'accept-language', 'accept-ranges', 'access-control-allow-credentials'],
  ...['access-control-allow-headers', 'access-control-allow-methods', 'access-control-allow-origin', 'access-control-expose-headers'],
  ...['access-control-max-age', 'access-control-request-headers', 'access-control-request-method', 'age', 'allow', 'alt-svc'],
  ...['authorization', 'cache-control', 'content-disposition', 'content-encoding', 'content-language', 'content-location'],
  ...['content-range', 'content-security-policy', 'content-type', 'cookie', 'date', 'dnt', 'etag', 'expires', 'forwarded', 'from'],
  ...['if-match', 'if-modified-since', 'if-none-match', 'if-range', 'if-unmodified-since', 'last-modified', 'link', 'location'],
  ...['max-forwards', 'origin', 'permissions-policy', 'pragma', 'priority', 'range', 'referer', 'referrer-policy', 'retry-after'],
  ...['sec-ch-ua', 'sec-ch-ua-mobile', 'sec-ch-ua-platform', 'sec-fetch-dest', 'sec-fetch-mode', 'sec-fetch-site', 'sec-fetch-user'],
  ...['sec-websocket-accept', 'sec-websocket-extensions', 'sec-websocket-key', 'sec-websocket-protocol', 'sec-websocket-version'],
  ...['server', 'server-timing', 'set-cookie', 'strict-transport-security', 'traceparent', 'tracestate', 'trailer', 'user-agent'],
  ...['upgrade-insecure-requests', 'vary', 'via', 'warning', 'www-authenticate', 'x-api-key', 'x-content-type-options'],
  ...['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-port', 'x-forwarded-proto', 'x-frame-options', 'x-powered-by'],
  ...['x-real-ip', 'x-request-id', 'x-requested-with', 'x-xss-protection', 'grpc-status', 'grpc-message', 'grpc-timeout'],
];

/** Slots of the table: a power of two, large enough that most names stand alone. */
const slots = 1024;
const table: (readonly KnownName[] | undefined)[] = new Array(slots).fill(undefined);

/** Adds one lower-case byte to the running hash of a name. */
export function hashStep(hash: number, byte: number): number {
  return (Math.imul(hash, 31) + byte) | 0;
}

/** The known name that these bytes spell in any case, or undefined. `hash` was made with `hashStep` over their lower-case forms. */
export function findKnownName(bytes: Uint8Array, start: number, end: number, hash: number): KnownName | undefined {
  const bucket = table[slotOf(hash)];
  if (bucket === undefined) return undefined;
  for (let i = 0; i < bucket.length; i++) {
    const known = bucket[i];
    if (known !== undefined && spells(known.bytes, bytes, start, end)) return known;
  }
  return undefined;
}

function spells(name: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (name.length !== end - start) return false;
  for (let i = 0; i < name.length; i++) {
    if (lowerToken[bytes[start + i] ?? 0] !== name[i]) return false;
  }
  return true;
}

function slotOf(hash: number): number {
  return (hash ^ (hash >>> 12)) & (slots - 1);
}

for (const name of commonNames) {
  const bytes = Uint8Array.from(name, (character) => character.charCodeAt(0));
  const slot = slotOf(bytes.reduce(hashStep, 0));
  const role = roles[name] ?? (isHopByHop(name) ? FieldRole.dropped : FieldRole.plain);
  table[slot] = [...(table[slot] ?? []), { name, role, bytes }];
}
