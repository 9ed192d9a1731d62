import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Balancers } from '../../../src/balancing/balancers.ts';
import { eligibleEndpoints } from '../../../src/balancing/eligible-endpoints.ts';
import { type EndpointRuntime, endpointKey } from '../../../src/balancing/endpoint-runtime.ts';
import { mixHash } from '../../../src/balancing/stable-hash.ts';
import { WorkerCounters } from '../../../src/observability/counters/worker-counters.ts';
import { emptyRouteTable, type RouteTable } from '../../../src/routes/route-table.ts';
import type { Endpoint, Service } from '../../../src/routes/service.ts';
import { endpointList } from '../routes/arbitrary-table.ts';

type LoadBalancing = Service['loadBalancing'];

function tableOf(endpoints: readonly Endpoint[], loadBalancing: LoadBalancing, slowStartMs: number | undefined): RouteTable {
  const service: Service = { key: 's', namespace: 'n', name: 's', port: 80, protocol: 'http', tls: undefined, loadBalancing, slowStartMs };
  return { ...emptyRouteTable, services: new Map([['s', service]]), endpoints: new Map([['s', { key: 's', endpoints }]]) };
}

/** The balancers of one service, with what must hold checked at every call. */
class CheckedBalancers {
  nowMs = 0;
  readonly #counters = new WorkerCounters();
  readonly #balancers: Balancers;
  readonly #loadBalancing: LoadBalancing;
  readonly #slowStartMs: number | undefined;
  readonly #seen = new Map<string, EndpointRuntime>();
  #listed: readonly Endpoint[] = [];
  #requests = 0;

  constructor(loadBalancing: LoadBalancing, random: () => number, slowStartMs: number | undefined) {
    this.#slowStartMs = slowStartMs;
    this.#loadBalancing = loadBalancing;
    this.#balancers = new Balancers({ zone: 'z1', counters: this.#counters, now: () => this.nowMs, random });
    this.update([]);
  }

  /** What disappears from the list is returned and marked, and nothing else. */
  update(endpoints: readonly Endpoint[]): void {
    const expected = new Set(this.#listed.map(endpointKey));
    for (const endpoint of endpoints) expected.delete(endpointKey(endpoint));
    this.#listed = endpoints;
    const gone = this.#balancers.update(tableOf(endpoints, this.#loadBalancing, this.#slowStartMs));
    assert.deepEqual(new Set(gone.map((endpoint) => endpoint.key)), expected);
    for (const endpoint of gone) {
      assert.equal(endpoint.removed, true);
      this.#seen.delete(endpoint.key);
    }
  }

  /** A pick is eligible, not `avoid` while there is another, and not ejected while there is another that is neither. */
  pick(avoid?: EndpointRuntime): EndpointRuntime | undefined {
    const picked = this.#balancers.get('s')?.pick(avoid, mixHash(this.#requests++));
    const eligible = this.#eligibleKeys();
    if (picked === undefined) {
      assert.deepEqual(eligible, []);
      return undefined;
    }
    assert.ok(eligible.includes(picked.key));
    assert.equal(picked.removed, false);
    if (picked === avoid) assert.equal(eligible.length, 1);
    const ejected = new Set(this.#balancers.out().map((one) => one.endpoint));
    if (ejected.has(picked.key)) assert.ok(eligible.every((key) => ejected.has(key) || key === avoid?.key));
    assert.equal(this.#seen.get(picked.key) ?? picked, picked, 'an endpoint that stays keeps its runtime');
    this.#seen.set(picked.key, picked);
    return picked;
  }

  /** An ejection leaves at least half of the endpoints. */
  fail(endpoint: EndpointRuntime | undefined): void {
    const before = this.#counters.upstreamEjections;
    endpoint?.connectFailed();
    if (this.#counters.upstreamEjections > before) assert.ok(this.#balancers.out().length <= this.#eligibleKeys().length / 2);
  }

  #eligibleKeys(): readonly string[] {
    return eligibleEndpoints(this.#listed, 'z1').map(endpointKey);
  }
}

/** One thing that happens to a service. */
type Step = (balancers: CheckedBalancers) => void;

const update: fc.Arbitrary<Step> = endpointList.map((endpoints) => (balancers) => balancers.update(endpoints));

const traffic: fc.Arbitrary<Step> = fc.array(fc.boolean(), { maxLength: 30 }).map((connects) => (balancers) => {
  for (const succeeds of connects) {
    const endpoint = balancers.pick();
    if (succeeds) endpoint?.connectSucceeded();
    else balancers.fail(endpoint);
  }
});

/** Every connect fails, and each is tried again elsewhere. */
const outage: fc.Arbitrary<Step> = fc.nat({ max: 60 }).map((count) => (balancers) => {
  let failed: EndpointRuntime | undefined;
  for (let index = 0; index < count; index++) {
    failed = balancers.pick(failed);
    balancers.fail(failed);
  }
});

const wait: fc.Arbitrary<Step> = fc.nat({ max: 400_000 }).map((ms) => (balancers) => {
  balancers.nowMs += ms;
});

const steps = fc.array(fc.oneof(update, traffic, outage, wait), { maxLength: 40 });
const randomNumbers = fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }));

const balancers = [
  ['round-robin', 'round-robin', undefined],
  ['round-robin and slow start', 'round-robin', 60_000],
  ['least-request', 'least-request', undefined],
  ['least-request and slow start', 'least-request', 60_000],
  ['consistent-hash', 'consistent-hash', undefined],
] as const;
for (const [name, loadBalancing, slowStartMs] of balancers) {
  test(`a balancer with ${name} keeps its promises whatever happens to its endpoints`, () => {
    fc.assert(
      fc.property(steps, randomNumbers, (all, numbers) => {
        const balancers = new CheckedBalancers(loadBalancing, () => numbers.next().value ?? 0, slowStartMs);
        for (const step of all) step(balancers);
      }),
      { numRuns: 300 },
    );
  });
}
