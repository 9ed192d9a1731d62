import type { KernelRoute } from './kernel-route.ts';

/** What some routes ask of the kernel and others do not: each is a module of its own, which a kernel may lack. */
export const kernelNeeds = ['numbers', 'rate', 'hash', 'masquerade'] as const;
export type KernelNeed = (typeof kernelNeeds)[number];

/** Takes nothing that every route does not take. It is made of addresses for documentation (RFC 5737), since nobody ever dials it. */
export const plainRoute: KernelRoute = {
  id: 'probe/0',
  protocol: 'tcp',
  addresses: ['192.0.2.1'],
  port: 1,
  endpoints: [{ address: '192.0.2.2', port: 1, slots: 1 }],
  kept: [],
  spread: 'round-robin',
  preserveSource: true,
  clients: [],
  rate: undefined,
  places: { object: 'probe', inAll: 0, perClient: 0 },
};

interface NeedFacts {
  /** Of the kernel. */
  readonly module: string;
  /** The fields of an object that ask for it; none: the route does not. */
  fields(route: KernelRoute): readonly string[];
  /** A plain route that asks for it. */
  readonly probe: KernelRoute;
  /** What else can be done than loading the module. */
  readonly otherwise: string;
}

const needs: Readonly<Record<KernelNeed, NeedFacts>> = {
  numbers: {
    module: 'nft_connlimit',
    fields: ({ protocol, places: { inAll, perClient } }) => [
      ...(inAll === 0 ? [] : [protocol === 'udp' ? 'spec.udp.maxSessions' : 'spec.connection.maxConnections']),
      ...(perClient === 0 ? [] : [protocol === 'udp' ? 'spec.udp.maxSessionsPerAddress' : 'spec.connection.maxConnectionsPerAddress']),
    ],
    probe: { ...plainRoute, places: { object: 'probe', inAll: 1, perClient: 1 } },
    otherwise: 'set it to 0',
  },
  rate: {
    module: 'nft_limit',
    fields: ({ protocol, rate }) => (rate === undefined ? [] : [`spec.${protocol}.nftables.connectionRate`]),
    probe: { ...plainRoute, rate: { perSecond: 1, burst: 1, per: 'client' } },
    otherwise: 'remove it',
  },
  hash: {
    module: 'nft_hash',
    fields: ({ protocol, spread }) => (spread === 'client' ? [protocol === 'udp' ? 'spec.udp.engine' : 'spec.tcp.loadBalancing'] : []),
    probe: { ...plainRoute, spread: 'client' },
    otherwise: 'use the engine Node',
  },
  masquerade: {
    module: 'nft_masq',
    fields: ({ protocol, preserveSource }) => (preserveSource ? [] : [`spec.${protocol}.nftables.preserveSource`]),
    probe: { ...plainRoute, preserveSource: false },
    otherwise: 'set it to true',
  },
};

/** What a route asks for. */
export function needsOf(route: KernelRoute): readonly KernelNeed[] {
  return kernelNeeds.filter((need) => needs[need].fields(route).length > 0);
}

/** A route that the kernel takes if it can do `need`. */
export function probeOf(need: KernelNeed): KernelRoute {
  return needs[need].probe;
}

/** A field that asks for what the kernel can't do. */
export interface RefusedField {
  readonly field: string;
  /** What is the matter, and what to do. */
  readonly sentence: string;
}

/** Why a route can't be forwarded by a kernel that refuses `refused`, which the route needs. */
export function refusedFields(route: KernelRoute, refused: ReadonlySet<KernelNeed>): readonly RefusedField[] {
  return needsOf(route)
    .filter((need) => refused.has(need))
    .flatMap((need) => {
      const { module, otherwise, fields } = needs[need];
      const sentence = `it takes ${module}, which the kernel of this node does not have, so the route is not forwarded; load it ("modprobe ${module}") or ${otherwise}`;
      return fields(route).map((field) => ({ field, sentence }));
    });
}
