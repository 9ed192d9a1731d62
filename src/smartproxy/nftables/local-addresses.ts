import { networkInterfaces } from 'node:os';
import { plainAddress } from '../../address-list.ts';

/**
 * Interfaces whose addresses are not this machine's own though the kernel says so: kube-proxy's in IPVS mode has every ClusterIP, and that
 * of the node-local DNS cache its service address.
 */
const foreignInterfaces: ReadonlySet<string> = new Set(['kube-ipvs0', 'nodelocaldns']);

/** The addresses that clients on other machines can dial this one by, in a fixed order: neither loopback nor link-local. */
export function localAddresses(): readonly string[] {
  return Object.entries(networkInterfaces())
    .flatMap(([name, addresses = []]) => (foreignInterfaces.has(name) ? [] : addresses))
    .filter(({ address }) => canBeForwarded(address))
    .map(({ address }) => plainAddress(address))
    .sort();
}

/**
 * Whether packets to an address can go on to another machine: not those to loopback, which have a source that nobody can answer, nor
 * link-local ones. An address that was put on the loopback interface for others to dial is neither.
 */
export function canBeForwarded(address: string): boolean {
  return !(address.startsWith('127.') || address.startsWith('169.254.') || address === '::1' || /^fe[89ab]/i.test(address));
}
