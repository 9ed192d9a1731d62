import { type AddressInfo, createServer, type Server } from 'node:net';
import { frameTypes, RawHttp2, type RawHttp2Options } from './raw-http2.ts';

/** What a backend does with its connections, each by its number from 0. */
export interface RawBackendScript {
  /** A connection is there; default: an empty SETTINGS frame. */
  readonly onConnection?: (peer: RawHttp2, connection: number) => void;
  /** The head of a request has come whole. */
  readonly onRequest?: (peer: RawHttp2, stream: number, connection: number) => void;
  readonly options?: RawHttp2Options;
}

/** An HTTP/2 backend in clear text that sends whatever frames it is told to. */
export class RawHttp2Backend implements AsyncDisposable {
  readonly server: Server;
  readonly peers: RawHttp2[] = [];
  port = 0;

  private constructor(script: RawBackendScript) {
    this.server = createServer({ noDelay: true }, (socket) => {
      const connection = this.peers.length;
      const peer = RawHttp2.accept(socket, script.options);
      this.peers.push(peer);
      let looked = 0;
      socket.on('data', () => {
        for (; looked < peer.frames.length; looked++) {
          const { type, stream } = peer.frames[looked]!;
          if (type === frameTypes.headers) script.onRequest?.(peer, stream, connection);
        }
      });
      if (script.onConnection === undefined) peer.send(frameTypes.settings, 0, 0);
      else script.onConnection(peer, connection);
    });
  }

  static async start(script: RawBackendScript = {}): Promise<RawHttp2Backend> {
    const backend = new RawHttp2Backend(script);
    await new Promise<void>((resolve) => backend.server.listen(0, '127.0.0.1', resolve));
    backend.port = (backend.server.address() as AddressInfo).port;
    return backend;
  }

  /** The newest connection. */
  get peer(): RawHttp2 {
    return this.peers.at(-1)!;
  }

  /** Connections that have not ended. */
  get open(): number {
    return this.peers.filter(({ isClosing }) => !isClosing).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.close();
    for (const peer of this.peers) peer.socket.destroy();
    await Promise.resolve();
  }
}
