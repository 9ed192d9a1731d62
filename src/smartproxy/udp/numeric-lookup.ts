import type { LookupOneOptions } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';

type LookupCallback = (error: NodeJS.ErrnoException | null, address: string, family: number) => void;

/** What a UDP socket looks addresses up with: it gives the family alone, whatever its types say. */
export type UdpLookup = (address: string, family: LookupOneOptions | number, callback: LookupCallback) => void;

/**
 * For UDP sockets that deal in numeric addresses alone: it answers at once, where the resolver would answer in a later turn, for every
 * datagram that is sent.
 */
export const numericLookup: UdpLookup = (address, _family, callback) => callback(null, address, isIP(address));

/** For a UDP socket that dials a DNS name; it looks its own address up, too, which is numeric. */
export function namedLookup(lookup: LookupFunction): UdpLookup {
  return (address, family, callback) => {
    if (isIP(address) !== 0) callback(null, address, isIP(address));
    else {
      const options = typeof family === 'number' ? { family } : family;
      lookup(address, options, (error, found) => callback(error, typeof found === 'string' ? found : '', Number(options.family)));
    }
  };
}
