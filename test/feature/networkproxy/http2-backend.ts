import {
  constants,
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type SecureServerOptions,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';

/** One request as an HTTP/2 backend got it. */
export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly authority: string;
  /** Fields in order, flat, pseudo-headers among them. */
  readonly headers: readonly string[];
  readonly body: string;
  /** Flat. */
  readonly trailers: readonly string[];
  /** Which connection it came on, from 0. */
  readonly connection: number;
}

type OnRequest = (stream: ServerHttp2Stream, request: ReceivedRequest) => void;

/** A backend on Node's own HTTP/2 server, in clear text or over TLS. Requests are told when they are whole. */
export class Http2Backend implements AsyncDisposable {
  readonly server: Http2Server | Http2SecureServer;
  readonly sessions: ServerHttp2Session[] = [];
  readonly requests: ReceivedRequest[] = [];
  /** Every stream that was opened, whole or not. */
  readonly streams: ServerHttp2Stream[] = [];
  port = 0;

  private constructor(onRequest: OnRequest, tls: SecureServerOptions | undefined, settings: SecureServerOptions['settings']) {
    this.server = tls === undefined ? createServer({ settings }) : createSecureServer({ ...tls, settings });
    this.server.on('session', (session) => {
      this.sessions.push(session);
      session.on('error', () => {});
    });
    this.server.on('stream', (opened, fields, _flags, headers) => {
      const stream = opened as ServerHttp2Stream;
      const connection = this.sessions.indexOf(stream.session as ServerHttp2Session);
      this.streams.push(stream);
      stream.on('error', () => {});
      const chunks: Buffer[] = [];
      let trailers: readonly string[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('trailers', (_fields, _flags, raw: readonly string[]) => {
        trailers = raw;
      });
      stream.on('end', () => {
        if (stream.aborted || stream.destroyed) return;
        const request: ReceivedRequest = {
          method: String(fields[constants.HTTP2_HEADER_METHOD]),
          path: String(fields[constants.HTTP2_HEADER_PATH]),
          authority: String(fields[constants.HTTP2_HEADER_AUTHORITY]),
          headers: headers as readonly string[],
          body: Buffer.concat(chunks).toString('latin1'),
          trailers,
          connection,
        };
        this.requests.push(request);
        onRequest(stream, request);
      });
    });
  }

  static async start(
    onRequest: OnRequest,
    tls?: SecureServerOptions,
    settings: SecureServerOptions['settings'] = {},
  ): Promise<Http2Backend> {
    const backend = new Http2Backend(onRequest, tls, settings);
    await new Promise<void>((resolve) => backend.server.listen(0, '127.0.0.1', () => resolve()));
    backend.port = (backend.server.address() as AddressInfo).port;
    return backend;
  }

  get connections(): number {
    return this.sessions.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.close();
    for (const session of this.sessions) session.destroy();
    await Promise.resolve();
  }
}
