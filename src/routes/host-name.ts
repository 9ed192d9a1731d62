import { isIPv4, isIPv6 } from 'node:net';
import { anyHost } from './route-table.ts';

/** The longest DNS name in characters, without a trailing dot (RFC 1035, 2.3.4). */
export const maxHostNameLength = 253;

/**
 * A host as clients send it (Host header, `:authority`, SNI) in the one form that routes are matched with: lower case, no port, no
 * trailing dot, IPv6 literals in brackets. '' stays '' (HTTP/1.0 without Host). `undefined` when it is no valid `host [":" port]`
 * (RFC 9110, 7.2) or longer than a DNS name may be; percent-encoding is refused, for no DNS name needs it.
 */
export function normaliseHost(authority: string): string | undefined {
  if (authority.startsWith('[')) return normaliseIpv6Literal(authority);
  const length = authority.length;
  let end = length;
  let upper = false;
  let labelStart = 0;
  for (let index = 0; index < length; index++) {
    const code = authority.charCodeAt(index);
    const kind = code < 128 ? characterKinds[code] : refused;
    if (kind === plain) continue;
    if (kind === upperCase) upper = true;
    else if (kind === dot && index > labelStart) labelStart = index + 1;
    else if (kind === colon && isPort(authority, index + 1)) {
      end = index;
      break;
    } else return undefined;
  }
  if (end > 0 && authority.charCodeAt(end - 1) === dotCode) end--;
  if (end > maxHostNameLength || (end === 0 && length > 0)) return undefined;
  const name = end === length ? authority : authority.slice(0, end);
  return upper ? name.toLowerCase() : name;
}

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

function normaliseIpv6Literal(authority: string): string | undefined {
  const close = authority.indexOf(']');
  // 45 characters is the longest text of an IPv6 address; a zone has no meaning to another machine and fails isIPv6 only with '%'.
  if (close === -1 || close > 46) return undefined;
  const address = authority.slice(1, close);
  if (address.includes('%') || !isIPv6(address)) return undefined;
  const hasPort = close + 1 < authority.length;
  if (hasPort && (authority.charCodeAt(close + 1) !== colonCode || !isPort(authority, close + 2))) return undefined;
  return `[${address.toLowerCase()}]`;
}

/** Whether the rest of `text` is a port: up to 65535, or nothing at all (RFC 3986 allows `host:`). */
function isPort(text: string, from: number): boolean {
  if (text.length - from > 5) return false;
  let port = 0;
  for (let index = from; index < text.length; index++) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return false;
    port = port * 10 + digit;
  }
  return port <= 65_535;
}

const dotCode = 46;
const colonCode = 58;
const refused = 0;
const plain = 1;
const upperCase = 2;
const dot = 3;
const colon = 4;

/** RFC 3986 `unreserved` and `sub-delims` by character code. */
const characterKinds = makeCharacterKinds();

function makeCharacterKinds(): Uint8Array {
  const kinds = new Uint8Array(128);
  for (const character of "abcdefghijklmnopqrstuvwxyz0123456789-_~!$&'()*+,;=") kinds[character.charCodeAt(0)] = plain;
  for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZ') kinds[character.charCodeAt(0)] = upperCase;
  kinds[dotCode] = dot;
  kinds[colonCode] = colon;
  return kinds;
}
