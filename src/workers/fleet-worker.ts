import type { EndpointUse, OutEndpoint } from '../balancing/balancers.ts';
import type { OverloadLevel } from '../observability/counters/overload.ts';
import type { WorkerReport } from '../observability/fleet-totals.ts';
import type { ActiveShare } from '../rates/active-counts.ts';
import type { RateUse } from '../rates/rate-sharing.ts';
import type { ConnectionFilter } from '../smartproxy/connection-filter.ts';
import type { HeldSocket } from './held-socket.ts';
import type { OutgoingDelta } from './outgoing-delta.ts';
import type { ConnectionSummary, EndingSummary, SharedPort, WorkerVitals } from './protocol.ts';
import type { TapWish } from './tap-wish.ts';

/** A worker as the supervisor sees it: one process, or two that live and end together. */
export interface FleetWorker {
  readonly slot: number;
  /** Begins the ids of its connections. */
  readonly idPrefix: string;
  /** Of the process that takes clients' connections. */
  readonly pid: number | undefined;
  /** Of the one that ends TLS, where that is another. */
  readonly networkProxyPid: number | undefined;
  /** It has a table and listens. */
  readonly serving: boolean;
  /** The generation of the table that it has applied; 0: none. */
  readonly generation: number;
  /** When it was heard of last, on the clock of `performance.now()`; of two processes, the one that is silent for longer. */
  readonly lastHeardMs: number;
  /** undefined: no heartbeat yet. */
  readonly vitals: WorkerVitals | undefined;
  readonly overloadLevel: OverloadLevel;
  /** The last counters of each of its processes. */
  readonly reports: readonly WorkerReport[];
  /** @param base the generation that the delta was made for; 0: the empty table */
  sendTable(base: number, generation: number, delta: OutgoingDelta): void;
  /** 48 bytes a key, the one that makes tickets first. */
  sendTicketKeys(ticketKeys: Uint8Array): void;
  sendRates(uses: readonly RateUse[]): void;
  /** What another worker has under way of limited routes. */
  sendActive(from: Pick<FleetWorker, 'idPrefix'>, shares: readonly ActiveShare[]): void;
  /** Another worker has ended. */
  sendActiveGone(from: Pick<FleetWorker, 'idPrefix'>): void;
  /** Another worker has begun: this one tells all that it has under way again. */
  shareActive(): void;
  /** Hands it a copy of a listening socket; resolves when it listens, or when it can't be expected to any more. */
  listen(listener: string, address: string, socket: HeldSocket): Promise<void>;
  /** Makes it open a UDP socket of its own; resolves as `listen` does. */
  listenUdp(port: SharedPort): Promise<void>;
  /** Makes it stop accepting on one address. */
  unlisten(listener: string, address: string): Promise<void>;
  /** Brings `reports` up to date, unless it is silent. */
  refreshReport(): Promise<void>;
  connections(limit: number, filter?: ConnectionFilter): Promise<readonly ConnectionSummary[]>;
  /** Its last connections that ended and that the filter means, the latest first. */
  recentEndings(limit: number, filter: ConnectionFilter): Promise<readonly EndingSummary[]>;
  outEndpoints(): Promise<readonly OutEndpoint[]>;
  endpointUses(services: readonly string[]): Promise<readonly EndpointUse[]>;
  /** Ends those of its connections that the filter means; resolves to how many. */
  kill(filter: ConnectionFilter): Promise<number>;
  /** Makes it sample requests that end from now on; its observer hears of them. */
  openTap(tap: number, wish: TapWish): void;
  closeTap(tap: number): void;
  announceDrain(): void;
  /** Resolves when its connections are finished and logged, or when `timeoutMs` and the grace of those that are then ended are over. */
  drain(timeoutMs: number): Promise<void>;
  /** Ends it at once; its observer hears of the end. */
  terminate(): void;
  /** Ends it at once and resolves when it is gone. */
  end(): Promise<void>;
}
