import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { ConnectionSide, TerminationReason } from '../observability/counters/termination-reason.ts';
import type { ProxiedClient } from '../proxy-header/proxied-client.ts';
import type { SslCertificate } from '../proxy-header/ssl-tlv.ts';
import type { Listener } from '../routes/route-table.ts';

/**
 * One client connection as SmartProxy hands it to NetworkProxy. SmartProxy keeps the record (id, reason, counters) and the last word on
 * its end; NetworkProxy owns the bytes. Bytes that SmartProxy has read are unshifted: the stream starts at the first byte.
 */
export interface AcceptedConnection {
  /** The connection's id in logs, metrics and `/debug/connections`. */
  readonly id: string;
  /** The raw socket, neither ended nor destroyed, paused. */
  readonly socket: Socket;
  readonly listener: Listener;
  /** The client, fixed at accept (or taken from a trusted PROXY header). An IPv4 client is never in `::ffff:` form. */
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** The ClientHello's facts when the connection starts with TLS, else undefined: plain HTTP. */
  readonly tls: SniffedTls | undefined;
  /** What the header of a trusted load balancer says beside the addresses; undefined: nothing of use. */
  readonly proxied: ProxiedClient | undefined;
  /** Who gets what is in the TLS when it is no HTTP; undefined: it is, and NetworkProxy serves it. */
  readonly inside: ClearReceiver | undefined;
  /** `performance.now()` at accept. */
  readonly acceptedAtMs: number;

  /** NetworkProxy tells which stream is outermost (the TLS socket), so that clean-up ends that one first. */
  setOutermost(stream: Duplex): void;
  /** NetworkProxy tells which upstream socket is dedicated to this connection (an upgrade), so that clean-up ends it too. */
  setOutgoing(socket: Socket | undefined): void;
  /** What the connection is doing, for `/debug/connections` and the access log: a route key and an endpoint. */
  note(route: string | undefined, endpoint: string | undefined): void;
  /** Ends the connection: the first cause wins (`initiateCleanupOnce`). Pending writes are flushed within the grace. */
  end(side: ConnectionSide, reason: TerminationReason): void;
  /**
   * NetworkProxy sets it: called once when clean-up starts, whoever began it; drop every listener and timer. Undefined until set.
   */
  onCleanup: ((reason: TerminationReason) => void) | undefined;
}

/** Takes a connection over once NetworkProxy has ended its TLS. */
export interface ClearReceiver {
  /**
   * The handshake is done. The stream is paused, its listeners are the receiver's. Called once; never throws.
   * @param certificate what the client has shown; undefined: nothing
   */
  takeOver(stream: TLSSocket, certificate: SslCertificate | undefined): void;
  /** The connection that was taken over ends. */
  cleanUp(): void;
}

export interface SniffedTls {
  /** Lower case, without a trailing dot; undefined: the hello has no SNI. */
  readonly serverName: string | undefined;
  readonly alpn: readonly string[];
  /** The hello's own legacy JA-style facts are not kept; only what a decision needs. */
  readonly offersTls13: boolean;
}

/** The one interface through which SmartProxy knows NetworkProxy. */
export interface NetworkProxyEntry {
  /** Takes the connection; never throws. Anything that goes wrong ends in `connection.end(...)`. */
  handleConnection(connection: AcceptedConnection): void;
}
