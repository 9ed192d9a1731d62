import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { isLocalAddress } from '../local-address.ts';

/** The `code` of the error of a lookup that found nothing but refused addresses. */
export const localAddressRefused = 'ERR_LOCAL_ADDRESS_REFUSED';

/** The system's resolver in the shape that sockets want; tests bring their own. */
export type Resolve = (name: string, options: LookupOptions, callback: ResolveCallback) => void;
export type ResolveCallback = (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void;

const systemResolve: Resolve = (name, options, callback) => lookup(name, { ...options, all: true }, callback);

/**
 * A `lookup` for sockets towards endpoints with a DNS name (ExternalName): it resolves as usual and drops what `isLocalAddress` names.
 * The check is made on the address that is dialled, so a name that changes its answer gains nothing. Numeric endpoints never come here.
 */
export function guardedLookup(allowLocal: boolean, resolve: Resolve = systemResolve): LookupFunction {
  return (name, options, callback) => {
    resolve(name, options, (error, found) => {
      if (error !== null) {
        callback(error, '');
        return;
      }
      const usable = allowLocal ? found : found.filter((candidate) => !isLocalAddress(candidate.address));
      const first = usable[0];
      if (first === undefined) callback(refusal(name), '');
      else if (options.all === true) callback(null, usable);
      else callback(null, first.address, first.family);
    });
  };
}

function refusal(name: string): NodeJS.ErrnoException {
  const error: NodeJS.ErrnoException = new Error(`Cannot dial ${name}: it resolves to this machine, its link or a metadata service`);
  error.code = localAddressRefused;
  return error;
}
