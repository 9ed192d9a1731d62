import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP server whose sockets are known; `port` is free again after `close`. */
export class Backend {
  readonly sockets: Socket[] = [];
  readonly server: Server;

  private constructor(onSocket: (socket: Socket) => void) {
    this.server = createServer({ allowHalfOpen: true }, (socket) => {
      this.sockets.push(socket);
      socket.on('error', () => {});
      onSocket(socket);
    });
  }

  static async listen(onSocket: (socket: Socket) => void = echo): Promise<Backend> {
    const backend = new Backend(onSocket);
    backend.server.listen(0, '127.0.0.1');
    await once(backend.server, 'listening');
    return backend;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }
}

/** Sends every byte back, and the end as well. */
export function echo(socket: Socket): void {
  socket.on('data', (chunk) => socket.write(chunk)).on('end', () => socket.end());
}

/** A connected client socket that ignores errors. */
export async function dial(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true });
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Resolves with the next `length` bytes. */
export function receive(socket: Socket, length: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let received = 0;
  const onData = (chunk: Buffer) => {
    chunks.push(chunk);
    received += chunk.length;
    if (received >= length) done(() => resolve(Buffer.concat(chunks)));
  };
  const onClose = () => done(() => reject(new Error(`closed after ${received} of ${length} bytes`)));
  const done = (settle: () => void) => {
    socket.off('data', onData).off('close', onClose);
    settle();
  };
  socket.on('data', onData).on('close', onClose);
  return promise;
}

/** Resolves when the socket is closed, whatever the cause; answers the peer's end with its own. */
export async function closed(socket: Socket): Promise<void> {
  socket.resume();
  if (socket.readableEnded) socket.end();
  else socket.once('end', () => socket.end());
  if (!socket.closed) await new Promise<void>((resolve) => socket.once('close', () => resolve()));
}

/** A socket that is refused on this machine: a port that was just freed. */
export async function unusedPort(): Promise<number> {
  const backend = await Backend.listen();
  const { port } = backend;
  await backend.close();
  return port;
}
