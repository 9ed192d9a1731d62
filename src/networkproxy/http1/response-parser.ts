import { BodyDecoder } from './body-decoder.ts';
import { CR, fieldValueByte, LF, SP } from './character-classes.ts';
import { FieldSection } from './field-section.ts';
import { HeadAccumulator } from './head-accumulator.ts';
import type { BodyFraming, MessageHandler, ParseFailure, ParserLimits, ResponseHead } from './message-handler.ts';
import { type ParseRule, responseFailure } from './parse-rule.ts';

/** Takes an answer: any number of informational heads, then a final head with its body. */
export interface ResponseHandler extends MessageHandler<ResponseHead> {
  /** A 1xx head other than 101. */
  onInformational(head: ResponseHead): void;
}

const noBody: BodyFraming = { kind: 'none' };
const chunkedBody: BodyFraming = { kind: 'chunked' };
const closeBody: BodyFraming = { kind: 'close' };
const noTrailers: readonly string[] = [];
const endOfHead = '\r\n\r\n';

/**
 * Reads up to this size are parsed without looking for the end of the head first: it is nearly always there (bench: the search cost 1.4 %
 * of a request). Not larger, because all of the read becomes text.
 */
const wholeReadBytes = 4096;

/** Informational answers to one request: more than any server sends, few enough that they end. */
const maxInformational = 32;

/**
 * Reads the answers of one upstream connection, one for each `startResponse`, as strictly as requests are read: an answer that two
 * parsers could read differently is a `failure`, and the connection must not be used again. The head lists end-to-end fields only;
 * `content-length` stays in the list, also on answers without a body that may have one (HEAD, 304).
 */
export class ResponseParser {
  readonly #limits: ParserLimits;
  readonly #handler: ResponseHandler;
  readonly #fields = new FieldSection('response');
  readonly #body: BodyDecoder;
  readonly #partial: HeadAccumulator;
  #requestMethod = '';
  #upgradeAsked = false;
  #informational = 0;
  #state: 'idle' | 'head' | 'body' = 'idle';
  #failure: ParseFailure | undefined;

  constructor(limits: ParserLimits, handler: ResponseHandler) {
    this.#limits = limits;
    this.#handler = handler;
    this.#body = new BodyDecoder(limits, handler);
    this.#partial = new HeadAccumulator(limits.maxLineBytes, limits.maxHeadBytes);
  }

  /** Why the answer was refused. */
  get failure(): ParseFailure | undefined {
    return this.#failure;
  }

  /** An answer is expected or under way. */
  get isActive(): boolean {
    return this.#state !== 'idle';
  }

  /** Expects the answer to a request with this method; a 101 is only understood when the request asked for an upgrade. */
  startResponse(requestMethod: string, upgradeAsked: boolean): void {
    this.#requestMethod = requestMethod;
    this.#upgradeAsked = upgradeAsked;
    this.#informational = 0;
    this.#failure = undefined;
    this.#partial.clear();
    this.#body.reset();
    this.#state = 'head';
  }

  /**
   * Reads up to the end of the answer and returns how many bytes that took. What is left belongs to nobody: the upstream spoke out of
   * turn, and the connection must be closed; after a 101 it is the tunnel's.
   */
  execute(chunk: Buffer): number {
    let at = 0;
    while (at < chunk.length && this.#failure === undefined && this.#state !== 'idle') {
      at = this.#state === 'head' ? this.#readHead(chunk, at) : this.#readBody(chunk, at);
    }
    return this.#failure === undefined ? at : chunk.length;
  }

  /** The upstream sent FIN: the end of a body without a length, or a failure when an answer is not complete. */
  finish(): void {
    if (this.#failure !== undefined || this.#state === 'idle') return;
    if (this.#state === 'body' && this.#body.endsWithConnection) {
      this.#end(noTrailers);
      return;
    }
    if (this.#state === 'body') this.#refuse('eof-in-body');
    else this.#refuse(this.#partial.isEmpty ? 'eof-before-head' : 'eof-in-head');
  }

  #readHead(chunk: Buffer, from: number): number {
    if (this.#partial.isEmpty) {
      if (chunk.length - from <= wholeReadBytes) {
        const head = this.#parseHead(chunk, from, chunk.length);
        const { end } = this.#fields;
        if (typeof head !== 'string' && end - from <= this.#limits.maxHeadBytes) {
          this.#begin(head);
          return end;
        }
        // Incomplete or refused: the careful way below says which.
      }
      const end = chunk.indexOf(endOfHead, from, 'latin1');
      if (end >= 0 && end + 4 - from <= this.#limits.maxHeadBytes) {
        this.#takeHead(chunk, from, end + 4);
        return end + 4;
      }
    }
    const state = this.#partial.append(chunk, from);
    const end = from + this.#partial.consumed;
    if (state === 'partial') return end;
    if (state === 'line-too-long' || state === 'head-too-large') {
      this.#refuse(state);
      return end;
    }
    const head = this.#partial.head;
    this.#partial.clear();
    this.#takeHead(head, 0, head.length);
    return end;
  }

  #takeHead(bytes: Buffer, from: number, end: number): void {
    const head = this.#parseHead(bytes, from, end);
    if (typeof head === 'string') this.#refuse(head);
    else this.#begin(head);
  }

  #begin(head: ResponseHead): void {
    if (head.status < 200 && head.status !== 101) {
      if (++this.#informational > maxInformational) this.#refuse('too-many-informational');
      else this.#handler.onInformational(head);
    } else if (head.body.kind === 'none') {
      this.#handler.onHead(head);
      this.#end(noTrailers);
    } else {
      this.#body.start(head.body);
      this.#state = 'body';
      this.#handler.onHead(head);
    }
  }

  #readBody(chunk: Buffer, from: number): number {
    const body = this.#body;
    const end = body.decode(chunk, from);
    if (body.rule !== undefined) this.#refuse(body.rule);
    else if (body.isDone && this.#state === 'body') this.#end(body.trailers);
    return end;
  }

  #end(trailers: readonly string[]): void {
    this.#state = 'idle';
    this.#handler.onEnd(trailers);
  }

  #parseHead(bytes: Buffer, from: number, end: number): ResponseHead | ParseRule {
    const text = bytes.toString('latin1', from, end);
    const version = readVersion(bytes, from);
    const status = readStatus(bytes, from + 9);
    if (version === 0 || bytes[from + 8] !== SP || status === 0) return statusLineRefusal(bytes, from, end);
    let at = from + 12;
    if (bytes[at] === SP) at++;
    else if (bytes[at] !== CR) return 'bad-status-line';
    const reasonStart = at;
    while (fieldValueByte[bytes[at] ?? 0] === 1) at++;
    if (bytes[at] !== CR || bytes[at + 1] !== LF) return statusLineRefusal(bytes, from, end);
    if (at - from > this.#limits.maxLineBytes) return 'line-too-long';
    const reason = text.slice(reasonStart - from, at - from);

    const fields = this.#fields;
    fields.reset();
    const rule = fields.read(bytes, at + 2, text, from, this.#limits.maxHeaders) ?? fields.stripNominated('ignore');
    if (rule !== undefined) return rule;
    if (status === 101 && (!this.#upgradeAsked || !fields.connectionUpgrade || !fields.upgrade)) return 'unexpected-101';
    const body = this.#bodyFraming(status, version);
    if (typeof body === 'string') return body;
    const head: ResponseHead = {
      status,
      reason,
      headers: fields.headers,
      version,
      body,
      keepAlive: body.kind !== 'close' && !fields.connectionClose && (version === 11 || fields.connectionKeepAlive),
      upgrade: status === 101 ? fields.upgrade : undefined,
    };
    fields.release();
    return head;
  }

  /** RFC 9112 section 6.3, in its order. */
  #bodyFraming(status: number, version: 10 | 11): BodyFraming | ParseRule {
    const fields = this.#fields;
    if (fields.chunked && fields.contentLength !== -1) return 'te-with-cl';
    if (fields.chunked && version === 10) return 'te-in-http-1.0';
    if (status < 200 || status === 204) {
      if (fields.chunked || fields.contentLength > 0) return 'body-on-bodyless-answer';
      if (fields.contentLength === 0) fields.removeField('content-length');
      return noBody;
    }
    if (this.#requestMethod === 'HEAD' || status === 304) return noBody;
    if (fields.chunked) return chunkedBody;
    if (fields.contentLength === -1) return closeBody;
    return fields.contentLength === 0 ? noBody : { kind: 'length', bytes: fields.contentLength };
  }

  #refuse(rule: ParseRule): void {
    this.#failure = responseFailure(rule);
    this.#state = 'idle';
    this.#partial.clear();
  }
}

/** 11 or 10 for `HTTP/1.1` and `HTTP/1.0`, 0 for anything else. */
function readVersion(bytes: Buffer, at: number): 0 | 10 | 11 {
  const isHttp1 =
    bytes[at] === 0x48 &&
    bytes[at + 1] === 0x54 &&
    bytes[at + 2] === 0x54 &&
    bytes[at + 3] === 0x50 &&
    bytes[at + 4] === 0x2f &&
    bytes[at + 5] === 0x31 &&
    bytes[at + 6] === 0x2e;
  if (!isHttp1) return 0;
  if (bytes[at + 7] === 0x31) return 11;
  return bytes[at + 7] === 0x30 ? 10 : 0;
}

/** Three digits from 100 up, 0 for anything else. */
function readStatus(bytes: Buffer, at: number): number {
  let status = 0;
  for (let i = at; i < at + 3; i++) {
    const digit = (bytes[i] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return 0;
    status = status * 10 + digit;
  }
  return status < 100 ? 0 : status;
}

/** Names the byte that spoils the status line, when one does. */
function statusLineRefusal(bytes: Buffer, from: number, end: number): ParseRule {
  for (let at = from; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === LF) return 'bare-lf';
    if (byte === CR) return at + 1 < end && bytes[at + 1] !== LF ? 'bare-cr' : 'bad-status-line';
    if (fieldValueByte[byte] === 0) return 'control-byte';
  }
  return 'bad-status-line';
}
