import type { Balancer } from '../../balancing/balancer.ts';
import type { EndpointRuntime } from '../../balancing/endpoint-runtime.ts';
import type { ServiceLoad } from '../../balancing/service-load.ts';
import { messageOf } from '../../errors.ts';
import type { ResponseFlag } from '../../observability/counters/response-flag.ts';
import type { UpstreamLimit } from '../../observability/counters/upstream-limit.ts';
import type { ActivePlaces } from '../../rates/active-counts.ts';
import type { Policy, RetryRules } from '../../routes/policy.ts';
import type { Service } from '../../routes/service.ts';
import { errorReply, type LocalReply } from '../local-reply.ts';
import type { ProxyContext } from '../proxy-context.ts';
import type { ClientOpening } from './client-opening.ts';
import { backOffMs, mayBeDoneTwice, retriesAnswer, retriesFailure } from './retry-rules.ts';
import type { UpstreamHandler } from './upstream-handler.ts';
import type { UpstreamRequest } from './upstream-request.ts';

/** What of a policy attempts go by. */
type AttemptPolicy = Pick<Policy, 'timeouts' | 'retries' | 'retryRules'>;

/** Finds a backend for one request, and says whether another may be tried. An exchange uses it for all its requests in turn. */
export class UpstreamAttempts {
  readonly #context: ProxyContext;
  #balancer: Balancer | undefined;
  #connectMs = 0;
  #hash: number | undefined;
  /** That of a service with limits. */
  #load: ServiceLoad | undefined;
  /** The attempt waits for its connection, and is counted as such. */
  #isPending = false;
  /** Errors of the endpoints of this service count. */
  #countsErrors = false;
  /** Where the client's session is. */
  #kept: EndpointRuntime | undefined;
  #opening: ClientOpening | undefined;
  #retriesLeft = 0;
  #retries = 0;
  /** 0: no pause. */
  #backOffMs = 0;
  /** For a request that may be done twice; undefined: only what never reached the application is tried again. */
  #rules: RetryRules | undefined;
  /** It was sent again because its pooled connection had ended: that happens once. */
  #repeated = false;
  #endpoint: EndpointRuntime | undefined;
  /** Why there was no backend; set when `next` returns undefined. */
  reply: LocalReply | undefined;

  constructor(context: ProxyContext) {
    this.#context = context;
  }

  /** The one that is asked; undefined: none was chosen. */
  get service(): Service | undefined {
    return this.#balancer?.service;
  }

  get endpoint(): EndpointRuntime | undefined {
    return this.#endpoint;
  }

  /** What the session is called that this attempt began, or moved; undefined: neither. */
  get begunSession(): string | undefined {
    return this.#endpoint === this.#kept ? undefined : this.#endpoint?.session;
  }

  /**
   * @param opening how a connection for this request begins: then it shares none with other clients
   * @param hash what decides by consistent hash; undefined: nothing does
   * @param kept where the client's session is, which is tried first; undefined: it has none
   */
  begin(balancer: Balancer, policy: AttemptPolicy, method: string, opening?: ClientOpening, hash?: number, kept?: EndpointRuntime): void {
    this.#balancer = balancer;
    this.#countsErrors = (balancer.service.outlierDetection?.errors ?? 0) > 0;
    this.#opening = opening;
    this.#hash = hash;
    this.#kept = kept;
    this.#connectMs = policy.timeouts.connectMs;
    this.#retriesLeft = policy.retries;
    this.#retries = 0;
    this.#backOffMs = policy.retryRules?.backOffMs ?? 0;
    this.#rules = policy.retryRules !== undefined && mayBeDoneTwice(policy.retryRules, method) ? policy.retryRules : undefined;
    this.#repeated = false;
    this.#load = balancer.service.limits === undefined ? undefined : balancer.load;
    this.#context.retryBudgets.get(balancer.service).deposit();
  }

  /**
   * One attempt; undefined: `reply` says why there is none.
   * @param avoid the endpoint that failed, used only when there is no other
   * @param fresh on no connection that was used before
   */
  next(handler: UpstreamHandler, avoid: EndpointRuntime | undefined, fresh: boolean): UpstreamRequest | undefined {
    const balancer = this.#balancer;
    let endpoint = avoid === undefined && this.#kept !== undefined ? this.#kept : balancer?.pick(avoid, this.#hash);
    if (balancer === undefined || endpoint === undefined) return this.#none(errorReply('no_endpoints'));
    if (this.#load?.isBusy === true) return this.#limited('requests');
    let upstream: UpstreamRequest | undefined;
    try {
      upstream = this.#acquire(endpoint, balancer, handler, fresh);
      if (upstream === undefined) {
        // It has as many connections as it may; another may have fewer.
        endpoint = balancer.pick(endpoint, this.#hash) ?? endpoint;
        upstream = this.#acquire(endpoint, balancer, handler, fresh);
      }
    } catch (error) {
      return this.#none(errorReply('upstream_connect_failed', messageOf(error)));
    }
    if (upstream === undefined)
      return balancer.load.isFull ? this.#limited('connections') : this.#none(errorReply('overload', 'connections to one endpoint'));
    if (this.#load !== undefined && !this.#countIn(this.#load, upstream)) return this.#limited('pending_requests');
    endpoint.begin();
    this.#endpoint = endpoint;
    return upstream;
  }

  /** The connection of this attempt is ready. */
  connected(): void {
    if (this.#isPending && this.#load !== undefined) this.#load.pending--;
    this.#isPending = false;
  }

  /**
   * No application has seen the request: it may try elsewhere, whatever its method. True: that is paid for.
   * @param ended the connection that was ended under it, if that is why. One that has served others may end in the ordinary course of
   * things with a hundred requests on it, so the budget does not bound these; they are as many as the connection had places.
   */
  mayRetry(ended: UpstreamRequest | undefined): boolean {
    if (ended?.reused !== true || this.#repeated) return this.#pay();
    if (this.#retriesLeft === 0) return false;
    this.#retriesLeft--;
    this.#repeated = true;
    return true;
  }

  /** The body is worth keeping: the request may be sent again after the backend has seen it. */
  get keepsBody(): boolean {
    return this.#rules !== undefined && this.#retriesLeft > 0;
  }

  /** For each attempt until its answer begins; 0: no limit. */
  get perTryTimeoutMs(): number {
    return this.#rules?.perTryTimeoutMs ?? 0;
  }

  /** The pause before the retry that was just allowed; 0: none. */
  get pauseMs(): number {
    return this.#backOffMs === 0 ? 0 : backOffMs(this.#backOffMs, this.#retries, Math.random());
  }

  /** The backend may have seen the request, and did not answer; it may be tried again all the same. True: that is paid for. */
  mayRetryAfter(flag: ResponseFlag): boolean {
    return this.#rules !== undefined && retriesFailure(this.#rules, flag) && this.#pay();
  }

  /** An answer is better given up, and another attempt is allowed. True: that is paid for. */
  mayGiveUp(status: number, grpcStatus: string | undefined): boolean {
    return this.#rules !== undefined && retriesAnswer(this.#rules, status, grpcStatus) && this.#pay();
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

  /** Errors of the endpoint count: it is to be told by `judge` how each request ended. */
  get countsErrors(): boolean {
    return this.#countsErrors;
  }

  /** The endpoint answered, with an error or not; one that took the request and did not answer made one. */
  judge(isError: boolean): void {
    if (this.#countsErrors) this.#endpoint?.answered(isError);
  }

  /** The attempt is over: its endpoint counts one request less. */
  release(): EndpointRuntime | undefined {
    const endpoint = this.#endpoint;
    this.connected();
    if (endpoint !== undefined) {
      endpoint.active--;
      if (this.#load !== undefined) this.#load.requests--;
    }
    this.#endpoint = undefined;
    return endpoint;
  }

  /** The endpoint counts as used, and the request keeps its places, until `upstream` is gone: it has become a tunnel. */
  keepUntilGone(upstream: UpstreamRequest, places: ActivePlaces | undefined): void {
    const endpoint = this.#endpoint;
    this.#endpoint = undefined;
    const load = this.#load;
    const { active } = this.#context.rates;
    upstream.onceGone(() => {
      if (places !== undefined) active.release(places);
      if (endpoint === undefined) return;
      endpoint.active--;
      if (load !== undefined) load.requests--;
    });
  }

  /** For the next request. */
  reset(): void {
    this.#balancer = undefined;
    this.#load = undefined;
    this.#rules = undefined;
    this.#kept = undefined;
    this.#opening = undefined;
    this.reply = undefined;
  }

  #acquire(endpoint: EndpointRuntime, balancer: Balancer, handler: UpstreamHandler, fresh: boolean): UpstreamRequest | undefined {
    return this.#context.pools.acquire(endpoint, balancer.service, handler, this.#connectMs, fresh, this.#opening);
  }

  /** Takes a retry from those of the request and from the budget of its service. False: one of them has none left. */
  #pay(): boolean {
    const balancer = this.#balancer;
    if (this.#retriesLeft === 0 || balancer === undefined) return false;
    this.#retriesLeft--;
    if (!this.#context.retryBudgets.get(balancer.service).withdraw()) {
      this.#context.counters.countUpstreamLimit('retries');
      return false;
    }
    this.#retries++;
    return true;
  }

  /** Counts the attempt. False: it would have to wait for its connection, and too many do; it is given up. */
  #countIn(load: ServiceLoad, upstream: UpstreamRequest): boolean {
    if (!upstream.isReady) {
      if (load.isJammed) {
        upstream.destroy();
        return false;
      }
      load.pending++;
      this.#isPending = true;
    }
    load.requests++;
    return true;
  }

  #limited(limit: UpstreamLimit): undefined {
    this.#context.counters.countUpstreamLimit(limit);
    return this.#none(errorReply('upstream_limit', limit));
  }

  #none(reply: LocalReply): undefined {
    this.reply = reply;
    return undefined;
  }
}
