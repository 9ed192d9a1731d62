import { writeFileSync } from 'node:fs';

/**
 * Makes the kernel of this network namespace forget closed TCP connections soon. One address that dials another one thousands of times a
 * second would else spend its time looking for a port that it has not used in the last minute.
 */
export function forgetClosedConnections(): void {
  writeFileSync('/proc/sys/net/ipv4/tcp_max_tw_buckets', '100');
}

/** What a proxy's port is for, and what clients of it say first: a ClientHello to choose by, or a PROXY header. */
export type L4Service = 'tcp' | 'passthrough' | 'proxied' | 'udp';

/** What the client does for a while. */
export interface L4Load {
  readonly kind: 'bulk' | 'connections' | 'datagrams';
  readonly service: L4Service;
  readonly host: string;
  readonly port: number;
  readonly seconds: number;
  /** Connections, or clients, at a time. */
  readonly parallel: number;
}

/** What came of it: bytes, connections or datagrams, and connections that failed. */
export interface L4Outcome {
  readonly done: number;
  readonly failed: number;
}

export const serverAddress = '10.0.2.2';
export const serverPort = 7001;

/** Where clients dial. */
export const proxyAddress = '10.0.1.1';
export const clientAddress = '10.0.1.2';

/** The server name in the ClientHello of connections that are passed through. */
export const passthroughHost = 'passed.example.com';
