import type { Load } from '../measure.ts';
import { benchHost, type Mode, type Peer } from '../peers/peer.ts';

/** Ratios to the judge: the gate, and what we would like. */
export interface Budget {
  readonly gate: number;
  readonly stretch: number;
}

/** One row of the table: what is done, against whom it is judged, and the budget as a ratio to that peer (DESIGN section 5). */
export interface TrafficCase {
  readonly name: string;
  readonly unit: string;
  readonly mode: Mode;
  readonly judge: 'nginx' | 'HAProxy';
  readonly budget?: Budget;
  /** We may cost at most two thirds of Envoy, Traefik and Caddy. */
  readonly twoThirds: boolean;
  /** The load for a peer, or in words why it can't do this. */
  readonly loadFor: (peer: Peer, files: LoadFiles) => Load | string;
}

/** Files that load generators read. */
export interface LoadFiles {
  /** Of `bulkBytes`, to be uploaded. */
  readonly bulkFile: string;
  /** A unary gRPC message. */
  readonly messageFile: string;
  /** A script for wrk that asks for one of `manyHosts` after the other. */
  readonly manyHostsScript: string;
}

/** Keep-alive connections, and requests in flight, of most cases. */
export const busyConnections = 64;

export function plainUrl(peer: Peer, path = '/'): string {
  return `http://${benchHost}:${peer.httpPort}${path}`;
}

export function tlsUrl(peer: Peer, path = '/'): string {
  return `https://${benchHost}:${peer.httpsPort}${path}`;
}
