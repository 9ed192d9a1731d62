import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { messageOf, SmartProxyError } from '../../errors.ts';
import type { Listener } from '../../routes/route-table.ts';
import { numericLookup } from './numeric-lookup.ts';

/** Datagrams that wait in one socket to be sent: beyond that the network is what is slow, and more would only come later. */
export const maxUnsent = 1024;

export interface UdpPortOptions {
  readonly listener: Listener;
  /** Numeric. */
  readonly address: string;
  readonly onDatagram: (data: Buffer, from: RemoteInfo, port: UdpPort) => void;
  /** An answer could not be sent. */
  readonly onSendError: () => void;
}

/**
 * One address of a UDP listener. Every worker binds one with SO_REUSEPORT; the kernel gives all datagrams of a client's address and port to
 * the same worker for as long as the workers stay.
 */
export class UdpPort {
  readonly address: string;
  /** The current table's view of it. */
  listener: Listener;
  readonly #options: UdpPortOptions;
  readonly #socket: Socket;
  #unsent = 0;
  #isClosed = false;

  private constructor(options: UdpPortOptions, socket: Socket) {
    this.#options = options;
    this.listener = options.listener;
    this.address = options.address;
    this.#socket = socket;
    socket.on('message', (data, from) => options.onDatagram(data, from, this));
    // What goes wrong later is told to whoever sent.
    socket.on('error', () => {});
  }

  /** Binds it. Rejects with ADDRESS_IN_USE or ADDRESS_UNAVAILABLE. @param port a number other than 0 is that of the other workers */
  static async open(options: UdpPortOptions, port: number): Promise<UdpPort> {
    const { address, listener } = options;
    const type = isIPv6(address) ? 'udp6' : 'udp4';
    const socket = createSocket({ type, reusePort: true, lookup: numericLookup });
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('listening', resolve);
        socket.once('error', reject);
        socket.bind({ port, address, exclusive: true });
      });
    } catch (error) {
      socket.close();
      throw bindError(listener, address, port, error);
    }
    return new UdpPort(options, socket);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** Sends to a client. False: too much waits already. */
  send(data: Buffer, port: number, address: string): boolean {
    if (this.#unsent >= maxUnsent || this.#isClosed) return false;
    this.#unsent++;
    this.#socket.send(data, port, address, this.#onSent);
    return true;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.close();
  }

  readonly #onSent = (error: Error | null): void => {
    this.#unsent--;
    if (error !== null) this.#options.onSendError();
  };
}

function bindError(listener: Listener, address: string, port: number, cause: unknown): SmartProxyError {
  const taken = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE';
  const reason = taken ? 'another process has it' : messageOf(cause);
  const where = `${listener.key} on ${address} port ${port} (UDP)`;
  return new SmartProxyError(taken ? 'ADDRESS_IN_USE' : 'ADDRESS_UNAVAILABLE', `Cannot open ${where}: ${reason}`, { cause });
}
