import { createHash } from 'node:crypto';
import { isIPv4, SocketAddress } from 'node:net';
import { AddressList } from '../address-list.ts';
import type { RateLimit } from '../routes/policy.ts';

/** Longer values of headers are counted by their hash, so that a bucket's size has a bound. */
const maxValueLength = 64;

/** What may leave clients out. */
type Exempting = Pick<RateLimit, 'exempt'>;

const exemptions = new WeakMap<Exempting, AddressList>();

/** Whether a limit does not count this address. @param address in plain form, see `plainAddress` */
export function isExempt(limit: Exempting, address: string): boolean {
  if (limit.exempt.length === 0) return false;
  let list = exemptions.get(limit);
  if (list === undefined) exemptions.set(limit, (list = new AddressList(limit.exempt)));
  return list.has(address);
}

/** How an address is counted: an IPv6 client usually has a whole /64 to choose its address from, so that counts as one. */
export function clientOfAddress(address: string): string {
  if (isIPv4(address) || !address.includes(':')) return address;
  const parsed = SocketAddress.parse(`[${address}]:0`);
  if (parsed === undefined) return address;
  const [head = '', tail] = parsed.address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === undefined || tail === '' ? [] : tail.split(':');
  const filled = tail === undefined ? groups : [...groups, ...new Array<string>(8 - groups.length - rest.length).fill('0'), ...rest];
  return `${filled.slice(0, 4).join(':')}::/64`;
}

/** How the value of a header is counted; it can not be taken for an address. */
export function clientOfHeader(value: string): string {
  return value.length <= maxValueLength ? `=${value}` : `#${createHash('sha256').update(value, 'latin1').digest('base64url')}`;
}
