import type { Config } from '../config/config.ts';
import type { WorkerSnapshot } from '../observability/counters/worker-counters.ts';
import type { TableDelta } from '../routes/table-delta.ts';

/**
 * Messages between the main process and its workers, over Node's IPC channel with structured clone. Private keys travel as
 * `WireSecret` (see `encode-delta.ts`), the only form of a `Redacted` that leaves a process.
 */
export type ToWorker =
  | { readonly type: 'start'; readonly slot: number; readonly config: Config; readonly ticketKeys: Uint8Array }
  /** The next delta; `base` is the generation that it was made for (0: the empty table). */
  | { readonly type: 'delta'; readonly base: number; readonly generation: number; readonly delta: TableDelta }
  /** A listener opened at run time; its socket comes as the message's handle. */
  | { readonly type: 'listen'; readonly listener: string; readonly address: string }
  /** Stop accepting; finish what is open within `timeoutMs`. */
  | { readonly type: 'drain'; readonly timeoutMs: number }
  | { readonly type: 'announceDrain' }
  | { readonly type: 'stats'; readonly request: number }
  | { readonly type: 'connections'; readonly request: number; readonly limit: number }
  | { readonly type: 'endpointHealth'; readonly request: number }
  | { readonly type: 'kill'; readonly connectionId: string };

export type FromWorker =
  | { readonly type: 'started' }
  | { readonly type: 'listening'; readonly listener: string; readonly address: string; readonly port: number }
  | { readonly type: 'applied'; readonly generation: number; readonly durationMs: number }
  /** The delta did not fit; main answers with the whole table. */
  | { readonly type: 'resync'; readonly generation: number }
  | { readonly type: 'heartbeat'; readonly eventLoopDelayMs: number; readonly snapshot: WorkerSnapshot }
  | { readonly type: 'statsReply'; readonly request: number; readonly snapshot: WorkerSnapshot }
  | { readonly type: 'connectionsReply'; readonly request: number; readonly connections: readonly ConnectionSummary[] }
  | { readonly type: 'endpointHealthReply'; readonly request: number; readonly ejected: readonly EjectedEndpoint[] }
  | { readonly type: 'drained' };

/** One open connection for `/debug/connections`. */
export interface ConnectionSummary {
  readonly id: string;
  readonly state: string;
  readonly listener: string;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly serverName: string | undefined;
  readonly route: string | undefined;
  readonly endpoint: string | undefined;
  readonly ageMs: number;
  readonly idleMs: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly worker: number;
}

export interface EjectedEndpoint {
  readonly service: string;
  readonly endpoint: string;
  readonly forMs: number;
}
