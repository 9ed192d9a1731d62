import { isIPv6 } from 'node:net';
import { SmartProxyError } from '../errors.ts';
import { HeldSocket } from './held-socket.ts';

/** What was bound for one address of a listener: one socket for each worker slot, all on the same port. */
export interface BoundPort {
  /** The address in use: `0.0.0.0` where `::` was asked for on a machine without IPv6. */
  readonly address: string;
  readonly port: number;
  readonly sockets: readonly HeldSocket[];
}

/**
 * Binds `slots` sockets to one address and port. The port is first tried alone, without SO_REUSEPORT: two instances would otherwise
 * share it silently, each getting a part of the connections.
 * @throws SmartProxyError ADDRESS_IN_USE or ADDRESS_UNAVAILABLE
 */
export function bindPort(address: string, port: number, slots: number): BoundPort {
  const usable = probe(address, port);
  const sockets: HeldSocket[] = [];
  try {
    while (sockets.length < slots) sockets.push(new HeldSocket(usable.address, usable.port, true));
  } catch (error) {
    for (const socket of sockets) socket.close();
    throw error;
  }
  return { address: usable.address, port: usable.port, sockets };
}

/** Whether `error` says that an IPv6 address failed because this machine has no IPv6. */
export function lacksIpv6(address: string, error: unknown): boolean {
  return isIPv6(address) && error instanceof SmartProxyError && error.code === 'ADDRESS_UNAVAILABLE';
}

/** The address and port that can be bound; the probing socket is closed again. */
function probe(address: string, port: number): { readonly address: string; readonly port: number } {
  try {
    return bindOnce(address, port);
  } catch (error) {
    if (address === '::' && lacksIpv6(address, error)) return bindOnce('0.0.0.0', port);
    throw error;
  }
}

function bindOnce(address: string, port: number): { readonly address: string; readonly port: number } {
  const socket = new HeldSocket(address, port, false);
  const found = { address, port: socket.port };
  socket.close();
  return found;
}
