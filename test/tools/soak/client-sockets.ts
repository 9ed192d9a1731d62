import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { ClientBooks } from './client-books.ts';
import type { SoakHost } from './world.ts';

/** Every connection of the soak's clients: counted, listed while it is open, and its certificate looked at. */
export class ClientSockets {
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly #books: ClientBooks;
  readonly open = new Set<Socket>();
  /** Connections that were established. */
  connected = 0;
  /** TLS handshakes that were finished. */
  secured = 0;
  resumed = 0;
  readonly #sessions = new Map<string, Buffer>();

  constructor(httpPort: number, httpsPort: number, books: ClientBooks) {
    this.httpPort = httpPort;
    this.httpsPort = httpsPort;
    this.#books = books;
  }

  plain(): Socket {
    return this.#keep(connect({ port: this.httpPort, host: '127.0.0.1', noDelay: true }));
  }

  /** @param resume with the session of an earlier connection to this host, if there was one */
  secure(host: SoakHost, protocol: 'h2' | 'http/1.1', resume = false): TLSSocket {
    const startMs = performance.now();
    const session = resume ? this.#sessions.get(host.name) : undefined;
    const target = { port: this.httpsPort, host: '127.0.0.1', servername: host.name, ALPNProtocols: [protocol], rejectUnauthorized: false };
    const socket = connectTls(session === undefined ? target : { ...target, session });
    socket.once('session', (ticket: Buffer) => this.#sessions.set(host.name, ticket));
    socket.once('secureConnect', () => {
      this.secured++;
      if (socket.alpnProtocol !== protocol) this.#books.fail(`${host.name}: ${socket.alpnProtocol} was agreed in place of ${protocol}`);
      if (socket.isSessionReused()) this.resumed++;
      else this.#checkCertificate(socket, host, startMs);
    });
    return this.#keep(socket);
  }

  #checkCertificate(socket: TLSSocket, host: SoakHost, startMs: number): void {
    const shown = socket.getPeerX509Certificate()?.fingerprint256 ?? 'none';
    const due = host.fingerprint.during(startMs, performance.now());
    if (due.includes(shown)) return;
    this.#books.fail(`${host.name} showed the certificate ${shown}; right were: ${host.fingerprint.describe(String)}`);
  }

  #keep<T extends Socket>(socket: T): T {
    socket.once('connect', () => {
      this.connected++;
      this.open.add(socket);
    });
    socket.on('error', () => {});
    socket.once('close', () => this.open.delete(socket));
    return socket;
  }
}
