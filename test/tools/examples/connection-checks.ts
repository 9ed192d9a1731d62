import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { connect as connectTls } from 'node:tls';
import { status } from '@grpc/grpc-js';
import { tlvTypes } from '../../../src/proxy-header/proxy-header.ts';
import { GrpcClient } from '../grpc-client.ts';
import { interopCases } from '../grpc-interop-cases.ts';
import { methods } from '../grpc-services.ts';
import { UdpPeer } from '../smartproxy/udp-peer.ts';
import { TcpTalk } from '../tcp-talk.ts';
import { TlsTalk } from '../tls-talk.ts';
import type { ExampleWorld } from './example-world.ts';
import type { ExampleCheck } from './request-checks.ts';

const switching = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

/** What a backend says first on a listener. */
async function greeting(world: ExampleWorld, listener: string): Promise<string> {
  using talk = new TcpTalk(world.portOf(listener), world.address);
  await talk.until('\n');
  return talk.text.trim();
}

/** One of each kind: one message or a stream of them, either way. */
const kindsOfCalls = ['large_unary', 'client_streaming', 'server_streaming', 'ping_pong'];

/** From one namespace to another. */
async function crossing(world: ExampleWorld): Promise<void> {
  assert.equal(String((await world.ask('reports.example.com', '/')).body), 'reports');
}

/** Examples of TLS, and of connections and datagrams as a whole. */
export const connectionChecks: Readonly<Record<string, ExampleCheck>> = {
  tls: async (world) => {
    const answer = await world.ask('secure.example.com', '/', { tls: true });
    assert.deepEqual([String(answer.body), answer.certificate], ['web', '*.example.com']);
    assert.equal((await world.ask('secure.example.com', '/')).status, 308);
    assert.equal(String((await world.ask('secure.example.com', '/status')).body), 'fine');
  },
  reencrypt: async (world) => {
    const answer = await world.ask('reencrypt.example.com', '/', { tls: true });
    assert.deepEqual([String(answer.body), answer.certificate], ['tls-server', '*.example.com']);
  },
  passthrough: async (world) => {
    const answer = await world.ask('passthrough.example.com', '/', { tls: true });
    assert.deepEqual([String(answer.body), answer.certificate], ['tls-server', 'backend.internal']);
  },
  tcp: async (world) => {
    const found = await Promise.all(Array.from({ length: 150 }, () => greeting(world, 'mail')));
    const share = found.filter((name) => name === 'mail-next').length;
    // 15 expected; outside of these lies less than one run in a hundred thousand.
    assert.ok(share > 0 && share < 37, `${share} of 150`);
  },
  'tls-tcp': async (world) => {
    const talkTo = (options: ConnectionOptions): TlsTalk =>
      new TlsTalk(world.portOf('https'), 'imap.example.com', { host: world.address, ALPNProtocols: ['imap'], ...options });
    using talk = talkTo(world.partner);
    await talk.until('mail\n');
    assert.deepEqual([talk.tls.alpnProtocol, talk.tls.getPeerCertificate().subject.CN], ['imap', '*.example.com']);
    for (const options of [world.stranger, {}]) {
      using refused = talkTo(options);
      await refused.untilEnd();
      assert.equal(refused.text, '');
    }
  },
  connection: async (world) => {
    using silent = new TcpTalk(world.portOf('devices'), world.address);
    using speaking = new TcpTalk(world.portOf('devices'), world.address);
    await Promise.all([silent, speaking].map((talk) => talk.until('mail\n')));
    using third = new TcpTalk(world.portOf('devices'), world.address);
    await third.untilEnd();
    assert.equal(third.text, '', 'two of one address');
    speaking.socket.write('hello');
    await speaking.until('hello');
    await silent.untilEnd();
    assert.equal(speaking.ended || speaking.closed, false, 'who has spoken stays');
  },
  websocket: async (world) => {
    world.webOtherwise = (_request, response) => response.socket?.write(switching);
    const request = world.open('chat.example.com', '/', { headers: { connection: 'upgrade', upgrade: 'websocket' } });
    const [, socket] = (await once(request.end(), 'upgrade')) as [unknown, Socket];
    socket.destroy();
    world.webOtherwise = () => undefined;
  },
  wildcard: async (world) => {
    const ask = async (host: string, path: string) => String((await world.ask(host, path)).body).trim();
    for (const host of ['blue.tenants.example.com', 'a.archive.example.com', 'b.a.archive.example.com'])
      assert.deepEqual([await ask(host, '/'), await ask(host, '/status')], ['web', 'fine'], host);
    for (const host of ['a.blue.tenants.example.com', 'tenants.example.com', 'archive.example.com'])
      assert.equal((await world.ask(host, '/')).status, 404, host);
  },
  listeners: async (world) => {
    assert.equal((await world.ask('inside.example.com', '/', { tls: true })).status, 404);
    const socket = connect(world.portOf('admin'), world.address);
    socket.write('PROXY TCP4 192.0.2.7 192.0.2.1 1234 443\r\n');
    const secure = connectTls({ socket, servername: 'inside.example.com', rejectUnauthorized: false });
    secure.write('GET /admin-port HTTP/1.1\r\nhost: inside.example.com\r\nconnection: close\r\n\r\n');
    assert.match(String(Buffer.concat(await secure.toArray())), /web$|web\r\n/);
    assert.equal(world.seenByWeb.findLast(({ url }) => url === '/admin-port')?.headers['x-real-ip'], '192.0.2.7');
  },
  'backend-proxy-protocol': async (world) => {
    assert.deepEqual(JSON.parse(String((await world.ask('proxied.example.com', '/')).body)), {
      source: world.address,
      tlvs: [tlvTypes.crc32c, tlvTypes.uniqueId],
    });
  },
  'cross-namespace': crossing,
  'cross-namespace-grant': crossing,
  grpc: async (world) => {
    const authority = 'grpc.example.com';
    const target = { address: `ipv4:${world.address}:${world.portOf('https')}`, authority, ca: world.front.cert };
    using client = new GrpcClient(target, { 'grpc.default_authority': authority });
    const cases = interopCases.filter(({ name }) => kindsOfCalls.includes(name));
    assert.equal(cases.length, kindsOfCalls.length);
    for (const { run } of cases) await run(client, world.calls);
    const reflection = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
    assert.equal((await client.unary({ ...methods.emptyCall, path: reflection }, {}).outcome).code, status.PERMISSION_DENIED);
  },
  udp: async (world) => {
    using client = await UdpPeer.open(world.address);
    assert.equal(await client.ask('who?', world.portOf('dns'), world.address), 'dns who?');
  },
};
