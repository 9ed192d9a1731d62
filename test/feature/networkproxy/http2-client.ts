import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants, type IncomingHttpHeaders } from 'node:http2';

/** An answer over HTTP/2 as a test looks at it. */
export interface Http2Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly trailers: Readonly<Record<string, unknown>>;
  /** The statuses of informational answers. */
  readonly informational: readonly number[];
}

export interface Http2AskOptions {
  readonly method?: string;
  readonly authority?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Buffer;
  readonly trailers?: Readonly<Record<string, string>>;
}

/** One connection of Node's own HTTP/2 client. */
export class Http2Client implements AsyncDisposable {
  readonly session: ClientHttp2Session;
  /** The code of the GOAWAY that came, if one did. */
  goaway: number | undefined;
  readonly #scheme: string;

  private constructor(session: ClientHttp2Session, scheme: string) {
    this.session = session;
    this.#scheme = scheme;
    session.on('error', () => {});
    session.on('goaway', (code: number) => {
      this.goaway = code;
    });
  }

  /** With prior knowledge, or over TLS when a server name is given. */
  static async connect(port: number, serverName?: string, settings: { readonly initialWindowSize?: number } = {}): Promise<Http2Client> {
    const scheme = serverName === undefined ? 'http' : 'https';
    const tls = serverName === undefined ? {} : { servername: serverName, rejectUnauthorized: false };
    const session = connect(`${scheme}://127.0.0.1:${port}`, { ...tls, settings: { enablePush: false, ...settings } });
    const client = new Http2Client(session, scheme);
    await new Promise<void>((resolve, reject) => {
      session.once('remoteSettings', () => resolve());
      session.once('error', reject);
      session.once('close', () => reject(new Error('Cannot connect: the session closed before its settings')));
    });
    return client;
  }

  /** Opens a stream; its body is the caller's to write unless `endStream`. */
  open(path: string, options: Http2AskOptions = {}, endStream = true): ClientHttp2Stream {
    const head = {
      [constants.HTTP2_HEADER_METHOD]: options.method ?? 'GET',
      [constants.HTTP2_HEADER_SCHEME]: this.#scheme,
      [constants.HTTP2_HEADER_AUTHORITY]: options.authority ?? 'a.example',
      [constants.HTTP2_HEADER_PATH]: path,
      ...options.headers,
    };
    const stream = this.session.request(head, { endStream, waitForTrailers: options.trailers !== undefined });
    stream.on('error', () => {});
    if (options.trailers !== undefined) stream.once('wantTrailers', () => stream.sendTrailers({ ...options.trailers }));
    return stream;
  }

  /** A whole request and its answer; fails when the stream is reset. */
  ask(path: string, options: Http2AskOptions = {}): Promise<Http2Answer> {
    const hasBody = options.body !== undefined || options.trailers !== undefined;
    const stream = this.open(path, options, !hasBody);
    if (hasBody) stream.end(options.body ?? '');
    return answerOf(stream);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.session.destroy();
    await Promise.resolve();
  }
}

/** What comes on a stream, up to its end; fails when it is reset before. */
export function answerOf(stream: ClientHttp2Stream): Promise<Http2Answer> {
  return new Promise((resolve, reject) => {
    const informational: number[] = [];
    const chunks: Buffer[] = [];
    let headers: IncomingHttpHeaders = {};
    let trailers: Readonly<Record<string, unknown>> = {};
    let isWhole = false;
    stream.on('headers', (fields) => informational.push(Number(fields[constants.HTTP2_HEADER_STATUS])));
    stream.on('response', (fields) => {
      headers = fields;
    });
    stream.on('trailers', (fields) => {
      trailers = Object.fromEntries(Object.entries(fields)); // without the symbols that Node adds
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      isWhole = true;
    });
    stream.on('close', () => {
      const status = Number(headers[constants.HTTP2_HEADER_STATUS as keyof IncomingHttpHeaders] ?? 0);
      if (!isWhole || status === 0) reject(new Error(`Cannot read the answer: the stream was reset with ${stream.rstCode}`));
      else resolve({ status, headers, body: Buffer.concat(chunks).toString('latin1'), trailers, informational });
    });
  });
}
