import type { BlockList } from 'node:net';
import type { Balancers } from '../balancing/balancers.ts';
import type { Config } from '../config/config.ts';
import type { RequestSeries } from '../observability/counters/request-series.ts';
import type { WorkerCounters } from '../observability/counters/worker-counters.ts';
import type { RateLimiters } from '../rates/rate-limiters.ts';
import type { CompiledTable } from '../routes/compiled-table.ts';
import type { TimerWheel } from '../timer-wheel.ts';
import type { AuthState } from './auth/auth-state.ts';
import type { BufferRoom } from './buffering/buffer-room.ts';
import type { ClientLimits } from './client-limits.ts';
import type { EncoderMemory } from './compression/encoder-memory.ts';
import type { RequestHead } from './http1/message-handler.ts';
import type { Http2Shared } from './http2/http2-shared.ts';
import type { MirrorRoom } from './mirror/mirrors.ts';
import type { BufferBudget } from './overload/buffer-budget.ts';
import type { OverloadGuard } from './overload/overload-guard.ts';
import type { RemovedUpgrades } from './removal/removed-upgrades.ts';
import type { RequestIds } from './request-ids.ts';
import type { RequestLogEntry, RequestSpan } from './request-log-entry.ts';
import type { RequestTap } from './request-tap.ts';
import type { RouteRuntimes } from './route-runtime.ts';
import type { TraceContexts } from './trace-context.ts';
import type { Tunnel } from './tunnel.ts';
import type { RetryBudgets } from './upstream/retry-budget.ts';
import type { UpstreamPools } from './upstream/upstream-pools.ts';

/** What all connections and exchanges of one worker share. */
export interface ProxyContext {
  readonly config: Config;
  readonly counters: WorkerCounters;
  readonly wheel: TimerWheel;
  readonly table: () => CompiledTable;
  readonly balancers: Balancers;
  readonly pools: UpstreamPools;
  readonly retryBudgets: RetryBudgets;
  readonly routes: RouteRuntimes;
  readonly requestIds: RequestIds;
  /** Undefined: `traceparent` is a field like any other. */
  readonly traces: TraceContexts | undefined;
  readonly http2: Http2Shared;
  /** As the last table or the options say. */
  trustedProxies: BlockList;
  readonly rates: RateLimiters;
  readonly removedUpgrades: RemovedUpgrades;
  /** Upgrades that are open, of HTTP/1.1 and of streams of HTTP/2. */
  readonly tunnels: Set<Tunnel>;
  readonly encoders: EncoderMemory;
  readonly bufferRoom: BufferRoom;
  readonly mirrors: MirrorRoom;
  /** The series of requests that matched no route. */
  readonly unmatched: RequestSeries;
  /** undefined: the access log is off. */
  onRequest: ((entry: RequestLogEntry, head: RequestHead) => void) | undefined;
  /** undefined: nobody looks at requests. */
  tap: RequestTap | undefined;
  readonly onSpan: ((span: RequestSpan) => void) | undefined;
  readonly overload: OverloadGuard;
  readonly auth: AuthState;
  readonly buffers: BufferBudget;
  /** As the last table or the options say. */
  clientLimits: ClientLimits;
  /** The process is ending: every answer closes its connection. */
  readonly isDraining: () => boolean;
}
