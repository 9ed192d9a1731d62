import { fstatSync } from 'node:fs';
import { BoundSocket, isIPv6, Socket } from 'node:net';
import { messageOf, SmartProxyError } from '../errors.ts';

/** The raw handle under a `net.Socket`: the one thing that can travel over IPC without the sender losing its copy. */
interface HandleOwner {
  readonly _handle: { readonly fd: number };
}

/**
 * One bound listening socket that the main process owns and never accepts on. A worker listens on an inherited copy, so that the
 * accept queue outlives the worker. See docs/adr/001-listeners-and-sockets.md.
 */
export class HeldSocket {
  readonly address: string;
  readonly port: number;
  readonly #socket: Socket;
  readonly #fd: number;

  /**
   * Binds at once; `listen` is the worker's.
   * @param port 0: a free one
   * @param reusePort share the port with the other slots' sockets
   * @throws SmartProxyError ADDRESS_IN_USE or ADDRESS_UNAVAILABLE
   */
  constructor(address: string, port: number, reusePort: boolean) {
    const bound = bind(address, port, reusePort);
    this.address = address;
    this.port = bound.address().port;
    this.#fd = bound.fd();
    this.#socket = new Socket({ handle: bound, readable: false, writable: false });
  }

  /** For the `stdio` of a spawn: the child gets a copy. */
  get fd(): number {
    return this.#fd;
  }

  /** For `child.send(message, handle)`: a raw handle is copied, while a BoundSocket or a Socket would move. */
  get handle(): Socket {
    return (this.#socket as unknown as HandleOwner)._handle as unknown as Socket;
  }

  /** Identifies the socket in `/proc/net/tcp`. */
  get inode(): number {
    return fstatSync(this.#fd).ino;
  }

  /** Lets our copy go; the queue ends with the last copy. */
  close(): void {
    this.#socket.destroy();
  }
}

function bind(host: string, port: number, reusePort: boolean): BoundSocket {
  try {
    return new BoundSocket({ host, port, reusePort });
  } catch (error) {
    throw bindError(host, port, error);
  }
}

/** Why a socket could not be bound, with what helps. */
export function bindError(host: string, port: number, cause: unknown): SmartProxyError {
  const at = isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
  switch (errorCode(cause)) {
    case 'EADDRINUSE':
      return new SmartProxyError('ADDRESS_IN_USE', `Cannot listen on ${at}: another process has it${otherPortAdvice}`, { cause });
    case 'EACCES':
      return new SmartProxyError(
        'ADDRESS_UNAVAILABLE',
        `Cannot listen on ${at}: this user may not bind it${port < 1024 ? lowPortAdvice : ''}`,
        { cause },
      );
    case 'EADDRNOTAVAIL':
      return new SmartProxyError('ADDRESS_UNAVAILABLE', `Cannot listen on ${at}: the address is not on this machine`, { cause });
    case 'EAFNOSUPPORT':
      return new SmartProxyError('ADDRESS_UNAVAILABLE', `Cannot listen on ${at}: this machine has no such address family`, { cause });
    default:
      return new SmartProxyError('ADDRESS_UNAVAILABLE', `Cannot listen on ${at}: ${messageOf(cause)}`, { cause });
  }
}

const otherPortAdvice = '; end that one, or choose another port with --http-port, --https-port or in the SmartProxyConfig';
const lowPortAdvice =
  '; ports below 1024 need CAP_NET_BIND_SERVICE: choose one from 1024 up with --http-port, --https-port or in the SmartProxyConfig, and let a Service publish the low one';

function errorCode(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}
