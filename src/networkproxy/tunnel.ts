import { type ConnectionSide, reasonOfSocketError, type TerminationReason } from '../observability/counters/termination-reason.ts';
import type { CompiledRoute } from '../routes/compiled-table.ts';
import { Deadline } from '../timer-wheel.ts';
import { Lifetime, type Mortal } from './lifetime.ts';
import type { ProxyContext } from './proxy-context.ts';
import type { RoutedUpgrade } from './removal/removed-upgrades.ts';
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
 * Both sides of an upgraded connection, spliced: bytes, back-pressure and half-closes go across. Silence in both directions is bounded, and
 * where the route says so its life is, too. The owner of the client's stream feeds it and is told of the end once.
 */
export class Tunnel extends Deadline implements TunnelEnd, Mortal, RoutedUpgrade {
  readonly route: CompiledRoute;
  readonly listener: string;
  readonly drains: boolean;
  goneSinceMs: number | undefined = undefined;
  readonly #context: Pick<ProxyContext, 'wheel' | 'removedUpgrades'>;
  readonly #client: TunnelClient;
  readonly #upstream: UpstreamRequest;
  readonly #lifetime: Lifetime | undefined;
  readonly #end: (side: ConnectionSide, reason: TerminationReason) => void;
  #firstEnded: ConnectionSide | undefined;
  #clientEnded = false;
  #upstreamEnded = false;

  /** @param way the route, and the key of the listener that it came in at */
  constructor(
    context: Pick<ProxyContext, 'wheel' | 'removedUpgrades'>,
    client: TunnelClient,
    upstream: UpstreamRequest,
    way: Pick<RoutedUpgrade, 'route' | 'listener'>,
    end: (side: ConnectionSide, reason: TerminationReason) => void,
  ) {
    super();
    this.route = way.route;
    this.listener = way.listener;
    this.#context = context;
    this.#client = client;
    this.#upstream = upstream;
    this.#end = end;
    const kept = way.route.policy.clientConnection;
    const { lifetimeMs = 0, probeAfterMs = 0, whenRemoved } = kept ?? {};
    this.drains = whenRemoved === 'drain';
    if (whenRemoved !== undefined) context.removedUpgrades.add(this);
    if (probeAfterMs > 0) upstream.socket?.setKeepAlive(true, probeAfterMs);
    this.#lifetime = lifetimeMs > 0 ? new Lifetime(context.wheel, this) : undefined;
    this.#lifetime?.limit(lifetimeMs, 0);
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

  onLifetimeEnd(): void {
    this.#end('proxy', 'connection_timeout');
  }

  endRemoved(): void {
    this.#end('proxy', 'route_removed');
  }

  /** Lets go of the upstream and the deadlines. */
  close(): void {
    this.#context.wheel.disarm(this);
    this.#context.removedUpgrades.delete(this);
    this.#lifetime?.close();
    this.#upstream.destroy();
  }

  #onHalfClosed(side: ConnectionSide): void {
    this.#firstEnded ??= side;
    if (this.#clientEnded && this.#upstreamEnded) this.#end(this.#firstEnded, 'normal');
  }

  #touch(): void {
    const { tunnelIdleMs } = this.route.policy.timeouts;
    if (tunnelIdleMs > 0) this.#context.wheel.arm(this, tunnelIdleMs);
  }
}
