import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { Balancers } from '../../../src/balancing/balancers.ts';
import type { EndpointRuntime } from '../../../src/balancing/endpoint-runtime.ts';
import { WorkerCounters } from '../../../src/observability/counters/worker-counters.ts';
import { runToEnd } from '../../../src/steps.ts';
import { BalancerBench, type LoadBalancing, makeEndpoint, makeService, makeTable } from './balancer-builder.ts';

function fail(endpoint: EndpointRuntime, times = 5): void {
  for (let index = 0; index < times; index++) endpoint.connectFailed();
}

/** What every balancer must do, whatever its way of choosing. */
const conformance: readonly (readonly [behaviour: string, run: (bench: BalancerBench) => void])[] = [
  [
    'has nothing to pick without endpoints',
    (bench) => {
      bench.update();
      assert.equal(bench.balancer.pick(), undefined);
      assert.equal(bench.balancer.hasEndpoints, false);
    },
  ],
  [
    'uses every ready endpoint about equally when none is busy',
    (bench) => {
      bench.update(makeEndpoint(1), makeEndpoint(2), makeEndpoint(3));
      for (const count of Object.values(bench.picks(3000))) assert.ok(count > 600 && count < 1400, `${count} of 3000`);
    },
  ],
  [
    'uses fallback endpoints only when none is ready, and draining ones never',
    (bench) => {
      bench.update(makeEndpoint(1), makeEndpoint(2, { state: 'fallback' }), makeEndpoint(3, { state: 'draining' }));
      assert.deepEqual(bench.picks(100), { 1: 100 });
      bench.update(makeEndpoint(1, { state: 'draining' }), makeEndpoint(2, { state: 'fallback' }), makeEndpoint(3, { state: 'draining' }));
      assert.deepEqual(bench.picks(100), { 2: 100 });
      bench.update(makeEndpoint(1, { state: 'draining' }));
      assert.equal(bench.balancer.hasEndpoints, false);
    },
  ],
  [
    'avoids the endpoint that was just tried, unless there is no other',
    (bench) => {
      bench.update(makeEndpoint(1), makeEndpoint(2));
      const first = bench.endpoint(1);
      assert.deepEqual(bench.picks(100, first), { 2: 100 });
      bench.update(makeEndpoint(1));
      assert.deepEqual(bench.picks(10, first), { 1: 10 });
    },
  ],
  [
    'ejects an endpoint after five failed connects in a row, for 30 s',
    (bench) => {
      bench.update(makeEndpoint(1), makeEndpoint(2), makeEndpoint(3));
      const bad = bench.endpoint(1);
      fail(bad, 4);
      assert.equal(bench.picks(300)[1]! > 0, true);
      fail(bad, 1);
      assert.equal(bench.picks(300)[1], undefined);
      assert.equal(bench.counters.upstreamEjections, 1);
      bench.nowMs += 10_000;
      assert.deepEqual(bench.balancers.out(), [
        { service: 'web', endpoint: '10.0.0.1:8080', reason: 'connect_failures', forMs: 20_000, detail: undefined },
      ]);
      bench.nowMs += 19_999;
      assert.equal(bench.picks(300)[1], undefined);
      bench.nowMs += 1;
      assert.equal(bench.picks(300)[1]! > 0, true);
      assert.deepEqual(bench.balancers.out(), []);
    },
  ],
  [
    'spreads the share of an ejected endpoint over all others',
    (bench) => {
      bench.update(makeEndpoint(1), makeEndpoint(2), makeEndpoint(3), makeEndpoint(4));
      fail(bench.endpoint(1));
      const { 2: second = 0, 3: third = 0, 4: fourth = 0 } = bench.picks(3000);
      assert.equal(second + third + fourth, 3000);
      for (const count of [second, third, fourth]) assert.ok(count > 600, `${count} of 3000`);
    },
  ],
  [
    'counts only failures in a row',
    (bench) => {
      bench.update(makeEndpoint(1), makeEndpoint(2));
      const endpoint = bench.endpoint(1);
      for (let index = 0; index < 10; index++) {
        fail(endpoint, 4);
        endpoint.connectSucceeded();
      }
      assert.deepEqual(bench.balancers.out(), []);
    },
  ],
  [
    'ejects for longer each time, up to 300 s, and for 30 s again after a success',
    (bench) => {
      bench.update(makeEndpoint(1), makeEndpoint(2));
      const bad = bench.endpoint(1);
      const lengths: (number | undefined)[] = [];
      for (let index = 0; index < 12; index++) {
        fail(bad);
        lengths.push(bench.balancers.out()[0]?.forMs);
        bench.nowMs += 300_000;
      }
      assert.deepEqual(lengths.slice(0, 3), [30_000, 60_000, 90_000]);
      assert.deepEqual(lengths.slice(-3), [300_000, 300_000, 300_000]);
      bad.connectSucceeded();
      fail(bad);
      assert.equal(bench.balancers.out()[0]?.forMs, 30_000);
    },
  ],
  [
    'takes an ejected endpoint back at once when a connect to it succeeds',
    (bench) => {
      bench.update(makeEndpoint(1), makeEndpoint(2));
      const endpoint = bench.endpoint(1);
      fail(endpoint);
      endpoint.connectSucceeded();
      assert.deepEqual(bench.balancers.out(), []);
      assert.equal(bench.picks(100)[1]! > 0, true);
    },
  ],
  [
    'failures while ejected do not make the ejection longer',
    (bench) => {
      bench.update(makeEndpoint(1), makeEndpoint(2));
      const endpoint = bench.endpoint(1);
      fail(endpoint);
      bench.nowMs += 10_000;
      fail(endpoint, 20);
      assert.equal(bench.balancers.out()[0]?.forMs, 20_000);
    },
  ],
  [
    'ejects at most half of the endpoints',
    (bench) => {
      bench.update(makeEndpoint(1), makeEndpoint(2), makeEndpoint(3));
      const all = [1, 2, 3].map((n) => bench.endpoint(n));
      for (const endpoint of all) fail(endpoint, 20);
      assert.equal(bench.balancers.out().length, 1);
      assert.equal(bench.counters.upstreamEjections, 1);
    },
  ],
  [
    'avoids the endpoint that was just tried also when another is ejected',
    (bench) => {
      bench.update(makeEndpoint(1), makeEndpoint(2), makeEndpoint(3));
      fail(bench.endpoint(1));
      assert.deepEqual(bench.picks(50, bench.endpoint(2)), { 3: 50 });
    },
  ],
  [
    'does not eject an endpoint that gets no requests anyway',
    (bench) => {
      bench.update(makeEndpoint(1), makeEndpoint(2), makeEndpoint(3));
      const draining = bench.endpoint(1);
      bench.update(makeEndpoint(1, { state: 'draining' }), makeEndpoint(2), makeEndpoint(3));
      fail(draining, 20);
      assert.equal(bench.counters.upstreamEjections, 0);
      assert.deepEqual(bench.balancers.out(), []);
    },
  ],
  [
    'never ejects the only endpoint',
    (bench) => {
      bench.update(makeEndpoint(1));
      fail(bench.endpoint(1), 20);
      assert.deepEqual(bench.balancers.out(), []);
      assert.deepEqual(bench.picks(10), { 1: 10 });
    },
  ],
  [
    'ejects an endpoint at its next failure when it was spared for the limit before',
    (bench) => {
      bench.update(makeEndpoint(1), makeEndpoint(2));
      const [first, second] = [bench.endpoint(1), bench.endpoint(2)];
      fail(first);
      fail(second);
      assert.deepEqual(
        bench.balancers.out().map((one) => one.endpoint),
        [first.key],
      );
      bench.nowMs += 30_000;
      fail(second, 1);
      assert.deepEqual(
        bench.balancers.out().map((one) => one.endpoint),
        [second.key],
      );
    },
  ],
  [
    'uses ejected endpoints when only they are left',
    (bench) => {
      bench.update(makeEndpoint(1), makeEndpoint(2), makeEndpoint(3), makeEndpoint(4));
      fail(bench.endpoint(1));
      fail(bench.endpoint(2));
      bench.update(makeEndpoint(1), makeEndpoint(2));
      const counts = bench.picks(100);
      assert.equal(counts[1]! > 10 && counts[2]! > 10, true, JSON.stringify(counts));
    },
  ],
  [
    'uses only endpoints for our zone when all ready ones have hints',
    (bench) => {
      const far = { forZones: ['there'] };
      bench.update(makeEndpoint(1, { forZones: ['here', 'there'] }), makeEndpoint(2, far), makeEndpoint(3, { state: 'fallback' }));
      assert.deepEqual(bench.picks(50), { 1: 50 });
      bench.update(makeEndpoint(1, { forZones: ['here'] }), makeEndpoint(2, far), makeEndpoint(3));
      assert.equal(Object.keys(bench.picks(100)).length, 3, 'one ready endpoint without hints turns them off');
      bench.update(makeEndpoint(1, far), makeEndpoint(2, far));
      assert.equal(Object.keys(bench.picks(100)).length, 2, 'no endpoint for our zone turns them off');
    },
  ],
  [
    'keeps what it knows of an endpoint while the table changes around it',
    (bench) => {
      bench.update(makeEndpoint(1), makeEndpoint(2));
      const [first, balancer] = [bench.endpoint(1), bench.balancer];
      first.active = 7;
      fail(first);
      assert.deepEqual(bench.update(makeEndpoint(3), makeEndpoint(2), makeEndpoint(1)), []);
      assert.equal(bench.balancer, balancer);
      assert.equal(bench.balancers.out()[0]?.endpoint, first.key);
      bench.nowMs += 30_000;
      assert.equal(first.active, 7);
      first.active = 0;
      assert.equal(bench.endpoint(1), first);
    },
  ],
  [
    'returns endpoints that disappeared, marked as removed, and starts anew when they come back',
    (bench) => {
      bench.update(makeEndpoint(1), makeEndpoint(2));
      const first = bench.endpoint(1);
      fail(first);
      assert.deepEqual(bench.update(makeEndpoint(2)), ['10.0.0.1:8080']);
      assert.equal(first.removed, true);
      fail(first, 20);
      bench.update(makeEndpoint(1), makeEndpoint(2));
      assert.notEqual(bench.endpoint(1), first);
      assert.deepEqual(bench.balancers.out(), []);
    },
  ],
  [
    'an endpoint that begins to drain is not gone',
    (bench) => {
      bench.update(makeEndpoint(1), makeEndpoint(2));
      const first = bench.endpoint(1);
      assert.deepEqual(bench.update(makeEndpoint(1, { state: 'draining' }), makeEndpoint(2)), []);
      assert.equal(first.state, 'draining');
      assert.equal(first.removed, false);
    },
  ],
];

const balancers: readonly LoadBalancing[] = ['round-robin', 'least-request', 'consistent-hash'];
for (const loadBalancing of balancers) {
  describe(`a ${loadBalancing} balancer`, () => {
    for (const [behaviour, run] of conformance) test(behaviour, () => run(new BalancerBench(loadBalancing, 'here')));
  });
}

describe('round robin', () => {
  test('visits each endpoint once a turn, also when one is ejected', () => {
    const bench = new BalancerBench('round-robin');
    bench.update(makeEndpoint(1), makeEndpoint(2), makeEndpoint(3), makeEndpoint(4));
    assert.deepEqual(bench.picks(40), { 1: 10, 2: 10, 3: 10, 4: 10 });
    fail(bench.endpoint(2));
    assert.deepEqual(bench.picks(30), { 1: 10, 3: 10, 4: 10 });
  });

  test('starts at a random endpoint', () => {
    const starts = [0, 0.3, 0.6, 0.9].map((random) => {
      const options = { counters: new WorkerCounters(), now: () => 0, random: () => random };
      const all = new Balancers(options);
      all.update(makeTable([[makeService('web'), [1, 2, 3, 4, 5, 6, 7].map((n) => makeEndpoint(n))]]));
      return all.get('web')?.pick()?.address;
    });
    assert.ok(new Set(starts).size > 1, starts.join());
  });
});

describe('least request', () => {
  test('prefers the endpoint with fewer requests in flight', () => {
    const bench = new BalancerBench('least-request');
    bench.update(makeEndpoint(1), makeEndpoint(2));
    bench.endpoint(1).active = 5;
    assert.deepEqual(bench.picks(50), { 2: 50 });
  });

  test('evens out the requests in flight', () => {
    const bench = new BalancerBench('least-request');
    bench.update(...[1, 2, 3, 4].map((n) => makeEndpoint(n)));
    for (let index = 0; index < 400; index++) bench.balancer.pick()!.active++;
    for (const n of [1, 2, 3, 4]) {
      const { active } = bench.endpoint(n);
      assert.ok(active > 90 && active < 110, `${active}`);
    }
  });
});

for (const loadBalancing of ['round-robin', 'least-request'] as const) {
  describe(`slow start with ${loadBalancing}`, () => {
    const slowStartMs = 100_000;

    function share(bench: BalancerBench, n: number): number {
      return (bench.picks(10_000)[n] ?? 0) / 10_000;
    }

    function near(share: number, expected: number): void {
      assert.ok(Math.abs(share - expected) < 0.04, `${share} of ${expected}`);
    }

    test('gives an endpoint that becomes ready a tenth of its share, then as much as has passed of the time', () => {
      const bench = new BalancerBench(loadBalancing, undefined, { slowStartMs });
      bench.update(makeEndpoint(1), makeEndpoint(2), makeEndpoint(3, { state: 'draining' }));
      near(share(bench, 1), 1 / 2); // those that were there first have theirs at once
      bench.update(makeEndpoint(1), makeEndpoint(2), makeEndpoint(3));
      near(share(bench, 3), 0.1 / 2.1);
      bench.nowMs += slowStartMs / 2;
      near(share(bench, 3), 0.5 / 2.5);
      bench.update(makeEndpoint(1), makeEndpoint(2), makeEndpoint(3), makeEndpoint(4));
      bench.nowMs += slowStartMs / 2;
      near(share(bench, 3), 1 / 3.5);
      near(share(bench, 4), 0.5 / 3.5);
      bench.nowMs += slowStartMs / 2;
      near(share(bench, 4), 1 / 4);
    });

    test('leaves an endpoint that stays as old as it is, and takes nothing from one that is alone', () => {
      const bench = new BalancerBench(loadBalancing, undefined, { slowStartMs });
      bench.update(makeEndpoint(1));
      bench.update(makeEndpoint(1), makeEndpoint(2));
      bench.nowMs += slowStartMs;
      bench.update(makeEndpoint(1), makeEndpoint(2, { zone: 'z' }));
      near(share(bench, 2), 1 / 2);
      bench.update(makeEndpoint(3));
      assert.equal(share(bench, 3), 1);
    });

    test('uses young endpoints when no other is left', () => {
      const bench = new BalancerBench(loadBalancing, undefined, { slowStartMs });
      bench.update(makeEndpoint(1), makeEndpoint(2));
      bench.update(makeEndpoint(1), makeEndpoint(2), makeEndpoint(3));
      bench.update(makeEndpoint(3), makeEndpoint(4));
      const { 3: third = 0, 4: fourth = 0, ...others } = bench.picks(1000);
      assert.deepEqual([third > 0, fourth > 0, others], [true, true, {}]);
    });

    test('does nothing without a time', () => {
      const bench = new BalancerBench(loadBalancing);
      bench.update(makeEndpoint(1));
      bench.update(makeEndpoint(1), makeEndpoint(2));
      near(share(bench, 2), 1 / 2);
    });
  });
}

describe('outlier detection', () => {
  const outlierDetection = { connectFailures: 2, errors: 3, ejectionMs: 10_000, maxEjectionMs: 25_000, maxEjectedPercent: 67 };

  function answer(endpoint: EndpointRuntime, ...answers: readonly ('error' | 'good')[]): void {
    for (const one of answers) endpoint.answered(one === 'error');
  }

  test('ejects after so many errors in a row, for longer each time, until a good answer', () => {
    const bench = new BalancerBench('round-robin', undefined, { outlierDetection });
    bench.update(makeEndpoint(1), makeEndpoint(2), makeEndpoint(3));
    const one = bench.endpoint(1);
    answer(one, 'error', 'error', 'good', 'error', 'error');
    assert.deepEqual(bench.balancers.out(), []);
    const lengths: (number | undefined)[] = [];
    for (let n = 0; n < 4; n++) {
      answer(one, 'error', 'error', 'error');
      lengths.push(bench.balancers.out()[0]?.forMs);
      assert.equal(bench.balancers.out()[0]?.reason, 'errors');
      assert.equal(bench.picks(30)[1], undefined);
      bench.nowMs += 25_000;
    }
    assert.deepEqual(lengths, [10_000, 20_000, 25_000, 25_000]);
    answer(one, 'good', 'error', 'error', 'error');
    assert.equal(bench.balancers.out()[0]?.forMs, 10_000);
  });

  test('neither a connect nor the answer to an older request brings back who was ejected for errors', () => {
    const bench = new BalancerBench('round-robin', undefined, { outlierDetection });
    bench.update(makeEndpoint(1), makeEndpoint(2));
    const one = bench.endpoint(1);
    answer(one, 'error', 'error', 'error');
    one.connectSucceeded();
    answer(one, 'good');
    assert.deepEqual(bench.picks(10), { 2: 10 });
    bench.nowMs += 10_000;
    answer(one, 'error', 'error', 'error');
    assert.equal(bench.balancers.out()[0]?.forMs, 20_000);
  });

  test('ejects no more endpoints than its percentage, and none at all with 0', () => {
    const bench = new BalancerBench('round-robin', undefined, { outlierDetection });
    bench.update(makeEndpoint(1), makeEndpoint(2), makeEndpoint(3));
    const all = [1, 2, 3].map((n) => bench.endpoint(n));
    for (const endpoint of all) fail(endpoint, 2);
    assert.equal(bench.balancers.out().length, 2);
    const none = new BalancerBench('round-robin', undefined, { outlierDetection: { ...outlierDetection, maxEjectedPercent: 0 } });
    none.update(makeEndpoint(1), makeEndpoint(2));
    fail(none.endpoint(1));
    assert.deepEqual(none.balancers.out(), []);
  });
});

for (const loadBalancing of balancers) {
  describe(`health with ${loadBalancing}`, () => {
    test('an endpoint that is not healthy gets nothing while another can; when none can, all get their share', () => {
      const bench = new BalancerBench(loadBalancing);
      bench.update(makeEndpoint(1), makeEndpoint(2), makeEndpoint(3));
      const [one, two, three] = [bench.endpoint(1), bench.endpoint(2), bench.endpoint(3)];
      bench.balancer.setHealth(one, false);
      assert.equal(bench.picks(300)[1], undefined);
      assert.deepEqual(
        bench.balancers.out().map(({ endpoint, reason, forMs }) => [endpoint, reason, forMs]),
        [['10.0.0.1:8080', 'health_check', undefined]],
      );
      bench.balancer.setHealth(two, false);
      assert.deepEqual(bench.picks(100), { 3: 100 });
      assert.equal(bench.balancers.panicking(), 0);
      bench.balancer.setHealth(three, false);
      assert.equal(Object.keys(bench.picks(300)).length, 3);
      assert.equal(bench.balancers.panicking(), 1);
      bench.balancer.setHealth(one, true);
      assert.deepEqual(bench.picks(100), { 1: 100 });
      bench.update(makeEndpoint(1), makeEndpoint(2), makeEndpoint(3), makeEndpoint(4));
      assert.deepEqual(Object.keys(bench.picks(300)), ['1', '4'], 'a change of the table forgets nothing');
    });

    test('a connect that succeeds does not make an endpoint healthy', () => {
      const bench = new BalancerBench(loadBalancing);
      bench.update(makeEndpoint(1), makeEndpoint(2));
      const one = bench.endpoint(1);
      bench.balancer.setHealth(one, false);
      fail(one);
      one.connectSucceeded();
      assert.deepEqual(bench.picks(100), { 2: 100 });
    });
  });
}

describe('sessions', () => {
  test('are found on every endpoint that holds them, whatever its state, until it is gone or ejected', () => {
    const bench = new BalancerBench('round-robin');
    bench.update(makeEndpoint(1, { session: 'one' }), makeEndpoint(2, { session: 'two' }));
    const first = bench.endpoint(1);
    assert.equal(bench.balancer.ofSession('one'), first);
    assert.equal(bench.balancer.ofSession('three'), undefined);
    bench.update(makeEndpoint(1, { session: 'one', state: 'draining' }), makeEndpoint(2, { session: 'two' }));
    assert.equal(bench.balancer.ofSession('one'), first);
    bench.update(makeEndpoint(1, { state: 'draining' }), makeEndpoint(2, { session: 'two' }));
    assert.equal(bench.balancer.ofSession('one'), undefined);
    fail(bench.endpoint(2));
    assert.equal(bench.balancer.ofSession('two')?.key, '10.0.0.2:8080', 'the only one that is left is not ejected');
    bench.update(makeEndpoint(2, { session: 'two' }), makeEndpoint(3));
    fail(bench.endpoint(2));
    assert.equal(bench.balancer.ofSession('two'), undefined);
    bench.nowMs += 30_000;
    assert.equal(bench.balancer.ofSession('two')?.key, '10.0.0.2:8080');
    bench.update(makeEndpoint(3));
    assert.equal(bench.balancer.ofSession('two'), undefined);
  });

  test('do not pass to the pod that has the address next', () => {
    const bench = new BalancerBench('round-robin');
    bench.update(makeEndpoint(1, { session: 'one' }));
    bench.update(makeEndpoint(1, { session: 'new' }));
    assert.equal(bench.balancer.ofSession('one'), undefined);
    assert.equal(bench.balancer.pick()?.session, 'new');
  });
});

describe('Balancers', () => {
  const one = makeService('one');
  const two = makeService('two');

  function make(): Balancers {
    return new Balancers({ counters: new WorkerCounters(), now: () => 0, random: () => 0 });
  }

  test('a service that is removed gives up its balancer and all its endpoints', () => {
    const all = make();
    all.update(
      makeTable([
        [one, [makeEndpoint(1)]],
        [two, [makeEndpoint(1), makeEndpoint(2)]],
      ]),
    );
    const gone = all.update(makeTable([[one, [makeEndpoint(1)]]]));
    assert.deepEqual(
      gone.map(({ service, key }) => [service, key]),
      [
        ['two', '10.0.0.1:8080'],
        ['two', '10.0.0.2:8080'],
      ],
    );
    assert.equal(all.get('two'), undefined);
    assert.equal(all.get('one')?.hasEndpoints, true);
  });

  test('with the changed services named, those alone are added, updated and removed', () => {
    const all = make();
    const three = makeService('three');
    all.update(
      makeTable([
        [one, [makeEndpoint(1)]],
        [two, [makeEndpoint(2)]],
      ]),
    );
    const [kept, other] = [all.get('one'), all.get('two')];
    const changedEndpoints = makeTable([
      [one, [makeEndpoint(1)]],
      [two, [makeEndpoint(3)]],
      [three, [makeEndpoint(4)]],
    ]);
    const gone = all.update(changedEndpoints, new Set(['two', 'three']));
    assert.deepEqual(
      gone.map(({ service, key }) => [service, key]),
      [['two', '10.0.0.2:8080']],
    );
    assert.deepEqual(
      ['one', 'two', 'three'].map((key) => all.get(key)?.pick()?.key),
      ['10.0.0.1:8080', '10.0.0.3:8080', '10.0.0.4:8080'],
    );
    const removed = all.update(makeTable([[one, [makeEndpoint(1)]]]), new Set(['two', 'three', 'never there']));
    assert.deepEqual(removed.map(({ key }) => key).toSorted(), ['10.0.0.3:8080', '10.0.0.4:8080']);
    assert.equal(all.get('one'), kept);
    assert.equal(other?.hasEndpoints, false);
    assert.deepEqual([all.get('two'), all.get('three')], [undefined, undefined]);
  });

  test('what is prepared is not seen before it is put into service, and keeps the endpoints that stay', () => {
    const all = make();
    all.update(makeTable([[one, [makeEndpoint(1)]]]));
    const kept = all.get('one')?.pick();
    const next = makeTable([
      [one, [makeEndpoint(1), makeEndpoint(2)]],
      [two, [makeEndpoint(3)]],
    ]);
    runToEnd(all.prepare(next));
    for (let i = 0; i < 4; i++) assert.equal(all.get('one')?.pick(), kept);
    assert.deepEqual(all.update(next), []);
    const picked = new Set(Array.from({ length: 4 }, () => all.get('one')?.pick()));
    assert.equal(picked.size, 2);
    assert.ok(picked.has(kept));
    assert.equal(all.get('two')?.pick()?.key, '10.0.0.3:8080');
  });

  test('what was prepared for a table that never came is not used for another', () => {
    const all = make();
    all.update(makeTable([[one, [makeEndpoint(1)]]]));
    runToEnd(all.prepare(makeTable([[one, [makeEndpoint(2)]]])));
    runToEnd(all.prepare(makeTable([[two, [makeEndpoint(3)]]])));
    const gone = all.update(makeTable([[one, [makeEndpoint(4)]]]));
    assert.deepEqual(gone.map(({ key }) => key).toSorted(), ['10.0.0.1:8080', '10.0.0.3:8080']);
    assert.equal(all.get('one')?.pick()?.key, '10.0.0.4:8080');
    assert.equal(all.get('two'), undefined);
  });

  test('the same address in two services is judged apart', () => {
    const all = make();
    all.update(
      makeTable([
        [one, [makeEndpoint(1), makeEndpoint(2)]],
        [two, [makeEndpoint(1), makeEndpoint(2)]],
      ]),
    );
    const endpoint = all.get('one')?.pick();
    assert.ok(endpoint !== undefined);
    fail(endpoint);
    assert.deepEqual(
      all.out().map(({ service }) => service),
      ['one'],
    );
  });

  test('a service without an endpoint set has no endpoints', () => {
    const all = make();
    const table = makeTable([[one, []]]);
    all.update({ ...table, endpoints: new Map() });
    assert.equal(all.get('one')?.hasEndpoints, false);
  });

  test('a changed service keeps its balancer and its endpoints', () => {
    const all = make();
    const table = makeTable([[one, [makeEndpoint(1)]]]);
    all.update(table);
    const [balancer, endpoint] = [all.get('one'), all.get('one')?.pick()];
    const changed = makeService('one', 'least-request');
    assert.deepEqual(all.update({ ...table, services: new Map([['one', changed]]) }), []);
    assert.equal(all.get('one'), balancer);
    assert.equal(balancer?.service, changed);
    assert.equal(balancer?.pick(), endpoint);
  });

  test('IPv6 endpoints have their address in brackets', () => {
    const all = make();
    all.update(makeTable([[one, [makeEndpoint(1, { address: '::1', port: 80 })]]]));
    assert.equal(all.get('one')?.pick()?.key, '[::1]:80');
  });
});
