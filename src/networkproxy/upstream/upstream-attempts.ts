import type { Balancer } from '../../balancing/balancer.ts';
import type { EndpointRuntime } from '../../balancing/endpoint-runtime.ts';
import { messageOf } from '../../errors.ts';
import type { Policy } from '../../routes/route-table.ts';
import { errorReply, type LocalReply } from '../local-reply.ts';
import type { ProxyContext } from '../proxy-context.ts';
import type { UpstreamHandler } from './upstream-handler.ts';
import type { UpstreamRequest } from './upstream-request.ts';

/** Finds a backend for one request, and says whether another may be tried. An exchange uses it for all its requests in turn. */
export class UpstreamAttempts {
  readonly #context: ProxyContext;
  #balancer: Balancer | undefined;
  #connectMs = 0;
  #retriesLeft = 0;
  /** It was sent again because its pooled connection had ended: that happens once. */
  #repeated = false;
  #endpoint: EndpointRuntime | undefined;
  /** Why there was no backend; set when `next` returns undefined. */
  reply: LocalReply | undefined;

  constructor(context: ProxyContext) {
    this.#context = context;
  }

  /** The key of the service; undefined: none was chosen. */
  get service(): string | undefined {
    return this.#balancer?.service.key;
  }

  get endpoint(): EndpointRuntime | undefined {
    return this.#endpoint;
  }

  begin(balancer: Balancer, policy: Policy): void {
    this.#balancer = balancer;
    this.#connectMs = policy.timeouts.connectMs;
    this.#retriesLeft = policy.retries;
    this.#repeated = false;
    this.#context.retryBudgets.get(balancer.service.key).deposit();
  }

  /**
   * One attempt; undefined: `reply` says why there is none.
   * @param avoid the endpoint that failed, used only when there is no other
   * @param fresh on no connection that was used before
   */
  next(handler: UpstreamHandler, avoid: EndpointRuntime | undefined, fresh: boolean): UpstreamRequest | undefined {
    const balancer = this.#balancer;
    let endpoint = balancer?.pick(avoid);
    if (balancer === undefined || endpoint === undefined) return this.#none(errorReply('no_endpoints'));
    let upstream: UpstreamRequest | undefined;
    try {
      upstream = this.#acquire(endpoint, balancer, handler, fresh);
      if (upstream === undefined) {
        // It has as many connections as it may; another may have fewer.
        endpoint = balancer.pick(endpoint) ?? endpoint;
        upstream = this.#acquire(endpoint, balancer, handler, fresh);
      }
    } catch (error) {
      return this.#none(errorReply('upstream_connect_failed', messageOf(error)));
    }
    if (upstream === undefined) return this.#none(errorReply('overload', 'connections to one endpoint'));
    endpoint.active++;
    this.#endpoint = endpoint;
    return upstream;
  }

  /**
   * No application has seen the request: it may try elsewhere, whatever its method. True: that is paid for.
   * @param ended the connection that was ended under it, if that is why. One that has served others may end in the ordinary course of
   * things with a hundred requests on it, so the budget does not bound these; they are as many as the connection had places.
   */
  mayRetry(ended: UpstreamRequest | undefined): boolean {
    if (this.#retriesLeft === 0 || this.#balancer === undefined) return false;
    this.#retriesLeft--;
    if (ended?.reused === true && !this.#repeated) {
      this.#repeated = true;
      return true;
    }
    return this.#context.retryBudgets.get(this.#balancer.service.key).withdraw();
  }

  /**
   * A connection that ends without a byte of the answer after it has served others was most likely closed while it was idle. The request
   * goes out once more, on a new connection, when it may be done twice. The pool's size bounds these, so the budget does not.
   */
  mayRepeat(lost: UpstreamRequest, method: string): boolean {
    if (this.#repeated || !lost.reused || lost.answered) return false;
    this.#repeated = true;
    return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
  }

  /** The attempt is over: its endpoint counts one request less. */
  release(): EndpointRuntime | undefined {
    const endpoint = this.#endpoint;
    if (endpoint !== undefined) endpoint.active--;
    this.#endpoint = undefined;
    return endpoint;
  }

  /** The endpoint counts as used until `upstream` is gone: it has become a tunnel. */
  keepUntilGone(upstream: UpstreamRequest): void {
    const endpoint = this.#endpoint;
    this.#endpoint = undefined;
    if (endpoint !== undefined) upstream.onceGone(() => endpoint.active--);
  }

  /** For the next request. */
  reset(): void {
    this.#balancer = undefined;
    this.reply = undefined;
  }

  #acquire(endpoint: EndpointRuntime, balancer: Balancer, handler: UpstreamHandler, fresh: boolean): UpstreamRequest | undefined {
    return this.#context.pools.acquire(endpoint, balancer.service, handler, this.#connectMs, fresh);
  }

  #none(reply: LocalReply): undefined {
    this.reply = reply;
    return undefined;
  }
}
