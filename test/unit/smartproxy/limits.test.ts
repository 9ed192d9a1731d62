import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AddressList, plainAddress } from '../../../src/address-list.ts';
import { SecurityManager } from '../../../src/smartproxy/security-manager.ts';
import { TimerWheel } from '../../../src/timer-wheel.ts';

/** A wheel whose time the test moves. */
function fakeWheel() {
  let now = 0;
  const wheel = new TimerWheel({ now: () => now, every: () => () => {} });
  const advance = (ms: number) => {
    now += ms;
    wheel.advance();
  };
  return { wheel, advance };
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
  const { wheel } = fakeWheel();
  const security = new SecurityManager({ ...none, maxConnectionsPerIp: 2 }, wheel);
  assert.equal(security.admit('1.2.3.4'), undefined);
  assert.equal(security.admit('1.2.3.4'), undefined);
  assert.equal(security.admit('1.2.3.4'), 'ip_limit');
  assert.equal(security.admit('1.2.3.5'), undefined);
  security.removeConnection('1.2.3.4');
  assert.equal(security.activeOf('1.2.3.4'), 1);
  assert.equal(security.admit('1.2.3.4'), undefined);
});

test('an address over its rate is refused and recovers with time', () => {
  const { wheel, advance } = fakeWheel();
  const security = new SecurityManager({ ...none, connectionRatePerMinute: 60 }, wheel);
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
  const { wheel, advance } = fakeWheel();
  const security = new SecurityManager({ ...none, connectionRatePerMinute: 1 }, wheel);
  security.admit('1.2.3.4');
  security.removeConnection('1.2.3.4');
  for (let turn = 0; turn < 10_000; turn++) assert.equal(security.admit('1.2.3.4'), 'rate_limited');
  assert.equal(security.size, 1);
  advance(61_000);
  assert.equal(security.admit('1.2.3.4'), undefined);
});

test('addresses without a connection are forgotten when their rate has recovered (lessons 36, 43)', () => {
  const { wheel, advance } = fakeWheel();
  const security = new SecurityManager({ ...none, maxConnectionsPerIp: 5, connectionRatePerMinute: 60 }, wheel);
  for (let index = 0; index < 1000; index++) security.admit(`10.0.${index >> 8}.${index & 255}`);
  security.admit('192.0.2.1');
  for (let index = 0; index < 1000; index++) security.removeConnection(`10.0.${index >> 8}.${index & 255}`);
  for (let turn = 0; turn < 8; turn++) advance(10_000);
  assert.equal(security.size, 1, 'only the one with a connection is left');
  security.close();
  assert.equal(wheel.size, 0);
});

test('the addresses remembered for their rate are bounded', () => {
  const { wheel } = fakeWheel();
  const security = new SecurityManager({ ...none, connectionRatePerMinute: 1 }, wheel);
  for (let index = 0; index < 110_000; index++) {
    const address = `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
    security.admit(address);
    security.removeConnection(address);
  }
  assert.equal(security.size, 100_000);
  security.admit('10.0.0.0');
  assert.equal(security.admit('10.0.0.0'), 'rate_limited', 'the oldest were forgotten, so this one came in once more, and once');
  assert.equal(security.admit('10.1.173.175'), 'rate_limited', 'the newest are remembered');
});

test('the deny list wins over the allow list, and an allow list shuts all others out', () => {
  const { wheel } = fakeWheel();
  const security = new SecurityManager({ ...none, allowCidrs: ['10.0.0.0/8'], denyCidrs: ['10.1.0.0/16'] }, wheel);
  assert.equal(security.admit('10.2.0.1'), undefined);
  assert.equal(security.admit('10.1.0.1'), 'ip_blocked');
  assert.equal(security.admit('192.0.2.1'), 'ip_blocked');
  assert.equal(security.size, 0, 'nothing is counted when there is no limit');
});

test('a removal that was never an admission changes nothing', () => {
  const { wheel } = fakeWheel();
  const security = new SecurityManager({ ...none, maxConnectionsPerIp: 1 }, wheel);
  security.removeConnection('1.2.3.4');
  assert.equal(security.admit('1.2.3.4'), undefined);
  security.removeConnection('1.2.3.4');
  security.removeConnection('1.2.3.4');
  assert.equal(security.activeOf('1.2.3.4'), 0);
});

test('limits that change hold for who comes next; who is there stays counted, and a new rate is there at once', () => {
  const { wheel, advance } = fakeWheel();
  const security = new SecurityManager({ ...none, maxConnectionsPerIp: 2 }, wheel);
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
  advance(60_000);
  assert.equal(security.size, 0);
});
