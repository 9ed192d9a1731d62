import { isHopByHop } from '../../header-names.ts';
import { CR, fieldValueByte, HT, LF, lowerToken, SP } from '../../http1/character-classes.ts';
import type { MessageRule } from '../message-rule.ts';

/** What the header block does with a field, by its name. */
export const FieldRole = {
  /** Into the header list. */
  plain: 0,
  /** Left out of the header list. */
  dropped: 1,
  /** Breaks a rule by itself. */
  refused: 2,
  method: 3,
  scheme: 4,
  path: 5,
  authority: 6,
  protocol: 7,
  host: 8,
  contentLength: 9,
  cookie: 10,
  expect: 11,
  te: 12,
  status: 13,
  /** Dropped from a request, plain in an answer. */
  droppedFromRequest: 14,
} as const;
export type FieldRole = (typeof FieldRole)[keyof typeof FieldRole];

interface KnownName {
  readonly name: string;
  readonly role: FieldRole;
}

const roles: Readonly<Record<string, FieldRole>> = {
  ':method': FieldRole.method,
  ':scheme': FieldRole.scheme,
  ':path': FieldRole.path,
  ':authority': FieldRole.authority,
  ':protocol': FieldRole.protocol,
  ':status': FieldRole.status,
  host: FieldRole.host,
  'content-length': FieldRole.contentLength,
  cookie: FieldRole.cookie,
  expect: FieldRole.expect,
  te: FieldRole.te,
  // CGI-like servers turn it into HTTP_PROXY, which HTTP clients inside of the application then believe.
  proxy: FieldRole.droppedFromRequest,
};
const known: ReadonlyMap<string, KnownName> = new Map(Object.entries(roles).map(([name, role]) => [name, { name, role }]));

/** Fields of HTTP/1.1 connections, which do not exist here (RFC 9113 section 8.2.2). */
const connectionFields: ReadonlySet<string> = new Set(['connection', 'proxy-connection', 'keep-alive', 'transfer-encoding', 'upgrade']);

/** What the dynamic table counts for an entry beside its text (RFC 7541 section 4.1). */
const entryOverheadBytes = 32;

/**
 * One field of a header list. It is judged once, when it is made: an entry of the table that is used by thousands of requests has been
 * checked before the second one.
 */
export class HeaderField {
  readonly name: string;
  /** latin1. */
  readonly value: string;
  /** By RFC 7541 section 4.1. */
  readonly size: number;
  readonly role: FieldRole;
  /** Set when `role` is `refused`. */
  readonly rule: MessageRule | undefined;
  /** It starts with a colon. */
  readonly isPseudo: boolean;

  constructor(name: string, value: string) {
    const knownName = known.get(name);
    this.name = knownName?.name ?? name;
    this.value = value;
    this.size = name.length + value.length + entryOverheadBytes;
    this.isPseudo = name.charCodeAt(0) === 0x3a /* : */;
    this.rule = (knownName === undefined ? nameRule(name) : undefined) ?? valueRule(value);
    this.role = this.rule === undefined ? (knownName?.role ?? roleOf(name)) : FieldRole.refused;
  }
}

function roleOf(name: string): FieldRole {
  if (isHopByHop(name)) return FieldRole.dropped;
  // CGI-like servers read `x_real_ip` and `x-real-ip` as one variable: a client could get past what we write.
  return name.includes('_') ? FieldRole.droppedFromRequest : FieldRole.plain;
}

function nameRule(name: string): MessageRule | undefined {
  if (name.length === 0) return 'empty-name';
  if (name.charCodeAt(0) === 0x3a /* : */) return 'unknown-pseudo';
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    const lower = lowerToken[code];
    if (lower === 0) return 'bad-name';
    if (lower !== code) return 'upper-case-name';
  }
  return connectionFields.has(name) ? 'connection-field' : undefined;
}

function valueRule(value: string): MessageRule | undefined {
  const { length } = value;
  if (length === 0) return undefined;
  for (let i = 0; i < length; i++) {
    const code = value.charCodeAt(i);
    if (fieldValueByte[code] !== 1) return code === CR ? 'bare-cr' : code === LF ? 'bare-lf' : 'control-byte';
  }
  return isBlank(value.charCodeAt(0)) || isBlank(value.charCodeAt(length - 1)) ? 'value-edge-space' : undefined;
}

function isBlank(code: number): boolean {
  return code === SP || code === HT;
}
