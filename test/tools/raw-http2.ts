import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** Frame types and error codes by number (RFC 9113 sections 6 and 7). */
export const frameTypes = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const errorCodes = {
  noError: 0,
  protocolError: 1,
  internalError: 2,
  flowControlError: 3,
  streamClosed: 5,
  frameSizeError: 6,
  refusedStream: 7,
  cancel: 8,
  compressionError: 9,
  enhanceYourCalm: 11,
} as const;

export const endStream = 0x1;
export const endHeaders = 0x4;
export const padded = 0x8;
export const withPriority = 0x20;
export const ack = 0x1;

/** The ids of settings (RFC 9113 section 6.5.2). */
export const settingIds = { headerTableSize: 1, enablePush: 2, maxConcurrentStreams: 3, initialWindowSize: 4, maxFrameSize: 5 } as const;

export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

export interface RawFrame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** Name and value, exactly as they are to be sent (latin1). */
export type RawField = readonly [name: string, value: string];

/** A frame as bytes, however wrong it is. */
export function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream >>> 0, 5);
  return Buffer.concat([head, payload]);
}

/** A payload of one 32-bit number: an error code or a window increment. */
export function uint32(value: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(value >>> 0);
  return payload;
}

/** The payload of a SETTINGS frame. */
export function settingsPayload(settings: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(settings.length * 6);
  settings.forEach(([id, value], i) => {
    payload.writeUInt16BE(id, i * 6);
    payload.writeUInt32BE(value >>> 0, i * 6 + 2);
  });
  return payload;
}

/** An HPACK integer with a prefix of `bits` bits, `first` being the bits before it (RFC 7541 section 5.1). */
export function hpackInteger(first: number, bits: number, value: number): Buffer {
  const max = 2 ** bits - 1;
  if (value < max) return Buffer.from([first | value]);
  const bytes = [first | max];
  let rest = value - max;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Buffer.from([...bytes, rest]);
}

function hpackString(text: string): Buffer {
  return Buffer.concat([hpackInteger(0, 7, text.length), Buffer.from(text, 'latin1')]);
}

/** A field as a literal with a literal name: 0x00 without indexing, 0x40 with incremental indexing, 0x10 never indexed. */
export function hpackLiteral([name, value]: RawField, kind: 0 | 0x10 | 0x40 = 0): Buffer {
  return Buffer.concat([Buffer.from([kind]), hpackString(name), hpackString(value)]);
}

/** A header block of literals without indexing or Huffman coding: nothing in it is checked. */
export function headerBlock(fields: readonly RawField[]): Buffer {
  return Buffer.concat(fields.map((field) => hpackLiteral(field)));
}

/** The pseudo-fields of an ordinary GET of `path`, and what follows them. */
export function requestFields(path = '/', more: readonly RawField[] = [], method = 'GET', authority = 'a.example'): readonly RawField[] {
  return [[':method', method], [':scheme', 'http'], [':authority', authority], [':path', path], ...more];
}

/** The frames in some bytes; what is left of the last one, if it is cut, is dropped or short. */
export function framesOf(bytes: Buffer): RawFrame[] {
  const frames: RawFrame[] = [];
  for (let at = 0; at + 9 <= bytes.length; ) {
    const end = at + 9 + bytes.readUIntBE(at, 3);
    const stream = bytes.readUInt32BE(at + 5) & 0x7fff_ffff;
    frames.push({ type: bytes[at + 3]!, flags: bytes[at + 4]!, stream, payload: bytes.subarray(at + 9, end) });
    at = end;
  }
  return frames;
}

/** How one side behaves. */
export interface RawHttp2Options {
  /** Over TLS with this server name, offering h2 alone. */
  readonly tls?: string;
  /** Default: no dynamic table for answers, so that `:status` can be read without one. */
  readonly settings?: readonly (readonly [id: number, value: number])[];
  /** Acknowledge SETTINGS and answer PINGs; default true. */
  readonly polite?: boolean;
  /** Give back the window of each DATA frame; default true. */
  readonly reads?: boolean;
}

/**
 * One side of an HTTP/2 connection of the tests' own, that sends any frame, keeps what comes, and waits for events, never for time. Of
 * header blocks it reads `:status` alone.
 */
export class RawHttp2 implements Disposable {
  readonly socket: Socket;
  readonly frames: RawFrame[] = [];
  ended = false;
  closed = false;
  readonly #options: RawHttp2Options;
  /** Bytes of the preface that have not come. */
  #prefaceLeft = 0;
  #rest: Buffer = Buffer.alloc(0);
  #wake: (() => void) | undefined;

  private constructor(socket: Socket, options: RawHttp2Options) {
    this.socket = socket;
    this.#options = options;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('end', () => {
      this.ended = true;
      this.#wake?.();
    });
    socket.on('close', () => {
      this.closed = true;
      this.#wake?.();
    });
    socket.on('error', () => this.#wake?.());
  }

  /** Connects and sends the preface with SETTINGS. */
  static async connect(port: number, options: RawHttp2Options = {}): Promise<RawHttp2> {
    const target = { port, host: '127.0.0.1', noDelay: true };
    const socket =
      options.tls === undefined
        ? connect(target)
        : connectTls({ ...target, servername: options.tls, ALPNProtocols: ['h2'], rejectUnauthorized: false });
    await new Promise<void>((resolve, reject) => {
      socket.once(options.tls === undefined ? 'connect' : 'secureConnect', resolve);
      socket.once('error', reject);
    });
    const client = new RawHttp2(socket, options);
    client.write(
      Buffer.concat([preface, frame(frameTypes.settings, 0, 0, settingsPayload(options.settings ?? [[settingIds.headerTableSize, 0]]))]),
    );
    return client;
  }

  /** The server's side: takes the preface for granted and sends nothing of its own but what is polite. */
  static accept(socket: Socket, options: RawHttp2Options = {}): RawHttp2 {
    const server = new RawHttp2(socket, options);
    server.#prefaceLeft = preface.length;
    return server;
  }

  write(bytes: Buffer): void {
    if (!this.socket.destroyed && this.socket.writable) this.socket.write(bytes);
  }

  send(type: number, flags: number, stream: number, payload?: Buffer): void {
    this.write(frame(type, flags, stream, payload));
  }

  /** One HEADERS frame with all of `fields`. */
  headers(stream: number, fields: readonly RawField[], flags = endStream): void {
    this.send(frameTypes.headers, flags | endHeaders, stream, headerBlock(fields));
  }

  data(stream: number, text: string, flags = endStream): void {
    this.send(frameTypes.data, flags, stream, Buffer.from(text, 'latin1'));
  }

  rstStream(stream: number, code: number = errorCodes.cancel): void {
    this.send(frameTypes.rstStream, 0, stream, uint32(code));
  }

  windowUpdate(stream: number, increment: number): void {
    this.send(frameTypes.windowUpdate, 0, stream, uint32(increment));
  }

  /** A whole request and its answer's status; 0 when the stream was reset or the connection ended. */
  async get(stream: number, path = '/', more: readonly RawField[] = []): Promise<number> {
    this.headers(stream, requestFields(path, more));
    await this.until(() => this.isOver(stream));
    return this.statuses(stream).at(-1) ?? 0;
  }

  /** PING and its answer: all that was sent before has been looked at. */
  async settle(): Promise<void> {
    const answers = this.#pings();
    this.send(frameTypes.ping, 0, 0, Buffer.from('settled?'));
    await this.until(() => this.#pings() > answers || this.isClosing);
  }

  /** The statuses of all answers on a stream, informational ones first. */
  statuses(stream: number): readonly number[] {
    return this.frames
      .filter((each) => each.type === frameTypes.headers && each.stream === stream)
      .map(statusOf)
      .filter((status) => status > 0);
  }

  body(stream: number): string {
    return this.frames
      .filter((each) => each.type === frameTypes.data && each.stream === stream)
      .map(({ payload }) => payload.toString('latin1'))
      .join('');
  }

  /** The code of the RST_STREAM for this stream. */
  resetCode(stream: number): number | undefined {
    return this.frames.find((each) => each.type === frameTypes.rstStream && each.stream === stream)?.payload.readUInt32BE(0);
  }

  /** The first GOAWAY. */
  get goaway(): { readonly lastStream: number; readonly code: number } | undefined {
    const payload = this.frames.find(({ type }) => type === frameTypes.goaway)?.payload;
    return payload === undefined ? undefined : { lastStream: payload.readUInt32BE(0), code: payload.readUInt32BE(4) };
  }

  /** The code of the last GOAWAY: a connection may say NO_ERROR before it finds a reason. */
  get goawayCode(): number | undefined {
    return this.frames.findLast(({ type }) => type === frameTypes.goaway)?.payload.readUInt32BE(4);
  }

  get isClosing(): boolean {
    return this.ended || this.closed;
  }

  /** The answer is complete, or it never will be. */
  isOver(stream: number): boolean {
    const ended = this.frames.some((each) => each.stream === stream && each.type <= frameTypes.headers && (each.flags & endStream) !== 0);
    return ended || this.resetCode(stream) !== undefined || this.isClosing;
  }

  /** Waits until `isDone` holds; fails with the frames that came when it does not within `timeoutMs`. */
  async until(isDone: (client: this) => boolean, timeoutMs = 15_000): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!isDone(this)) {
      const left = deadline - performance.now();
      if (left <= 0) throw new Error(`Cannot see what was waited for (${isDone}): ${this.describe()}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(left, 50));
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** The last frames in words. */
  describe(): string {
    const names = Object.keys(frameTypes);
    const said = this.frames
      .slice(-12)
      .map(
        ({ type, flags, stream, payload }) => `${names[type]} flags=${flags} stream=${stream} ${payload.subarray(0, 40).toString('hex')}`,
      );
    return `${this.frames.length} frames, ended=${this.ended}, closed=${this.closed}: ${said.join('; ')}`;
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  #pings(): number {
    return this.frames.filter(({ type, flags }) => type === frameTypes.ping && flags === ack).length;
  }

  #read(chunk: Buffer): void {
    const skipped = Math.min(this.#prefaceLeft, chunk.length);
    this.#prefaceLeft -= skipped;
    let bytes = Buffer.concat([this.#rest, chunk.subarray(skipped)]);
    while (bytes.length >= 9) {
      const length = bytes.readUIntBE(0, 3);
      if (bytes.length < 9 + length) break;
      const payload = Buffer.from(bytes.subarray(9, 9 + length));
      this.#receive({ type: bytes[3]!, flags: bytes[4]!, stream: bytes.readUInt32BE(5) & 0x7fffffff, payload });
      bytes = bytes.subarray(9 + length);
    }
    this.#rest = bytes;
    this.#wake?.();
  }

  #receive(received: RawFrame): void {
    this.frames.push(received);
    const { type, flags, stream, payload } = received;
    if (this.#options.polite !== false && (type === frameTypes.settings || type === frameTypes.ping) && (flags & ack) === 0) {
      this.send(type, ack, 0, type === frameTypes.ping ? payload : undefined);
    }
    if (this.#options.reads !== false && type === frameTypes.data && payload.length > 0) {
      this.windowUpdate(0, payload.length);
      if ((flags & endStream) === 0) this.windowUpdate(stream, payload.length);
    }
  }
}

const indexedStatuses: Readonly<Record<number, number>> = { 8: 200, 9: 204, 10: 206, 11: 304, 12: 400, 13: 404, 14: 500 };

/** `:status` comes first in a block: indexed, or a literal with the static name; 0 for a block without (trailers). */
function statusOf({ payload, flags }: RawFrame): number {
  let at = (flags & 0x8) === 0 ? 0 : 1;
  if ((flags & 0x20) !== 0) at += 5;
  while (((payload[at] ?? 0) & 0xe0) === 0x20) at += hpackIntegerLength(payload, at, 5);
  const first = payload[at] ?? 0;
  if ((first & 0x80) !== 0) return indexedStatuses[first & 0x7f] ?? 0;
  const nameIndex = (first & 0x40) !== 0 ? first & 0x3f : first & 0x0f;
  if (nameIndex < 8 || nameIndex > 14) return 0;
  const length = (payload[at + 1] ?? 0) & 0x7f;
  const value = payload.subarray(at + 2, at + 2 + length);
  return Number(((payload[at + 1] ?? 0) & 0x80) === 0 ? value.toString('latin1') : huffmanDigits(value));
}

function hpackIntegerLength(payload: Buffer, at: number, bits: number): number {
  const max = 2 ** bits - 1;
  let length = 1;
  if (((payload[at] ?? 0) & max) === max) while (((payload[at + length++] ?? 0) & 0x80) !== 0);
  return length;
}

/** Huffman codes of digits (RFC 7541 appendix B): five bits for 0 to 2, six for the others. */
function huffmanDigits(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  let text = '';
  for (let at = 0; at + 5 <= bits.length; ) {
    const short = Number.parseInt(bits.slice(at, at + 5), 2);
    if (short <= 2) {
      text += short;
      at += 5;
      continue;
    }
    const long = Number.parseInt(bits.slice(at, at + 6), 2);
    if (long < 0x19 || long > 0x1f) break;
    text += 3 + long - 0x19;
    at += 6;
  }
  return text;
}
