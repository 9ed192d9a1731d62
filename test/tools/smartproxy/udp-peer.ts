import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { eventually } from '../eventually.ts';

/** A UDP socket of a test: keeps what comes, and answers if it is told how. Texts have a character for each byte. */
export class UdpPeer implements Disposable {
  /** What came, in order. */
  readonly received: { readonly text: string; readonly from: string }[] = [];
  readonly #socket: Socket;
  #isClosed = false;

  private constructor(socket: Socket, answer: ((text: string, from: string) => string | undefined) | undefined) {
    this.#socket = socket;
    socket.on('message', (data, { address, port }) => {
      const text = data.toString('latin1');
      this.received.push({ text, from: `${address} ${port}` });
      const reply = answer?.(text, `${address} ${port}`);
      if (reply !== undefined) socket.send(Buffer.from(reply, 'latin1'), port, address);
    });
  }

  /** @param answer to a datagram; undefined: none */
  static async open(address = '127.0.0.1', answer?: (text: string, from: string) => string | undefined): Promise<UdpPeer> {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    const peer = new UdpPeer(socket, answer);
    socket.bind(0, address);
    await once(socket, 'listening');
    return peer;
  }

  /** A server that answers with its name and what was sent. */
  static server(name: string, address = '127.0.0.1'): Promise<UdpPeer> {
    return UdpPeer.open(address, (text) => `${name} ${text}`);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  send(text: string, port: number, address = '127.0.0.1'): void {
    this.#socket.send(Buffer.from(text, 'latin1'), port, address);
  }

  /** Sends until something new comes back, since datagrams may be lost, and resolves to that. */
  async ask(text: string, port: number, address = '127.0.0.1'): Promise<string> {
    const before = this.received.length;
    let sentMs = Number.NEGATIVE_INFINITY;
    await eventually(`an answer to ${text}`, () => {
      if (this.received.length === before && performance.now() - sentMs > 1000) {
        sentMs = performance.now();
        this.send(text, port, address);
      }
      return this.received.length > before;
    });
    return this.received.at(-1)?.text ?? '';
  }

  close(): void {
    if (!this.#isClosed) this.#socket.close();
    this.#isClosed = true;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
