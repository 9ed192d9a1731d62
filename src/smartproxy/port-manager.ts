import { createServer, type Server, type Socket } from 'node:net';
import { AddressList } from '../address-list.ts';
import { messageOf, SmartProxyError } from '../errors.ts';
import type { Listener } from '../routes/route-table.ts';
import { spliceBufferBytes } from './splice.ts';
import { portOf, startListening } from './start-listening.ts';

/** Where a listening socket comes from: one that main owns (as descriptor or handle), or bound here. */
export type SocketSource = { readonly fd: number } | { readonly handle: unknown } | { readonly bind: true };

/** Called with every accepted socket, in the tick of its accept. */
export type OnSocket = (socket: Socket, port: OpenPort) => void;

/** One address of one listener that accepts. */
export interface OpenPort {
  /** The current table's view of it. */
  listener: Listener;
  /** Peers that must send a PROXY header. */
  balancers: AddressList;
}

interface PortEntry extends OpenPort {
  readonly server: Server;
  readonly address: string;
}

/** Accept queue length; the kernel cuts it to net.core.somaxconn. */
const backlog = 4096;

/** Listeners by (listener key, address), opened and closed at run time. Closing a port ends no connection. */
export class PortManager {
  readonly #onSocket: OnSocket;
  readonly #ports = new Map<string, PortEntry>();

  constructor(onSocket: OnSocket) {
    this.#onSocket = onSocket;
  }

  get size(): number {
    return this.#ports.size;
  }

  /** Starts to accept. Resolves with the port number; rejects with ADDRESS_IN_USE or ADDRESS_UNAVAILABLE. */
  async open(listener: Listener, address: string, from: SocketSource): Promise<number> {
    const key = portKey(listener.key, address);
    if (this.#ports.has(key)) throw new SmartProxyError('ADDRESS_IN_USE', `Cannot open ${listener.key} on ${address}: it is open already`);
    const server = createServer(serverOptions(listener));
    const entry: PortEntry = { server, address, listener, balancers: new AddressList(listener.proxyProtocolFrom) };
    this.#ports.set(key, entry);
    server.on('connection', (socket: Socket) => this.#onSocket(socket, entry));
    try {
      await startListening(server, () => {
        if ('bind' in from) server.listen({ host: address, port: listener.port, backlog, exclusive: true });
        else server.listen(from, backlog);
      });
    } catch (error) {
      if (this.#ports.get(key) === entry) this.#ports.delete(key);
      throw listenError(listener, address, error);
    }
    server.on('error', ignoreAcceptError);
    return portOf(server) ?? listener.port;
  }

  /** Stops to accept on one address of a listener, or on all of them. */
  close(listenerKey: string, address?: string): void {
    for (const [key, entry] of this.#ports) {
      if (entry.listener.key !== listenerKey || (address !== undefined && entry.address !== address)) continue;
      this.#ports.delete(key);
      entry.server.close();
    }
  }

  closeAll(): void {
    for (const entry of this.#ports.values()) entry.server.close();
    this.#ports.clear();
  }

  /** Takes over what a new table says of the open listeners; opening and closing is the caller's. */
  update(listeners: ReadonlyMap<string, Listener>): void {
    for (const entry of this.#ports.values()) {
      const listener = listeners.get(entry.listener.key);
      if (listener === undefined || listener === entry.listener) continue;
      entry.listener = listener;
      entry.balancers = new AddressList(listener.proxyProtocolFrom);
    }
  }
}

function portKey(listenerKey: string, address: string): string {
  return `${listenerKey} ${address}`;
}

/** Half-close is not close, so a client's end must not end our side. Plain HTTP sockets go to NetworkProxy before a byte is read. */
function serverOptions(listener: Listener) {
  const plain = listener.protocol === 'http';
  return { allowHalfOpen: true, noDelay: true, pauseOnConnect: plain, ...(plain ? {} : { highWaterMark: spliceBufferBytes }) };
}

function listenError(listener: Listener, address: string, cause: unknown): SmartProxyError {
  const { code } = cause as NodeJS.ErrnoException;
  const taken = code === 'EADDRINUSE';
  const reason = taken ? 'another process listens there' : messageOf(cause);
  const where = `${listener.key} on ${address} port ${listener.port}`;
  return new SmartProxyError(taken ? 'ADDRESS_IN_USE' : 'ADDRESS_UNAVAILABLE', `Cannot open ${where}: ${reason}`, { cause });
}

/**
 * An accept that failed has taken no connection, so there is nothing to count, and the port goes on. For want of descriptors it does not
 * even come here: libuv keeps one in reserve, with which it takes and closes what waits in the queue.
 */
function ignoreAcceptError(): void {}
