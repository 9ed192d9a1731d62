import { createSocket, type Socket } from 'node:dgram';
import { isIP, isIPv6, type LookupFunction } from 'node:net';
import type { EndpointRuntime } from '../../balancing/endpoint-runtime.ts';
import { namedLookup, numericLookup } from './numeric-lookup.ts';
import { maxUnsent } from './udp-port.ts';

/** Datagrams that wait until the socket is connected, which takes no packet: a turn or, for a DNS name, an answer. */
const maxWaiting = 16;

export interface UdpUpstreamHandler {
  onAnswer(data: Buffer): void;
  /** Nobody listens there, or the endpoint can't be reached. The upstream is closed. */
  onUnreachable(): void;
  onSendError(): void;
}

/** A session's own connected socket to its endpoint: only that endpoint's datagrams come in, and it sees one port for each session. */
export class UdpUpstream {
  readonly endpoint: EndpointRuntime;
  readonly #handler: UdpUpstreamHandler;
  readonly #socket: Socket;
  #waiting: Buffer[] | undefined = [];
  #unsent = 0;
  #isClosed = false;

  /** @param lookup for endpoints with a DNS name */
  constructor(endpoint: EndpointRuntime, handler: UdpUpstreamHandler, lookup: LookupFunction) {
    this.endpoint = endpoint;
    this.#handler = handler;
    endpoint.begin();
    const { address, port } = endpoint;
    const type = isIPv6(address) ? 'udp6' : 'udp4';
    this.#socket = createSocket({ type, lookup: isIP(address) === 0 ? namedLookup(lookup) : numericLookup });
    this.#socket.on('message', (data) => handler.onAnswer(data));
    this.#socket.on('error', this.#onError);
    this.#socket.once('connect', this.#onConnect);
    this.#socket.connect(port, address);
  }

  /** False: too much waits already. */
  send(data: Buffer): boolean {
    if (this.#isClosed) return false;
    if (this.#waiting !== undefined) return this.#waiting.length < maxWaiting && this.#waiting.push(data) > 0;
    if (this.#unsent >= maxUnsent) return false;
    this.#unsent++;
    this.#socket.send(data, this.#onSent);
    return true;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#waiting = undefined;
    this.endpoint.active--;
    this.#socket.close();
  }

  readonly #onConnect = (): void => {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const data of waiting) this.send(data);
  };

  /** ICMP says that nobody listens, or the name has no address. */
  readonly #onError = (error: Error): void => {
    if (this.#isClosed) return;
    if (!isOurFault(error)) this.endpoint.connectFailed();
    for (const _ of this.#waiting ?? []) this.#handler.onSendError();
    this.close();
    this.#handler.onUnreachable();
  };

  readonly #onSent = (error: Error | null): void => {
    this.#unsent--;
    if (error === null || this.#isClosed) return;
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') this.#onError(error);
    else this.#handler.onSendError();
  };
}

/** Out of descriptors or of memory for them: the endpoint has nothing to do with it. */
function isOurFault(error: Error): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EMFILE' || code === 'ENFILE' || code === 'ENOBUFS' || code === 'ENOMEM';
}
