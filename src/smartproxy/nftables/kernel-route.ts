import type { ClientAccess } from '../../routes/policy.ts';
import type { ConnectionRate } from '../../routes/route.ts';

/** A TCP or UDP route that the kernel forwards, with nothing left to look up: what the ruleset is built from. */
export interface KernelRoute {
  /** Stable over changes of everything else: begins the names of its chains and counters. See `kernelRouteId`. */
  readonly id: string;
  readonly protocol: 'tcp' | 'udp';
  /** Numeric addresses of this machine that clients dial. */
  readonly addresses: readonly string[];
  readonly port: number;
  /** Set where clients of its listener have routes of their own; unset: it is for all. */
  readonly from?: KernelClients;
  /** In a fixed order. Those of one family serve clients of that family; a family without any is not forwarded. */
  readonly endpoints: readonly KernelEndpoint[];
  /** Endpoints that get nothing new and keep the sessions that they have: they terminate, are drained, or are for another zone. */
  readonly kept: readonly Pick<KernelEndpoint, 'address' | 'port'>[];
  /** How a connection finds its endpoint; `client` keeps an address with one for as long as the endpoints stay the same. */
  readonly spread: 'round-robin' | 'random' | 'client';
  /** Endpoints see the client's address, and must answer through this machine; else they see ours. */
  readonly preserveSource: boolean;
  /** Who may come in: every one of these must let a client in. */
  readonly clients: readonly ClientAccess[];
  readonly rate: ConnectionRate | undefined;
  /** What may be open at once. */
  readonly places: KernelPlaces;
}

/** The clients that a route is for, of one listener: at most one of its routes is for a client. */
export interface KernelClients {
  /** Begins the names of the chains where routes of the listener part. */
  readonly listener: string;
  /** undefined: everybody. */
  readonly networks: readonly string[] | undefined;
  /** But for these: routes that come before it are for them, the kernel's and those of workers. */
  readonly except: readonly string[];
}

/** How many connections or sessions of an object may be open at once; 0 = no limit. */
export interface KernelPlaces {
  /** Stands for the object, whose routes count together. */
  readonly object: string;
  readonly inAll: number;
  /** Of one client address. */
  readonly perClient: number;
}

/** Where connections go. Of `slots` in all, this many are its own. */
export interface KernelEndpoint {
  /** Numeric. */
  readonly address: string;
  readonly port: number;
  /** 1 or more. */
  readonly slots: number;
}
