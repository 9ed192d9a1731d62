import { plainAddress } from '../address-list.ts';
import type { Balancers } from '../balancing/balancers.ts';
import { pickBackend } from '../balancing/pick-backend.ts';
import { pickWeightedByHash, seedOfService } from '../balancing/pick-weighted-by-hash.ts';
import { hashText } from '../balancing/stable-hash.ts';
import { countAttempt, localRefusal, type RateAttempt, rateAttempt } from '../rates/admit.ts';
import { clientOfAddress } from '../rates/rate-client.ts';
import type { RateLimiters } from '../rates/rate-limiters.ts';
import type { CompiledTable } from '../routes/compiled-table.ts';
import type { ConnectionPolicy, Policy } from '../routes/policy.ts';
import type { WeightedBackend } from '../routes/route.ts';
import type { TimerWheel } from '../timer-wheel.ts';
import type { ConnectionManager } from './connection-manager.ts';
import type { ConnectionRecord } from './connection-record.ts';
import { DirectConnection, type DirectConnectionContext } from './direct-connection.ts';
import { clientRefusal, connectionLimitsOf, type DirectTarget, directLimitsOf, nameOf } from './direct-routes.ts';
import { objectLimits } from './object-limits.ts';
import { SharedRateCheck } from './shared-rate-check.ts';

export interface DirectForwarderOptions {
  readonly table: () => CompiledTable;
  readonly balancers: Balancers;
  readonly rates: RateLimiters;
  readonly connections: ConnectionManager;
  readonly wheel: TimerWheel;
  readonly direct: DirectConnectionContext;
}

/** Where a connection goes by the table of now; undefined: nowhere any more. */
export type FindTarget = () => DirectTarget | undefined;

/** Says whether a connection may go to a backend as a whole, which service it gets, and what holds for it on the way. */
export class DirectForwarder {
  readonly #options: DirectForwarderOptions;

  constructor(options: DirectForwarderOptions) {
    this.#options = options;
  }

  /**
   * Counts a connection for `target`, which its route's limits then hold, and picks its service. One that may not come in is ended.
   * @param find where it goes by the table of then, should replicas have been asked about its rates in between
   * @param goOn called at once, or when they have answered
   */
  admit(record: ConnectionRecord, target: DirectTarget, find: FindTarget, goOn: (connection: DirectConnection) => void): void {
    record.note(target.key, undefined);
    const { rates, wheel } = this.#options;
    const policy = this.#options.table().table.policies.get(target.policy);
    if (policy === undefined) {
      record.end('proxy', 'no_route');
      return;
    }
    record.isLogged = policy.accessLog !== false;
    const address = plainAddress(record.remoteAddress);
    const attempt = policy.rateLimits && rateAttempt(policy.rateLimits, address);
    const refusal = this.#refusalOf(policy, address, attempt);
    if (refusal !== undefined) {
      record.end('proxy', refusal);
      return;
    }
    const { shared } = rates;
    if (attempt === undefined || shared?.mayAsk() !== true) {
      if (attempt !== undefined) countAttempt(rates, attempt);
      this.#assign(record, target, policy, address, goOn);
      return;
    }
    const check = new SharedRateCheck(record, shared, wheel);
    check.begin(attempt);
    check.whenAdmitted(() => {
      countAttempt(rates, attempt);
      this.#assignLater(record, target, find, address, goOn);
    });
  }

  /** The table may be another one by now. */
  #assignLater(
    record: ConnectionRecord,
    before: DirectTarget,
    find: FindTarget,
    address: string,
    goOn: (connection: DirectConnection) => void,
  ): void {
    const target = find();
    const policy = target && this.#options.table().table.policies.get(target.policy);
    if (target === undefined || policy === undefined || target.key !== before.key || target.way !== before.way)
      record.end('proxy', 'route_removed');
    else this.#assign(record, target, policy, address, goOn);
  }

  #refusalOf(policy: Policy, address: string, attempt: RateAttempt | undefined): 'ip_blocked' | 'maintenance' | 'rate_limited' | undefined {
    const refusal = clientRefusal(policy, address);
    if (refusal !== undefined) return refusal;
    return attempt !== undefined && localRefusal(this.#options.rates, attempt) !== undefined ? 'rate_limited' : undefined;
  }

  #assign(
    record: ConnectionRecord,
    target: DirectTarget,
    policy: Policy,
    address: string,
    goOn: (connection: DirectConnection) => void,
  ): void {
    const { balancers, connections, direct } = this.#options;
    const service = this.#pickService(target.backends, record);
    const balancer = service === undefined ? undefined : balancers.get(service);
    if (service === undefined || balancer === undefined) {
      record.end('proxy', 'no_endpoints');
      return;
    }
    const limits = connectionLimitsOf(policy);
    const refusal = this.#takePlaces(record, nameOf(target.source), limits, clientOfAddress(address));
    if (refusal !== undefined) {
      record.end('proxy', refusal);
      return;
    }
    const { way, source } = target;
    const drains = limits.whenRemoved === 'drain';
    const route = { service, source, serverName: record.tls?.serverName, way, drains, goneSinceMs: undefined };
    connections.setDirect(record, route, limits.lifetimeMs);
    goOn(new DirectConnection(direct, record, balancer, directLimitsOf(policy), way));
  }

  #takePlaces(record: ConnectionRecord, route: string, limits: ConnectionPolicy, client: string): 'route_limit' | 'ip_limit' | undefined {
    const { active } = this.#options.rates;
    const most = objectLimits(`connections ${route}`, limits.maxConnections, limits.maxConnectionsPerAddress);
    if (most.length === 0) return undefined;
    const refused = active.refusal(most, client);
    if (refused !== undefined) return refused.per === 'route' ? 'route_limit' : 'ip_limit';
    record.places = active.take(most, client);
    return undefined;
  }

  /** By chance, or by the client's address where the services of the route go by a hash; by weight either way. */
  #pickService(backends: readonly WeightedBackend[], record: ConnectionRecord): string | undefined {
    const { balancers } = this.#options;
    const isHashed = backends.some(({ service }) => balancers.get(service ?? '')?.service.loadBalancing === 'consistent-hash');
    if (!isHashed || backends.length === 1) return pickBackend(backends, Math.random)?.service;
    const candidates = backends.map((backend) => ({ ...backend, seed: seedOfService(backend.service) }));
    return pickWeightedByHash(candidates, hashText(record.remoteAddress))?.service;
  }
}
