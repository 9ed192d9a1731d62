import { isIPv4 } from 'node:net';
import { anyHost } from './route-table.ts';

/** The longest DNS name in characters, without a trailing dot (RFC 1035, 2.3.4). */
export const maxHostNameLength = 253;

/** Whether routes under `key` apply to requests for `name` (normalised): the rule that the matcher's index implements. */
export function hostKeyCovers(key: string, name: string): boolean {
  const pattern = hostPattern(key);
  if (pattern.kind === 'any') return true;
  if (pattern.kind === 'exact') return pattern.name === name;
  const firstDot = name.indexOf('.');
  if (firstDot < 1 || name.length > maxHostNameLength) return false;
  const parent = name.slice(firstDot + 1);
  return parent === pattern.suffix || (pattern.kind === 'many-labels' && parent.endsWith(`.${pattern.suffix}`));
}

/** What kind of host a key stands for, and the part that must be equal: the whole name, or what follows the wildcard and its dot. */
export type HostPattern =
  | { readonly kind: 'exact'; readonly name: string }
  /** `*.suffix`: exactly one label more. */
  | { readonly kind: 'one-label'; readonly suffix: string }
  /** `**.suffix`: one or more labels more. */
  | { readonly kind: 'many-labels'; readonly suffix: string }
  | { readonly kind: 'any' };

/** Takes a host key apart. */
export function hostPattern(key: string): HostPattern {
  if (key === anyHost) return { kind: 'any' };
  if (key.startsWith('*.')) return { kind: 'one-label', suffix: key.slice(2) };
  if (key.startsWith('**.')) return { kind: 'many-labels', suffix: key.slice(3) };
  return { kind: 'exact', name: key };
}

/**
 * Why `key` is no valid host key, as the end of a sentence ("the host ..."), or undefined when it is one: `*`, or a DNS name by RFC 1123
 * in lower case, perhaps after `*.` or `**.`. IP addresses are refused, as Kubernetes does for Ingress hosts.
 */
export function hostKeyProblem(key: string): string | undefined {
  const pattern = hostPattern(key);
  if (pattern.kind === 'any') return undefined;
  return dnsNameProblem(pattern.kind === 'exact' ? pattern.name : pattern.suffix);
}

function dnsNameProblem(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (name.length > maxHostNameLength) return `is longer than ${maxHostNameLength} characters`;
  if (name.endsWith('.')) return 'ends with a dot';
  if (name.includes('*')) return 'has a wildcard elsewhere than as its whole first label';
  if (isIPv4(name) || name.includes(':')) return 'is an IP address or has a port; only DNS names are hosts';
  for (const label of name.split('.')) {
    if (label === '') return 'has an empty label';
    if (label.length > 63) return 'has a label longer than 63 characters';
    if (!dnsLabel.test(label)) return 'has a label that is not made of lower-case letters, digits and inner hyphens';
  }
  return undefined;
}

const dnsLabel = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;
