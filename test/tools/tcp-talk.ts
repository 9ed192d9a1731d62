import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { eventually } from './eventually.ts';

/** A TCP backend that keeps both directions of its connections apart. */
export class TcpBackend implements AsyncDisposable {
  readonly connections = new Set<Socket>();
  readonly #server: Server;

  private constructor(onConnection: (socket: Socket) => void) {
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      this.connections.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.connections.delete(socket));
      onConnection(socket);
    });
  }

  static async start(onConnection: (socket: Socket) => void, address = '127.0.0.1'): Promise<TcpBackend> {
    const backend = new TcpBackend(onConnection);
    backend.#server.listen(0, address);
    await once(backend.#server, 'listening');
    return backend;
  }

  /** Says its name to whoever connects, and sends back what it gets. */
  static named(name: string, address?: string): Promise<TcpBackend> {
    return TcpBackend.start((socket) => {
      socket.write(`${name}\n`);
      socket.pipe(socket);
    }, address);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.connections) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A client's connection with what it got so far. */
export class TcpTalk implements Disposable {
  readonly socket: Socket;
  text = '';
  ended = false;
  closed = false;

  /** @param to a port, or a socket that is connected otherwise */
  constructor(to: number | Socket, host = '127.0.0.1') {
    this.socket = typeof to === 'number' ? connect({ port: to, host, allowHalfOpen: true }) : to;
    this.socket.on('data', (chunk: Buffer) => {
      this.text += chunk.toString('latin1');
    });
    this.socket.on('end', () => {
      this.ended = true;
    });
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.closed = true;
    });
  }

  /** Waits until it got `text`. */
  async until(text: string): Promise<void> {
    await eventually(`the bytes ${JSON.stringify(text)}`, () => this.text.includes(text));
  }

  /** Waits until the other side has finished, or closed. */
  async untilEnd(): Promise<void> {
    await eventually('the end', () => this.ended || this.closed);
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}
