import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WorkerCounters } from '../../../src/observability/counters/worker-counters.ts';
import { countAttempt, localRefusal, type RateRefusal, rateAttempt } from '../../../src/rates/admit.ts';
import { clientOfAddress, clientOfHeader } from '../../../src/rates/rate-client.ts';
import { RateLimiters } from '../../../src/rates/rate-limiters.ts';
import type { RateUse } from '../../../src/rates/rate-sharing.ts';
import type { RateLimit } from '../../../src/routes/policy.ts';
import { TimerWheel, type WheelClock } from '../../../src/timer-wheel.ts';

function admit(
  rates: RateLimiters,
  limits: readonly RateLimit[],
  address: string,
  header?: (name: string) => string | undefined,
): RateRefusal | undefined {
  const attempt = rateAttempt(limits, address, header);
  const refusal = localRefusal(rates, attempt);
  if (refusal === undefined) countAttempt(rates, attempt);
  return refusal;
}

class ManualClock implements WheelClock {
  ms = 1000;
  now(): number {
    return this.ms;
  }
  every(): () => void {
    return () => {};
  }
}

interface TestLimiters {
  readonly clock: ManualClock;
  readonly wheel: TimerWheel;
  readonly counters: WorkerCounters;
  readonly rates: RateLimiters;
}

function limiters(
  options: {
    readonly maxBuckets?: number;
    readonly scopesInUse?: () => ReadonlySet<string>;
    readonly share?: (uses: readonly RateUse[]) => void;
  } = {},
): TestLimiters {
  const clock = new ManualClock();
  const wheel = new TimerWheel(clock, 10);
  const counters = new WorkerCounters();
  return { clock, wheel, counters, rates: new RateLimiters({ wheel, counters, now: () => clock.ms, ...options }) };
}

function limit(part: Partial<RateLimit> = {}): RateLimit {
  return { scope: 'a', requests: 10, windowMs: 1000, burst: 3, key: { kind: 'address' }, exempt: [], ...part };
}

/** How many of `attempts` are admitted. */
function admitted(rates: RateLimiters, limits: readonly RateLimit[], attempts: number, address = '192.0.2.1'): number {
  let count = 0;
  for (let i = 0; i < attempts; i++) if (admit(rates, limits, address) === undefined) count++;
  return count;
}

test('RateLimiters: a burst at once, then the rate, and the burst again after a pause', () => {
  const { rates, clock } = limiters();
  assert.equal(admitted(rates, [limit()], 10), 3);
  clock.ms += 100;
  assert.equal(admitted(rates, [limit()], 10), 1);
  for (let i = 0; i < 100; i++) {
    clock.ms += 50;
    admit(rates, [limit()], '192.0.2.1');
  }
  clock.ms += 250;
  assert.equal(admitted(rates, [limit()], 10), 2);
  clock.ms += 60_000;
  assert.equal(admitted(rates, [limit()], 10), 3);
});

test('RateLimiters: a refusal says how long to wait, and after that time the next is admitted', () => {
  const { rates, clock } = limiters();
  const hourly = limit({ requests: 1, windowMs: 3_600_000, burst: 1 });
  assert.equal(admit(rates, [hourly], '192.0.2.1'), undefined);
  assert.equal(admit(rates, [hourly], '192.0.2.1')?.waitMs, 3_600_000);
  clock.ms += 3_599_999;
  assert.equal(admit(rates, [hourly], '192.0.2.1')?.waitMs, 1);
  clock.ms += 1;
  assert.equal(admit(rates, [hourly], '192.0.2.1'), undefined);
});

test('RateLimiters: clients, scopes and keys count by themselves; a request that one limit refuses costs none', () => {
  const { rates } = limiters();
  const wide = limit({ scope: 'wide', burst: 4 });
  const narrow = limit({ scope: 'narrow', burst: 2 });
  assert.equal(admitted(rates, [wide, narrow], 10), 2);
  assert.equal(admitted(rates, [wide], 10), 2, 'what narrow refused is left in wide');
  assert.equal(admitted(rates, [wide], 10, '192.0.2.2'), 4);
  const everybody = limit({ scope: 'all', key: { kind: 'everybody' } });
  assert.equal(admitted(rates, [everybody], 2) + admitted(rates, [everybody], 2, '192.0.2.2'), 3);
  const byHeader = limit({ scope: 'header', key: { kind: 'header', name: 'x-key' }, burst: 1 });
  const ask = (value: string | undefined, address = '192.0.2.1') => admit(rates, [byHeader], address, () => value) === undefined;
  assert.deepEqual(
    [ask('one'), ask('one', '192.0.2.2'), ask('two'), ask(undefined), ask('192.0.2.1'), ask(undefined)],
    [...[true, false, true, true, true, false]],
  );
  const exempting = limit({ scope: 'exempting', exempt: ['192.0.2.0/24'] });
  assert.equal(admitted(rates, [exempting], 10), 10);
});

test('RateLimiters: buckets are bounded; a flood of clients on one limit does not reset those of another, nor those in use', () => {
  const { rates, counters, clock } = limiters({ maxBuckets: 100 });
  const quiet = limit({ scope: 'quiet', burst: 1 });
  const flooded = limit({ scope: 'flooded', burst: 1, windowMs: 3_600_000 });
  for (let i = 0; i < 10; i++) admit(rates, [quiet], `10.0.0.${i}`);
  for (let i = 0; i < 10_000; i++) {
    admit(rates, [flooded], `10.1.${i >> 8}.${i & 255}`);
    assert.ok(admit(rates, [flooded], '192.0.2.1') !== undefined || i === 0, 'the one in use is never forgotten');
  }
  assert.ok(counters.gauges.rateLimitBuckets() <= 101);
  assert.ok(counters.rateLimitBucketsLost > 9000);
  for (let i = 0; i < 10; i++) assert.notEqual(admit(rates, [quiet], `10.0.0.${i}`), undefined, `10.0.0.${i}`);
  clock.ms += 3_600_000_000;
});

test('RateLimiters: a limit with many scopes gives room to others, whoever asks for it', () => {
  const { rates, counters } = limiters({ maxBuckets: 64 });
  for (let scope = 0; scope < 200; scope++)
    for (let i = 0; i < 3; i++) admit(rates, [limit({ scope: `s${scope}`, burst: 1, windowMs: 3_600_000 })], `10.0.0.${i}`);
  assert.ok(counters.gauges.rateLimitBuckets() <= 65);
});

test('RateLimiters: full buckets are forgotten in time, and nothing stays armed after the last', () => {
  const { rates, clock, wheel, counters } = limiters();
  admit(rates, [limit()], '192.0.2.1');
  assert.deepEqual([counters.gauges.rateLimitBuckets(), wheel.size], [1, 1]);
  clock.ms += 30_100;
  wheel.advance();
  assert.deepEqual([counters.gauges.rateLimitBuckets(), wheel.size, counters.rateLimitBucketsLost], [0, 0, 0]);
});

test('RateLimiters: buckets of a limit that nothing has any more go within a minute, and not at once', () => {
  const inUse = new Set(['kept', 'gone', 'back']);
  const { rates, clock, wheel, counters } = limiters({ scopesInUse: () => inUse });
  const hourly = (scope: string): RateLimit => limit({ scope, requests: 1, windowMs: 3_600_000, burst: 1 });
  for (const scope of ['kept', 'gone', 'back']) admit(rates, [hourly(scope)], '192.0.2.1');
  inUse.delete('gone');
  inUse.delete('back');
  const sweep = (): number => {
    clock.ms += 30_100;
    wheel.advance();
    return counters.gauges.rateLimitBuckets();
  };
  assert.equal(sweep(), 3);
  inUse.add('back');
  assert.equal(sweep(), 2);
  inUse.add('gone');
  inUse.delete('back');
  assert.equal(admit(rates, [hourly('gone')], '192.0.2.1'), undefined, 'it begins anew');
  assert.equal(sweep(), 3, 'it was back in between');
  assert.equal(sweep(), 2);
  assert.notEqual(admit(rates, [hourly('kept')], '192.0.2.1'), undefined);
});

test('RateLimiters: what one worker admits is charged in the others, so that together they admit the rate', () => {
  const told: RateUse[][] = [];
  const one = limiters({ share: (uses) => told.push([...uses]) });
  const two = limiters();
  assert.equal(admitted(one.rates, [limit()], 3), 3);
  one.clock.ms += 100;
  one.wheel.advance();
  assert.equal(told.length, 1);
  assert.equal(told[0]?.length, 1, 'one entry for each client');
  two.rates.apply(told[0] as RateUse[]);
  assert.equal(admitted(two.rates, [limit()], 3), 0);
  two.clock.ms += 100;
  assert.equal(admitted(two.rates, [limit()], 3), 1);
});

test('clientOfAddress: one client for an IPv4 address and for an IPv6 /64; a header is never an address', () => {
  assert.equal(clientOfAddress('192.0.2.1'), '192.0.2.1');
  for (const address of ['2001:db8::1', '2001:db8:0:0:1::2', '2001:db8:0:0:ffff:ffff:ffff:ffff'])
    assert.equal(clientOfAddress(address), '2001:db8:0:0::/64');
  assert.equal(clientOfAddress('2001:db8:0:1::'), '2001:db8:0:1::/64');
  assert.equal(clientOfAddress('::1'), '0:0:0:0::/64');
  assert.notEqual(clientOfHeader('192.0.2.1'), clientOfAddress('192.0.2.1'));
  assert.ok(clientOfHeader('x'.repeat(10_000)).length < 60);
  assert.notEqual(clientOfHeader('x'.repeat(10_000)), clientOfHeader('x'.repeat(10_001)));
});
