import { isIPv4 } from 'node:net';
import { isNetwork, plainAddress } from '../../address-list.ts';
import { ipv4Text, ipv6Text, numberOf } from './address-number.ts';

/** A network by its first address, for a set of the kernel. */
export interface Network {
  /** Without bits beyond `length`. */
  readonly address: string;
  readonly length: number;
}

export interface NetworksByFamily {
  readonly ipv4: readonly Network[];
  readonly ipv6: readonly Network[];
}

interface Numbered {
  readonly first: bigint;
  readonly length: number;
}

/**
 * CIDRs and addresses as networks that do not overlap, in order: an interval set of the kernel refuses the others. What is no network is
 * left out.
 */
export function disjointNetworks(cidrs: readonly string[]): NetworksByFamily {
  const ipv4: Numbered[] = [];
  const ipv6: Numbered[] = [];
  for (const cidr of cidrs) {
    if (!isNetwork(cidr)) continue;
    const [text = '', bits] = cidr.split('/');
    const address = plainAddress(text);
    const width = isIPv4(address) ? 32 : 128;
    // An IPv4 address in IPv6 form has its prefix counted from the start of that form.
    const mapped = width === 32 && text.includes(':') ? 96 : 0;
    const length = bits === undefined ? width : Math.max(0, Number(bits) - mapped);
    (width === 32 ? ipv4 : ipv6).push({ first: masked(numberOf(address), length, width), length });
  }
  return { ipv4: withoutCovered(ipv4, 32), ipv6: withoutCovered(ipv6, 128) };
}

function withoutCovered(networks: readonly Numbered[], width: 32 | 128): readonly Network[] {
  const sorted = networks.toSorted((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : a.length - b.length));
  const kept: Network[] = [];
  let end = -1n;
  for (const { first, length } of sorted) {
    const last = first + (1n << BigInt(width - length)) - 1n;
    if (last <= end) continue;
    kept.push({ address: width === 32 ? ipv4Text(first) : ipv6Text(first), length });
    end = last;
  }
  return kept;
}

function masked(value: bigint, length: number, width: number): bigint {
  const host = BigInt(width - length);
  return (value >> host) << host;
}
