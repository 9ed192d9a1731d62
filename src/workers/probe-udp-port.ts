import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { SmartProxyError } from '../errors.ts';
import { numericLookup } from '../smartproxy/udp/numeric-lookup.ts';
import { type BoundPort, lacksIpv6 } from './bind-port.ts';
import { bindError } from './held-socket.ts';

/**
 * Finds out whether a UDP port can be had, and which it is when `port` is 0, before workers bind it with SO_REUSEPORT: another process that
 * shared it would silently get a part of the datagrams. The main process holds no socket of it: one that nobody reads would swallow its share.
 * @throws SmartProxyError ADDRESS_IN_USE or ADDRESS_UNAVAILABLE
 */
export function probeUdpPort(address: string, port: number): BoundPort {
  try {
    return { address, port: bindOnce(address, port), sockets: [] };
  } catch (error) {
    if (address === '::' && lacksIpv6(address, error)) return { address: '0.0.0.0', port: bindOnce('0.0.0.0', port), sockets: [] };
    throw error;
  }
}

/** Bound and closed within this turn: it reads nothing. */
function bindOnce(address: string, port: number): number {
  const socket = createSocket({ type: isIPv6(address) ? 'udp6' : 'udp4', lookup: numericLookup });
  let failure: SmartProxyError | undefined;
  socket.on('error', (error) => {
    failure = bindError(address, port, error);
  });
  socket.bind({ port, address, exclusive: true });
  try {
    if (failure !== undefined) throw failure;
    return socket.address().port;
  } finally {
    socket.close();
  }
}
