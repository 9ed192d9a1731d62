import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** A backend that is told what to do with each byte that comes. */
export class Backend implements AsyncDisposable {
  readonly server: Server;
  /** What each connection sent, latin1. */
  readonly received: string[] = [];
  readonly sockets: Socket[] = [];
  port = 0;

  private constructor(onData: (socket: Socket, text: string, connection: number, all: string) => void) {
    this.server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      const index = this.received.push('') - 1;
      this.sockets.push(socket);
      socket.on('error', () => {});
      socket.on('data', (chunk: Buffer) => {
        const text = chunk.toString('latin1');
        this.received[index] += text;
        onData(socket, text, index, this.received[index] as string);
      });
      socket.on('end', () => socket.end());
    });
  }

  /** @param onData (socket, chunk, index of the connection, all of the connection so far) */
  static async start(onData: (socket: Socket, text: string, connection: number, all: string) => void): Promise<Backend> {
    const backend = new Backend(onData);
    await new Promise<void>((resolve) => backend.server.listen(0, '127.0.0.1', resolve));
    backend.port = (backend.server.address() as AddressInfo).port;
    return backend;
  }

  /** Answers every complete request (without a body) with the same bytes. */
  static answering(answer: string, endAfter = false): Promise<Backend> {
    return Backend.start((socket, text) => {
      const requests = text.split('\r\n\r\n').length - 1;
      for (let i = 0; i < requests; i++) socket.write(answer, 'latin1');
      if (endAfter) socket.end();
    });
  }

  get connections(): number {
    return this.sockets.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await Promise.resolve();
  }
}

export const hello = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-type: text/plain\r\n\r\nhello';

/** A port that nobody listens on. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
