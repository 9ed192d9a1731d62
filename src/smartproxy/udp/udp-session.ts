import type { EndpointRuntime } from '../../balancing/endpoint-runtime.ts';
import type { RequestSeries } from '../../observability/counters/request-series.ts';
import type { ActivePlaces } from '../../rates/active-counts.ts';
import { Deadline } from '../../timer-wheel.ts';
import type { UdpPort } from './udp-port.ts';
import type { UdpUpstream } from './udp-upstream.ts';

/** Who acts for a session. */
export interface UdpSessionOwner {
  answered(session: UdpSession, data: Buffer): void;
  unreachable(session: UdpSession): void;
  sendFailed(): void;
  silent(session: UdpSession): void;
}

/** A client's address and port on one listener, for as long as datagrams come or go. Its own deadline. */
export class UdpSession extends Deadline {
  readonly key: string;
  /** As that of a connection: prefix and a counter, never used twice. */
  readonly id: string;
  readonly port: UdpPort;
  /** As the socket gave it, to send to. */
  readonly address: string;
  /** In plain form, see `plainAddress`. */
  readonly plain: string;
  readonly clientPort: number;
  /** Decides between backends and endpoints. */
  readonly hash: number;
  readonly openedAtMs: number;
  /** Key of the route that it belongs to. */
  route: string;
  /** undefined: none yet, or the last one is gone, and the next datagram finds another. */
  upstream: UdpUpstream | undefined;
  /** Where nobody listened when it was tried last. */
  avoid: EndpointRuntime | undefined;
  /** On the wheel's clock. */
  lastActivityMs: number;
  /** Nothing has come back yet: it is forgotten sooner. */
  isAnswered = false;
  /** Set while a limited route counts it. */
  places: ActivePlaces | undefined = undefined;
  /** False: its route is in no access log. */
  isLogged = true;
  received = 0;
  sent = 0;
  /** What it counts in; undefined: it has not had an endpoint. */
  series: RequestSeries | undefined = undefined;
  /** Where its datagrams went last: service and endpoint. */
  service: string | undefined = undefined;
  endpoint: string | undefined = undefined;
  readonly #owner: UdpSessionOwner;

  constructor(
    owner: UdpSessionOwner,
    client: {
      readonly key: string;
      readonly id: string;
      readonly port: UdpPort;
      readonly address: string;
      readonly plain: string;
      readonly clientPort: number;
    },
    hash: number,
    route: string,
    nowMs: number,
  ) {
    super();
    this.#owner = owner;
    this.key = client.key;
    this.id = client.id;
    this.port = client.port;
    this.address = client.address;
    this.plain = client.plain;
    this.clientPort = client.clientPort;
    this.hash = hash;
    this.route = route;
    this.openedAtMs = nowMs;
    this.lastActivityMs = nowMs;
  }

  onAnswer(data: Buffer): void {
    this.#owner.answered(this, data);
  }

  onUnreachable(): void {
    this.#owner.unreachable(this);
  }

  onSendError(): void {
    this.#owner.sendFailed();
  }

  override onTimeout(): void {
    this.#owner.silent(this);
  }
}
