import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { eventually } from '../../tools/eventually.ts';
import { freePort } from '../../tools/free-port.ts';
import { get } from '../../tools/get.ts';
import { service, smartProxyConfig, smartRoute } from '../../tools/manifests.ts';
import { Program } from '../../tools/program.ts';
import { endings } from '../../tools/program-books.ts';
import { TcpBackend, TcpTalk } from '../../tools/tcp-talk.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';

const web = { name: 'web' };

/** A route of whole connections of listener `mail`. */
const mailRoute = (backends: readonly object[], more: object = {}, name = 'mail', created?: string): string =>
  smartRoute(name, { listeners: ['mail'], tcp: { backends }, ...more }, created);

async function configured(...more: readonly object[]): Promise<string> {
  return smartProxyConfig({ listeners: [{ name: 'mail', port: await freePort(), publishedPort: 80, protocol: 'TCP' }, ...more] });
}

/** What the program greets with on `mail`. */
async function greeting(program: Program): Promise<string> {
  using talk = new TcpTalk(program.ports.get('mail') ?? 0);
  await talk.until('\n');
  return talk.text.trim();
}

describe('SmartRoute by listener, objects in and connections out', () => {
  it('a server that speaks first is heard before its client says a word, and each side may finish alone', async () => {
    await using backend = await TcpBackend.start((socket) => {
      socket.write('220 ready\r\n');
      socket.once('end', () => socket.end('221 after your end\r\n'));
      socket.resume();
    });
    const route = mailRoute([{ name: 'mail', port: { number: 80 } }]);
    await using program = await Program.start((await configured()) + service('mail', backend.port) + route);
    assert.deepEqual(program.problems, []);
    using talk = new TcpTalk(program.ports.get('mail') ?? 0);
    await talk.until('220 ready\r\n');
    talk.socket.end('QUIT\r\n');
    await talk.until('221 after your end\r\n');
    await eventually('the connection is closed', () => talk.closed);
    await eventually('the end is counted', () => endings(program)['client/normal'] === 1);
  });

  it('a client that speaks may be answered after it has finished, and a server that finished may still be told', async () => {
    let heard = '';
    await using backend = await TcpBackend.start((socket) => {
      socket.end('all that I say');
      socket.on('data', (chunk) => {
        heard += chunk;
      });
    });
    const route = mailRoute([{ name: 'mail', port: { number: 80 } }]);
    await using program = await Program.start((await configured()) + service('mail', backend.port) + route);
    using talk = new TcpTalk(program.ports.get('mail') ?? 0);
    await talk.untilEnd();
    assert.equal(talk.text, 'all that I say');
    talk.socket.end('and what I say');
    await eventually('the server heard it', () => heard === 'and what I say');
  });

  it('backends share connections by weight, by name and number of their port; a missing one ends its share', async () => {
    await using a = await TcpBackend.named('a');
    await using b = await TcpBackend.named('b');
    const objects = (await configured()) + service('a', a.port) + service('b', b.port);
    const [first, second] = [
      { name: 'a', port: web },
      { name: 'b', port: { number: 80 } },
    ];
    await using program = await Program.start(objects + mailRoute([first, { ...second, weight: 0 }]));
    for (let count = 0; count < 20; count++) assert.equal(await greeting(program), 'a');
    await program.apply(mailRoute([{ ...first, weight: 0 }, second]));
    for (let count = 0; count < 20; count++) assert.equal(await greeting(program), 'b');
    await program.apply(
      mailRoute([
        { ...first, weight: 1000 },
        { ...second, weight: 1000 },
      ]),
    );
    const seen = new Set<string>();
    // A fair coin that falls the same way 200 times is not to be expected.
    for (let count = 0; count < 200 && seen.size < 2; count++) seen.add(await greeting(program));
    assert.deepEqual([...seen].sort(), ['a', 'b']);

    await program.apply(
      mailRoute([
        { ...first, weight: 0 },
        { name: 'gone', port: web },
      ]),
    );
    assert.deepEqual(program.problems, ['ServiceNotFound']);
    using talk = new TcpTalk(program.ports.get('mail') ?? 0);
    await talk.untilEnd();
    assert.equal(talk.text, '');
    await eventually('the reason', () => endings(program)['proxy/no_endpoints'] === 1);
  });

  it('preserve takes the port that clients dial', async () => {
    await using backend = await TcpBackend.named('preserved');
    const route = mailRoute([{ name: 'mail', port: { preserve: true } }]);
    await using program = await Program.start((await configured()) + service('mail', backend.port) + route);
    assert.equal(await greeting(program), 'preserved');
    const other = smartProxyConfig({
      listeners: [{ name: 'mail', port: program.ports.get('mail'), publishedPort: 81, protocol: 'TCP' }],
    });
    await program.apply(other);
    assert.deepEqual(program.problems, ['ServicePortNotFound']);
  });

  it('a listener is the oldest route of its own, the other is told and follows it; connections go with their route', async () => {
    await using a = await TcpBackend.named('a');
    await using b = await TcpBackend.named('b');
    const older = mailRoute([{ name: 'a', port: web }], {}, 'older', '2026-01-01T00:00:00Z');
    const younger = mailRoute([{ name: 'b', port: web }], {}, 'younger', '2026-02-01T00:00:00Z');
    await using program = await Program.start((await configured()) + service('a', a.port) + service('b', b.port) + younger + older);
    assert.deepEqual(program.problems, ['ListenerConflict']);
    assert.match(program.translation.problems[0]?.message ?? '', /SmartRoute default\/older \(older\)/);
    using talk = new TcpTalk(program.ports.get('mail') ?? 0);
    await talk.until('a\n');

    await program.apply(
      mailRoute([{ name: 'a', port: web }], { policy: { timeouts: { connect: '1s' } } }, 'older', '2026-01-01T00:00:00Z'),
    );
    talk.socket.write('still here');
    await talk.until('still here');

    await program.remove('SmartRoute', 'default/older');
    await talk.untilEnd();
    await eventually('the reason', () => endings(program)['proxy/route_removed'] === 1);
    assert.equal(await greeting(program), 'b');
    assert.deepEqual(program.problems, []);
    await program.remove('SmartRoute', 'default/younger');
    using nobody = new TcpTalk(program.ports.get('mail') ?? 0);
    await nobody.untilEnd();
    await eventually('the reason', () => endings(program)['proxy/no_route'] === 1);
  });

  it('of two routes of a listener the one of the higher priority has it, whatever their age', async () => {
    await using a = await TcpBackend.named('a');
    await using b = await TcpBackend.named('b');
    const older = mailRoute([{ name: 'a', port: web }], {}, 'older', '2026-01-01T00:00:00Z');
    const younger = mailRoute([{ name: 'b', port: web }], { priority: 1 }, 'younger', '2026-02-01T00:00:00Z');
    await using program = await Program.start((await configured()) + service('a', a.port) + service('b', b.port) + older + younger);
    assert.equal(await greeting(program), 'b');
    assert.match(program.translation.problems[0]?.message ?? '', /listener "mail" is that of SmartRoute default\/younger \(priority 1\)/);
    await program.apply(mailRoute([{ name: 'a', port: web }], { priority: 2 }, 'older', '2026-01-01T00:00:00Z'));
    assert.equal(await greeting(program), 'a');
  });

  it('retries.attempts says how many endpoints are tried after one that refuses', async () => {
    await using well = await TcpBackend.named('well');
    const gone = await Promise.all([freePort(), freePort(), freePort()]);
    const route = (attempts: number): string => {
      const backend = { outlierDetection: { consecutiveConnectFailures: 100 } };
      return mailRoute([{ name: 'mail', port: web }], { policy: { retries: { attempts }, backend } });
    };
    await using program = await Program.start((await configured()) + service('mail', ...gone) + route(0));
    const dialled = async (): Promise<number> => {
      const before = program.dataPlane.counters.upstreamConnectFailures;
      using talk = new TcpTalk(program.ports.get('mail') ?? 0);
      await talk.untilEnd();
      return program.dataPlane.counters.upstreamConnectFailures - before;
    };
    assert.equal(await dialled(), 1);
    await program.apply(route(1));
    assert.equal(await dialled(), 2);
    await program.apply(route(3));
    assert.equal(await dialled(), 4);
    await program.apply(service('mail', ...gone.slice(1), well.port));
    for (let count = 0; count < 6; count++) assert.equal(await greeting(program), 'well');
  });

  it('settings that mean nothing to connections are named by the object’s conditions, behind what weighs more', async () => {
    await using backend = await TcpBackend.named('a');
    const policy = { timeouts: { read: '5s' }, headers: { request: { remove: ['a'] } } };
    const base = (await configured()) + service('a', backend.port);
    await using program = await Program.start(base + mailRoute([{ name: 'a', port: web }], { policy, polizy: {} }));
    assert.deepEqual(program.problems, ['UnknownField', 'NoEffect', 'NoEffect']);
    const accepted = () => program.translation.smartRoutes[0]?.conditions.find(({ type }) => type === 'Accepted');
    assert.deepEqual([accepted()?.status, accepted()?.reason], ['False', 'UnknownField']);
    for (const field of ['spec.polizy', 'spec.policy.timeouts.read', 'spec.policy.headers'])
      assert.ok(accepted()?.message.includes(`${field}: `), `${field} in ${accepted()?.message}`);
    assert.equal(await greeting(program), 'a');
    await program.apply(mailRoute([{ name: 'a', port: web }], { policy, listeners: ['mail', 'http'] }));
    assert.equal(accepted()?.reason, 'ListenerMismatch');
  });

  it('clients of a listener are those that its policy lets in', async () => {
    await using backend = await TcpBackend.named('a');
    const deny = mailRoute([{ name: 'a', port: web }], { policy: { clients: { deny: ['127.0.0.1'] } } });
    await using program = await Program.start((await configured()) + service('a', backend.port) + deny);
    using talk = new TcpTalk(program.ports.get('mail') ?? 0);
    await talk.untilEnd();
    await eventually('the reason', () => endings(program)['proxy/ip_blocked'] === 1);
    await program.apply(mailRoute([{ name: 'a', port: web }], { policy: { clients: { allow: ['127.0.0.0/8'] } } }));
    assert.equal(await greeting(program), 'a');
  });

  it('maintenance closes a listener to all but those who may in, and an address that is none to everybody', async () => {
    await using backend = await TcpBackend.named('a');
    const closed = (maintenance: object): string => mailRoute([{ name: 'a', port: web }], { policy: { maintenance } });
    await using program = await Program.start((await configured()) + service('a', backend.port) + closed({ enabled: true }));
    using talk = new TcpTalk(program.ports.get('mail') ?? 0);
    await talk.untilEnd();
    await eventually('the reason', () => endings(program)['proxy/maintenance'] === 1);
    await program.apply(closed({ enabled: true, allow: ['127.0.0.0/8'] }));
    assert.equal(await greeting(program), 'a');
    await program.apply(closed({ enabled: true, allow: ['127.0.0.0/80'] }));
    assert.deepEqual(program.problems, ['InvalidAddress']);
    using nobody = new TcpTalk(program.ports.get('mail') ?? 0);
    await nobody.untilEnd();
    await eventually('the reason', () => endings(program)['proxy/no_endpoints'] === 1);
  });

  it('listeners are what an HTTP route is served on, before routes for any', async () => {
    const host = 'shop.example.com';
    const answers = (name: string, more: object = {}): string =>
      smartRoute(name, { hosts: [host], http: { rules: [{ name: 'all', action: { respond: { status: 200, body: name } } }] }, ...more });
    const admin = { name: 'admin', port: await freePort(), protocol: 'HTTP' };
    const objects = (await configured(admin)) + answers('shop') + answers('admin', { listeners: ['admin'] });
    await using program = await Program.start(objects);
    assert.deepEqual(program.problems, []);
    assert.equal((await get(admin.port, host, '/')).body, 'admin');
    assert.equal((await program.ask(host, '/')).body, 'shop');
    await program.remove('SmartRoute', 'default/shop');
    assert.equal((await program.ask(host, '/')).status, 404);
    await program.apply(answers('admin', { listeners: ['mail', 'gone'] }));
    assert.deepEqual(program.problems, ['ListenerMismatch', 'ListenerNotFound']);
    assert.equal((await get(admin.port, host, '/')).status, 404);
  });

  it('listeners are where Passthrough is so', async (t) => {
    const host = 'vault.example.com';
    const own = await makeTestCertificate(host);
    const secure = createTlsServer(own, (_request, response) => response.end('vault')).listen(0, '127.0.0.1');
    t.after(() => secure.close());
    await once(secure, 'listening');
    const { port } = secure.address() as AddressInfo;
    const admin = { name: 'admin', port: await freePort(), protocol: 'HTTPS' };
    const tcp = { backends: [{ name: 'vault', port: web }] };
    const route = smartRoute('vault', { listeners: ['admin'], hosts: [host], tls: { mode: 'Passthrough' }, tcp });
    await using program = await Program.start((await configured(admin)) + service('vault', port) + route);
    assert.deepEqual(program.problems, []);
    const subject = async (to: number): Promise<string | undefined> => {
      const socket = connectTls({ host: '127.0.0.1', port: to, servername: host, rejectUnauthorized: false });
      const shown = await once(socket, 'secureConnect').then(
        () => socket.getPeerX509Certificate()?.subjectAltName,
        (error: Error & { readonly code?: string }) => error.code,
      );
      socket.destroy();
      return shown;
    };
    assert.equal(await subject(admin.port), `DNS:${host}`);
    assert.equal(await subject(program.httpsPort), 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME');
  });
});
