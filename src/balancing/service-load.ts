import type { ServiceLimits } from '../routes/service.ts';

/** What one service has on its hands in this worker, and how much of it it may have. */
export class ServiceLoad {
  /** To its endpoints, idle ones and those of passthrough included. */
  connections = 0;
  /** Requests under way, tunnels included; counted where there are limits. */
  requests = 0;
  /** Of them, those that wait for a connection to open. */
  pending = 0;
  #limits: ServiceLimits | undefined;

  /** @param limits undefined: none */
  configure(limits: ServiceLimits | undefined): void {
    this.#limits = limits;
  }

  /** No further connection may be opened. */
  get isFull(): boolean {
    const limit = this.#limits?.connections ?? 0;
    return limit !== 0 && this.connections >= limit;
  }

  /** No further request may begin. */
  get isBusy(): boolean {
    const limit = this.#limits?.requests ?? 0;
    return limit !== 0 && this.requests >= limit;
  }

  /** No further request may wait for a connection. */
  get isJammed(): boolean {
    const limit = this.#limits?.pendingRequests ?? 0;
    return limit !== 0 && this.pending >= limit;
  }
}
