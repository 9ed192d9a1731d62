import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import { freePort } from '../../tools/free-port.ts';
import { service, smartProxyConfig, smartRoute, udpService } from '../../tools/manifests.ts';
import { Program } from '../../tools/program.ts';
import { endings } from '../../tools/program-books.ts';
import { UdpPeer } from '../../tools/smartproxy/udp-peer.ts';
import { TcpBackend } from '../../tools/tcp-talk.ts';

const [inside, outside] = ['127.0.0.2', '127.0.0.1'];
const ofInside = { clientCIDRs: ['127.0.0.2', '2001:db8::/32'] };
const host = 'shop.example.com';

const says = (name: string, more: object = {}, created?: string): string =>
  smartRoute(
    name,
    { hosts: [host], http: { rules: [{ name: 'all', action: { respond: { status: 200, body: name } } }] }, ...more },
    created,
  );

/** The answer to a client with this address. */
async function askFrom(program: Program, localAddress: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const asked = request({ host: '127.0.0.1', port: program.httpPort, localAddress, headers: { host, ...headers }, agent: false });
  const [response] = (await once(asked.end(), 'response')) as [NodeJS.ReadableStream];
  let text = '';
  for await (const chunk of response) text += chunk;
  return text;
}

/** A connection of a client with this address to `mail`, and what it was greeted with; '': it was ended. */
async function greetedFrom(program: Program, localAddress: string): Promise<{ readonly socket: Socket; readonly greeting: string }> {
  const socket = connect({ host: '127.0.0.1', port: program.ports.get('mail') ?? 0, localAddress });
  socket.on('error', () => {});
  const greeting = await new Promise<string>((resolve) => {
    socket.once('data', (data) => resolve(String(data).trim()));
    socket.once('close', () => resolve(''));
  });
  return { socket, greeting };
}

async function greeting(program: Program, from: string): Promise<string> {
  const { socket, greeting } = await greetedFrom(program, from);
  socket.destroy();
  return greeting;
}

describe('SmartRoute by client, objects in and real sockets out', () => {
  it('clientCIDRs choose between routes of one host, whatever their age and paths', async () => {
    const http = { rules: [{ name: 'all', matches: [{ path: { type: 'Exact', value: '/' } }], action: { block: {} } }] };
    await using program = await Program.start(says('all', {}, '2020-01-01T00:00:00Z') + says('inside', ofInside));
    assert.deepEqual(program.problems, []);
    assert.deepEqual([await askFrom(program, inside), await askFrom(program, outside)], ['inside', 'all']);
    await program.apply(says('exact', { http }));
    assert.equal(await askFrom(program, inside), 'inside', 'before a longer path');
    await program.remove('SmartRoute', 'default/inside');
    assert.match(await askFrom(program, inside), /403|Forbidden/);
  });

  it('clientCIDRs of HTTP mean the client that trusted proxies vouch for', async () => {
    await using program = await Program.start(says('all') + says('inside', ofInside), ['--trusted-proxies=127.0.0.1']);
    assert.equal(await askFrom(program, outside, { 'x-forwarded-for': '2001:db8::7' }), 'inside');
    assert.equal(await askFrom(program, outside, { 'x-forwarded-for': '192.0.2.7' }), 'all');
    await using wary = await Program.start(says('all') + says('inside', ofInside));
    assert.equal(await askFrom(wary, outside, { 'x-forwarded-for': '2001:db8::7' }), 'all');
  });

  it('without a route for everybody there is none for the others', async () => {
    await using program = await Program.start(says('inside', ofInside));
    assert.equal(await askFrom(program, inside), 'inside');
    assert.equal((await program.ask(host, '/')).status, 404);
  });

  it('a list that is wrong in part is told and stands for the rest of it, and one that is wrong as a whole for nobody', async () => {
    await using program = await Program.start(says('all') + says('inside', { clientCIDRs: ['127.0.0.2', '127.0.0.0/99'] }));
    assert.deepEqual(program.problems, ['InvalidAddress']);
    assert.deepEqual([await askFrom(program, inside), await askFrom(program, outside)], ['inside', 'all']);
    await program.apply(says('inside', { clientCIDRs: ['127.0.0.0/99'] }));
    assert.equal(await askFrom(program, inside), 'all');
  });

  it('clientCIDRs choose between routes of one TCP listener; the same ones twice are a conflict', async () => {
    await using a = await TcpBackend.named('a');
    await using b = await TcpBackend.named('b');
    const mail = (name: string, backend: string, more: object = {}, created?: string): string =>
      smartRoute(name, { listeners: ['mail'], tcp: { backends: [{ name: backend, port: { name: 'web' } }] }, ...more }, created);
    const config = smartProxyConfig({ listeners: [{ name: 'mail', port: await freePort(), protocol: 'TCP' }] });
    const objects = config + service('a', a.port) + service('b', b.port);
    await using program = await Program.start(objects + mail('all', 'a') + mail('inside', 'b', ofInside, '2020-01-01T00:00:00Z'));
    assert.deepEqual(program.problems, []);
    const both = async () => [await greeting(program, inside), await greeting(program, outside)];
    assert.deepEqual(await both(), ['b', 'a']);

    const reversed = { clientCIDRs: [...ofInside.clientCIDRs].reverse() };
    await program.apply(mail('later', 'a', reversed, '2999-01-01T00:00:00Z'));
    assert.deepEqual(program.problems, ['ListenerConflict']);
    assert.deepEqual(await both(), ['b', 'a']);
    await program.remove('SmartRoute', 'default/later');

    const { socket } = await greetedFrom(program, inside);
    await program.remove('SmartRoute', 'default/inside');
    await eventually('what another route has now is ended', () => socket.destroyed);
    assert.equal(endings(program)['proxy/route_removed'], 1);
    assert.deepEqual(await both(), ['a', 'a']);
    await program.remove('SmartRoute', 'default/all');
    await program.apply(mail('inside', 'b', ofInside));
    assert.deepEqual(await both(), ['b', '']);
  });

  it('clientCIDRs choose between routes of one UDP listener', async () => {
    using a = await UdpPeer.server('a');
    using b = await UdpPeer.server('b');
    const dns = (name: string, backend: string, more: object = {}): string =>
      smartRoute(name, { listeners: ['dns'], udp: { backends: [{ name: backend, port: { name: 'dns' } }] }, ...more });
    const config = smartProxyConfig({ listeners: [{ name: 'dns', port: await freePort(), protocol: 'UDP' }] });
    const objects = config + udpService('a', a.port) + udpService('b', b.port);
    await using program = await Program.start(objects + dns('all', 'a') + dns('inside', 'b', ofInside));
    assert.deepEqual(program.problems, []);
    const port = program.ports.get('dns') ?? 0;
    using within = await UdpPeer.open(inside);
    using without = await UdpPeer.open(outside);
    assert.deepEqual([await within.ask('x', port), await without.ask('x', port)], ['b x', 'a x']);
    await program.remove('SmartRoute', 'default/inside');
    assert.equal(await within.ask('y', port), 'a y', 'its session has moved');
  });

  it('what the kernel forwards stands beside what workers do; the same clients are a conflict of both', async () => {
    const db = (name: string, engine: string, created: string, more: object = {}): string => {
      const tcp = { engine, backends: [{ name: 'db', port: { name: 'web' } }] };
      return smartRoute(name, { listeners: ['db'], tcp, ...more }, created);
    };
    const config = smartProxyConfig({ listeners: [{ name: 'db', port: await freePort(), protocol: 'TCP' }] });
    const node = db('node', 'Node', '2021-01-01T00:00:00Z', { clientCIDRs: ['10.0.0.0/8'] });
    const objects = config + service('db', 1) + node + db('kernel', 'NFTables', '2022-01-01T00:00:00Z');
    const ofKernel = db('same', 'NFTables', '2023-01-01T00:00:00Z', { clientCIDRs: ['10.0.0.0/8'] });
    await using program = await Program.start(objects + ofKernel);
    assert.deepEqual(program.problems.toSorted(), ['EngineUnavailable', 'EngineUnavailable', 'ListenerConflict']);
    assert.deepEqual(
      [...program.translation.routeTable.l4.values()].map(({ source }) => source.name),
      ['node', 'kernel'],
    );
  });
});
