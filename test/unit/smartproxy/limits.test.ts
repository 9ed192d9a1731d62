import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AddressList, plainAddress } from '../../../src/address-list.ts';
import { WorkerCounters } from '../../../src/observability/counters/worker-counters.ts';
import { RateLimiters } from '../../../src/rates/rate-limiters.ts';
import { SecurityManager } from '../../../src/smartproxy/security-manager.ts';
import { TimerWheel } from '../../../src/timer-wheel.ts';

/** What workers count, with a time that the test moves. */
function fakePod() {
  let now = 0;
  const wheel = new TimerWheel({ now: () => now, every: () => () => {} });
  const counters = new WorkerCounters();
  const rates = new RateLimiters({ wheel, counters, now: () => now, shareActive: () => {} });
  const advance = (ms: number) => {
    now += ms;
    wheel.advance();
  };
  return { rates, advance, wheel, buckets: () => counters.gauges.rateLimitBuckets() };
}

const none = { maxConnectionsPerIp: 0, connectionRatePerMinute: 0, allowCidrs: [], denyCidrs: [] };

test('an IPv4 address in any mapped form is one address (lesson 38)', () => {
  for (const form of ['1.2.3.4', '::ffff:1.2.3.4', '::FFFF:1.2.3.4', '::ffff:102:304']) assert.equal(plainAddress(form), '1.2.3.4');
  assert.equal(plainAddress('FE80::1%eth0'), 'fe80::1');
});

// Found by fuzzing: the first became `1:192.0.2.1`, which is no address, and BlockList throws at what is none.
test('an IPv6 address that only begins like a mapped one stays what it is', () => {
  for (const form of ['::ffff:1:192.0.2.1', '::ffff:1', '::ffff:1:2:3']) assert.equal(plainAddress(form), form);
  assert.equal(plainAddress('::ffff:1%lo'), '::ffff:1');
  assert.equal(plainAddress('::ffff:192.0.2.1%lo'), '192.0.2.1');
});

test('an address list takes CIDRs and single addresses of both families', () => {
  const list = new AddressList(['10.0.0.0/8', '192.0.2.1', '2001:db8::/32', '::1']);
  for (const address of ['10.255.0.1', '192.0.2.1', '2001:db8:1::5', '::1']) assert.equal(list.has(address), true, address);
  for (const address of ['11.0.0.1', '192.0.2.2', '2001:db9::1', '::2']) assert.equal(list.has(address), false, address);
});

test('an address is refused over its connection limit and let in again after a removal (lessons 33, 40)', () => {
  const { rates } = fakePod();
  const security = new SecurityManager({ ...none, maxConnectionsPerIp: 2 }, rates);
  assert.equal(security.admit('1.2.3.4'), undefined);
  assert.equal(security.admit('1.2.3.4'), undefined);
  assert.equal(security.admit('1.2.3.4'), 'ip_limit');
  assert.equal(security.admit('1.2.3.5'), undefined);
  security.removeConnection('1.2.3.4');
  assert.equal(security.activeOf('1.2.3.4'), 1);
  assert.equal(security.admit('1.2.3.4'), undefined);
});

test('an address over its rate is refused and recovers with time', () => {
  const { rates, advance } = fakePod();
  const security = new SecurityManager({ ...none, connectionRatePerMinute: 60 }, rates);
  for (let turn = 0; turn < 60; turn++) {
    assert.equal(security.admit('1.2.3.4'), undefined);
    security.removeConnection('1.2.3.4');
  }
  assert.equal(security.admit('1.2.3.4'), 'rate_limited');
  advance(1100);
  assert.equal(security.admit('1.2.3.4'), undefined);
  assert.equal(security.admit('1.2.3.4'), 'rate_limited');
});

test('a flood of refused attempts does not lengthen the refusal, nor grow anything (lesson 37)', () => {
  const { rates, advance } = fakePod();
  const security = new SecurityManager({ ...none, connectionRatePerMinute: 1 }, rates);
  security.admit('1.2.3.4');
  security.removeConnection('1.2.3.4');
  for (let turn = 0; turn < 10_000; turn++) assert.equal(security.admit('1.2.3.4'), 'rate_limited');
  assert.equal(security.size, 0);
  advance(61_000);
  assert.equal(security.admit('1.2.3.4'), undefined);
});

test('addresses without a connection are forgotten when their rate has recovered (lessons 36, 43)', () => {
  const { rates, advance, wheel, buckets } = fakePod();
  const security = new SecurityManager({ ...none, maxConnectionsPerIp: 5, connectionRatePerMinute: 60 }, rates);
  for (let index = 0; index < 1000; index++) security.admit(`10.0.${index >> 8}.${index & 255}`);
  security.admit('192.0.2.1');
  for (let index = 0; index < 1000; index++) security.removeConnection(`10.0.${index >> 8}.${index & 255}`);
  assert.equal(security.size, 1, 'only the one with a connection is left');
  assert.equal(buckets(), 1001);
  for (let turn = 0; turn < 8; turn++) advance(10_000);
  assert.equal(buckets(), 0);
  security.close();
  rates.close();
  assert.equal(wheel.size, 0);
});

test('the addresses remembered for their rate are bounded', () => {
  const { rates, buckets } = fakePod();
  const security = new SecurityManager({ ...none, connectionRatePerMinute: 1 }, rates);
  for (let index = 0; index < 110_000; index++) {
    const address = `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
    security.admit(address);
    security.removeConnection(address);
  }
  assert.ok(buckets() <= 100_000, String(buckets()));
  assert.equal(security.size, 0);
  assert.equal(security.admit('10.0.0.0'), undefined, 'the oldest were forgotten, so this one comes in once more, and once');
  assert.equal(security.admit('10.0.0.0'), 'rate_limited');
  assert.equal(security.admit('10.1.173.175'), 'rate_limited', 'the newest are remembered');
});

test('what other workers have of an address counts, and is told to them from when there is a limit', () => {
  const { rates } = fakePod();
  const security = new SecurityManager({ ...none, maxConnectionsPerIp: 3 }, rates);
  assert.equal(security.admit('10.0.0.1'), undefined);
  rates.active.hear('other', [{ key: 'connections of an address\n10.0.0.1', active: 2 }]);
  assert.equal(security.admit('10.0.0.1'), 'ip_limit');
  assert.equal(security.admit('10.0.0.2'), undefined);
  rates.active.forget('other');
  assert.equal(security.admit('10.0.0.1'), undefined);
});

test('what other workers admit of an address is charged to its rate', () => {
  const { rates, advance } = fakePod();
  const security = new SecurityManager({ ...none, connectionRatePerMinute: 2 }, rates);
  rates.apply([{ scope: 'connections of an address 2/60000ms burst 2 by address', client: '10.0.0.1', costMs: 60_000 }]);
  assert.equal(security.admit('10.0.0.1'), 'rate_limited');
  assert.equal(security.admit('10.0.0.2'), undefined);
  advance(31_000);
  assert.equal(security.admit('10.0.0.1'), undefined);
});

test('the deny list wins over the allow list, and an allow list shuts all others out', () => {
  const { rates } = fakePod();
  const security = new SecurityManager({ ...none, allowCidrs: ['10.0.0.0/8'], denyCidrs: ['10.1.0.0/16'] }, rates);
  assert.equal(security.admit('10.2.0.1'), undefined);
  assert.equal(security.admit('10.1.0.1'), 'ip_blocked');
  assert.equal(security.admit('192.0.2.1'), 'ip_blocked');
  assert.equal(security.size, 0, 'nothing is counted when there is no limit');
});

test('a removal that was never an admission changes nothing', () => {
  const { rates } = fakePod();
  const security = new SecurityManager({ ...none, maxConnectionsPerIp: 1 }, rates);
  security.removeConnection('1.2.3.4');
  assert.equal(security.admit('1.2.3.4'), undefined);
  security.removeConnection('1.2.3.4');
  security.removeConnection('1.2.3.4');
  assert.equal(security.activeOf('1.2.3.4'), 0);
});

test('limits that change hold for who comes next; who is there stays counted, and a new rate is there at once', () => {
  const { rates } = fakePod();
  const security = new SecurityManager({ ...none, maxConnectionsPerIp: 2 }, rates);
  assert.equal(security.admit('10.0.0.1'), undefined);
  security.update({ ...none, maxConnectionsPerIp: 1 });
  assert.equal(security.admit('10.0.0.1'), 'ip_limit');
  assert.equal(security.admit('10.0.0.2'), undefined);
  security.update({ ...none, connectionRatePerMinute: 2 });
  assert.deepEqual(
    ['10.0.0.1', '10.0.0.1', '10.0.0.1'].map((address) => security.admit(address)),
    [undefined, undefined, 'rate_limited'],
  );
  security.update({ ...none, denyCidrs: ['10.0.0.1'] });
  assert.equal(security.admit('10.0.0.1'), 'ip_blocked');
  assert.equal(security.admit('10.0.0.9'), undefined);
  security.update(none);
  for (const address of ['10.0.0.1', '10.0.0.1', '10.0.0.1', '10.0.0.2']) security.removeConnection(address);
  assert.equal(security.size, 0);
});
