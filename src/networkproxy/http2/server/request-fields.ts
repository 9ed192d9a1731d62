import type { ClientFacts } from '../../client-facts.ts';
import { isForbiddenInTrailers } from '../../header-names.ts';
import { type Authority, isSameAuthority, parseAuthority } from '../../http1/authority.ts';
import { lowerToken } from '../../http1/character-classes.ts';
import { parseContentLength } from '../../http1/field-section.ts';
import { LastAuthority } from '../../http1/last-authority.ts';
import type { BodyFraming, RequestHead } from '../../http1/message-handler.ts';
import { resolveTarget } from '../../http1/request-target.ts';
import type { FieldSink } from '../hpack/decoder.ts';
import { FieldRole, type HeaderField } from '../hpack/header-field.ts';
import type { MessageRule } from '../message-rule.ts';
import { makeWebSocketKey } from '../websocket-key.ts';

/** Bytes by RFC 7541 section 4.1, which counts 32 for each field; the crumbs of one cookie count as one field. */
export interface FieldLimits {
  readonly maxBytes: number;
  readonly maxTrailerBytes: number;
  readonly maxFields: number;
  /** Of `:path`, as of an HTTP/1.1 request line. */
  readonly maxPathBytes: number;
}

/** What a request's fields are held against. */
type ConnectionFacts = Pick<ClientFacts, 'scheme' | 'trusted'>;

const noBody: BodyFraming = { kind: 'none' };
const chunkedBody: BodyFraming = { kind: 'chunked' };

/**
 * Takes the fields of one header block and makes a request's head or its trailers of them, by the rules of RFC 9113 section 8 and those
 * that HTTP/1.1 messages obey here. The first broken rule is kept; the rest of the block is still taken, for HPACK's sake. One object per
 * connection is used for each block again.
 */
export class RequestFields implements FieldSink {
  readonly #limits: FieldLimits;
  readonly #lastAuthority = new LastAuthority();
  #headers: string[] = [];
  #method: string | undefined;
  #scheme: string | undefined;
  #path: string | undefined;
  #authority: string | undefined;
  #protocol: string | undefined;
  #host: string | undefined;
  #expect: string | undefined;
  #cookie: string | undefined;
  /** Where the joined cookie goes in the list. */
  #cookieAt = 0;
  #contentLength = -1;
  #bytes = 0;
  #count = 0;
  #sawRegular = false;
  #isTrailers = false;
  #rule: MessageRule | undefined;

  constructor(limits: FieldLimits) {
    this.#limits = limits;
  }

  /** The first rule that the block broke. */
  get rule(): MessageRule | undefined {
    return this.#rule;
  }

  begin(isTrailers: boolean): void {
    this.#headers = [];
    this.#method = undefined;
    this.#scheme = undefined;
    this.#path = undefined;
    this.#authority = undefined;
    this.#protocol = undefined;
    this.#host = undefined;
    this.#expect = undefined;
    this.#cookie = undefined;
    this.#contentLength = -1;
    this.#bytes = 0;
    this.#count = 0;
    this.#sawRegular = false;
    this.#isTrailers = isTrailers;
    this.#rule = undefined;
  }

  onField(field: HeaderField): void {
    if (this.#rule !== undefined) return;
    this.#bytes += field.size;
    if (this.#isTrailers ? this.#bytes > this.#limits.maxTrailerBytes : this.#bytes > this.#limits.maxBytes) {
      this.#rule = this.#isTrailers ? 'trailers-too-large' : 'head-too-large';
      return;
    }
    if (field.role !== FieldRole.cookie || this.#cookie === undefined) {
      if (++this.#count > this.#limits.maxFields) {
        this.#rule = 'too-many-headers';
        return;
      }
    }
    this.#rule = field.isPseudo ? this.#takePseudo(field) : this.#takeRegular(field);
  }

  /** The request's head, or the rule that it broke. @param endStream no body follows */
  head(facts: ConnectionFacts, endStream: boolean): RequestHead | MessageRule {
    if (this.#rule !== undefined) return this.#rule;
    const method = this.#method;
    if (method === undefined) return 'missing-pseudo';
    if (!isMethod(method)) return 'bad-method';
    const path = this.#path;
    if (method === 'CONNECT' && this.#protocol === undefined) return this.#connectRule();
    if (method !== 'CONNECT' && this.#protocol !== undefined) return 'bad-connect';
    if (path === undefined || this.#scheme === undefined) return 'missing-pseudo';
    const schemeRule = schemeRuleOf(this.#scheme, facts);
    if (schemeRule !== undefined) return schemeRule;
    if (method === 'TRACE') return 'method-trace';
    if (path.length > this.#limits.maxPathBytes) return 'line-too-long';
    if (path.charCodeAt(0) !== 0x2f /* / */ && path !== '*') return 'target-not-absolute';
    return method === 'CONNECT' ? this.#extendedConnect(facts, path, endStream) : this.#makeHead(facts, method, path, endStream);
  }

  /** The trailers that may go on, or the rule that they broke. */
  trailers(): readonly string[] | MessageRule {
    if (this.#rule !== undefined) return this.#rule;
    const all = this.#headers;
    const kept: string[] = [];
    for (let i = 0; i < all.length; i += 2) {
      const name = all[i] as string;
      if (!isForbiddenInTrailers(name)) kept.push(name, all[i + 1] as string);
    }
    return kept;
  }

  #makeHead(facts: ConnectionFacts, method: string, path: string, endStream: boolean): RequestHead | MessageRule {
    const authority = this.#readAuthority(facts);
    if (typeof authority === 'string') return authority;
    const authorityText = this.#authority ?? this.#host ?? '';
    const resolved = resolveTarget(path, method, facts.scheme, authority, authorityText);
    if (typeof resolved === 'string') return resolved;
    const expect = this.#expect;
    if (expect !== undefined && expect !== '100-continue') return 'unknown-expectation';
    const length = this.#contentLength;
    if (endStream && length > 0) return 'content-length-mismatch';
    const body = endStream ? noBody : length === -1 ? chunkedBody : { kind: 'length' as const, bytes: length };
    return {
      method,
      scheme: facts.scheme,
      host: authority.host,
      authority: authorityText,
      target: resolved.target,
      path: resolved.path,
      headers: this.#withCookie(),
      version: 20,
      body,
      keepAlive: true,
      expectContinue: expect !== undefined && body.kind !== 'none',
      upgrade: undefined,
    };
  }

  /** A WebSocket over HTTP/2 (RFC 8441): the same request as an HTTP/1.1 backend knows it. Nothing else can be asked for. */
  #extendedConnect(facts: ConnectionFacts, path: string, endStream: boolean): RequestHead | MessageRule {
    if (this.#protocol !== 'websocket') return 'method-connect';
    if (endStream || this.#contentLength !== -1) return 'bad-connect';
    const head = this.#makeHead(facts, 'GET', path, true);
    if (typeof head === 'string') return head;
    const headers = withoutField(head.headers, 'sec-websocket-key');
    headers.push('sec-websocket-key', makeWebSocketKey());
    return { ...head, headers, upgrade: 'websocket' };
  }

  /** A tunnel through us to anywhere is never made (RFC 9113 section 8.5); a request for one must still be well formed. */
  #connectRule(): MessageRule {
    const isPlain = this.#scheme === undefined && this.#path === undefined;
    return isPlain && this.#authority !== undefined ? 'method-connect' : 'bad-connect';
  }

  #readAuthority(facts: ConnectionFacts): Authority | MessageRule {
    const text = this.#authority ?? this.#host;
    if (text === undefined) return 'missing-host';
    const authority = this.#lastAuthority.read(text);
    if (authority === undefined) return 'bad-host';
    const host = this.#host;
    if (host === undefined || host === text) return authority;
    const other = parseAuthority(host);
    if (other === undefined) return 'bad-host';
    return isSameAuthority(authority, other, facts.scheme) ? authority : 'authority-host-mismatch';
  }

  /** The list, with the cookie's crumbs as one field where the first of them was (RFC 9113 section 8.2.3). */
  #withCookie(): string[] {
    const headers = this.#headers;
    if (this.#cookie !== undefined) headers[this.#cookieAt] = this.#cookie;
    return headers;
  }

  #takePseudo(field: HeaderField): MessageRule | undefined {
    if (this.#isTrailers) return 'pseudo-in-trailers';
    if (this.#sawRegular) return 'pseudo-after-field';
    const { role, value } = field;
    let before: string | undefined;
    switch (role) {
      case FieldRole.method:
        before = this.#method;
        this.#method = value;
        break;
      case FieldRole.scheme:
        before = this.#scheme;
        this.#scheme = value;
        break;
      case FieldRole.path:
        before = this.#path;
        this.#path = value;
        break;
      case FieldRole.authority:
        before = this.#authority;
        this.#authority = value;
        break;
      case FieldRole.protocol:
        before = this.#protocol;
        this.#protocol = value;
        break;
      default:
        return field.rule ?? 'unknown-pseudo';
    }
    return before === undefined ? undefined : 'duplicate-pseudo';
  }

  #takeRegular(field: HeaderField): MessageRule | undefined {
    const { role, value } = field;
    this.#sawRegular = true;
    switch (role) {
      case FieldRole.plain:
        this.#headers.push(field.name, value);
        return undefined;
      case FieldRole.dropped:
      case FieldRole.droppedFromRequest:
        return undefined;
      case FieldRole.refused:
        return field.rule;
      case FieldRole.cookie:
        this.#takeCookie(field);
        return undefined;
      case FieldRole.host:
        if (this.#host !== undefined) return 'duplicate-host';
        this.#host = value;
        return undefined;
      case FieldRole.contentLength:
        return this.#takeContentLength(value);
      case FieldRole.expect:
        this.#expect = this.#expect === undefined ? value.toLowerCase() : `${this.#expect}, ${value.toLowerCase()}`;
        return undefined;
      case FieldRole.te:
        return value === 'trailers' ? undefined : 'bad-te';
      default:
        return 'unknown-pseudo';
    }
  }

  #takeCookie(field: HeaderField): void {
    if (this.#cookie !== undefined) {
      this.#cookie += `; ${field.value}`;
      return;
    }
    this.#cookie = field.value;
    this.#headers.push(field.name, field.value);
    this.#cookieAt = this.#headers.length - 1;
  }

  #takeContentLength(value: string): MessageRule | undefined {
    if (this.#contentLength !== -1) return 'duplicate-content-length';
    const length = parseContentLength(value);
    if (length === -1) return 'bad-content-length';
    if (length > Number.MAX_SAFE_INTEGER) return 'content-length-too-large';
    this.#contentLength = length;
    this.#headers.push('content-length', value);
    return undefined;
  }
}

/** A copy of a flat list without the fields of one name. */
export function withoutField(headers: readonly string[], name: string): string[] {
  const kept: string[] = [];
  for (let i = 0; i < headers.length; i += 2) if (headers[i] !== name) kept.push(headers[i] as string, headers[i + 1] as string);
  return kept;
}

/** The scheme of the connection; a proxy that we trust may have ended TLS and say so. */
function schemeRuleOf(scheme: string, facts: ConnectionFacts): MessageRule | undefined {
  if (scheme === facts.scheme) return undefined;
  if (scheme !== 'http' && scheme !== 'https') return 'bad-scheme';
  return facts.trusted ? undefined : 'scheme-mismatch';
}

function isMethod(method: string): boolean {
  for (let i = 0; i < method.length; i++) if (lowerToken[method.charCodeAt(i)] === 0) return false;
  return method.length > 0;
}
