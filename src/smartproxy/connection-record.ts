import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { plainAddress } from '../address-list.ts';
import type { AcceptedConnection, ClearReceiver, SniffedTls } from '../networkproxy/accepted-connection.ts';
import type { RequestSeries } from '../observability/counters/request-series.ts';
import type { ConnectionSide, TerminationReason } from '../observability/counters/termination-reason.ts';
import type { ProxiedClient } from '../proxy-header/proxied-client.ts';
import type { ProxyAddresses } from '../proxy-header/proxy-header.ts';
import type { ActivePlaces } from '../rates/active-counts.ts';
import type { Removable } from '../removal-grace.ts';
import type { RouteSource } from '../routes/route.ts';
import type { Listener } from '../routes/route-table.ts';
import { Deadline } from '../timer-wheel.ts';
import type { LoopbackHeader } from './loopback-header.ts';
import type { SharedRateCheck } from './shared-rate-check.ts';
import type { TerminatedTls } from './terminated-tls.ts';

/**
 * The states of a connection, in order; `dialing` and `forwarding` are the direct path, `handed_over` is NetworkProxy's. Only
 * ConnectionManager moves a record to the last two.
 */
export type ConnectionState = 'accepted' | 'sniffing' | 'routing' | 'dialing' | 'handed_over' | 'forwarding' | 'draining' | 'closed';

/** What a record's one timer stands for at the moment. */
export type TimeoutPhase = 'initial_timeout' | 'handshake_timeout' | 'dial_timeout' | 'inactivity' | 'write_timeout';

/** Where a record turns when something happens to it: the ConnectionManager that made it. */
export interface RecordOwner {
  initiateCleanupOnce(record: ConnectionRecord, reason: TerminationReason, side: ConnectionSide): boolean;
  onDeadline(record: ConnectionRecord): void;
  onOutermost(record: ConnectionRecord, stream: Duplex): void;
  onOutgoing(record: ConnectionRecord, socket: Socket | undefined): void;
  onSecure(record: ConnectionRecord): void;
}

/** How the bytes of a direct connection get to the backend: as they are, out of TLS that ends here, or out of that into TLS of our own. */
export type DirectWay = 'unread' | 'clear' | 'reencrypted';

/** A direct (layer 4) connection's place in the table: which service it belongs to, so that a removed route finds it. */
export interface DirectRoute extends Removable {
  readonly service: string;
  readonly source: RouteSource;
  readonly serverName: string | undefined;
  readonly way: DirectWay;
}

/**
 * All that we know of one client connection. One object serves as tracking record, as the handle that NetworkProxy gets and as the entry
 * of the timer wheel: an idle connection costs one object of ours, and no closure.
 */
export class ConnectionRecord extends Deadline implements AcceptedConnection {
  /** The key under which ConnectionManager tracks it: prefix and a counter, so sortable and never used twice. */
  readonly trackingId: string;
  /** The client connection's id: the tracking id, except at the far end of the loopback transport. */
  id: string;
  listener: Listener;
  /** The client's raw socket. */
  readonly incoming: Socket;
  /** What the outside world's bytes meet first when it is not `incoming`: the TLS socket around it. */
  outermost: Duplex | undefined = undefined;
  /** The socket towards the backend, from the moment it exists, before it connects (lesson 4). */
  outgoing: Socket | undefined = undefined;
  state: ConnectionState = 'accepted';

  remoteAddress: string;
  remotePort: number;
  /** From a PROXY header; the socket's own otherwise. */
  proxiedLocal: { readonly address: string; readonly port: number } | undefined = undefined;
  /** The address that SecurityManager counts this connection under; undefined: not counted (a load balancer, before its header). */
  countedAddress: string | undefined = undefined;

  /** Bytes of the PROXY header, which the client did not send. */
  headerBytes = 0;
  tls: SniffedTls | undefined = undefined;
  /** Of TCP in TLS that ends here, from the end of the handshake on. */
  terminatedTls: TerminatedTls | undefined = undefined;
  proxied: ProxiedClient | undefined = undefined;
  direct: DirectRoute | undefined = undefined;
  inside: ClearReceiver | undefined = undefined;
  /** Set while replicas are asked about the rate of its address. */
  rateCheck: SharedRateCheck | undefined = undefined;
  /** Set while a limited route counts it. */
  places: ActivePlaces | undefined = undefined;
  route: string | undefined = undefined;
  /** False: its route is in no access log. */
  isLogged = true;
  /** What it counts in, when it is a direct connection. */
  series: RequestSeries | undefined = undefined;
  endpoint: string | undefined = undefined;

  readonly acceptedAtMs: number;
  /** One stamp that both directions share (lesson 47), on the timer wheel's clock. */
  lastActivityMs: number;
  /** The side whose end of data came first. */
  endedFirst: ConnectionSide | undefined = undefined;
  /** The first cause, and the side that it came from: one value for the counter, the log and whoever asks. */
  terminationReason: TerminationReason | undefined = undefined;
  terminationSide: ConnectionSide | undefined = undefined;
  /** The far end of the loopback transport has it too, and will say how it ended. */
  hasFarEnd = false;
  /** How the far end says that it ended, while its last bytes are still on their way here. */
  foretold: Ending | undefined = undefined;
  /** @internal owned by ConnectionManager: it has ended here, its sockets too, and what the far end says of that is on its way */
  awaitsFarEnd = false;
  durationMs = 0;
  onCleanup: ((reason: TerminationReason) => void) | undefined = undefined;
  /** Set while both sockets are spliced: the client's has closed in order, and the other may still flush. */
  onIncomingClosed: (() => void) | undefined = undefined;
  /** Set while a dial is under way: what to do when it takes too long. */
  onDialTimeout: (() => void) | undefined = undefined;

  /** @internal owned by TimeoutManager */
  phase: TimeoutPhase | undefined = undefined;
  /** @internal owned by TimeoutManager */
  phaseLimitMs = 0;
  /** @internal owned by TimeoutManager */
  phaseSinceMs = 0;
  /** @internal owned by TimeoutManager: the limit of `inactivity` that follows a first byte; 0: none does */
  idleAfterFirstMs = 0;
  /** @internal owned by TimeoutManager; 0: no limit */
  lifetimeEndsMs = 0;
  /** @internal owned by ConnectionManager: the last sweep found a dead socket here */
  suspect = false;

  readonly #owner: RecordOwner;
  #bytes: WireBytes | undefined = undefined;

  /**
   * @param remoteAddress the peer's, in plain form
   * @param nowMs the timer wheel's clock
   */
  constructor(owner: RecordOwner, id: string, socket: Socket, remoteAddress: string, listener: Listener, nowMs: number) {
    super();
    this.#owner = owner;
    this.trackingId = id;
    this.id = id;
    this.incoming = socket;
    this.listener = listener;
    this.remoteAddress = remoteAddress;
    this.remotePort = socket.remotePort ?? 0;
    this.acceptedAtMs = performance.now();
    this.lastActivityMs = nowMs;
  }

  get socket(): Socket {
    return this.incoming;
  }

  get localAddress(): string {
    return this.proxiedLocal?.address ?? plainAddress(this.incoming.localAddress ?? '');
  }

  get localPort(): number {
    return this.proxiedLocal?.port ?? this.incoming.localPort ?? 0;
  }

  /** Clean-up has begun, or is over. */
  get ended(): boolean {
    return this.state === 'draining' || this.state === 'closed';
  }

  /** Wire bytes on the client's side, read from the socket; fixed when clean-up begins. */
  get bytes(): WireBytes {
    return this.#bytes ?? { received: this.incoming.bytesRead, sent: this.incoming.bytesWritten };
  }

  /** From now on `bytes` no longer moves. */
  fixBytes(): WireBytes {
    this.#bytes ??= this.bytes;
    return this.#bytes;
  }

  /** At the far end of the loopback transport: this is that client's connection, as far as NetworkProxy can tell. */
  actFor({ connectionId, addresses, service, proxied }: LoopbackHeader, listener: Listener): void {
    this.id = connectionId;
    this.listener = listener;
    if (service !== undefined) this.direct = { ...farRoute, service };
    this.setAddresses(addresses);
    this.proxied = proxied;
  }

  /** A PROXY header names the real ends of the connection. */
  setAddresses(addresses: ProxyAddresses): void {
    this.remoteAddress = addresses.sourceAddress;
    this.remotePort = addresses.sourcePort;
    this.proxiedLocal = { address: addresses.destinationAddress, port: addresses.destinationPort };
  }

  setOutermost(stream: Duplex): void {
    this.#owner.onOutermost(this, stream);
  }

  setOutgoing(socket: Socket | undefined): void {
    this.#owner.onOutgoing(this, socket);
  }

  note(route: string | undefined, endpoint: string | undefined): void {
    this.route = route;
    this.endpoint = endpoint;
  }

  end(side: ConnectionSide, reason: TerminationReason): void {
    this.#owner.initiateCleanupOnce(this, reason, side);
  }

  /** The outermost socket has closed without an error. */
  incomingClosed(): void {
    if (this.onIncomingClosed !== undefined) this.onIncomingClosed();
    else this.end(this.endedFirst ?? 'client', 'normal');
  }

  /** The TLS handshake is done. */
  secured(): void {
    this.#owner.onSecure(this);
  }

  override onTimeout(): void {
    this.#owner.onDeadline(this);
  }
}

/** The client's end knows the rest. */
const farRoute: Omit<DirectRoute, 'service'> = {
  source: { kind: '', namespace: '', name: '' },
  serverName: undefined,
  way: 'clear',
  drains: false,
  goneSinceMs: undefined,
};

/** Who ended a connection, and why. */
export interface Ending {
  readonly side: ConnectionSide;
  readonly reason: TerminationReason;
  /** Where it went, as the far end of the loopback transport knows it; undefined: nowhere, or that is known here. */
  readonly endpoint?: string | undefined;
  /** What was agreed on there with the client of TCP in TLS. */
  readonly terminatedTls?: TerminatedTls | undefined;
}

/** Bytes on the wire, as the client's side sees them. */
export interface WireBytes {
  readonly received: number;
  readonly sent: number;
}
