import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { TcpTalk } from './tcp-talk.ts';

/** A client's connection over TLS, which verifies nothing, with what it got so far. */
export class TlsTalk extends TcpTalk {
  readonly tls: TLSSocket;
  readonly #secured: Promise<void>;

  constructor(port: number, servername: string, options: ConnectionOptions = {}) {
    const target = { port, host: '127.0.0.1', servername, rejectUnauthorized: false, allowHalfOpen: true };
    const tls = connect({ ...target, ...options });
    super(tls);
    this.tls = tls;
    this.#secured = new Promise((resolve, reject) => {
      tls.once('secureConnect', resolve);
      tls.once('error', reject);
      tls.once('close', () => reject(new Error('The connection was closed before the handshake was done')));
    });
    this.#secured.catch(() => {});
  }

  /** Waits for the end of the handshake; rejects when it fails. */
  async secured(): Promise<this> {
    await this.#secured;
    return this;
  }
}
