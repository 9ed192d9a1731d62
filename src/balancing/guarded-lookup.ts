import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import { BlockList, isIPv4, type LookupFunction } from 'node:net';

/** Addresses that a name from a user's object must not lead to: this machine, its link, and the clouds' metadata services. */
const local = new BlockList();
local.addSubnet('0.0.0.0', 8, 'ipv4'); // "this host": the kernel connects it to loopback
local.addSubnet('127.0.0.0', 8, 'ipv4');
local.addSubnet('169.254.0.0', 16, 'ipv4'); // link-local, with the metadata address of most clouds
local.addAddress('100.100.100.200', 'ipv4'); // Alibaba's metadata service
local.addAddress('192.0.0.192', 'ipv4'); // Oracle's
local.addAddress('168.63.129.16', 'ipv4'); // Azure's host agent
local.addAddress('::', 'ipv6');
local.addAddress('::1', 'ipv6');
local.addSubnet('fe80::', 10, 'ipv6');
local.addAddress('fd00:ec2::254', 'ipv6'); // Amazon's metadata service
local.addAddress('fd20:ce::254', 'ipv6'); // Google's

/** Whether a numeric address is loopback, link-local or a metadata service, in any notation (`::ffff:127.0.0.1` included). */
export function isLocalAddress(address: string): boolean {
  return local.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
}

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
