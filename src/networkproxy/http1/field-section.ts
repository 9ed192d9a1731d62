import { isForbiddenInTrailers, isHopByHop, isProtectedFromNomination } from '../header-names.ts';
import { COLON, CR, fieldValueByte, HT, LF, lowerToken, SP } from './character-classes.ts';
import { FieldRole, findKnownName, hashStep } from './known-names.ts';
import type { ParseRule } from './parse-rule.ts';

/** Stands in the place of a list between two messages; `reset` makes a new one before anything is added. */
const released: string[] = [];

/** Fields that one message may nominate: each costs a pass over the list. */
const maxNominated = 32;

/**
 * Reads the field lines of a head or of trailers. End-to-end fields go into `headers`; the fields that belong to this hop are taken
 * in here and their meaning is kept beside the list. One object per parser is used again for each message.
 *
 * It reads bytes through class tables and cuts values out of one latin1 string of the whole head: measured by
 * bench/cases/http1-codec.ts, the largest single cost of a request is what happens here.
 */
export class FieldSection {
  /** End-to-end fields, flat. A new list for each message: the reader of the message keeps it. */
  headers: string[] = [];
  /** The value of the one Content-Length, -1 without. */
  contentLength = -1;
  /** The Transfer-Encoding value was exactly `chunked`. */
  chunked = false;
  host: string | undefined;
  connectionClose = false;
  connectionKeepAlive = false;
  connectionUpgrade = false;
  upgrade: string | undefined;
  expect: string | undefined;
  /** Where the last successful `read` ended: behind the empty line. */
  end = 0;
  /** Answers may repeat an equal Content-Length, and keep names with an underscore. */
  readonly #isResponse: boolean;
  #nominated: string[] | undefined;
  #lastKnownRole: FieldRole = FieldRole.plain;

  /** @param of whose rules count where they differ; trailers keep to those of requests */
  constructor(of: 'request' | 'response') {
    this.#isResponse = of === 'response';
  }

  reset(): void {
    this.headers = [];
    this.contentLength = -1;
    this.chunked = false;
    this.host = undefined;
    this.connectionClose = false;
    this.connectionKeepAlive = false;
    this.connectionUpgrade = false;
    this.upgrade = undefined;
    this.expect = undefined;
    this.#nominated = undefined;
  }

  /**
   * Reads field lines from `from` up to and with the empty line. `text` is the latin1 form of `bytes` from `textStart`.
   * The input ends with an empty line or holds a byte that breaks a rule: the reader runs past neither.
   */
  read(bytes: Buffer, from: number, text: string, textStart: number, maxHeaders: number): ParseRule | undefined {
    let at = from;
    let count = 0;
    for (;;) {
      const first = bytes[at] ?? 0;
      if (first === CR) {
        this.end = at + 2;
        return bytes[at + 1] === LF ? undefined : 'bare-cr';
      }
      if (++count > maxHeaders) return 'too-many-headers';

      const nameStart = at;
      let hash = 0;
      let lower = lowerToken[first] ?? 0;
      while (lower !== 0) {
        hash = hashStep(hash, lower);
        lower = lowerToken[bytes[++at] ?? 0] ?? 0;
      }
      const nameEnd = at;
      if (bytes[at] !== COLON || nameEnd === nameStart) return nameRefusal(bytes, nameStart, at);

      let byte = bytes[++at] ?? 0;
      while (byte === SP || byte === HT) byte = bytes[++at] ?? 0;
      const valueStart = at;
      while (fieldValueByte[byte] === 1) byte = bytes[++at] ?? 0;
      if (byte !== CR || bytes[at + 1] !== LF) return valueRefusal(byte);
      let valueEnd = at;
      while (valueEnd > valueStart && isBlank(bytes[valueEnd - 1])) valueEnd--;
      at += 2;

      const value = text.slice(valueStart - textStart, valueEnd - textStart);
      const name = this.#nameOf(bytes, nameStart, nameEnd, hash, text, textStart);
      const role = this.#lastKnownRole;
      if (role === FieldRole.plain) {
        this.headers.push(name, value);
      } else if (role !== FieldRole.dropped) {
        // A blank to us and to RFC 9110 section 5.6.3; to others, Node's parser among them, `chunked` and a tab is another coding.
        if (role === FieldRole.transferEncoding && hasTab(bytes, valueEnd, at)) return 'bad-transfer-encoding';
        const rule = this.#take(role, value);
        if (rule !== undefined) return rule;
      }
    }
  }

  /** Lets go of what was read, once the message has it: values are slices of the whole head, which an idle connection must not keep. */
  release(): void {
    this.headers = released;
    this.host = undefined;
    this.upgrade = undefined;
    this.expect = undefined;
    this.#nominated = undefined;
  }

  /** Leaves out what `Connection` nominated. Refuses a nomination of a protected field, or ignores it, as told. */
  stripNominated(ofProtected: 'refuse' | 'ignore'): ParseRule | undefined {
    const nominated = this.#nominated;
    if (nominated === undefined) return undefined;
    for (let i = 0; i < nominated.length; i++) {
      const name = nominated[i] ?? '';
      if (!isProtectedFromNomination(name)) this.removeField(name);
      else if (ofProtected === 'refuse') return 'connection-nominates-protected';
    }
    return undefined;
  }

  /** The list without the fields that have no place in trailers. */
  trailers(): readonly string[] {
    const kept: string[] = [];
    for (let i = 0; i < this.headers.length; i += 2) {
      const name = this.headers[i] ?? '';
      if (!isForbiddenInTrailers(name)) kept.push(name, this.headers[i + 1] ?? '');
    }
    return kept;
  }

  /** The name in lower case; its role is left in `#lastKnownRole`, so that no pair is allocated. */
  #nameOf(bytes: Buffer, start: number, end: number, hash: number, text: string, textStart: number): string {
    const known = findKnownName(bytes, start, end, hash);
    if (known !== undefined) {
      this.#lastKnownRole = known.role;
      return known.name;
    }
    const name = text.slice(start - textStart, end - textStart).toLowerCase();
    // CGI-like servers read `x_real_ip` and `x-real-ip` as the same variable: a client could get past what we write.
    this.#lastKnownRole = !this.#isResponse && name.includes('_') ? FieldRole.dropped : FieldRole.plain;
    return name;
  }

  #take(role: FieldRole, value: string): ParseRule | undefined {
    switch (role) {
      case FieldRole.host:
        if (this.host !== undefined) return 'duplicate-host';
        this.host = value;
        return undefined;
      case FieldRole.contentLength:
        return this.#takeContentLength(value);
      case FieldRole.transferEncoding:
        if (this.chunked || (value !== 'chunked' && value.toLowerCase() !== 'chunked')) return 'bad-transfer-encoding';
        this.chunked = true;
        return undefined;
      case FieldRole.connection:
        return this.#takeConnection(value);
      case FieldRole.upgrade:
        this.upgrade = joined(this.upgrade, value.toLowerCase());
        return undefined;
      case FieldRole.expect:
        this.expect = joined(this.expect, value.toLowerCase());
        return undefined;
      default:
        return undefined;
    }
  }

  #takeContentLength(value: string): ParseRule | undefined {
    const length = parseContentLength(value);
    if (length === -1) return 'bad-content-length';
    if (length > Number.MAX_SAFE_INTEGER) return 'content-length-too-large';
    if (this.contentLength !== -1) return this.#isResponse && length === this.contentLength ? undefined : 'duplicate-content-length';
    this.contentLength = length;
    this.headers.push('content-length', value);
    return undefined;
  }

  /** A list of tokens, empty elements allowed. The two usual values are recognised whole. */
  #takeConnection(value: string): ParseRule | undefined {
    if (value === 'keep-alive') {
      this.connectionKeepAlive = true;
      return undefined;
    }
    if (value === 'close') {
      this.connectionClose = true;
      return undefined;
    }
    const elements = value.toLowerCase().split(',');
    for (let i = 0; i < elements.length; i++) {
      const option = trimBlanks(elements[i] ?? '');
      if (option === '') continue;
      if (!isToken(option)) return 'bad-connection';
      if (option === 'close') this.connectionClose = true;
      else if (option === 'keep-alive') this.connectionKeepAlive = true;
      else if (option === 'upgrade') this.connectionUpgrade = true;
      else if (!isHopByHop(option)) (this.#nominated ??= []).push(option);
    }
    return this.#nominated !== undefined && this.#nominated.length > maxNominated ? 'bad-connection' : undefined;
  }

  /** Leaves out every field of this name. */
  removeField(name: string): void {
    const headers = this.headers;
    if (!headers.includes(name)) return;
    const kept: string[] = [];
    for (let i = 0; i < headers.length; i += 2) {
      const other = headers[i] ?? '';
      if (other !== name) kept.push(other, headers[i + 1] ?? '');
    }
    this.headers = kept;
  }
}

/** 1 to 16 digits without a leading zero, as a number; -1 for anything else. Longer ones are Infinity: valid, but not for us. */
export function parseContentLength(value: string): number {
  let length = 0;
  for (let i = 0; i < value.length; i++) {
    const digit = value.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    length = length * 10 + digit;
  }
  if (value.length === 0 || (value.length > 1 && value.charCodeAt(0) === 0x30)) return -1;
  return value.length > 16 ? Number.POSITIVE_INFINITY : length;
}

function nameRefusal(bytes: Buffer, nameStart: number, at: number): ParseRule {
  const byte = bytes[at] ?? 0;
  if (at === nameStart) {
    if (byte === SP || byte === HT) return 'obs-fold';
    if (byte === COLON) return 'empty-name';
  }
  if (byte === SP || byte === HT) return spaceBeforeColon(bytes, at) ? 'space-before-colon' : 'bad-name';
  if (byte === CR) return bytes[at + 1] === LF ? 'missing-colon' : 'bare-cr';
  if (byte === LF) return 'bare-lf';
  return byte < SP || byte === 0x7f ? 'control-byte' : 'bad-name';
}

function spaceBeforeColon(bytes: Buffer, from: number): boolean {
  let at = from;
  while (isBlank(bytes[at])) at++;
  return bytes[at] === COLON;
}

/** Why a value ended on this byte. */
function valueRefusal(byte: number): ParseRule {
  if (byte === CR) return 'bare-cr';
  return byte === LF ? 'bare-lf' : 'control-byte';
}

function hasTab(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] === HT) return true;
  return false;
}

function isBlank(byte: number | undefined): boolean {
  return byte === SP || byte === HT;
}

function isToken(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    if ((lowerToken[value.charCodeAt(i)] ?? 0) === 0) return false;
  }
  return value.length > 0;
}

/** Without `trim()`, which would also take obs-text that Unicode calls a space. */
function trimBlanks(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isBlank(value.charCodeAt(start))) start++;
  while (end > start && isBlank(value.charCodeAt(end - 1))) end--;
  return value.slice(start, end);
}

function joined(first: string | undefined, second: string): string {
  return first === undefined ? second : `${first}, ${second}`;
}
