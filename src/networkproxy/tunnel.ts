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

/** What tunnels need of what connections share. */
export type TunnelContext = Pick<ProxyContext, 'counters' | 'tunnels' | 'wheel' | 'removedUpgrades'>;

/**
 * Both sides of an upgraded connection, spliced: bytes, back-pressure and half-closes go across. Silence in both directions is bounded, and
 * where the route says so its life is, too. The owner of the client's stream feeds it and is told of the end once.
 */
export class Tunnel extends Deadline implements TunnelEnd, Mortal, RoutedUpgrade {
  readonly route: CompiledRoute;
  readonly listener: string;
  readonly drains: boolean;
  goneSinceMs: number | undefined = undefined;
  readonly #context: TunnelContext;
  readonly #client: TunnelClient;
  readonly #upstream: UpstreamRequest;
  readonly #lifetime: Lifetime | undefined;
  readonly #end: (side: ConnectionSide, reason: TerminationReason) => void;
  /** Why it ended, when it did by itself. */
  #reason: TerminationReason | undefined;
  #firstEnded: ConnectionSide | undefined;
  #clientEnded = false;
  #upstreamEnded = false;

  /** @param way the route, and the key of the listener that it came in at */
  constructor(
    context: TunnelContext,
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
    context.counters.upgrades++;
    context.tunnels.add(this);
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
    if (error !== undefined) this.#finish('upstream', reasonOfSocketError(error));
    else if (!this.#upstreamEnded) this.#finish('upstream', 'normal');
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
    this.#finish('proxy', 'inactivity');
  }

  onLifetimeEnd(): void {
    this.#finish('proxy', 'connection_timeout');
  }

  endRemoved(): void {
    this.#finish('proxy', 'route_removed');
  }

  /** Lets go of the upstream and the deadlines. @param reason why it is over, unless it ended by itself */
  close(reason: TerminationReason): void {
    if (!this.#context.tunnels.delete(this)) return;
    this.#context.counters.countUpgradeEnd(this.#reason ?? reason);
    this.#context.wheel.disarm(this);
    this.#context.removedUpgrades.delete(this);
    this.#lifetime?.close();
    this.#upstream.destroy();
  }

  #onHalfClosed(side: ConnectionSide): void {
    this.#firstEnded ??= side;
    if (this.#clientEnded && this.#upstreamEnded) this.#finish(this.#firstEnded, 'normal');
  }

  #finish(side: ConnectionSide, reason: TerminationReason): void {
    this.#reason ??= reason;
    this.#end(side, reason);
  }

  #touch(): void {
    const { tunnelIdleMs } = this.route.policy.timeouts;
    if (tunnelIdleMs > 0) this.#context.wheel.arm(this, tunnelIdleMs);
  }
}
