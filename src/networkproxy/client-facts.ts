import { type BlockList, isIP, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { ProxiedClient } from '../proxy-header/proxied-client.ts';
import type { Certificate, Listener } from '../routes/route-table.ts';
import type { AcceptedConnection } from './accepted-connection.ts';
import type { ClientCertificate } from './tls/client-certificate.ts';
import type { SecuredBy } from './tls/tls-handshake.ts';

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
  /** undefined: plain HTTP. */
  readonly tlsVersion: string | undefined;
  readonly tlsCipher: string | undefined;
  /** What a load balancer's header says of the client beside its address; undefined: nothing of use. */
  readonly proxied: ProxiedClient | undefined;
  /** What the TLS connection's client may have been shown; empty: plain HTTP. */
  readonly certificates: readonly Certificate[];
  /** Key of the TLS policy that the connection was made under; '': as everywhere, or plain HTTP. */
  readonly tlsPolicy: string;
  /** What the client has shown; undefined: none, or nobody asked. */
  readonly clientCertificate: ClientCertificate | undefined;
  /** The header lines that an untrusted client's requests get, ready to append. */
  readonly forwardedLines: string;
}

/** @param stream the TLS socket, or the plain one @param made undefined: plain HTTP */
export function clientFacts(
  connection: AcceptedConnection,
  stream: Socket,
  trustedProxies: BlockList,
  made: SecuredBy | undefined,
): ClientFacts {
  const tls = stream instanceof TLSSocket ? stream : undefined;
  const { remoteAddress, listener } = connection;
  const scheme = connection.tls === undefined ? 'http' : 'https';
  return {
    connectionId: connection.id,
    remoteAddress,
    trusted: isTrusted(trustedProxies, remoteAddress),
    scheme,
    listener,
    serverName: connection.tls?.serverName,
    tlsVersion: tls?.getProtocol() ?? undefined,
    tlsCipher: tls?.getCipher().name,
    proxied: connection.proxied,
    certificates: made?.certificates ?? [],
    tlsPolicy: made?.policy ?? '',
    clientCertificate: made?.clientCertificate,
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
