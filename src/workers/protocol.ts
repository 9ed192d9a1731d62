import type { Config } from '../config/config.ts';
import type { OverloadChange } from '../networkproxy/overload/overload-guard.ts';
import type { ProcessFacts } from '../observability/process-probe.ts';
import type { ConnectionView } from '../smartproxy/smart-proxy.ts';
import type { PackedDelta } from './packed-delta.ts';
import type { WireSnapshot } from './wire-snapshot.ts';

/**
 * Messages between the main process and its workers, over Node's IPC channel with structured clone. Private keys travel as
 * `WireSecret` (see `routes/encode-delta.ts`), the only form of a `Redacted` that leaves a process.
 */
export type ToWorker =
  | {
      readonly type: 'start';
      readonly slot: number;
      /** Begins every connection id of this process, so that ids are unique over workers and restarts. */
      readonly idPrefix: string;
      readonly config: Config;
      /** 48 bytes: the current key of session tickets. */
      readonly ticketKeys: Uint8Array;
      /** Sockets that were inherited, opened after the first table. */
      readonly sockets: readonly InheritedSocket[];
      readonly heartbeatMs: number;
    }
  /** The next delta; `base` is the generation that it was made for (0: the empty table). */
  | { readonly type: 'delta'; readonly base: number; readonly generation: number; readonly delta: PackedDelta }
  /** A new key of session tickets in place of the one before; sent to all workers at once. */
  | { readonly type: 'ticketKeys'; readonly ticketKeys: Uint8Array }
  /** A listener opened at run time (or handed back); its socket comes as the message's handle. */
  | { readonly type: 'listen'; readonly listener: string; readonly address: string }
  /** Stop accepting on one address; connections live on. Answered with `unlistened`. */
  | { readonly type: 'unlisten'; readonly listener: string; readonly address: string }
  /** Finish what is open within `timeoutMs`; then `drained`. */
  | { readonly type: 'drain'; readonly timeoutMs: number }
  | { readonly type: 'announceDrain' }
  | { readonly type: 'stats'; readonly request: number }
  | { readonly type: 'connections'; readonly request: number; readonly limit: number }
  | { readonly type: 'endpointHealth'; readonly request: number }
  | { readonly type: 'kill'; readonly request: number; readonly connectionId: string };

/** A listening socket among the file descriptors that a worker was spawned with. */
export interface InheritedSocket {
  readonly listener: string;
  readonly address: string;
  readonly fd: number;
}

export type FromWorker =
  /** The module is loaded; `start` may come. */
  | { readonly type: 'loaded' }
  /** The first table is applied and every inherited socket is listening. */
  | { readonly type: 'started' }
  | { readonly type: 'listening'; readonly listener: string; readonly address: string; readonly port: number }
  | { readonly type: 'unlistened'; readonly listener: string; readonly address: string }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'applied'; readonly generation: number; readonly durationMs: number }
  /** The delta did not fit; main answers with the whole table. */
  | { readonly type: 'resync'; readonly generation: number }
  | { readonly type: 'heartbeat'; readonly vitals: WorkerVitals; readonly snapshot: WireSnapshot }
  | { readonly type: 'statsReply'; readonly request: number; readonly snapshot: WireSnapshot }
  | { readonly type: 'connectionsReply'; readonly request: number; readonly connections: readonly ConnectionSummary[] }
  | { readonly type: 'endpointHealthReply'; readonly request: number; readonly ejected: readonly EjectedEndpoint[] }
  | { readonly type: 'killReply'; readonly request: number; readonly found: boolean }
  | { readonly type: 'overload'; readonly change: OverloadChange }
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

export interface EjectedEndpoint {
  readonly service: string;
  readonly endpoint: string;
  readonly forMs: number;
}
