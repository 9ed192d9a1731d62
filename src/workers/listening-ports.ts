import type { Listener } from '../routes/route-table.ts';
import { type BoundPort, bindPort, lacksIpv6 } from './bind-port.ts';
import type { BoundAddress } from './bound-address.ts';
import { probeUdpPort } from './probe-udp-port.ts';
import type { SharedPort } from './protocol.ts';
import type { SocketForWorker } from './worker-process.ts';

/** One address of a listener with the sockets that the main process holds for it. */
export interface ListeningPort extends BoundPort {
  readonly listener: string;
  /** What was asked for: an address, a port, perhaps 0, and a protocol, by which a socket is set up. */
  readonly requested: string;
  readonly protocol: Listener['protocol'];
}

/** The listening sockets of the main process: one for each listener address and worker slot, for UDP the ports alone. */
export class ListeningPorts {
  readonly #slots: number;
  readonly #onSkipped: (listener: string, address: string) => void;
  readonly #ports = new Map<string, ListeningPort>();

  /** @param onSkipped told of an IPv6 address that was left out because the machine has none */
  constructor(slots: number, onSkipped: (listener: string, address: string) => void) {
    this.#slots = slots;
    this.#onSkipped = onSkipped;
  }

  get all(): readonly ListeningPort[] {
    return [...this.#ports.values()];
  }

  get addresses(): readonly BoundAddress[] {
    return this.all.map(({ listener, address, port }) => ({ listener, address, port }));
  }

  /** The sockets that a new worker of `slot` listens on. @param closing ports that it is not to begin with */
  ofSlot(slot: number, closing: ReadonlySet<ListeningPort>): readonly SocketForWorker[] {
    return this.#without(closing).flatMap(({ listener, address, sockets }) => {
      const socket = sockets[slot];
      return socket === undefined ? [] : [{ listener, address, socket }];
    });
  }

  /** The ports that a new worker opens a UDP socket on. @param closing ports that it is not to begin with */
  udp(closing: ReadonlySet<ListeningPort>): readonly SharedPort[] {
    const ports = this.#without(closing).filter(({ protocol }) => protocol === 'udp');
    return ports.map(({ listener, address, port }) => ({ listener, address, port }));
  }

  /**
   * Binds every address of `listener` that is not bound yet; all of them share a port when it is 0. Returns the new ones; when one
   * fails, none of them stays.
   * @throws SmartProxyError ADDRESS_IN_USE or ADDRESS_UNAVAILABLE
   */
  open(listener: Listener): readonly ListeningPort[] {
    const opened: ListeningPort[] = [];
    try {
      for (const address of listener.addresses) {
        const port = this.#bind(listener, address, opened.length);
        if (port !== undefined) opened.push(port);
      }
    } catch (error) {
      for (const port of opened) this.release(port);
      throw error;
    }
    return opened;
  }

  /** The ports that `listeners` do not ask for any more. */
  surplus(listeners: ReadonlyMap<string, Listener>): readonly ListeningPort[] {
    const wanted = new Set(
      [...listeners.values()].flatMap((listener) => listener.addresses.map((address) => requestKey(listener, address))),
    );
    return this.all.filter(({ requested }) => !wanted.has(requested));
  }

  /** Closes our copies; a queue that no worker holds ends here. */
  release(port: ListeningPort): void {
    this.#ports.delete(port.requested);
    for (const socket of port.sockets) socket.close();
  }

  #without(closing: ReadonlySet<ListeningPort>): readonly ListeningPort[] {
    return this.all.filter((port) => !closing.has(port));
  }

  #bind(listener: Listener, address: string, openedBefore: number): ListeningPort | undefined {
    const requested = requestKey(listener, address);
    if (this.#ports.has(requested)) return undefined;
    const sibling = this.all.find((port) => port.listener === listener.key);
    const number = listener.port === 0 ? (sibling?.port ?? 0) : listener.port;
    try {
      const { key, protocol } = listener;
      const bound = protocol === 'udp' ? probeUdpPort(address, number) : bindPort(address, number, this.#slots);
      const port = { ...bound, listener: key, requested, protocol };
      this.#ports.set(requested, port);
      return port;
    } catch (error) {
      const isLast = openedBefore === 0 && address === listener.addresses.at(-1);
      if (isLast || !lacksIpv6(address, error)) throw error;
      this.#onSkipped(listener.key, address);
      return undefined;
    }
  }
}

function requestKey(listener: Listener, address: string): string {
  return `${listener.key} ${address} ${listener.port} ${listener.protocol}`;
}
