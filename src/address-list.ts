import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';

/** Numeric form of an address in which one client is one key: an IPv4 address is never in `::ffff:` form, no zone, lower case. */
export function plainAddress(address: string): string {
  if (!address.includes(':')) return address;
  const zone = address.indexOf('%');
  const lower = (zone === -1 ? address : address.slice(0, zone)).toLowerCase();
  if (!lower.startsWith('::ffff:')) return lower;
  const mapped = lower.slice(7);
  return isIPv4(mapped) ? mapped : (mappedHex(mapped) ?? lower);
}

/** `102:304` -> `1.2.3.4`: the mapped form that some systems write in hexadecimal. */
function mappedHex(groups: string): string | undefined {
  const parts = /^([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(groups);
  if (parts === null) return undefined;
  const high = Number.parseInt(parts[1] as string, 16);
  const low = Number.parseInt(parts[2] as string, 16);
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** A set of addresses written as CIDRs or single addresses; unreadable entries are left out (the configuration refuses them before). */
export class AddressList {
  readonly #list = new BlockList();
  readonly isEmpty: boolean;

  constructor(cidrs: readonly string[]) {
    this.isEmpty = cidrs.length === 0;
    for (const cidr of cidrs) this.#add(cidr);
  }

  /** @param address in plain form, see `plainAddress` */
  has(address: string): boolean {
    if (this.isEmpty) return false;
    return this.#list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
  }

  #add(cidr: string): void {
    const slash = cidr.indexOf('/');
    const address = plainAddress(slash === -1 ? cidr : cidr.slice(0, slash));
    if (!isIPv4(address) && !isIPv6(address)) return;
    const family = isIPv4(address) ? 'ipv4' : 'ipv6';
    if (slash === -1) this.#list.addAddress(address, family);
    else this.#list.addSubnet(address, Number(cidr.slice(slash + 1)), family);
  }
}

/** Whether a text is a CIDR, or an address alone, which stands for itself. */
export function isNetwork(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const family = isIP(address);
  if (family === 0 || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}
