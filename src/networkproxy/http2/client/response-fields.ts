import { isForbiddenInTrailers } from '../../header-names.ts';
import { parseContentLength } from '../../http1/field-section.ts';
import type { BodyFraming, ResponseHead } from '../../http1/message-handler.ts';
import { reasonPhrase } from '../../http1/reason-phrases.ts';
import type { FieldSink } from '../hpack/decoder.ts';
import { FieldRole, type HeaderField } from '../hpack/header-field.ts';
import type { MessageRule } from '../message-rule.ts';
import { responseFieldLimits } from './limits.ts';

const noBody: BodyFraming = { kind: 'none' };
/** Until END_STREAM: trailers may follow. */
const openBody: BodyFraming = { kind: 'chunked' };

/**
 * Takes the fields of one header block and makes the head of an answer or its trailers of them, as strictly as requests are read (RFC 9113
 * section 8). The first broken rule is kept; the rest of the block is still taken, for HPACK's sake. One object per connection is used
 * for each block again.
 */
export class ResponseFields implements FieldSink {
  #headers: string[] = [];
  #status = '';
  #contentLength = -1;
  #bytes = 0;
  #count = 0;
  #sawRegular = false;
  #isTrailers = false;
  #rule: MessageRule | undefined;

  begin(isTrailers: boolean): void {
    this.#headers = [];
    this.#status = '';
    this.#contentLength = -1;
    this.#bytes = 0;
    this.#count = 0;
    this.#sawRegular = false;
    this.#isTrailers = isTrailers;
    this.#rule = undefined;
  }

  onField(field: HeaderField): void {
    if (this.#rule !== undefined) return;
    const { maxBytes, maxTrailerBytes, maxFields } = responseFieldLimits;
    this.#bytes += field.size;
    if (this.#bytes > (this.#isTrailers ? maxTrailerBytes : maxBytes))
      this.#rule = this.#isTrailers ? 'trailers-too-large' : 'head-too-large';
    else if (++this.#count > maxFields) this.#rule = 'too-many-headers';
    else this.#rule = field.isPseudo ? this.#takePseudo(field) : this.#takeRegular(field);
  }

  /** The head, or the rule that it broke. @param requestMethod what is answered; @param endStream no body follows */
  head(requestMethod: string, endStream: boolean): ResponseHead | MessageRule {
    if (this.#rule !== undefined) return this.#rule;
    if (this.#status === '') return 'missing-pseudo';
    const status = /^[1-9]\d\d$/.test(this.#status) ? Number(this.#status) : 0;
    if (status === 0 || status === 101) return 'bad-status';
    const body = this.#framing(status, requestMethod, endStream);
    if (typeof body === 'string') return body;
    return { status, reason: reasonPhrase(status), headers: this.#headers, version: 20, body, keepAlive: true, upgrade: undefined };
  }

  /** The trailers that may go on, or the rule that they broke. */
  trailers(): readonly string[] | MessageRule {
    if (this.#rule !== undefined) return this.#rule;
    const kept: string[] = [];
    const all = this.#headers;
    for (let i = 0; i < all.length; i += 2) {
      const name = all[i] as string;
      if (!isForbiddenInTrailers(name)) kept.push(name, all[i + 1] as string);
    }
    return kept;
  }

  #framing(status: number, requestMethod: string, endStream: boolean): BodyFraming | MessageRule {
    if (status < 200 && endStream) return 'informational-with-end';
    if (status < 200 || status === 204) {
      if (this.#contentLength > 0) return 'body-on-bodyless-answer';
      // RFC 9110 section 8.6 forbids it; an HTTP/1.1 client would get it as it is.
      if (this.#contentLength === 0) this.#dropContentLength();
      return noBody;
    }
    if (requestMethod === 'HEAD' || status === 304) return noBody;
    if (endStream) return this.#contentLength > 0 ? 'content-length-mismatch' : noBody;
    return this.#contentLength === -1 ? openBody : { kind: 'length', bytes: this.#contentLength };
  }

  #takePseudo(field: HeaderField): MessageRule | undefined {
    if (this.#isTrailers) return 'pseudo-in-trailers';
    if (this.#sawRegular) return 'pseudo-after-field';
    if (field.role !== FieldRole.status) return field.rule ?? 'unknown-pseudo';
    if (this.#status !== '') return 'duplicate-pseudo';
    this.#status = field.value;
    return field.value === '' ? 'bad-status' : undefined;
  }

  #takeRegular(field: HeaderField): MessageRule | undefined {
    this.#sawRegular = true;
    switch (field.role) {
      case FieldRole.refused:
        return field.rule;
      case FieldRole.dropped:
      case FieldRole.te:
        return undefined;
      case FieldRole.contentLength:
        return this.#takeContentLength(field.value);
      default:
        this.#headers.push(field.name, field.value);
        return undefined;
    }
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

  #dropContentLength(): void {
    this.#headers.splice(this.#headers.indexOf('content-length'), 2);
  }
}
