import { BlockList, isIP } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Addresses that a name or address in a user's object must not lead to: this machine, its link, and the clouds' metadata services. */
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

/** Whether a text is a numeric address that only this machine reaches: `127.0.0.0/8` or `::1`. */
export function isLoopbackAddress(text: string): boolean {
  return isIn(loopback, text);
}

/** Whether a text is a numeric address of this machine, its link or a metadata service, in any notation (`::ffff:127.0.0.1` included). */
export function isLocalAddress(text: string): boolean {
  return isIn(local, text);
}

function isIn(list: BlockList, text: string): boolean {
  const family = isIP(text);
  return family !== 0 && list.check(text, family === 4 ? 'ipv4' : 'ipv6');
}
