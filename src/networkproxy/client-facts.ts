import { type BlockList, isIP } from 'node:net';
import type { Certificate, Listener } from '../routes/route-table.ts';
import type { AcceptedConnection } from './accepted-connection.ts';

/** What is known of a client connection before its first request: computed once, read by every request on it. */
export interface ClientFacts {
  readonly connectionId: string;
  readonly remoteAddress: string;
  /** The peer is one of the configured proxies: its `X-Forwarded-*` are believed. */
  readonly trusted: boolean;
  readonly scheme: 'http' | 'https';
  readonly listener: Listener;
  /** The name that the TLS connection was made for; undefined: plain HTTP, or the hello named none. */
  readonly serverName: string | undefined;
  /** What the TLS connection's client may have been shown; empty: plain HTTP. */
  readonly certificates: readonly Certificate[];
  /** The header lines that an untrusted client's requests get, ready to append. */
  readonly forwardedLines: string;
}

export function clientFacts(connection: AcceptedConnection, trustedProxies: BlockList, certificates: readonly Certificate[]): ClientFacts {
  const { remoteAddress, listener } = connection;
  const scheme = connection.tls === undefined ? 'http' : 'https';
  return {
    connectionId: connection.id,
    remoteAddress,
    trusted: isTrusted(trustedProxies, remoteAddress),
    scheme,
    listener,
    serverName: connection.tls?.serverName,
    certificates,
    forwardedLines:
      `x-forwarded-for: ${remoteAddress}\r\nx-forwarded-proto: ${scheme}\r\n` +
      `x-forwarded-port: ${listener.publishedPort}\r\nx-real-ip: ${remoteAddress}\r\n`,
  };
}

/** True when `address` is inside one of the trusted ranges; text that is no address is not. */
export function isTrusted(trustedProxies: BlockList, address: string): boolean {
  const version = isIP(address);
  return version !== 0 && trustedProxies.check(address, version === 6 ? 'ipv6' : 'ipv4');
}
