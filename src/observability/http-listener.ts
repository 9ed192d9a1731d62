import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { messageOf, SmartProxyError } from '../errors.ts';

/** Where a small server of ours is reachable. */
export interface ServerAddress {
  readonly address: string;
  readonly port: number;
}

/** A small HTTP/1.1 server for people and probes, not for traffic: one listener on one address. */
export class HttpListener {
  readonly #server: Server;

  constructor(listener: RequestListener) {
    this.#server = createServer({ requestTimeout: 10_000, headersTimeout: 5000, keepAliveTimeout: 30_000 }, listener);
  }

  /**
   * @param what names the server in errors
   * @throws SmartProxyError ADDRESS_IN_USE or ADDRESS_UNAVAILABLE
   */
  listen(what: string, address: string, port: number): Promise<ServerAddress> {
    return new Promise((resolve, reject) => {
      const onError = (error: NodeJS.ErrnoException): void => reject(listenError(what, address, port, error));
      this.#server.once('error', onError);
      this.#server.listen(port, address, () => {
        this.#server.off('error', onError);
        this.#server.on('error', ignoreAcceptError);
        const bound = this.#server.address() as AddressInfo;
        resolve({ address: bound.address, port: bound.port });
      });
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}

/** An accept that failed (out of descriptors or memory) took no connection; the next one may succeed, and nobody may end over it. */
function ignoreAcceptError(): void {}

const otherPortAdvice = '; end that one, or choose another port with --status-port or --admin-port';

function listenError(what: string, address: string, port: number, cause: NodeJS.ErrnoException): SmartProxyError {
  const where = `Cannot listen on ${address} port ${port} for ${what}`;
  if (cause.code === 'EADDRINUSE')
    return new SmartProxyError('ADDRESS_IN_USE', `${where}: another process has it${otherPortAdvice}`, { cause });
  return new SmartProxyError('ADDRESS_UNAVAILABLE', `${where}: ${messageOf(cause)}`, { cause });
}
