import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import { UdpPeer } from '../../tools/smartproxy/udp-peer.ts';
import { type UdpTableOptions, UdpUnderTest, udpListener, udpTable } from '../../tools/smartproxy/udp-under-test.ts';

const to = (...ports: readonly number[]): UdpTableOptions['services'] => ({ dns: ports.map((port) => ({ port })) });

test('a datagram goes to an endpoint and its answer comes back from the port that was asked, over one session', async () => {
  using server = await UdpPeer.server('a');
  using client = await UdpPeer.open();
  using proxy = new UdpUnderTest(udpTable({ services: to(server.port) }));
  const port = await proxy.open();
  assert.equal(await client.ask('one', port), 'a one');
  assert.equal(await client.ask('two', port), 'a two');
  assert.deepEqual(new Set(client.received.map(({ from }) => from)), new Set([`127.0.0.1 ${port}`]));
  assert.equal(new Set(server.received.map(({ from }) => from)).size, 1);
  const { udpSessionsOpened, udpDatagramsReceived, udpBytesReceived, udpDatagramsSent, udpBytesSent } = proxy.counters;
  assert.equal(udpSessionsOpened, 1);
  assert.equal(proxy.active, 1);
  assert.equal(udpDatagramsReceived, server.received.length);
  assert.equal(udpBytesReceived, 3 * server.received.length);
  assert.equal(udpDatagramsSent, server.received.length);
  assert.equal(udpBytesSent, 5 * server.received.length);
});

test('answers come whenever and as often as the endpoint likes, and reach only the client that they are for', async () => {
  using server = await UdpPeer.open();
  using first = await UdpPeer.open();
  using second = await UdpPeer.open();
  using proxy = new UdpUnderTest(udpTable({ services: to(server.port) }));
  const port = await proxy.open();
  first.send('first', port);
  second.send('second', port);
  await eventually('both came', () => server.received.length === 2);
  for (const { text, from } of server.received) {
    const [address, from_] = from.split(' ');
    for (const piece of [1, 2, 3]) server.send(`${text} ${piece}`, Number(from_), address);
  }
  await eventually('all answers came', () => first.received.length === 3 && second.received.length === 3);
  assert.ok(first.received.every(({ text }) => text.startsWith('first')));
  assert.ok(second.received.every(({ text }) => text.startsWith('second')));
});

test('clients spread over endpoints, each stays with its own, and any other worker would choose the same', async () => {
  using one = await UdpPeer.server('a');
  using two = await UdpPeer.server('b');
  const table = udpTable({ services: to(one.port, two.port) });
  using proxy = new UdpUnderTest(table);
  using other = new UdpUnderTest(table);
  const [port, otherPort] = [await proxy.open(), await other.open()];
  const seen = new Set<string>();
  for (let client = 0; client < 24; client++) {
    using peer = await UdpPeer.open();
    const answer = await peer.ask('x', port);
    assert.equal(await peer.ask('x', port), answer);
    assert.equal(await peer.ask('x', otherPort), answer);
    seen.add(answer);
  }
  assert.deepEqual(seen, new Set(['a x', 'b x']));
});

test('backends get clients by weight, and none without one', async () => {
  using one = await UdpPeer.server('a');
  using two = await UdpPeer.server('b');
  const services = { a: [{ port: one.port }], b: [{ port: two.port }] };
  using proxy = new UdpUnderTest(
    udpTable({
      services,
      backends: [
        { service: 'a', weight: 1 },
        { service: 'b', weight: 0 },
      ],
    }),
  );
  const port = await proxy.open();
  for (let client = 0; client < 8; client++) {
    using peer = await UdpPeer.open();
    assert.equal(await peer.ask('x', port), 'a x');
  }
});

test('a listener and its endpoints may be IPv6', async () => {
  using server = await UdpPeer.server('six', '::1');
  using client = await UdpPeer.open('::1');
  using proxy = new UdpUnderTest(udpTable({ services: { dns: [{ address: '::1', port: server.port }] } }));
  assert.equal(await client.ask('x', await proxy.open(udpListener, '::1'), '::1'), 'six x');
});

test('an endpoint may have a name', async () => {
  using server = await UdpPeer.server('named');
  using client = await UdpPeer.open();
  const table = udpTable({ services: { dns: [{ address: 'localhost', port: server.port }] } });
  using proxy = new UdpUnderTest(table, { allowLocalExternalNames: true });
  assert.equal(await client.ask('x', await proxy.open()), 'named x');
});

test('an endpoint whose name leads to this machine is not dialled', async () => {
  using server = await UdpPeer.server('named');
  using client = await UdpPeer.open();
  using proxy = new UdpUnderTest(udpTable({ services: { dns: [{ address: 'localhost', port: server.port }] } }));
  client.send('x', await proxy.open());
  await eventually('it was dropped', () => proxy.drops.send_failed === 1);
  assert.equal(server.received.length, 0);
});

test('a session ends after the idle time in which neither side sent, and sooner before the first answer', async () => {
  using server = await UdpPeer.server('a');
  using mute = await UdpPeer.open();
  using client = await UdpPeer.open();
  using unanswered = await UdpPeer.open();
  const idleTimeoutMs = 60_000;
  using proxy = new UdpUnderTest(udpTable({ services: to(server.port), idleTimeoutMs }));
  const port = await proxy.open();
  await client.ask('x', port);
  proxy.pass(50_000);
  assert.equal(proxy.active, 1);
  await client.ask('x', port);
  proxy.pass(50_000);
  assert.equal(proxy.active, 1);
  proxy.pass(11_000);
  assert.deepEqual(proxy.ends, { idle: 1 });

  proxy.publish(udpTable({ services: to(mute.port), idleTimeoutMs }));
  unanswered.send('x', port);
  await eventually('it came', () => mute.received.length === 1);
  proxy.pass(11_000);
  assert.deepEqual(proxy.ends, { idle: 2 });
  assert.equal(proxy.active, 0);
  assert.equal(proxy.wheel.size, 0);
});

test('the sessions of an endpoint that goes move with their next datagram', async () => {
  using one = await UdpPeer.server('a');
  using two = await UdpPeer.server('b');
  using client = await UdpPeer.open();
  using proxy = new UdpUnderTest(udpTable({ services: to(one.port) }));
  const port = await proxy.open();
  assert.equal(await client.ask('x', port), 'a x');
  proxy.publish(udpTable({ services: to(two.port) }));
  assert.equal(await client.ask('y', port), 'b y');
  assert.equal(proxy.counters.udpSessionsOpened, 1);
  assert.deepEqual(proxy.ends, {});
});

test('a session that moves to another service counts there from then on', async () => {
  using one = await UdpPeer.server('a');
  using two = await UdpPeer.server('b');
  using client = await UdpPeer.open();
  const services = { 'net/one:53/udp': [{ port: one.port }], 'net/two:53/udp': [{ port: two.port }] };
  const only = (service: string) => udpTable({ services, backends: [{ service, weight: 1 }] });
  using proxy = new UdpUnderTest(only('net/one:53/udp'));
  const port = await proxy.open();
  const counted = () =>
    Object.fromEntries(proxy.counters.requests.data().map(({ labels, connections }) => [labels.service, Object.values(connections)]));
  await client.ask('x', port);
  assert.deepEqual(counted().one, [1, 0, 1, 3]);
  proxy.publish(only('net/two:53/udp'));
  await client.ask('yy', port);
  assert.deepEqual(
    [counted().one, counted().two],
    [
      [1, 1, 1, 3],
      [1, 0, 2, 4],
    ],
  );
  proxy.forwarder.closeAll();
  assert.deepEqual(counted().two, [1, 1, 2, 4]);
  assert.equal(proxy.counters.udpSessionsOpened, 1);
});

test('the sessions of an endpoint where nobody listens move, and it is out of rotation after some', async () => {
  const gone = await UdpPeer.open();
  const { port: gonePort } = gone;
  gone.close();
  using one = await UdpPeer.server('b');
  using two = await UdpPeer.server('c');
  using proxy = new UdpUnderTest(udpTable({ services: to(gonePort, one.port, two.port) }));
  const port = await proxy.open();
  for (let client = 0; client < 40; client++) {
    using peer = await UdpPeer.open();
    assert.match(await peer.ask('x', port), /^[bc] x$/);
  }
  assert.deepEqual(
    proxy.balancers.out().map(({ endpoint }) => endpoint),
    [`127.0.0.1:${gonePort}`],
  );
});

test('a session ends with its route, with its listener, and with a list that no longer lets its client in', async () => {
  using server = await UdpPeer.server('a');
  using client = await UdpPeer.open();
  const table = udpTable({ services: to(server.port) });
  using proxy = new UdpUnderTest(table);
  const port = await proxy.open();
  await client.ask('x', port);
  proxy.publish({ ...table, l4: new Map() });
  assert.deepEqual(proxy.ends, { route_removed: 1 });

  proxy.publish(table);
  await client.ask('x', port);
  proxy.publish(udpTable({ services: to(server.port), clients: { allow: [], deny: ['127.0.0.0/8'] } }));
  assert.deepEqual(proxy.ends, { route_removed: 1, ip_blocked: 1 });

  proxy.publish(table);
  await client.ask('x', port);
  proxy.forwarder.close(udpListener.key);
  assert.deepEqual(proxy.ends, { route_removed: 2, ip_blocked: 1 });
  assert.equal(proxy.active, 0);
});

const kernel = { preserveSource: false, connectionRate: undefined };
for (const { reason, table, limits } of [
  { reason: 'ip_blocked', table: { clients: { allow: ['192.0.2.0/24'], deny: [] } } },
  { reason: 'ip_blocked', table: {}, limits: { denyCidrs: ['127.0.0.1'] } },
  { reason: 'ip_blocked', table: {}, limits: { allowCidrs: ['192.0.2.0/24'] } },
  { reason: 'nftables_handled', table: { kernel } },
  { reason: 'no_endpoints', table: { services: { dns: [] } } },
  { reason: 'no_endpoints', table: { backends: [{ service: undefined, weight: 1 }] } },
]) {
  test(`a datagram is dropped: ${reason} ${JSON.stringify(limits ?? table)}`, async () => {
    using server = await UdpPeer.server('a');
    using client = await UdpPeer.open();
    using proxy = new UdpUnderTest(udpTable({ services: to(server.port), ...table }), limits);
    client.send('x', await proxy.open());
    await eventually('it was dropped', () => proxy.drops[reason] === 1);
    assert.equal(server.received.length, 0);
  });
}

test('a datagram for a listener without a route is dropped: no_route', async () => {
  using client = await UdpPeer.open();
  using proxy = new UdpUnderTest({ ...udpTable({ services: {} }), l4: new Map() });
  client.send('x', await proxy.open());
  await eventually('it was dropped', () => proxy.drops.no_route === 1);
});

for (const { limits, reason } of [
  { limits: { maxUdpSessions: 2 }, reason: 'session_limit' },
  { limits: { maxConnectionsPerIp: 2 }, reason: 'ip_limit' },
]) {
  test(`over ${JSON.stringify(limits)} new clients are dropped and the others served, until one is gone`, async () => {
    using server = await UdpPeer.server('a');
    using first = await UdpPeer.open();
    using second = await UdpPeer.open();
    using third = await UdpPeer.open();
    using proxy = new UdpUnderTest(udpTable({ services: to(server.port) }), limits);
    const port = await proxy.open();
    await first.ask('x', port);
    await second.ask('x', port);
    third.send('x', port);
    await eventually('it was dropped', () => proxy.drops[reason] === 1);
    assert.equal(await second.ask('y', port), 'a y');
    proxy.pass(31_000);
    assert.equal(proxy.active, 0);
    assert.equal(await third.ask('z', port), 'a z');
  });
}

const ofRoute = { scope: 'SmartRoute net/dns', requests: 2, windowMs: 60_000, burst: 2, exempt: [] } as const;
for (const { what, rateLimits, limits } of [
  { what: 'the connection rate of an address', limits: { connectionRatePerMinute: 2 } },
  { what: 'the rate of a route for each address', rateLimits: [{ ...ofRoute, key: { kind: 'address' } as const }] },
  { what: 'the rate of a route for all', rateLimits: [{ ...ofRoute, key: { kind: 'everybody' } as const }] },
]) {
  test(`over ${what} new sessions are dropped and the others served, until there is room again`, async () => {
    using server = await UdpPeer.server('a');
    using first = await UdpPeer.open();
    using second = await UdpPeer.open();
    using third = await UdpPeer.open();
    using proxy = new UdpUnderTest(udpTable({ services: to(server.port), ...(rateLimits && { rateLimits }) }), limits);
    const port = await proxy.open();
    await first.ask('x', port);
    await second.ask('x', port);
    third.send('x', port);
    await eventually('it was dropped', () => proxy.drops.rate_limited === 1);
    assert.equal(await second.ask('y', port), 'a y');
    assert.equal(proxy.counters.udpSessionsOpened, 2);
    proxy.pass(31_000);
    assert.equal(await third.ask('z', port), 'a z');
  });
}

test('a rate of a route does not count clients who are exempt from it', async () => {
  using server = await UdpPeer.server('a');
  const rateLimits = [{ ...ofRoute, key: { kind: 'address' } as const, exempt: ['127.0.0.0/8'] }];
  using proxy = new UdpUnderTest(udpTable({ services: to(server.port), rateLimits }));
  const port = await proxy.open();
  for (let client = 0; client < 4; client++) {
    using peer = await UdpPeer.open();
    assert.equal(await peer.ask('x', port), 'a x');
  }
  assert.deepEqual(proxy.drops, {});
});

test('a drain waits for who is busy, a second of silence at most, and leaves nothing behind', async () => {
  using server = await UdpPeer.server('a');
  using busy = await UdpPeer.open();
  using quiet = await UdpPeer.open();
  using proxy = new UdpUnderTest(udpTable({ services: to(server.port) }));
  const port = await proxy.open();
  await quiet.ask('x', port);
  proxy.pass(5000);
  await busy.ask('x', port);
  let drained = false;
  const drain = proxy.forwarder.drain(60_000).then(() => {
    drained = true;
  });
  assert.equal(await busy.ask('y', port), 'a y');
  assert.equal(drained, false);
  proxy.pass(2000);
  await drain;
  assert.deepEqual(proxy.ends, { shutdown: 2 });
  assert.equal(proxy.wheel.size, 0);
  assert.equal(proxy.balancers.get('dns')?.pick(undefined, 0)?.active, 0);
});
