import type { EndpointRuntime } from '../../balancing/endpoint-runtime.ts';
import type { CompiledRoute } from '../../routes/compiled-table.ts';

/** What has gone that a request or a tunnel needs. */
export type Removal = 'route_removed' | 'endpoint_removed';

/** A client's request or tunnel, on its way over a route to an endpoint. */
export interface UnderWay {
  /** undefined: none was found. */
  readonly route: CompiledRoute | undefined;
  /** undefined: none is asked. */
  readonly endpoint: EndpointRuntime | undefined;
  /** On the timer wheel's clock: when its route or endpoint was first seen to be gone; undefined: they are there. */
  goneSinceMs: number | undefined;
  /** Ends it so that the client notices. */
  endRemoved(removal: Removal): void;
}

/** A client's connection. */
export interface UnderWayHolder {
  /** Calls back for all that is under way; what it calls may end them. */
  eachUnderWay(visit: (underWay: UnderWay) => void): void;
}
