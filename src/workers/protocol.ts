import type { EndpointUse, OutEndpoint } from '../balancing/balancers.ts';
import type { Config } from '../config/config.ts';
import type { OverloadChange } from '../networkproxy/overload/overload-guard.ts';
import type { ProcessFacts } from '../observability/process-probe.ts';
import type { ActiveShare } from '../rates/active-counts.ts';
import type { RateUse } from '../rates/rate-sharing.ts';
import type { ConnectionFilter } from '../smartproxy/connection-filter.ts';
import type { FarNews } from '../smartproxy/far-news.ts';
import type { ConnectionView } from '../smartproxy/smart-proxy.ts';
import type { PackedDelta } from './packed-delta.ts';
import type { RecentEnding } from './recent-endings.ts';
import type { TappedRequests, TapWish } from './tap-wish.ts';
import type { WireSnapshot } from './wire-snapshot.ts';
import type { WorkerPart } from './worker-part.ts';

/**
 * Messages between the main process and its workers, over Node's IPC channel with structured clone. Private keys travel as
 * `WireSecret` (see `routes/encode-delta.ts`), the only form of a `Redacted` that leaves a process.
 */
export type ToWorker =
  | {
      readonly type: 'start';
      readonly slot: number;
      readonly part: WorkerPart;
      /** Begins every connection id of this process, so that ids are unique over workers and restarts. */
      readonly idPrefix: string;
      readonly config: Config;
      /** The keys of session tickets, 48 bytes each: the first makes tickets, all read them. */
      readonly ticketKeys: Uint8Array;
      /** Sockets that were inherited, opened after the first table. */
      readonly sockets: readonly InheritedSocket[];
      /** UDP ports, opened then too. */
      readonly udpPorts: readonly SharedPort[];
      readonly heartbeatMs: number;
    }
  /** The next delta; `base` is the generation that it was made for (0: the empty table). */
  | { readonly type: 'delta'; readonly base: number; readonly generation: number; readonly delta: PackedDelta }
  /** Keys of session tickets in place of those before; sent to all workers at once. */
  | { readonly type: 'ticketKeys'; readonly ticketKeys: Uint8Array }
  /** Where NetworkProxy's process listens on 127.0.0.1; for a process with SmartProxy alone, which opens no port before. */
  | { readonly type: 'networkProxyPort'; readonly port: number }
  /** For a process with SmartProxy alone. */
  | { readonly type: 'farNews'; readonly news: readonly FarNews[] }
  /** A listener opened at run time (or handed back); its socket comes as the message's handle, or is to be made on `sharedPort` (UDP). */
  | { readonly type: 'listen'; readonly listener: string; readonly address: string; readonly sharedPort?: number | undefined }
  /** Stop accepting on one address; connections live on. Answered with `unlistened`. */
  | { readonly type: 'unlisten'; readonly listener: string; readonly address: string }
  /** Other workers have admitted these requests of limited clients. */
  | { readonly type: 'rates'; readonly uses: readonly RateUse[] }
  /** What another worker has under way of limited routes; `from` names it, over restarts. */
  | { readonly type: 'active'; readonly from: string; readonly shares: readonly ActiveShare[] }
  /** That one has ended, and what was under way in it. */
  | { readonly type: 'activeGone'; readonly from: string }
  /** Another worker has begun: it has to be told everything. */
  | { readonly type: 'shareActive' }
  /** Finish what is open within `timeoutMs`; then `drained`. */
  | { readonly type: 'drain'; readonly timeoutMs: number }
  | { readonly type: 'announceDrain' }
  /** Show requests that end from now on; answered with `tapped`, until `closeTap`. */
  | { readonly type: 'openTap'; readonly tap: number; readonly wish: TapWish }
  | { readonly type: 'closeTap'; readonly tap: number }
  | { readonly type: 'stats'; readonly request: number }
  | { readonly type: 'connections'; readonly request: number; readonly limit: number; readonly filter: ConnectionFilter }
  | { readonly type: 'recentEndings'; readonly request: number; readonly limit: number; readonly filter: ConnectionFilter }
  | { readonly type: 'endpointHealth'; readonly request: number }
  | { readonly type: 'endpointUses'; readonly request: number; readonly services: readonly string[] }
  | { readonly type: 'kill'; readonly request: number; readonly filter: ConnectionFilter };

/** A listening socket among the file descriptors that a worker was spawned with. */
export interface InheritedSocket {
  readonly listener: string;
  readonly address: string;
  readonly fd: number;
}

/** A port on which each worker has a UDP socket of its own. */
export interface SharedPort {
  readonly listener: string;
  readonly address: string;
  readonly port: number;
}

export type FromWorker =
  /** The module is loaded; `start` may come. */
  | { readonly type: 'loaded' }
  /** The first table is applied and every inherited socket is listening. */
  | { readonly type: 'started' }
  /** A process with NetworkProxy alone takes connections there. */
  | { readonly type: 'networkProxyPort'; readonly port: number }
  /** Of a process with NetworkProxy alone. */
  | { readonly type: 'farNews'; readonly news: readonly FarNews[] }
  | { readonly type: 'listening'; readonly listener: string; readonly address: string; readonly port: number }
  | { readonly type: 'unlistened'; readonly listener: string; readonly address: string }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'applied'; readonly generation: number; readonly durationMs: number }
  /** The delta did not fit; main answers with the whole table. */
  | { readonly type: 'resync'; readonly generation: number }
  | { readonly type: 'heartbeat'; readonly vitals: WorkerVitals; readonly snapshot: WireSnapshot }
  | { readonly type: 'statsReply'; readonly request: number; readonly snapshot: WireSnapshot }
  | { readonly type: 'connectionsReply'; readonly request: number; readonly connections: readonly ConnectionSummary[] }
  | { readonly type: 'recentEndingsReply'; readonly request: number; readonly endings: readonly EndingSummary[] }
  | { readonly type: 'endpointUsesReply'; readonly request: number; readonly uses: readonly EndpointUse[] }
  | { readonly type: 'endpointHealthReply'; readonly request: number; readonly out: readonly OutEndpoint[] }
  | { readonly type: 'killReply'; readonly request: number; readonly killed: number }
  | { readonly type: 'overload'; readonly change: OverloadChange }
  /** Redis is connected, or not any more. */
  | { readonly type: 'redis'; readonly state: 'connected' | 'lost'; readonly detail: string | undefined }
  /** What this worker admitted of limited clients, for all others. */
  | { readonly type: 'rates'; readonly uses: readonly RateUse[] }
  /** What this worker has under way of limited routes, for all others. */
  | { readonly type: 'active'; readonly shares: readonly ActiveShare[] }
  | { readonly type: 'tapped'; readonly tapped: TappedRequests }
  | { readonly type: 'drained' };

/** How a worker process fares. */
export interface WorkerVitals {
  /** 99th percentile over the last second. */
  readonly eventLoopDelayMs: number;
  /** Shares of the limits in use, 0 to 1, as the overload guard sees them. */
  readonly memoryShare: number;
  readonly heapShare: number;
  readonly process: ProcessFacts;
}

/** One open connection and the worker that has it, for `/debug/connections`. */
export interface ConnectionSummary extends ConnectionView {
  readonly worker: number;
}

/** One connection that has ended and the worker that had it, for `/debug/endings`. */
export interface EndingSummary extends RecentEnding {
  readonly worker: number;
}
