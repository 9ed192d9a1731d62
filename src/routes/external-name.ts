import { isIP } from 'node:net';
import { isLocalAddress } from '../local-address.ts';

/**
 * Why an ExternalName must not be dialled, as the end of a sentence, or undefined when it may be. Names of this machine and of cloud
 * metadata services are refused here; what other names resolve to is checked again when they are dialled.
 *
 * @param name lower case, without a trailing dot
 */
export function externalNameProblem(name: string): string | undefined {
  if (isIP(name) !== 0) return isLocalAddress(name) ? 'is a loopback, link-local or metadata address' : undefined;
  if (name.length > 253 || !dnsName.test(name)) return 'is no DNS name';
  if (/^(?:0x[0-9a-f]*|\d+)$/.test(name.slice(name.lastIndexOf('.') + 1))) return 'is an IP address in an unusual form';
  if (localNames.has(name) || name.endsWith('.localhost') || name.endsWith('.localdomain')) return 'is a name of this machine';
  if (metadataNames.has(name)) return 'is the name of a metadata service';
  return undefined;
}

const dnsName = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/;
const localNames = new Set(['localhost', 'localdomain', 'ip6-localhost', 'ip6-loopback']);
const metadataNames = new Set(['metadata', 'metadata.google.internal', 'metadata.goog', 'instance-data', 'instance-data.ec2.internal']);
