import { createServer, type Http2Server, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';

/** A message as gRPC frames it: not compressed, length, body. */
export function grpcMessage(text: string): Buffer {
  const frame = Buffer.alloc(5 + Buffer.byteLength(text));
  frame.writeUInt32BE(frame.length - 5, 1);
  frame.write(text, 5);
  return frame;
}

/** One stream that a backend saw. */
export interface SeenStream {
  readonly stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
  /** What came of the request's body. */
  body: Buffer;
  /** The client's side ended. */
  ended: boolean;
  /** The code that the stream closed with: 0 for a good end; undefined while it is open. */
  closedWith: number | undefined;
}

/** An HTTP/2 backend of Node's own, told what to do with each stream: for what a gRPC library hides. */
export class RawGrpcBackend implements AsyncDisposable {
  readonly seen: SeenStream[] = [];
  readonly sessions: ServerHttp2Session[] = [];
  readonly #server: Http2Server;

  private constructor(onStream: (seen: SeenStream, index: number) => void) {
    this.#server = createServer();
    this.#server.on('session', (session) => {
      this.sessions.push(session);
      session.on('error', () => {});
    });
    this.#server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
      const seen: SeenStream = { stream, headers, body: Buffer.alloc(0), ended: false, closedWith: undefined };
      const index = this.seen.push(seen) - 1;
      stream.on('error', () => {});
      stream.on('data', (chunk: Buffer) => {
        seen.body = Buffer.concat([seen.body, chunk]);
      });
      stream.once('end', () => {
        seen.ended = !stream.aborted;
      });
      stream.once('close', () => {
        seen.closedWith = stream.rstCode;
      });
      onStream(seen, index);
    });
  }

  /** @param onStream gets every stream when its header has come, with its number from 0 */
  static async start(onStream: (seen: SeenStream, index: number) => void): Promise<RawGrpcBackend> {
    const backend = new RawGrpcBackend(onStream);
    await new Promise<void>((resolve) => backend.#server.listen(0, '127.0.0.1', resolve));
    return backend;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const session of this.sessions) session.destroy();
    await Promise.resolve();
  }
}

/** Answers a call in full: header, one message, trailers. */
export function answerCall(stream: ServerHttp2Stream, text = 'answer', trailers: Readonly<Record<string, string>> = {}): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', ...trailers }));
  stream.end(grpcMessage(text));
}

/** Answers a call with trailers only. */
export function answerTrailersOnly(stream: ServerHttp2Stream, status: number, message: string): void {
  const fields = { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': String(status), 'grpc-message': message };
  stream.respond(fields, { endStream: true });
}
