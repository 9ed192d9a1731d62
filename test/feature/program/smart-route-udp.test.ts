import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type UdpDropReason, udpDropReasons } from '../../../src/observability/counters/udp.ts';
import { eventually } from '../../tools/eventually.ts';
import { freePort } from '../../tools/free-port.ts';
import { service, serviceGrant, smartProxyConfig, smartRoute, udpService } from '../../tools/manifests.ts';
import { Program } from '../../tools/program.ts';
import { endings } from '../../tools/program-books.ts';
import { UdpPeer } from '../../tools/smartproxy/udp-peer.ts';
import { TcpBackend, TcpTalk } from '../../tools/tcp-talk.ts';

const dns = { name: 'dns', port: { name: 'dns' } };

const dnsRoute = (backends: readonly object[], more: object = {}, rest: object = {}): string =>
  smartRoute('dns', { listeners: ['dns'], udp: { backends, ...more }, ...rest });

async function configured(): Promise<string> {
  return smartProxyConfig({ listeners: [{ name: 'dns', port: await freePort(), publishedPort: 53, protocol: 'UDP' }] });
}

const portOf = (program: Program): number => program.ports.get('dns') ?? 0;

describe('SmartRoute of UDP, objects in and datagrams out', () => {
  it('forwards datagrams to a UDP port of a Service by name, and its answers back', async () => {
    using server = await UdpPeer.server('a');
    using client = await UdpPeer.open();
    await using program = await Program.start((await configured()) + udpService('dns', server.port) + dnsRoute([dns]));
    assert.deepEqual(program.problems, []);
    assert.equal(await client.ask('x', portOf(program)), 'a x');
    assert.deepEqual(
      program.translation.smartRoutes.map(({ hosts, backends }) => ({ hosts, backends })),
      [{ hosts: '', backends: ['default/dns:53/udp'] }],
    );
  });

  it('backends share sessions by weight, by name and number of their port', async () => {
    using first = await UdpPeer.server('a');
    using second = await UdpPeer.server('b');
    const objects = (await configured()) + udpService('a', first.port) + udpService('b', second.port);
    const [a, b] = [
      { name: 'a', port: { name: 'dns' } },
      { name: 'b', port: { number: 53 } },
    ];
    await using program = await Program.start(objects + dnsRoute([a, { ...b, weight: 0 }]));
    const answers = async (): Promise<ReadonlySet<string>> => {
      const seen = new Set<string>();
      for (let client = 0; client < 16; client++) {
        using peer = await UdpPeer.open();
        seen.add(await peer.ask('x', portOf(program)));
      }
      return seen;
    };
    assert.deepEqual(await answers(), new Set(['a x']));
    await program.apply(dnsRoute([{ ...a, weight: 0 }, b]));
    assert.deepEqual(await answers(), new Set(['b x']));
    await program.apply(dnsRoute([a, { ...b, weight: 2 }]));
    assert.deepEqual(await answers(), new Set(['a x', 'b x']));
  });

  it('preserve takes the port that clients dial', async () => {
    using server = await UdpPeer.server('a');
    using client = await UdpPeer.open();
    const route = dnsRoute([{ name: 'dns', port: { preserve: true } }]);
    await using program = await Program.start((await configured()) + udpService('dns', server.port) + route);
    assert.deepEqual(program.problems, []);
    assert.equal(await client.ask('x', portOf(program)), 'a x');
  });

  it('refers to a Service of another namespace only with a ReferenceGrant', async () => {
    using server = await UdpPeer.server('a');
    using client = await UdpPeer.open();
    const route = dnsRoute([{ ...dns, namespace: 'net' }]);
    await using program = await Program.start((await configured()) + udpService('dns', server.port, 'net') + route);
    assert.deepEqual(program.problems, ['RefNotPermitted']);
    client.send('x', portOf(program));
    await eventually('it was dropped', () => program.dataPlane.snapshot().udpDropped.some((count) => count > 0));
    await program.apply(serviceGrant('net', { version: 'v1beta1' }));
    assert.equal(await client.ask('x', portOf(program)), 'a x');
  });

  it('idleTimeout ends sessions in which nothing moves', async () => {
    using server = await UdpPeer.server('a');
    using client = await UdpPeer.open();
    await using program = await Program.start(
      (await configured()) + udpService('dns', server.port) + dnsRoute([dns], { idleTimeout: '1s' }),
    );
    await client.ask('x', portOf(program));
    assert.equal(program.dataPlane.snapshot().udpSessionsActive, 1);
    await eventually('the session ended', () => program.dataPlane.snapshot().udpSessionsActive === 0);
    assert.equal(await client.ask('y', portOf(program)), 'a y');
    assert.equal(program.dataPlane.snapshot().udpSessionsOpened, 2);
  });

  it('maxSessions and maxSessionsPerAddress bound what is under way, and a session that ends makes room', async () => {
    using server = await UdpPeer.server('a');
    const objects = (await configured()) + udpService('dns', server.port);
    await using program = await Program.start(objects + dnsRoute([dns], { maxSessions: 2 }));
    assert.deepEqual(program.problems, []);
    const drops = (reason: UdpDropReason): number => program.dataPlane.snapshot().udpDropped[udpDropReasons.indexOf(reason)] ?? 0;
    using first = await UdpPeer.open();
    using second = await UdpPeer.open();
    using third = await UdpPeer.open();
    assert.equal(await first.ask('x', portOf(program)), 'a x');
    assert.equal(await second.ask('x', portOf(program)), 'a x');
    third.send('x', portOf(program));
    await eventually('it was dropped', () => drops('route_limit') === 1);
    assert.equal(await first.ask('y', portOf(program)), 'a y');
    assert.equal(program.dataPlane.kill({}), 2);
    assert.equal(program.dataPlane.active.size, 0);
    assert.equal(await third.ask('x', portOf(program)), 'a x');

    await program.apply(dnsRoute([dns], { maxSessionsPerAddress: 1 }));
    assert.equal(await first.ask('x', portOf(program)), 'a x', 'what was counted of no address does not count');
    second.send('x', portOf(program));
    await eventually('it was dropped', () => drops('ip_limit') === 1);
    await program.remove('SmartRoute', 'default/dns');
    await eventually('no place is taken', () => program.dataPlane.active.size === 0);
  });

  it('rateLimits bound new sessions, and a session that is there goes on', async () => {
    using server = await UdpPeer.server('a');
    const policy = { rateLimits: [{ requests: 2, per: 'Hour' }] };
    const objects = (await configured()) + udpService('dns', server.port);
    await using program = await Program.start(objects + smartRoute('dns', { listeners: ['dns'], policy, udp: { backends: [dns] } }));
    assert.deepEqual(program.problems, []);
    using first = await UdpPeer.open();
    using second = await UdpPeer.open();
    using third = await UdpPeer.open();
    for (const client of [first, second]) assert.equal(await client.ask('x', portOf(program)), 'a x');
    third.send('x', portOf(program));
    const dropped = (): number => program.dataPlane.snapshot().udpDropped[udpDropReasons.indexOf('rate_limited')] ?? 0;
    await eventually('it was dropped', () => dropped() === 1);
    assert.equal(await first.ask('y', portOf(program)), 'a y');
  });

  it('sessions count for their route and Service, and are in the access log at their end', async () => {
    using server = await UdpPeer.server('a');
    using client = await UdpPeer.open();
    await using program = await Program.start(
      (await configured()) + udpService('dns', server.port) + dnsRoute([dns], { idleTimeout: '1s' }),
    );
    const series = () => program.dataPlane.snapshot().requests.find(({ labels }) => labels.route === 'dns');
    assert.equal(await client.ask('question', portOf(program)), 'a question');
    assert.deepEqual(series()?.labels, { routeKind: 'SmartRoute', routeNamespace: 'default', route: 'dns', service: 'dns' });
    assert.deepEqual(series()?.connections, { opened: 1, closed: 0, received: 8, sent: 10 });
    await eventually('the session ended', () => series()?.connections.closed === 1);
    const [line] = (await program.finish()).filter(({ type }) => type === 'session');
    const { time: _time, durationMs, id, remotePort, ...rest } = line as Record<string, unknown>;
    assert.ok(Number(durationMs) >= 900, String(durationMs));
    assert.match(String(id), /^t-u/);
    assert.equal(remotePort, client.port);
    assert.deepEqual(rest, {
      type: 'session',
      listener: 'dns',
      remoteAddress: '127.0.0.1',
      route: 'SmartRoute default/dns dns',
      service: 'default/dns:53/udp',
      endpoint: `127.0.0.1:${server.port}`,
      reason: 'idle',
      bytesReceived: 8,
      bytesSent: 10,
    });
  });

  it('carries what looks like QUIC byte by byte, by the address and port of the client: who changes the port begins another session', async () => {
    const received: string[] = [];
    // A long header of version 1 (RFC 9000, 17.2): both connection ids come back the other way round, as from a server.
    const packet = (to: string, own: string, bytes: number): string => {
      const header = `\xc3\x00\x00\x00\x01\x08${to}\x08${own}`;
      return header + Array.from({ length: bytes - header.length }, (_, n) => String.fromCharCode(n & 255)).join('');
    };
    const [clientId, serverId] = ['\x83\x94\xc8\xf0\x3e\x51\x57\x08', '\xf0\x67\xa5\x50\x2a\x42\x62\xb5'];
    using server = await UdpPeer.open('127.0.0.1', (text) => {
      received.push(text);
      return packet(text.slice(15, 23), text.slice(6, 14), text.length);
    });
    using client = await UdpPeer.open();
    await using program = await Program.start((await configured()) + udpService('dns', server.port) + dnsRoute([dns]));
    for (const bytes of [1200, 1252, 1452]) {
      const sent = packet(serverId, clientId, bytes);
      assert.equal(await client.ask(sent, portOf(program)), packet(clientId, serverId, bytes));
      assert.equal(received.at(-1), sent);
    }
    assert.equal(program.dataPlane.snapshot().udpSessionsOpened, 1);
    using migrated = await UdpPeer.open();
    assert.equal(await migrated.ask(packet(serverId, clientId, 1200), portOf(program)), packet(clientId, serverId, 1200));
    assert.equal(program.dataPlane.snapshot().udpSessionsOpened, 2);
    assert.equal(new Set(server.received.map(({ from }) => from)).size, 2, 'the server sees a client that has moved');
  });

  it('lets in only the clients of its policy', async () => {
    using server = await UdpPeer.server('a');
    using client = await UdpPeer.open();
    const objects = (await configured()) + udpService('dns', server.port);
    await using program = await Program.start(objects + dnsRoute([dns], {}, { policy: { clients: { deny: ['127.0.0.1'] } } }));
    client.send('x', portOf(program));
    await eventually('it was dropped', () => program.dataPlane.snapshot().udpDropped.some((count) => count > 0));
    assert.equal(server.received.length, 0);
    await program.apply(dnsRoute([dns]));
    assert.equal(await client.ask('x', portOf(program)), 'a x');
  });

  it('in maintenance lets in only who may come all the same', async () => {
    using server = await UdpPeer.server('a');
    using client = await UdpPeer.open();
    const objects = (await configured()) + udpService('dns', server.port);
    await using program = await Program.start(
      objects + dnsRoute([dns], {}, { policy: { maintenance: { enabled: true, allow: ['192.0.2.0/24'] } } }),
    );
    client.send('x', portOf(program));
    await eventually('it was dropped', () => program.dataPlane.snapshot().udpDropped.some((count) => count > 0));
    assert.equal(server.received.length, 0);
    await program.apply(dnsRoute([dns], {}, { policy: { maintenance: { enabled: true, allow: ['127.0.0.0/8'] } } }));
    assert.equal(await client.ask('x', portOf(program)), 'a x');
  });

  it('with an address that is none in a list, nobody is let in', async () => {
    using server = await UdpPeer.server('a');
    using client = await UdpPeer.open();
    const route = dnsRoute([dns], {}, { policy: { clients: { deny: ['10.0.0.0/40'] } } });
    await using program = await Program.start((await configured()) + udpService('dns', server.port) + route);
    assert.deepEqual(program.problems, ['InvalidAddress']);
    client.send('x', portOf(program));
    await eventually('it was dropped', () => program.dataPlane.snapshot().udpDropped.some((count) => count > 0));
    assert.equal(server.received.length, 0);
  });

  it('datagrams of a route that the kernel forwards are dropped here', async () => {
    using server = await UdpPeer.server('a');
    using client = await UdpPeer.open();
    const objects = (await configured()) + udpService('dns', server.port) + dnsRoute([dns], { engine: 'NFTables' });
    await using program = await Program.start(objects);
    assert.deepEqual(program.problems, ['EngineUnavailable']);
    client.send('x', portOf(program));
    await eventually('it was dropped', () => program.dataPlane.snapshot().udpDropped.some((count) => count > 0));
    assert.equal(server.received.length, 0);
  });

  it('connections of a route that the kernel forwards are ended here', async () => {
    await using backend = await TcpBackend.named('a');
    const listeners = [{ name: 'db', port: await freePort(), protocol: 'TCP' }];
    const route = smartRoute('db', { listeners: ['db'], tcp: { engine: 'NFTables', backends: [{ name: 'db', port: { name: 'web' } }] } });
    await using program = await Program.start(smartProxyConfig({ listeners }) + service('db', backend.port) + route);
    assert.deepEqual(program.problems, ['EngineUnavailable']);
    using talk = new TcpTalk(program.ports.get('db') ?? 0);
    await talk.untilEnd();
    assert.equal(talk.text, '');
    await eventually('the end is counted', () => endings(program)['proxy/nftables_handled'] === 1);
  });
});
