import type { Balancer } from '../../balancing/balancer.ts';
import type { EndpointRuntime } from '../../balancing/endpoint-runtime.ts';
import { transportOf } from '../../balancing/transport.ts';
import { messageOf } from '../../errors.ts';
import { localProxyHeader } from '../../proxy-header/local-proxy-header.ts';
import type { HealthCheck, Service } from '../../routes/service.ts';
import { type CheckRunner, EndpointCheck } from './endpoint-check.ts';
import type { HealthChecksShared } from './health-checks.ts';
import type { CancelProbe } from './probe.ts';
import { startProbe } from './start-probe.ts';

/** How much earlier or later than its interval a probe comes, at random: a tenth, so that workers and endpoints do not fall into step. */
const jitter = 0.1;

/** The checks of one service's endpoints. */
export class ServiceChecks implements CheckRunner {
  readonly #shared: HealthChecksShared;
  readonly #balancer: Balancer;
  readonly #check: HealthCheck;
  readonly #checks = new Map<EndpointRuntime, EndpointCheck>();

  constructor(shared: HealthChecksShared, balancer: Balancer, check: HealthCheck) {
    this.#shared = shared;
    this.#balancer = balancer;
    this.#check = check;
  }

  /** Checks every endpoint that may get traffic, and no other. */
  update(): void {
    for (const [endpoint, check] of this.#checks) if (endpoint.removed || endpoint.state === 'draining') this.#stop(check);
    for (const endpoint of this.#balancer.endpoints) {
      if (endpoint.state === 'draining' || this.#checks.has(endpoint)) continue;
      const check = new EndpointCheck(endpoint, this);
      this.#checks.set(endpoint, check);
      // Anywhere in its interval: a start of the program, or a large change, is no burst.
      this.#shared.wheel.arm(check, this.#shared.random() * this.#check.intervalMs);
    }
  }

  /** Nobody asks the endpoints any more: they count as well, as those do that nobody ever asked. */
  forget(): void {
    this.close();
    for (const endpoint of this.#balancer.endpoints) {
      endpoint.checkFailure = undefined;
      if (!endpoint.isHealthy) this.#balancer.setHealth(endpoint, true);
    }
  }

  close(): void {
    for (const check of this.#checks.values()) this.#stop(check);
  }

  due(check: EndpointCheck): void {
    this.#shared.slots.take(() => {
      if (this.#checks.get(check.endpoint) !== check) return false;
      this.#shared.wheel.arm(check, this.#check.timeoutMs);
      check.begin(() => this.#start(check));
      return true;
    });
  }

  late(check: EndpointCheck): void {
    if (check.cancel()) this.#take(check, `no answer within ${this.#check.timeoutMs} ms`);
  }

  #start(check: EndpointCheck): CancelProbe {
    const { address, port } = check.endpoint;
    const { lookup } = this.#shared;
    const result = (failure: string | undefined) => this.#take(check, failure);
    try {
      const { service } = this.#balancer;
      const transport = transportOf(probedService(service, this.#check));
      // A port of its own is one for checks, which no proxy is in front of.
      const isOwnPort = this.#check.port !== undefined;
      const opening = service.proxyProtocol === undefined || isOwnPort ? undefined : localProxyHeader(service.proxyProtocol);
      return startProbe({ check: this.#check, address, port: this.#check.port ?? port, transport, lookup, opening }, result);
    } catch (error) {
      // TLS settings that can't be used: as bad for requests as for probes.
      const told = setImmediate(result, messageOf(error));
      return () => clearImmediate(told);
    }
  }

  #take(check: EndpointCheck, failure: string | undefined): void {
    const { wheel, counters, slots, random } = this.#shared;
    const isWell = failure === undefined;
    const { endpoint } = check;
    if (isWell) counters.healthChecksPassed++;
    else counters.healthChecksFailed++;
    endpoint.checkFailure = failure;
    if (check.take(isWell, this.#check)) this.#balancer.setHealth(endpoint, isWell);
    wheel.arm(check, this.#check.intervalMs * (1 - jitter + 2 * jitter * random()));
    slots.release();
  }

  #stop(check: EndpointCheck): void {
    this.#checks.delete(check.endpoint);
    this.#shared.wheel.disarm(check);
    if (check.cancel()) this.#shared.slots.release();
  }
}

const grpcServices = new WeakMap<Service, Service>();

/** gRPC is spoken over HTTP/2 whatever requests are spoken over: the service as probes see it. */
function probedService(service: Service, check: HealthCheck): Service {
  if (check.kind !== 'grpc') return service;
  let probed = grpcServices.get(service);
  if (probed === undefined) grpcServices.set(service, (probed = { ...service, protocol: service.tls === undefined ? 'h2c' : 'h2' }));
  return probed;
}
