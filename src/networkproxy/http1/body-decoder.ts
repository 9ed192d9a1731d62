import { CR, fieldValueByte, hexDigitPlusOne, LF, lowerToken } from './character-classes.ts';
import { FieldSection } from './field-section.ts';
import { HeadAccumulator } from './head-accumulator.ts';
import type { BodyFraming, ParserLimits } from './message-handler.ts';
import type { ParseRule } from './parse-rule.ts';

/** Takes the pieces of a body; they are only valid during the call. */
export interface BodySink {
  onBody(chunk: Buffer): void;
}

/** Digits of a chunk size, leading zeros included: what a 64-bit number can have. */
const maxChunkSizeDigits = 16;

const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

const noTrailers: readonly string[] = [];

/** Where the decoder is. The order of a chunked body reads from top to bottom. */
const State = {
  done: 0,
  length: 1,
  untilClose: 2,
  sizeStart: 3,
  size: 4,
  extensionName: 5,
  extensionNameRest: 6,
  extensionValue: 7,
  extensionToken: 8,
  extensionQuoted: 9,
  extensionEscape: 10,
  extensionAfterQuoted: 11,
  sizeLf: 12,
  data: 13,
  dataCr: 14,
  dataLf: 15,
  trailers: 16,
} as const;
type State = (typeof State)[keyof typeof State];

/** Takes the framing off one body after the other, strictly by RFC 9112 section 7. */
export class BodyDecoder {
  readonly #limits: ParserLimits;
  readonly #sink: BodySink;
  readonly #trailerFields = new FieldSection('request');
  #trailerBytes: HeadAccumulator | undefined;
  #state: State = State.done;
  /** Bytes that are left of the body or of the chunk. */
  #left = 0;
  #digits = 0;
  #extensionBytes = 0;
  /** The rule that the body broke. */
  rule: ParseRule | undefined;
  /** The filtered trailers of a complete chunked body. */
  trailers: readonly string[] = noTrailers;

  constructor(limits: ParserLimits, sink: BodySink) {
    this.#limits = limits;
    this.#sink = sink;
  }

  get isDone(): boolean {
    return this.#state === State.done;
  }

  /** The end of the connection ends this body properly. */
  get endsWithConnection(): boolean {
    return this.#state === State.untilClose;
  }

  start(framing: BodyFraming): void {
    this.reset();
    switch (framing.kind) {
      case 'none':
        return;
      case 'length':
        this.#left = framing.bytes;
        this.#state = framing.bytes === 0 ? State.done : State.length;
        return;
      case 'chunked':
        this.#state = State.sizeStart;
        return;
      case 'close':
        this.#state = State.untilClose;
        return;
    }
  }

  reset(): void {
    this.#state = State.done;
    this.#left = 0;
    this.#digits = 0;
    this.#extensionBytes = 0;
    this.#trailerBytes = undefined;
    this.rule = undefined;
    this.trailers = noTrailers;
  }

  /** Decodes from `from` on and returns where it stopped: at the end of the chunk, behind the body (`isDone`), or at a defect (`rule`). */
  decode(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length && this.#state !== State.done && this.rule === undefined) {
      switch (this.#state) {
        case State.length:
        case State.data:
        case State.untilClose:
          at = this.#passOn(chunk, at);
          break;
        case State.trailers:
          at = this.#readTrailers(chunk, at);
          break;
        default:
          this.#step(chunk[at] ?? 0);
          at++;
      }
    }
    return at;
  }

  #passOn(chunk: Buffer, from: number): number {
    const available = chunk.length - from;
    const bytes = this.#state === State.untilClose ? available : Math.min(available, this.#left);
    if (this.#state !== State.untilClose) {
      this.#left -= bytes;
      if (this.#left === 0) this.#state = this.#state === State.length ? State.done : State.dataCr;
    }
    this.#sink.onBody(bytes === chunk.length ? chunk : chunk.subarray(from, from + bytes));
    return from + bytes;
  }

  /** One byte of a chunk's framing. */
  #step(byte: number): void {
    switch (this.#state) {
      case State.sizeStart:
      case State.size:
        this.#stepSize(byte);
        break;
      case State.sizeLf:
        if (byte !== LF) this.#refuse('bad-chunk-size');
        this.#digits = 0;
        this.#state = this.#left === 0 ? State.trailers : State.data;
        break;
      case State.dataCr:
        if (byte !== CR) this.#refuse('bad-chunk-end');
        this.#state = State.dataLf;
        break;
      case State.dataLf:
        if (byte !== LF) this.#refuse('bad-chunk-end');
        this.#state = State.sizeStart;
        break;
      default:
        if (++this.#extensionBytes > this.#limits.maxChunkExtensionBytes) this.#refuse('chunk-extensions-too-large');
        else this.#stepExtension(byte, lowerToken[byte] !== 0);
    }
  }

  #stepSize(byte: number): void {
    const digit = (hexDigitPlusOne[byte] ?? 0) - 1;
    if (digit >= 0) {
      this.#state = State.size;
      this.#left = this.#left * 16 + digit;
      if (++this.#digits > maxChunkSizeDigits || this.#left > Number.MAX_SAFE_INTEGER) this.#refuse('chunk-size-too-large');
    } else if (this.#state === State.size && byte === CR) this.#state = State.sizeLf;
    else if (this.#state === State.size && byte === SEMICOLON) this.#state = State.extensionName;
    else this.#refuse('bad-chunk-size');
  }

  /** `;name`, `;name=token` or `;name="quoted"`, without the blanks that the grammar only tolerates. */
  #stepExtension(byte: number, isTokenByte: boolean): void {
    switch (this.#state) {
      case State.extensionName:
        if (!isTokenByte) this.#refuse('bad-chunk-extension');
        this.#state = State.extensionNameRest;
        break;
      case State.extensionNameRest:
        if (byte === EQUALS) this.#state = State.extensionValue;
        else if (!isTokenByte) this.#endExtension(byte);
        break;
      case State.extensionValue:
        if (byte === QUOTE) this.#state = State.extensionQuoted;
        else if (isTokenByte) this.#state = State.extensionToken;
        else this.#refuse('bad-chunk-extension');
        break;
      case State.extensionToken:
        if (!isTokenByte) this.#endExtension(byte);
        break;
      case State.extensionQuoted:
        if (byte === QUOTE) this.#state = State.extensionAfterQuoted;
        else if (byte === BACKSLASH) this.#state = State.extensionEscape;
        else if (fieldValueByte[byte] === 0) this.#refuse('bad-chunk-extension');
        break;
      case State.extensionEscape:
        if (fieldValueByte[byte] === 0) this.#refuse('bad-chunk-extension');
        this.#state = State.extensionQuoted;
        break;
      default:
        this.#endExtension(byte);
    }
  }

  #endExtension(byte: number): void {
    if (byte === CR) this.#state = State.sizeLf;
    else if (byte === SEMICOLON) this.#state = State.extensionName;
    else this.#refuse('bad-chunk-extension');
  }

  #readTrailers(chunk: Buffer, from: number): number {
    if (this.#trailerBytes === undefined && chunk[from] === CR && chunk[from + 1] === LF) {
      this.#state = State.done;
      return from + 2;
    }
    const limit = this.#limits.maxTrailerBytes;
    const accumulator = (this.#trailerBytes ??= new HeadAccumulator(limit, limit));
    const state = accumulator.append(chunk, from);
    if (state === 'line-too-long' || state === 'head-too-large') this.#refuse('trailers-too-large');
    else if (state !== 'partial') this.#parseTrailers(accumulator.head);
    return from + accumulator.consumed;
  }

  #parseTrailers(bytes: Buffer): void {
    const fields = this.#trailerFields;
    fields.reset();
    this.rule = fields.read(bytes, 0, bytes.toString('latin1', 0, bytes.length), 0, this.#limits.maxHeaders);
    if (this.rule !== undefined) return;
    this.trailers = fields.trailers();
    this.#trailerBytes = undefined;
    this.#state = State.done;
  }

  #refuse(rule: ParseRule): void {
    this.rule = rule;
  }
}
