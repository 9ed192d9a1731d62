import { plainAddress } from '../../address-list.ts';
import { ipv6Text, numberOf } from './address-number.ts';

/** A connection of any program on the machine that the kernel tracks, TCP or UDP. */
export interface ConntrackEntry {
  readonly protocol: 'tcp' | 'udp';
  /** The address of who began it. */
  readonly client: string;
  /** What the client dialled. */
  readonly dialled: { readonly address: string; readonly port: number };
  /** Who answers: the same, or where the kernel forwards it to. */
  readonly answering: { readonly address: string; readonly port: number };
  /** A TCP connection that is neither opening nor closing, or a UDP session. */
  readonly isOpen: boolean;
}

const pattern =
  /^ipv[46] +\d+ (tcp|udp) +\d+ \d+ (?:([A-Z_]+) )?src=(\S+) dst=(\S+) sport=\d+ dport=(\d+) (?:.*?)src=(\S+) dst=\S+ sport=(\d+) dport=\d+/;

/** Reads a line of /proc/net/nf_conntrack; undefined for other protocols and what is no such line. */
export function readConntrackLine(line: string): ConntrackEntry | undefined {
  const match = pattern.exec(line);
  if (match === null) return undefined;
  const [, protocol, state, client = '', dialled = '', dialledPort, answering = '', answeringPort] = match;
  return {
    protocol: protocol === 'tcp' ? 'tcp' : 'udp',
    client: shortAddress(client),
    dialled: { address: shortAddress(dialled), port: Number(dialledPort) },
    answering: { address: shortAddress(answering), port: Number(answeringPort) },
    isOpen: protocol === 'udp' || state === 'ESTABLISHED',
  };
}

/** That file writes IPv6 addresses in full. */
function shortAddress(address: string): string {
  return address.includes(':') ? ipv6Text(numberOf(address)) : plainAddress(address);
}
