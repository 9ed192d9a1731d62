import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { HpackDecoder } from '../../src/networkproxy/http2/hpack/decoder.ts';
import {
  endHeaders,
  endStream,
  errorCodes,
  frame,
  frameTypes,
  headerBlock,
  preface,
  type RawField,
  settingsPayload,
  uint32,
} from './raw-http2.ts';

const ack = 0x1;
const prefaceBytes = preface.length;
const noBytes = Buffer.alloc(0);

/** One request as its frames told it. */
export interface FrameRequest {
  readonly connection: FrameConnection;
  readonly stream: number;
  /** Pseudo-fields among them; of a name that came twice the last. */
  readonly fields: Readonly<Record<string, string>>;
  readonly chunks: Buffer[];
  trailers: Readonly<Record<string, string>> | undefined;
  ended: boolean;
  /** The code of the RST_STREAM that came for it. */
  resetCode: number | undefined;
}

/** How a raw backend behaves. */
export interface FrameBackendOptions {
  readonly settings?: readonly (readonly [id: number, value: number])[];
  /** Nothing is sent before the test does it, not even SETTINGS. */
  readonly silent?: boolean;
  /** Give back the windows of DATA as it comes; default true. */
  readonly reads?: boolean;
  /** Answer PINGs; default true. */
  readonly pongs?: boolean;
  /** A head is here. */
  readonly onHead?: (request: FrameRequest) => void;
  /** A request is whole. */
  readonly onRequest?: (request: FrameRequest) => void;
}

/** One connection of a `FrameBackend`: reads requests, writes any frame. */
export class FrameConnection {
  readonly socket: Socket;
  /** From 0. */
  readonly index: number;
  readonly requests = new Map<number, FrameRequest>();
  /** Of the pings that came; acknowledgements not among them. */
  pings = 0;
  /** The codes of GOAWAYs that came. */
  readonly goaways: number[] = [];
  /** WINDOW_UPDATEs that came: per stream, 0 for the connection. */
  readonly credits = new Map<number, number>();
  /** SETTINGS of ours that were acknowledged. */
  acknowledged = 0;
  /** The most requests at a time that were neither answered nor reset. */
  mostOpen = 0;
  sawPreface = false;
  ended = false;
  closed = false;
  readonly #options: FrameBackendOptions;
  readonly #decoder = new HpackDecoder(Buffer.alloc(262_144));
  readonly #open = new Set<number>();
  #block: Buffer = noBytes;
  #blockFlags = 0;
  #rest: Buffer = noBytes;
  #sentSettings = false;

  constructor(socket: Socket, index: number, options: FrameBackendOptions) {
    this.socket = socket;
    this.index = index;
    this.#options = options;
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('end', () => {
      this.ended = true;
    });
    socket.on('close', () => {
      this.closed = true;
    });
  }

  get open(): number {
    return this.#open.size;
  }

  send(type: number, flags: number, stream: number, payload?: Buffer): void {
    if (!this.socket.destroyed && this.socket.writable) this.socket.write(frame(type, flags, stream, payload));
  }

  settings(settings: readonly (readonly [id: number, value: number])[]): void {
    this.send(frameTypes.settings, 0, 0, settingsPayload(settings));
    // An acknowledgement must not be the first frame.
    if (!this.#sentSettings) this.send(frameTypes.settings, ack, 0);
    this.#sentSettings = true;
  }

  /** HEADERS; a block over 16 KiB goes on in CONTINUATION. */
  headers(stream: number, fields: readonly RawField[], flags = 0): void {
    const block = headerBlock(fields);
    const size = 16_384;
    for (let at = 0; at < block.length || at === 0; at += size) {
      const last = at + size >= block.length ? endHeaders : 0;
      const [type, own] = at === 0 ? [frameTypes.headers, flags] : [frameTypes.continuation, 0];
      this.send(type, own | last, stream, block.subarray(at, at + size));
    }
    if ((flags & endStream) !== 0) this.#open.delete(stream);
  }

  data(stream: number, bytes: string | Buffer, flags = 0): void {
    this.send(frameTypes.data, flags, stream, typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    if ((flags & endStream) !== 0) this.#open.delete(stream);
  }

  /** So many bytes in as few frames as it takes, without an end. */
  dataOf(stream: number, length: number): void {
    for (let left = length; left > 0; left -= 16_384) this.data(stream, Buffer.alloc(Math.min(left, 16_384), stream & 0xff));
  }

  /** A whole answer. */
  answer(stream: number, body = '', more: readonly RawField[] = [], status = 200): void {
    this.#open.delete(stream);
    this.headers(stream, [[':status', String(status)], ...more], body === '' ? endStream : 0);
    if (body !== '') this.data(stream, body, endStream);
  }

  reset(stream: number, code: number = errorCodes.cancel): void {
    this.#open.delete(stream);
    this.send(frameTypes.rstStream, 0, stream, uint32(code));
  }

  goaway(lastStream: number, code: number = errorCodes.noError): void {
    this.send(frameTypes.goaway, 0, 0, Buffer.concat([uint32(lastStream), uint32(code)]));
  }

  windowUpdate(stream: number, increment: number): void {
    this.send(frameTypes.windowUpdate, 0, stream, uint32(increment));
  }

  #read(chunk: Buffer): void {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    if (!this.sawPreface && bytes.length >= prefaceBytes && bytes[0] === preface[0]) {
      this.sawPreface = true;
      bytes = bytes.subarray(prefaceBytes);
      if (this.#options.silent !== true) this.settings(this.#options.settings ?? []);
    }
    while (this.sawPreface && bytes.length >= 9) {
      const length = bytes.readUIntBE(0, 3);
      if (bytes.length < 9 + length) break;
      const payload = bytes.subarray(9, 9 + length);
      const flags = bytes[4] ?? 0;
      const stream = bytes.readUInt32BE(5);
      const type = bytes[3] ?? 0;
      bytes = bytes.subarray(9 + length);
      this.#receive(type, flags, stream, payload);
    }
    this.#rest = Buffer.from(bytes);
  }

  #receive(type: number, flags: number, stream: number, payload: Buffer): void {
    switch (type) {
      case frameTypes.settings:
        if ((flags & ack) !== 0) this.acknowledged++;
        break;
      case frameTypes.ping:
        if ((flags & ack) !== 0) break;
        this.pings++;
        if (this.#options.pongs !== false) this.send(frameTypes.ping, ack, 0, payload);
        break;
      case frameTypes.goaway:
        this.goaways.push(payload.readUInt32BE(4));
        break;
      case frameTypes.windowUpdate:
        this.credits.set(stream, (this.credits.get(stream) ?? 0) + payload.readUInt32BE(0));
        break;
      case frameTypes.headers:
        this.#block = Buffer.from(payload);
        this.#blockFlags = flags;
        if ((flags & endHeaders) !== 0) this.#onBlock(stream);
        break;
      case frameTypes.continuation:
        this.#block = Buffer.concat([this.#block, payload]);
        if ((flags & endHeaders) !== 0) this.#onBlock(stream);
        break;
      case frameTypes.data:
        this.#onData(stream, flags, payload);
        break;
      case frameTypes.rstStream: {
        this.#open.delete(stream);
        const request = this.requests.get(stream);
        if (request !== undefined) request.resetCode = payload.readUInt32BE(0);
        break;
      }
      default:
        break;
    }
  }

  #onBlock(stream: number): void {
    const fields: Record<string, string> = {};
    this.#decoder.decode(this.#block, 0, this.#block.length, {
      onField: ({ name, value }) => {
        fields[name] = value;
      },
    });
    const known = this.requests.get(stream);
    if (known !== undefined) {
      known.trailers = fields;
      this.#onEnd(known);
      return;
    }
    const request: FrameRequest = { connection: this, stream, fields, chunks: [], trailers: undefined, ended: false, resetCode: undefined };
    this.requests.set(stream, request);
    this.#open.add(stream);
    this.mostOpen = Math.max(this.mostOpen, this.#open.size);
    this.#options.onHead?.(request);
    if ((this.#blockFlags & endStream) !== 0) this.#onEnd(request);
  }

  #onData(stream: number, flags: number, payload: Buffer): void {
    const request = this.requests.get(stream);
    request?.chunks.push(Buffer.from(payload));
    const isLast = (flags & endStream) !== 0;
    if (this.#options.reads !== false && payload.length > 0) {
      this.windowUpdate(0, payload.length);
      if (!isLast) this.windowUpdate(stream, payload.length);
    }
    if (isLast && request !== undefined) this.#onEnd(request);
  }

  #onEnd(request: FrameRequest): void {
    request.ended = true;
    this.#options.onRequest?.(request);
  }
}

/** An HTTP/2 backend of the tests' own in clear text: it sends any frame at any time, and knows what was sent to it. */
export class FrameBackend implements AsyncDisposable {
  readonly server: Server;
  readonly connections: FrameConnection[] = [];
  port = 0;

  private constructor(options: FrameBackendOptions) {
    this.server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
      this.connections.push(new FrameConnection(socket, this.connections.length, options));
    });
  }

  static async start(options: FrameBackendOptions = {}): Promise<FrameBackend> {
    const backend = new FrameBackend(options);
    await new Promise<void>((resolve) => backend.server.listen(0, '127.0.0.1', resolve));
    backend.port = (backend.server.address() as AddressInfo).port;
    return backend;
  }

  /** Every request of every connection, in the order of connections. */
  get requests(): readonly FrameRequest[] {
    return this.connections.flatMap(({ requests }) => [...requests.values()]);
  }

  get liveConnections(): number {
    return this.connections.filter(({ ended, closed }) => !ended && !closed).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.close();
    for (const { socket } of this.connections) socket.destroy();
    await Promise.resolve();
  }
}

/** What came of a request's body. */
export function bodyOf(request: FrameRequest): Buffer {
  return Buffer.concat(request.chunks);
}
