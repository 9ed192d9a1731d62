import { type ConnectionSide, reasonOfSocketError, type TerminationReason } from '../observability/counters/termination-reason.ts';
import { Deadline, type TimerWheel } from '../timer-wheel.ts';
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

/**
 * Both sides of an upgraded connection, spliced: bytes, back-pressure and half-closes go across, and silence in both directions is
 * bounded. The owner of the client's stream feeds it and is told of the end once.
 */
export class Tunnel extends Deadline implements TunnelEnd {
  readonly #wheel: TimerWheel;
  readonly #client: TunnelClient;
  readonly #upstream: UpstreamRequest;
  readonly #idleMs: number;
  readonly #end: (side: ConnectionSide, reason: TerminationReason) => void;
  #firstEnded: ConnectionSide | undefined;
  #clientEnded = false;
  #upstreamEnded = false;

  constructor(
    wheel: TimerWheel,
    client: TunnelClient,
    upstream: UpstreamRequest,
    idleMs: number,
    end: (side: ConnectionSide, reason: TerminationReason) => void,
  ) {
    super();
    this.#wheel = wheel;
    this.#client = client;
    this.#upstream = upstream;
    this.#idleMs = idleMs;
    this.#end = end;
    upstream.startTunnel(this);
    this.#touch();
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
    if (this.#idleMs > 0) this.#wheel.arm(this, this.#idleMs);
  }
}
