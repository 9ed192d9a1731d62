import type { Authority } from './authority.ts';
import { BodyDecoder } from './body-decoder.ts';
import { CR, fieldValueByte, HT, LF, lowerToken, SP } from './character-classes.ts';
import { FieldSection } from './field-section.ts';
import { HeadAccumulator } from './head-accumulator.ts';
import { LastAuthority } from './last-authority.ts';
import type { BodyFraming, MessageHandler, ParseFailure, ParserLimits, RequestHead } from './message-handler.ts';
import { type ParseRule, requestFailure } from './parse-rule.ts';
import { resolveTarget } from './request-target.ts';
import { offeredProtocols } from './upgrade-offer.ts';

const noBody: BodyFraming = { kind: 'none' };
const chunkedBody: BodyFraming = { kind: 'chunked' };
const noTrailers: readonly string[] = [];
const endOfHead = '\r\n\r\n';

/**
 * Reads up to this size are parsed without looking for the end of the head first: it is nearly always there (bench: the search cost 1.4 %
 * of a request). Not larger, because all of the read becomes text.
 */
const wholeReadBytes = 4096;
const noAuthority: Authority = { host: '', port: '' };

/**
 * Reads the requests of one connection, one message at a time, strictly by RFC 9110 and 9112: what two parsers could read differently
 * is a `failure`, after which nothing more is read.
 *
 * The head lists end-to-end fields only. `host` is in `authority`; `connection`, `keep-alive`, `te`, `transfer-encoding`, `upgrade`,
 * `expect` and what `Connection` nominated have become properties of the head; `content-length` stays in the list.
 */
export class RequestParser {
  readonly #limits: ParserLimits;
  readonly #scheme: 'http' | 'https';
  readonly #handler: MessageHandler<RequestHead>;
  readonly #fields = new FieldSection('request');
  readonly #body: BodyDecoder;
  readonly #partial: HeadAccumulator;
  readonly #lastAuthority = new LastAuthority();
  #inBody = false;
  /** One empty line before a request is forgiven (RFC 9112 section 2.2); this one has had it. */
  #skippedEmptyLine = false;
  #failure: ParseFailure | undefined;
  // What the request line said, between its reading and the head's making.
  #method = '';
  #rawTarget = '';
  #version: 10 | 11 = 11;

  constructor(limits: ParserLimits, scheme: 'http' | 'https', handler: MessageHandler<RequestHead>) {
    this.#limits = limits;
    this.#scheme = scheme;
    this.#handler = handler;
    this.#body = new BodyDecoder(limits, handler);
    this.#partial = new HeadAccumulator(limits.maxLineBytes, limits.maxHeadBytes);
  }

  /** Why the input was refused. The parser stays refused until `reset`. */
  get failure(): ParseFailure | undefined {
    return this.#failure;
  }

  /** A message has begun and is not complete. */
  get midMessage(): boolean {
    return this.#inBody || !this.#partial.isEmpty;
  }

  /**
   * Reads up to the end of one message and returns how many bytes that took; the rest is the caller's, to be given again for the next
   * message, or to be tunnelled after a request with `upgrade`. An incomplete message takes the whole chunk. Keeps no reference to it.
   */
  execute(chunk: Buffer): number {
    if (this.#failure !== undefined || chunk.length === 0) return chunk.length;
    if (this.#inBody) return this.#readBody(chunk, 0);
    return this.#readHead(chunk);
  }

  /** The client sent FIN: a message that is not complete never will be. */
  finish(): void {
    if (this.#failure !== undefined || !this.midMessage) return;
    this.#refuse(this.#inBody ? 'eof-in-body' : 'eof-in-head');
  }

  /** Ready for the first message of a connection. */
  reset(): void {
    this.#partial.clear();
    this.#body.reset();
    this.#inBody = false;
    this.#skippedEmptyLine = false;
    this.#failure = undefined;
  }

  #readHead(chunk: Buffer): number {
    let from = 0;
    if (this.#partial.isEmpty) {
      if (chunk[0] === CR && chunk[1] === LF && !this.#skippedEmptyLine) {
        this.#skippedEmptyLine = true;
        from = 2;
        if (chunk.length === 2) return 2;
      }
      if (chunk.length - from <= wholeReadBytes) {
        const head = this.#parseHead(chunk, from, chunk.length);
        const { end } = this.#fields;
        if (typeof head !== 'string' && end - from <= this.#limits.maxHeadBytes) return this.#begin(head, chunk, end);
        // Incomplete or refused: the careful way below says which.
      }
      const end = chunk.indexOf(endOfHead, from, 'latin1');
      if (end >= 0 && end + 4 - from <= this.#limits.maxHeadBytes) return this.#takeHead(chunk, from, chunk, end + 4);
    }
    return this.#readPartialHead(chunk, from);
  }

  #readPartialHead(chunk: Buffer, from: number): number {
    const partial = this.#partial;
    const state = partial.append(chunk, from);
    const end = from + partial.consumed;
    if (state === 'partial') return end;
    if (state === 'line-too-long' || state === 'head-too-large') return this.#refuse(state, chunk.length);
    const head = partial.head;
    partial.clear();
    const isEmptyLine = state === 'complete' && head.length === 2;
    if (isEmptyLine && !this.#skippedEmptyLine) {
      this.#skippedEmptyLine = true;
      return end === chunk.length ? end : end + this.execute(chunk.subarray(end));
    }
    return this.#takeHead(head, 0, chunk, end);
  }

  /** Parses the head that begins at `from` of `bytes`; the body begins at `bodyStart` of `chunk`. */
  #takeHead(bytes: Buffer, from: number, chunk: Buffer, bodyStart: number): number {
    const headEnd = bytes === chunk ? bodyStart : bytes.length;
    const head = this.#parseHead(bytes, from, headEnd);
    if (typeof head === 'string') {
      this.#skippedEmptyLine = false;
      return this.#refuse(head, chunk.length);
    }
    return this.#begin(head, chunk, bodyStart);
  }

  #begin(head: RequestHead, chunk: Buffer, bodyStart: number): number {
    this.#skippedEmptyLine = false;
    if (head.body.kind === 'none') {
      this.#handler.onHead(head);
      this.#handler.onEnd(noTrailers);
      return bodyStart;
    }
    this.#body.start(head.body);
    this.#inBody = true;
    this.#handler.onHead(head);
    return this.#readBody(chunk, bodyStart);
  }

  #readBody(chunk: Buffer, from: number): number {
    const body = this.#body;
    const end = body.decode(chunk, from);
    if (body.rule !== undefined) return this.#refuse(body.rule, chunk.length);
    if (body.isDone && this.#inBody) {
      this.#inBody = false;
      this.#handler.onEnd(body.trailers);
    }
    return end;
  }

  #parseHead(bytes: Buffer, from: number, end: number): RequestHead | ParseRule {
    const text = bytes.toString('latin1', from, end);
    const fieldsStart = this.#readRequestLine(bytes, from, text);
    if (typeof fieldsStart === 'string') return fieldsStart;
    const fields = this.#fields;
    fields.reset();
    const rule = fields.read(bytes, fieldsStart, text, from, this.#limits.maxHeaders) ?? fields.stripNominated('refuse');
    const head = rule ?? this.#makeHead(fields);
    fields.release();
    this.#rawTarget = '';
    return head;
  }

  /** Reads `method SP target SP version CRLF` and returns where the fields begin. */
  #readRequestLine(bytes: Buffer, from: number, text: string): number | ParseRule {
    let at = from;
    while (lowerToken[bytes[at] ?? 0] !== 0) at++;
    if (at === from || bytes[at] !== SP) return this.#lineRefusal(bytes, from, at, 'bad-method');
    this.#method = methodName(text.slice(0, at - from));
    const targetStart = ++at;
    while (fieldValueByte[bytes[at] ?? 0] === 1 && bytes[at] !== SP && bytes[at] !== HT) at++;
    if (bytes[at] !== SP || at === targetStart) return this.#lineRefusal(bytes, from, at, 'bad-request-line');
    if (at - from > this.#limits.maxLineBytes) return 'line-too-long';
    this.#rawTarget = text.slice(targetStart - from, at - from);
    const version = readVersion(bytes, at + 1);
    if (typeof version === 'string') return version;
    this.#version = version;
    at += 9;
    if (bytes[at] !== CR || bytes[at + 1] !== LF) return this.#lineRefusal(bytes, from, at, 'bad-request-line');
    return at - from > this.#limits.maxLineBytes ? 'line-too-long' : at + 2;
  }

  #makeHead(fields: FieldSection): RequestHead | ParseRule {
    const method = this.#method;
    if (method === 'CONNECT') return 'method-connect';
    if (method === 'TRACE') return 'method-trace';
    const authority = this.#authority(fields.host);
    if (typeof authority === 'string') return authority;
    const resolved = resolveTarget(this.#rawTarget, method, this.#scheme, authority, fields.host ?? '');
    if (typeof resolved === 'string') return resolved;
    const body = requestBody(fields, this.#version);
    if (typeof body === 'string') return body;
    const isHttp11 = this.#version === 11;
    if (isHttp11 && fields.expect !== undefined && fields.expect !== '100-continue') return 'unknown-expectation';
    const upgrade = isHttp11 && fields.connectionUpgrade && fields.upgrade !== undefined ? offeredProtocols(fields.upgrade) : undefined;
    if (upgrade === '') return 'bad-upgrade';
    if (upgrade !== undefined && body.kind !== 'none') return 'upgrade-with-body';
    return {
      method,
      scheme: this.#scheme,
      host: resolved.authority.host,
      authority: resolved.authorityText,
      target: resolved.target,
      path: resolved.path,
      headers: fields.headers,
      version: this.#version,
      body,
      keepAlive: !fields.connectionClose && (isHttp11 || fields.connectionKeepAlive),
      expectContinue: isHttp11 && fields.expect !== undefined && body.kind !== 'none',
      upgrade,
    };
  }

  #authority(host: string | undefined): Authority | ParseRule {
    if (host === undefined) return this.#version === 11 ? 'missing-host' : noAuthority;
    return this.#lastAuthority.read(host) ?? 'bad-host';
  }

  /** Why the request line broke off at this byte. */
  #lineRefusal(bytes: Buffer, from: number, at: number, otherwise: ParseRule): ParseRule {
    if (at - from > this.#limits.maxLineBytes) return 'line-too-long';
    const byte = bytes[at] ?? 0;
    if (byte === LF) return 'bare-lf';
    if (byte === CR && at + 1 < bytes.length && bytes[at + 1] !== LF) return 'bare-cr';
    return fieldValueByte[byte] === 0 && byte !== CR ? 'control-byte' : otherwise;
  }

  #refuse(rule: ParseRule, consumed = 0): number {
    this.#failure = requestFailure(rule);
    this.#inBody = false;
    this.#partial.clear();
    return consumed;
  }
}

/** The body's framing, when it is said in exactly one way (RFC 9112 section 6.3). */
function requestBody(fields: FieldSection, version: 10 | 11): BodyFraming | ParseRule {
  if (fields.chunked) {
    if (fields.contentLength !== -1) return 'te-with-cl';
    return version === 11 ? chunkedBody : 'te-in-http-1.0';
  }
  return fields.contentLength > 0 ? { kind: 'length', bytes: fields.contentLength } : noBody;
}

/** The usual methods as constants, which compare by identity. */
function methodName(method: string): string {
  switch (method) {
    case 'GET':
      return 'GET';
    case 'POST':
      return 'POST';
    case 'HEAD':
      return 'HEAD';
    case 'PUT':
      return 'PUT';
    default:
      return method;
  }
}

/** Exactly `HTTP/1.1` or `HTTP/1.0`. */
function readVersion(bytes: Buffer, at: number): 10 | 11 | ParseRule {
  const isHttp = bytes[at] === 0x48 && bytes[at + 1] === 0x54 && bytes[at + 2] === 0x54 && bytes[at + 3] === 0x50 && bytes[at + 4] === 0x2f;
  const major = (bytes[at + 5] ?? 0) - 0x30;
  const minor = (bytes[at + 7] ?? 0) - 0x30;
  if (!isHttp || bytes[at + 6] !== 0x2e || major < 0 || major > 9 || minor < 0 || minor > 9) return 'bad-version';
  if (major === 1 && minor === 1) return 11;
  return major === 1 && minor === 0 ? 10 : 'unsupported-version';
}
