import { connect, createServer, type Server, type Socket } from 'node:net';

/** What a CutProxy does to connections. */
export type ProxyMode =
  | 'forward'
  | 'stall' // connections stay open, nothing passes in either direction
  | 'refuse'; // new connections are reset at once

/** A TCP proxy in front of a loopback port whose connections a test can stall, reset or refuse. */
export class CutProxy {
  readonly #server: Server;
  readonly #pairs = new Set<{ readonly client: Socket; readonly upstream: Socket }>();
  #mode: ProxyMode = 'forward';
  /** Connections accepted so far. */
  accepted = 0;

  private constructor(targetPort: number) {
    this.#server = createServer((client) => this.#accept(client, targetPort));
  }

  static async start(targetPort: number): Promise<CutProxy> {
    const proxy = new CutProxy(targetPort);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('Cannot tell the port: the proxy is closed');
    return address.port;
  }

  set mode(mode: ProxyMode) {
    this.#mode = mode;
    for (const { client, upstream } of this.#pairs) {
      for (const socket of [client, upstream]) mode === 'stall' ? socket.pause() : socket.resume();
    }
  }

  /** Resets every open connection. */
  reset(): void {
    for (const { client, upstream } of this.#pairs) {
      client.resetAndDestroy();
      upstream.destroy();
    }
  }

  async close(): Promise<void> {
    this.reset();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(client: Socket, targetPort: number): void {
    this.accepted++;
    if (this.#mode === 'refuse') {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(targetPort, '127.0.0.1');
    const pair = { client, upstream };
    this.#pairs.add(pair);
    this.#pass(client, upstream);
    this.#pass(upstream, client);
    if (this.#mode === 'stall') for (const socket of [client, upstream]) socket.pause();
  }

  #pass(from: Socket, to: Socket): void {
    from.on('data', (chunk) => to.write(chunk));
    from.on('end', () => to.end());
    from.on('error', () => to.destroy());
    from.on('close', () => {
      to.destroy();
      for (const pair of this.#pairs) if (pair.client === from || pair.upstream === from) this.#pairs.delete(pair);
    });
  }
}
