import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rename, writeFile } from 'node:fs/promises';
import { connect as connectHttp2 } from 'node:http2';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { udpDropReasons } from '../../../src/observability/counters/udp.ts';
import { eventually } from '../../tools/eventually.ts';
import { freePort } from '../../tools/free-port.ts';
import { get } from '../../tools/get.ts';
import { forwardTo, service, smartProxyConfig, smartRoute, tlsSecret, udpService } from '../../tools/manifests.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
import { Program } from '../../tools/program.ts';
import { endings } from '../../tools/program-books.ts';
import { startRun, temporaryFolder } from '../../tools/running-command.ts';
import { genuineHello } from '../../tools/smartproxy/client-hello-bytes.ts';
import { UdpPeer } from '../../tools/smartproxy/udp-peer.ts';
import { TcpBackend, TcpTalk } from '../../tools/tcp-talk.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';

const host = 'shop.example.com';
const route = smartRoute('shop', { hosts: [host], http: { rules: [{ name: 'all', action: { respond: { status: 200, body: 'shop' } } }] } });

/** A client that has had an answer and stays. */
async function staying(program: Program): Promise<TcpTalk> {
  const talk = new TcpTalk(program.httpPort);
  talk.socket.write(`GET / HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
  await talk.until('shop');
  return talk;
}

/** Whether the proxy lets a new client in. */
async function isLetIn(program: Program): Promise<boolean> {
  return await program.ask(host, '/').then(
    ({ status }) => status === 200,
    () => false,
  );
}

describe('settings of a SmartProxyConfig', () => {
  it('trustedProxies are believed from when they are named, and no longer', async () => {
    await using backend = await NamedBackend.start('web');
    const forwarding = smartRoute('shop', { hosts: [host], http: { rules: [{ name: 'all', action: forwardTo('web') }] } });
    await using program = await Program.start(smartProxyConfig({}) + service('web', backend.port) + forwarding);
    const seen = async (): Promise<unknown> => {
      await program.ask(host, '/', { headers: { 'x-forwarded-for': '192.0.2.7' } });
      return backend.seen.at(-1)?.headers['x-real-ip'];
    };
    assert.equal(await seen(), '127.0.0.1');
    await program.apply(smartProxyConfig({ trustedProxies: ['127.0.0.0/8', '10.0.0.0/80'] }));
    assert.deepEqual(program.problems, ['InvalidAddress']);
    assert.equal(await seen(), '192.0.2.7');
    await program.apply(smartProxyConfig({ trustedProxies: [] }));
    assert.equal(await seen(), '127.0.0.1');
  });

  it('limits hold for connections that come after them: in all, of one address, and by rate', async () => {
    await using program = await Program.start(smartProxyConfig({}) + route);
    using first = await staying(program);
    using second = await staying(program);
    await program.apply(smartProxyConfig({ limits: { maxConnections: 2 } }));
    assert.equal(await isLetIn(program), false);
    await eventually('the reason', () => endings(program)['proxy/rejected'] === 1);
    first.socket.write(`GET / HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
    await eventually('those that were there stay', () => first.text.split('shop').length === 3);

    await program.apply(smartProxyConfig({ limits: { maxConnectionsPerAddress: 1 } }));
    using counted = await staying(program);
    assert.equal(await isLetIn(program), false);
    await eventually('the reason', () => endings(program)['proxy/ip_limit'] === 1);

    await program.apply(smartProxyConfig({ limits: { connectionRate: 3 } }));
    const letIn = [];
    for (let count = 0; count < 6; count++) letIn.push(await isLetIn(program));
    assert.ok(letIn.includes(true) && letIn.at(-1) === false, letIn.join());
    assert.ok((endings(program)['proxy/rate_limited'] ?? 0) > 0);
    await program.apply(smartProxyConfig({ limits: { connectionRate: 60000 } }));
    assert.equal(await isLetIn(program), true, 'another rate holds at once');
    await program.apply(smartProxyConfig({ limits: { connectionRate: 3 } }));
    assert.equal(await isLetIn(program), false, 'what was spent of this one is not forgotten');
    await program.apply(smartProxyConfig({}));
    assert.equal(await isLetIn(program), true);
    assert.equal(second.closed || counted.closed, false);
  });

  it('limits.maxUdpSessions bounds the sessions of all routes', async () => {
    const listeners = [{ name: 'dns', port: await freePort(), protocol: 'UDP' }];
    using server = await UdpPeer.server('a');
    const udp = { backends: [{ name: 'dns', port: { name: 'dns' } }] };
    const objects = udpService('dns', server.port) + smartRoute('dns', { listeners: ['dns'], udp });
    await using program = await Program.start(smartProxyConfig({ listeners }) + objects);
    const port = program.ports.get('dns') ?? 0;
    using first = await UdpPeer.open();
    using second = await UdpPeer.open();
    assert.equal(await first.ask('x', port), 'a x');
    await program.apply(smartProxyConfig({ listeners, limits: { maxUdpSessions: 1 } }));
    assert.equal(await first.ask('y', port), 'a y');
    second.send('x', port);
    await eventually('it was dropped', () => program.dataPlane.snapshot().udpDropped[udpDropReasons.indexOf('session_limit')] === 1);
    await program.apply(smartProxyConfig({ listeners }));
    assert.equal(await second.ask('x', port), 'a x');
  });

  it('limits.keepAliveRequests is how many requests a connection may have, over HTTP/1.1 and HTTP/2, also one that is open', async (t) => {
    await using program = await Program.start(smartProxyConfig({}) + route, ['--h2c']);
    using talk = await staying(program);
    const session = connectHttp2(`http://127.0.0.1:${program.httpPort}`);
    t.after(() => session.destroy());
    const ask = async (): Promise<void> => {
      const stream = session.request({ ':authority': host, ':path': '/' });
      stream.resume();
      await once(stream, 'end');
    };
    await ask();
    await ask();
    await program.apply(smartProxyConfig({ limits: { keepAliveRequests: 2 } }));
    talk.socket.write(`GET / HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
    await talk.untilEnd();
    assert.match(talk.text, /connection: close\r\n[\s\S]*shop$/i);
    const left = once(session, 'close');
    await ask();
    await left;
  });

  it('limits.maxConnectionLifetime ends connections that come after it, busy or not', async () => {
    await using program = await Program.start(smartProxyConfig({}) + route);
    using before = await staying(program);
    await program.apply(smartProxyConfig({ limits: { maxConnectionLifetime: '1s' } }));
    using after = await staying(program);
    await after.untilEnd();
    await eventually('the reason', () => endings(program)['proxy/connection_timeout'] === 1);
    assert.equal(before.ended || before.closed, false);
  });

  it('limits.timeouts hold from when they begin to run: first byte, header, body and silence between requests', async () => {
    const patient = ['first-byte', 'header', 'body', 'keep-alive'].map((name) => `--${name}-timeout=10m`);
    await using backend = await TcpBackend.start((socket) => socket.resume());
    const slow = smartRoute('slow', {
      hosts: [host],
      http: { rules: [{ name: 'slow', matches: [{ path: { type: 'Prefix', value: '/slow' } }], action: forwardTo('web') }] },
    });
    await using program = await Program.start(smartProxyConfig({}) + service('web', backend.port) + slow + route, patient);
    const begin = (bytes: string): TcpTalk => {
      const talk = new TcpTalk(program.httpPort);
      talk.socket.write(bytes);
      return talk;
    };
    const cases = [
      ['firstByte', '', 'proxy/initial_timeout'],
      ['header', 'GET / HT', 'proxy/header_timeout'],
      ['body', `POST /slow HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 10\r\n\r\nhal`, undefined],
      ['keepAlive', `GET / HTTP/1.1\r\nhost: ${host}\r\n\r\n`, 'proxy/inactivity'],
    ] as const;
    for (const [name, bytes, ending] of cases) {
      await program.apply(smartProxyConfig({ limits: { timeouts: { [name]: '200ms' } } }));
      using talk = begin(bytes);
      await talk.untilEnd();
      if (ending === undefined) assert.match(talk.text, /^HTTP\/1\.1 408/);
      else await eventually(name, () => endings(program)[ending] === 1);
    }
    await program.apply(smartProxyConfig({}));
    using silent = begin('');
    using waiting = await staying(program);
    assert.equal(silent.ended || waiting.ended, false);
  });

  it('limits.maxHandshakes and limits.timeouts.handshake bound what TLS clients hold', async () => {
    const secure = smartRoute('secure', {
      hosts: [host],
      tls: { mode: 'Terminate', certificate: { secretRef: { name: 'shop-tls' } } },
      http: { rules: [{ name: 'all', action: { respond: { status: 200, body: 'shop' } } }] },
    });
    await using program = await Program.start(smartProxyConfig({}) + tlsSecret('shop-tls', await makeTestCertificate(host)) + secure, [
      '--handshake-timeout=10m',
      '--first-byte-timeout=10m',
    ]);
    const hello = await genuineHello(host);
    const stall = (): TcpTalk => {
      const talk = new TcpTalk(program.httpsPort);
      talk.socket.write(hello);
      return talk;
    };
    await program.apply(smartProxyConfig({ limits: { maxHandshakes: 1 } }));
    using first = stall();
    await eventually('it is under way', () => program.dataPlane.snapshot().tlsHandshakesActive === 1);
    // Eight wait, one more is over.
    const waiting = Array.from({ length: 9 }, stall);
    await eventually('one is over the limit', () => (endings(program)['proxy/handshake_limit'] ?? 0) > 0);
    for (const talk of [first, ...waiting]) talk.socket.destroy();
    await eventually('they are gone', () => program.dataPlane.snapshot().connectionsActive === 0);
    await program.apply(smartProxyConfig({ limits: { timeouts: { handshake: '1s' } } }));
    using late = stall();
    await late.untilEnd();
    assert.ok((endings(program)['proxy/handshake_timeout'] ?? 0) > 0);
    assert.equal((await program.ask(host, '/', { tls: true })).body, 'shop');
  });

  it('limits.clients lets in whom it allows and keeps out whom it denies; a list of which nothing is left lets nobody in', async () => {
    const clients = (lists: object): string => smartProxyConfig({ limits: { clients: lists } });
    await using program = await Program.start(clients({ allow: ['127.0.0.1'] }) + route);
    assert.equal(await isLetIn(program), true);
    await program.apply(clients({ allow: ['10.0.0.0/8'] }));
    assert.equal(await isLetIn(program), false);
    await program.apply(clients({ allow: ['127.0.0.1'], deny: ['127.0.0.0/8'] }));
    assert.equal(await isLetIn(program), false);
    await program.apply(clients({ allow: ['10.0.0.0/80'] }));
    assert.equal(await isLetIn(program), false);
    assert.deepEqual(program.problems, ['InvalidAddress']);
    await program.apply(smartProxyConfig({}));
    assert.equal(await isLetIn(program), true);
  });

  it('drain.timeout is what connections have when their route, which lets them drain, is gone', async () => {
    await using backend = await TcpBackend.named('echo');
    const listeners = [{ name: 'mail', port: await freePort(), protocol: 'TCP' }];
    const tcp = { backends: [{ name: 'echo', port: { name: 'web' } }] };
    const draining = smartRoute('mail', { listeners: ['mail'], connection: { whenRemoved: 'Drain' }, tcp });
    const config = smartProxyConfig({ listeners, drain: { timeout: '300ms' } });
    await using program = await Program.start(config + service('echo', backend.port) + draining, ['--drain-timeout=1h']);
    using talk = new TcpTalk(program.ports.get('mail') ?? 0);
    await talk.until('echo\n');
    await program.remove('SmartRoute', 'default/mail');
    await talk.untilEnd();
    await eventually('the reason', () => endings(program)['proxy/route_removed'] === 1);
  });

  it('drain.delay and drain.timeout are those of the end of the process, as they were last said', async (t) => {
    const folder = await temporaryFolder(t);
    const config = async (spec: object): Promise<void> => {
      await writeFile(join(folder, 'config.new'), smartProxyConfig(spec));
      await rename(join(folder, 'config.new'), join(folder, 'config.yaml'));
    };
    const slow = smartRoute('shop', { hosts: [host], http: { rules: [{ name: 'all', action: forwardTo('web') }] } });
    await using backend = await TcpBackend.start((socket) => socket.resume());
    await writeFile(join(folder, 'objects.yaml'), service('web', backend.port) + slow);
    await config({ drain: { delay: '1h', timeout: '1h' } });
    const command = await startRun(t, ['--manifests', folder, '--drain-delay=1h']);
    const port = await command.port('http');
    // A request that never ends, for which an end of an hour would wait.
    const unanswered = get(port, host, '/').catch(() => undefined);
    await eventually('the backend is asked', () => backend.connections.size > 0);
    await config({ drain: { delay: '0s', timeout: '200ms' }, trustedProxies: ['192.0.2.1'] });
    await command.until(async () => {
      const page = await get(await command.boundPort('admin'), 'localhost', '/debug/routes');
      return page.body.includes('192.0.2.1');
    });
    command.child.kill('SIGTERM');
    assert.equal(await command.exit(), 0);
    await unanswered;
    assert.ok(command.log.some(({ msg, drainTimeoutMs }) => msg === 'draining' && drainTimeoutMs === 200));
  });
});
