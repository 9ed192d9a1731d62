import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { adminChange, adminTokenFile } from '../../tools/admin-change.ts';
import { eventually } from '../../tools/eventually.ts';
import { freePort } from '../../tools/free-port.ts';
import { get } from '../../tools/get.ts';
import { forwardTo, ingress, service, smartProxyConfig, smartRoute, udpService } from '../../tools/manifests.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
import { startRun, temporaryFolder } from '../../tools/running-command.ts';
import { UdpPeer } from '../../tools/smartproxy/udp-peer.ts';
import { TcpBackend, TcpTalk } from '../../tools/tcp-talk.ts';

const web = { name: 'web' };

/** `run` with a route of HTTP, one of TCP and one of UDP, two endpoints each. */
class LiveRun {
  readonly #admin: number;
  readonly http: number;
  readonly tcp: number;
  readonly udp: number;

  private constructor(ports: { readonly admin: number; readonly http: number; readonly tcp: number; readonly udp: number }) {
    this.#admin = ports.admin;
    this.http = ports.http;
    this.tcp = ports.tcp;
    this.udp = ports.udp;
  }

  /** @param endpoints ports by Service */
  static async start(
    t: TestContext,
    endpoints: { readonly web: number[]; readonly mail: number[]; readonly dns: number },
  ): Promise<LiveRun> {
    const [tcp, udp] = [await freePort(), await freePort()];
    const listeners = [
      { name: 'mail', port: tcp, protocol: 'TCP' },
      { name: 'dns', port: udp, protocol: 'UDP' },
    ];
    const folder = await temporaryFolder(t);
    const rules = [{ name: 'all', action: forwardTo('web') }];
    await writeFile(
      join(folder, 'all.yaml'),
      smartProxyConfig({ listeners }) +
        service('web', ...endpoints.web) +
        service('mail', ...endpoints.mail) +
        udpService('dns', endpoints.dns) +
        smartRoute('web', { hosts: ['web.localhost'], http: { rules } }) +
        ingress('other', { rules: { 'other.localhost': [['/', 'Prefix', 'web']] } }) +
        smartRoute('mail', { listeners: ['mail'], tcp: { backends: [{ name: 'mail', port: web }] } }) +
        smartRoute('dns', { listeners: ['dns'], udp: { backends: [{ name: 'dns', port: { name: 'dns' } }] } }),
    );
    const command = await startRun(t, ['--manifests', folder, '--admin-token-file', await adminTokenFile(t)]);
    const ports = { http: await command.port('http'), admin: await command.port('admin'), tcp, udp };
    const isOpen = (name: string): boolean => command.log.some(({ msg, listener }) => msg === 'listener opened' && listener === name);
    await command.until(() => isOpen('mail') && isOpen('dns'));
    return new LiveRun(ports);
  }

  change(method: 'PUT' | 'DELETE', path: string): Promise<number> {
    return adminChange(this.#admin, method, path);
  }

  /** Routes of the live list, each once. */
  async routes(): Promise<readonly unknown[]> {
    const list = (await this.page('connections')) as readonly { readonly route?: string }[];
    return [...new Set(list.flatMap(({ route }) => route ?? []))].sort();
  }

  async page(name: string): Promise<unknown> {
    return JSON.parse((await get(this.#admin, 'localhost', `/debug/${name}`)).body);
  }

  /** A keep-alive connection that has been answered. */
  async browser(t: TestContext, host: string): Promise<{ readonly socket: Socket; readonly closed: Promise<unknown> }> {
    const socket = connect(this.http, '127.0.0.1');
    socket.on('error', () => {});
    t.after(() => socket.destroy());
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await askOn(socket, host);
    return { socket, closed };
  }

  async mail(): Promise<TcpTalk> {
    const talk = new TcpTalk(this.tcp);
    await talk.until('\n');
    return talk;
  }
}

async function askOn(socket: Socket, host: string): Promise<string> {
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  return String((await once(socket, 'data'))[0]);
}

test('connections of HTTP and TCP and sessions of UDP are ended by their object, by one spelling of routes', async (t) => {
  await using backend = await NamedBackend.start('a');
  await using mail = await TcpBackend.named('a');
  using dns = await UdpPeer.server('a');
  const run = await LiveRun.start(t, { web: [backend.port], mail: [mail.port], dns: dns.port });
  const victim = await run.browser(t, 'web.localhost');
  const bystander = await run.browser(t, 'other.localhost');
  using talk = await run.mail();
  using client = await UdpPeer.open();
  assert.equal(await client.ask('x', run.udp), 'a x');
  const routes = ['Ingress default/other other.localhost prefix /', 'SmartRoute default/dns dns', 'SmartRoute default/mail mail'];
  assert.deepEqual(await run.routes(), [...routes, 'SmartRoute default/web web.localhost all']);
  const table = (await run.page('routes')) as { readonly l4: readonly { readonly key: string }[] };
  assert.match(JSON.stringify(table), /"SmartRoute default\/mail mail"/);

  const kill = (route: string): Promise<number> => run.change('DELETE', `/debug/connections?route=${encodeURIComponent(route)}`);
  assert.equal(await kill('SmartRoute default/nobody'), 404);
  assert.equal(await kill('SmartRoute default/we'), 404);
  assert.equal(await kill('SmartRoute default/web'), 200);
  await victim.closed;
  assert.equal(await kill('SmartRoute default/mail'), 200);
  await eventually('the connection is closed', () => talk.closed);
  assert.equal(await kill('SmartRoute default/dns'), 200);
  assert.deepEqual(await run.routes(), routes.slice(0, 1));

  using another = await run.mail();
  assert.equal(await kill('SmartRoute default/mail mail'), 200);
  await eventually('the connection is closed', () => another.closed);
  assert.match(await askOn(bystander.socket, 'other.localhost'), /^HTTP\/1\.1 200 /);
  assert.equal(await client.ask('again', run.udp), 'a again');
  assert.deepEqual(await run.routes(), routes.slice(0, 2));
});

test('an endpoint that is drained over the admin port keeps what it has and gets nothing new, until the drain ends', async (t) => {
  await using one = await NamedBackend.start('one');
  await using two = await NamedBackend.start('two');
  await using first = await TcpBackend.named('first');
  await using second = await TcpBackend.named('second');
  using dns = await UdpPeer.server('a');
  const run = await LiveRun.start(t, { web: [one.port, two.port], mail: [first.port, second.port], dns: dns.port });
  const drains = (port: number): string => `/debug/drains?endpoint=127.0.0.1:${port}`;
  using client = await UdpPeer.open();
  assert.equal(await client.ask('x', run.udp), 'a x');
  const talks = await Promise.all(Array.from({ length: 4 }, () => run.mail()));
  t.after(() => {
    for (const talk of talks) talk[Symbol.dispose]();
  });
  const kept = talks.find(({ text }) => text === 'first\n');
  assert.ok(kept !== undefined, 'round robin reaches both');

  for (const port of [one.port, first.port, dns.port]) assert.equal(await run.change('PUT', drains(port)), 200);
  assert.deepEqual(
    (await run.page('drains')) as string[],
    [one.port, first.port, dns.port].map((port) => `127.0.0.1:${port}`),
  );
  const web = async (): Promise<string> => (await get(run.http, 'web.localhost', '/')).body;
  for (let count = 0; count < 6; count++) {
    assert.equal(await web(), 'two');
    using talk = await run.mail();
    assert.equal(talk.text, 'second\n');
  }
  kept.socket.write('still here');
  await kept.until('still here');
  assert.equal(await client.ask('y', run.udp), 'a y', 'a session stays where it is');
  using stranger = await UdpPeer.open();
  const before = dns.received.length;
  stranger.send('new', run.udp);
  assert.equal(await client.ask('z', run.udp), 'a z');
  assert.ok(
    dns.received.slice(before).every(({ text }) => text !== 'new'),
    'a new session goes nowhere: there is no other endpoint',
  );

  for (const port of [one.port, first.port, dns.port]) assert.equal(await run.change('DELETE', drains(port)), 200);
  assert.equal(await run.change('DELETE', drains(one.port)), 404);
  assert.deepEqual(await run.page('drains'), []);
  const seen = new Set<string>();
  for (let count = 0; count < 4; count++) seen.add(await web());
  assert.deepEqual([...seen].sort(), ['one', 'two']);
  assert.equal(await stranger.ask('new', run.udp), 'a new');
});
