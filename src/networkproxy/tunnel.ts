import { type ConnectionSide, reasonOfSocketError, type TerminationReason } from '../observability/counters/termination-reason.ts';
import { Deadline, type TimerWheel } from '../timer-wheel.ts';
import type { Removal, UnderWay } from './removal/under-way.ts';
import type { TunnelEnd } from './upstream/upstream-handler.ts';
import type { UpstreamRequest } from './upstream/upstream-request.ts';

/** The client's end of a tunnel: its socket, or a stream of its HTTP/2 connection. */
export interface TunnelClient {
  /** The chunk may be kept. False: wait for `Tunnel.clientDrained`. */
  write(chunk: Buffer): boolean;
  pause(): void;
  resume(): void;
  /** No more bytes follow. */
  end(): void;
}

/** What the tunnel has of the request that it began as. */
export interface TunnelWay extends Pick<UnderWay, 'route' | 'endpoint'> {
  /** Silence in both directions ends it, in milliseconds; 0: it does not. */
  readonly idleMs: number;
}

/**
 * Both sides of an upgraded connection, spliced: bytes, back-pressure and half-closes go across, and silence in both directions is
 * bounded. The owner of the client's stream feeds it and is told of the end once.
 */
export class Tunnel extends Deadline implements TunnelEnd, UnderWay {
  goneSinceMs: number | undefined = undefined;
  readonly #wheel: TimerWheel;
  readonly #client: TunnelClient;
  readonly #upstream: UpstreamRequest;
  readonly #way: TunnelWay;
  readonly #end: (side: ConnectionSide, reason: TerminationReason) => void;
  #firstEnded: ConnectionSide | undefined;
  #clientEnded = false;
  #upstreamEnded = false;

  constructor(
    wheel: TimerWheel,
    client: TunnelClient,
    upstream: UpstreamRequest,
    way: TunnelWay,
    end: (side: ConnectionSide, reason: TerminationReason) => void,
  ) {
    super();
    this.#wheel = wheel;
    this.#client = client;
    this.#upstream = upstream;
    this.#way = way;
    this.#end = end;
    upstream.startTunnel(this);
    this.#touch();
  }

  get route(): TunnelWay['route'] {
    return this.#way.route;
  }

  get endpoint(): TunnelWay['endpoint'] {
    return this.#way.endpoint;
  }

  fromClient(chunk: Buffer): void {
    this.#touch();
    if (!this.#upstream.writeTunnel(chunk)) this.#client.pause();
  }

  clientEnded(): void {
    this.#clientEnded = true;
    this.#upstream.endTunnel();
    this.#onHalfClosed('client');
  }

  clientDrained(): void {
    this.#touch();
    this.#upstream.resume();
  }

  fromUpstream(chunk: Buffer): void {
    this.#touch();
    if (!this.#client.write(chunk)) this.#upstream.pause();
  }

  upstreamEnded(): void {
    this.#upstreamEnded = true;
    this.#client.end();
    this.#onHalfClosed('upstream');
  }

  upstreamClosed(error: (Error & { readonly code?: string }) | undefined): void {
    if (error !== undefined) this.#end('upstream', reasonOfSocketError(error));
    else if (!this.#upstreamEnded) this.#end('upstream', 'normal');
  }

  /** The client's connection holds too much already. */
  holdUpstream(): void {
    this.#upstream.pause();
  }

  upstreamDrained(): void {
    this.#touch();
    this.#client.resume();
  }

  override onTimeout(): void {
    this.#end('proxy', 'inactivity');
  }

  endRemoved(removal: Removal): void {
    this.#end('proxy', removal);
  }

  /** Lets go of the upstream and the deadline. */
  close(): void {
    this.#wheel.disarm(this);
    this.#upstream.destroy();
  }

  #onHalfClosed(side: ConnectionSide): void {
    this.#firstEnded ??= side;
    if (this.#clientEnded && this.#upstreamEnded) this.#end(this.#firstEnded, 'normal');
  }

  #touch(): void {
    const { idleMs } = this.#way;
    if (idleMs > 0) this.#wheel.arm(this, idleMs);
  }
}
