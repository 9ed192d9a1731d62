import { BlockList, isIP } from 'node:net';

/**
 * Why an ExternalName must not be dialled, as the end of a sentence, or undefined when it may be. Names of this machine and of cloud
 * metadata services are refused here; what other names resolve to is checked again when they are dialled.
 *
 * @param name lower case, without a trailing dot
 */
export function externalNameProblem(name: string): string | undefined {
  const family = isIP(name);
  if (family !== 0)
    return localAddresses.check(name, family === 4 ? 'ipv4' : 'ipv6') ? 'is a loopback, link-local or metadata address' : undefined;
  if (name.length > 253 || !dnsName.test(name)) return 'is no DNS name';
  if (/^(?:0x[0-9a-f]*|\d+)$/.test(name.slice(name.lastIndexOf('.') + 1))) return 'is an IP address in an unusual form';
  if (localNames.has(name) || name.endsWith('.localhost') || name.endsWith('.localdomain')) return 'is a name of this machine';
  if (metadataNames.has(name)) return 'is the name of a metadata service';
  return undefined;
}

const dnsName = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/;
const localNames = new Set(['localhost', 'localdomain', 'ip6-localhost', 'ip6-loopback']);
const metadataNames = new Set(['metadata', 'metadata.google.internal', 'metadata.goog', 'instance-data', 'instance-data.ec2.internal']);

/** IPv4 ranges cover their IPv4-mapped IPv6 forms too. */
const localAddresses = makeLocalAddresses();

function makeLocalAddresses(): BlockList {
  const list = new BlockList();
  list.addSubnet('0.0.0.0', 8, 'ipv4');
  list.addSubnet('127.0.0.0', 8, 'ipv4');
  list.addSubnet('169.254.0.0', 16, 'ipv4');
  list.addAddress('100.100.100.200', 'ipv4');
  list.addAddress('192.0.0.192', 'ipv4');
  list.addAddress('::', 'ipv6');
  list.addAddress('::1', 'ipv6');
  list.addSubnet('fe80::', 10, 'ipv6');
  list.addAddress('fd00:ec2::254', 'ipv6');
  list.addAddress('fd20:ce::254', 'ipv6');
  return list;
}
