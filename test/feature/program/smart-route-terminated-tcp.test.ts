import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import { eventually } from '../../tools/eventually.ts';
import { forwardTo, ingressClass, opaqueSecret, service, smartRoute, tlsSecret } from '../../tools/manifests.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
import { Program } from '../../tools/program.ts';
import { assertBooks, endings, stateOf, untilAtRest } from '../../tools/program-books.ts';
import { TcpBackend } from '../../tools/tcp-talk.ts';
import { TestAuthority } from '../../tools/test-authority.ts';
import { makeTestCertificate, type TestCertificate } from '../../tools/test-certificate.ts';
import { TlsTalk } from '../../tools/tls-talk.ts';

const host = 'mail.example.com';
const tcpTo = (name: string): object => ({ backends: [{ name, port: { name: 'web' } }] });
const clear = { mode: 'Terminate', certificate: { secretRef: { name: 'tls' } } };
const again = { ...clear, mode: 'TerminateAndReencrypt' };

/** A server that speaks TLS, greets by the name and the protocol that it was asked for, and sends back what it gets. */
class TlsBackend implements AsyncDisposable {
  readonly #server: TlsServer;
  readonly #sockets = new Set<TLSSocket>();

  private constructor(certificate: TestCertificate, ca: string) {
    const ALPNProtocols = ['imap', 'smtp'];
    this.#server = createTlsServer({ ...certificate, ca, requestCert: true, rejectUnauthorized: false, ALPNProtocols }, (socket) => {
      const { servername } = socket as TLSSocket & { servername?: string | false };
      const shown = socket.getPeerX509Certificate()?.subject ?? 'nobody';
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.write(`${servername || 'no name'} ${socket.alpnProtocol || 'no ALPN'} ${shown}\n`);
      socket.pipe(socket);
    });
  }

  static async start(certificate: TestCertificate, ca: string): Promise<TlsBackend> {
    const backend = new TlsBackend(certificate, ca);
    backend.#server.listen(0, '127.0.0.1');
    await once(backend.#server, 'listening');
    return backend;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

describe('TLS that ends here before TCP', () => {
  let echo: TcpBackend;
  let web: NamedBackend;
  let secure: TlsBackend;
  let authority: TestAuthority;
  let ada: TestCertificate;
  let backendPem: TestCertificate;
  let objects: string;

  before(async () => {
    echo = await TcpBackend.named('220 ready');
    web = await NamedBackend.start('web');
    authority = await TestAuthority.make('CN=Partners');
    [ada, backendPem] = await Promise.all([authority.issue('CN=ada'), makeTestCertificate('backend.internal')]);
    secure = await TlsBackend.start(backendPem, authority.ca);
    objects =
      ingressClass +
      service('echo', echo.port) +
      service('web', web.port) +
      service('secure', secure.port) +
      tlsSecret('tls', await makeTestCertificate('*.example.com')) +
      tlsSecret('ada', ada) +
      opaqueSecret('partners', { 'ca.crt': authority.ca }) +
      opaqueSecret('backend-ca', { 'ca.crt': backendPem.cert });
  });

  after(async () => {
    await echo[Symbol.asyncDispose]();
    await web[Symbol.asyncDispose]();
    await secure[Symbol.asyncDispose]();
  });

  const route = (more: object = {}, name = 'mail', created?: string): string =>
    smartRoute(name, { hosts: [host], tls: clear, tcp: tcpTo('echo'), ...more }, created);
  const talkTo = (program: Program, servername = host, options: ConstructorParameters<typeof TlsTalk>[2] = {}): TlsTalk =>
    new TlsTalk(program.httpsPort, servername, options);
  const say = async (talk: TlsTalk, text: string): Promise<void> => {
    talk.socket.write(text);
    await talk.until(text);
  };
  /** With the loopback transport the client's own end waits for the client to finish. */
  const untilBothEnd = async (talk: TlsTalk): Promise<void> => {
    await talk.untilEnd();
    talk.socket.end();
  };
  const untilEnding = (program: Program, ending: string, count = 1): Promise<unknown> =>
    eventually(`${count} times ${ending}`, () => endings(program)[ending] === count);

  for (const transport of ['handoff', 'loopback']) {
    const flags = ['--network-proxy-transport', transport];

    it(`a server speaks first, bytes go both ways, and nothing is left behind (${transport})`, async () => {
      await using program = await Program.start(objects + route(), flags);
      assert.deepEqual(program.problems, []);
      using warm = talkTo(program);
      await warm.until('220 ready\n');
      warm.socket.end();
      await untilEnding(program, 'client/normal');
      await eventually('the first one is away', () => echo.connections.size === 0);
      const before = stateOf(program);

      using talk = talkTo(program);
      await talk.until('220 ready\n');
      assert.equal(talk.tls.alpnProtocol, false);
      await say(talk, 'hello');
      const [view] = program.dataPlane.connections(10);
      assert.equal(view?.state, 'forwarding');
      assert.equal(view?.route, 'SmartRoute default/mail mail.example.com tcp');
      assert.equal(view?.serverName, host);
      assert.equal(view?.endpoint, `127.0.0.1:${echo.port}`);
      talk.socket.end();
      await talk.untilEnd();
      await untilEnding(program, 'client/normal', 2);
      const series = assertBooks(program).requests.find(({ labels }) => labels.route === 'mail');
      assert.equal(series?.connections.opened, 2);
      assert.equal(series?.connections.closed, 2);
      assert.ok((series?.connections.received ?? 0) > 0 && (series?.connections.sent ?? 0) > 0);
      await untilAtRest(program, before);
    });

    it(`the access log says what was agreed on and who has shown a certificate (${transport})`, async () => {
      const clientAuth = { mode: 'Optional', caRef: { name: 'partners' } };
      const program = await Program.start(objects + route({ tls: { ...clear, alpn: ['imap'], clientAuth } }), flags);
      assert.deepEqual(program.problems, []);
      const clients = [{ ...ada, ALPNProtocols: ['imap'], maxVersion: 'TLSv1.2' as const }, {}];
      for (const [index, options] of clients.entries()) {
        using talk = talkTo(program, host, options);
        await talk.until('220 ready\n');
        talk.socket.end();
        await talk.untilEnd();
        await untilEnding(program, 'client/normal', index + 1);
      }
      const lines = await program.finish();
      const facts = lines.map(({ serverName, tlsVersion, alpn, clientCommonName }) => [serverName, tlsVersion, alpn, clientCommonName]);
      assert.deepEqual(facts, [
        [host, 'TLSv1.2', 'imap', 'ada'],
        [host, 'TLSv1.3', undefined, undefined],
      ]);
      assert.match(String(lines[0]?.tlsCipher), /^ECDHE-ECDSA-/);
      assert.match(String(lines[1]?.tlsCipher), /^TLS_/);
    });

    it(`each side may finish before the other (${transport})`, async () => {
      await using counting = await TcpBackend.start((socket) => {
        let received = 0;
        socket.on('data', (chunk: Buffer) => {
          received += chunk.length;
        });
        socket.on('end', () => socket.end(`got ${received}`));
      });
      const got: Buffer[] = [];
      await using leaving = await TcpBackend.start((socket) => {
        socket.end('bye');
        socket.on('data', (chunk: Buffer) => got.push(chunk));
      });
      const late = { hosts: ['late.example.com'], tcp: tcpTo('leaving') };
      const services = service('counting', counting.port) + service('leaving', leaving.port);
      await using program = await Program.start(objects + services + route({ tcp: tcpTo('counting') }) + route(late, 'late'), flags);
      using asking = talkTo(program);
      asking.socket.end('x'.repeat(100_000));
      await asking.until('got 100000');
      using staying = talkTo(program, 'late.example.com');
      await staying.until('bye');
      await staying.untilEnd();
      staying.socket.end('still here');
      await eventually('the backend has got it', () => Buffer.concat(got).toString() === 'still here');
      await untilEnding(program, 'client/normal');
      await untilEnding(program, 'upstream/normal');
    });

    it(`no byte is lost to who reads slowly, in either direction (${transport})`, async () => {
      const total = 24 * 1024 * 1024;
      await using program = await Program.start(objects + route(), flags);
      using talk = talkTo(program);
      await talk.until('220 ready\n');
      talk.socket.pause();
      const block = Buffer.alloc(256 * 1024, 'x');
      let left = total;
      const send = (): void => {
        while (left > 0) {
          left -= block.length;
          if (!talk.socket.write(block)) return;
        }
        talk.socket.end();
      };
      talk.socket.on('drain', send);
      send();
      await eventually('the client is held back', () => talk.socket.writableNeedDrain);
      let received = 0;
      talk.socket.removeAllListeners('data');
      talk.socket.on('data', (chunk: Buffer) => {
        received += chunk.length;
      });
      talk.socket.resume();
      await talk.untilEnd();
      assert.equal(received, total);
      await untilEnding(program, 'client/normal');
    });

    it(`a backend that can not be reached, or breaks off, ends the connection with its own reason (${transport})`, async () => {
      await using rude = await TcpBackend.start((socket) => socket.once('data', () => socket.resetAndDestroy()));
      const services = service('rude', rude.port) + service('nobody', 1);
      const [broken, gone] = [{ tcp: tcpTo('rude') }, { hosts: ['gone.example.com'], tcp: tcpTo('nobody') }];
      await using program = await Program.start(objects + services + route(broken) + route(gone, 'gone'), flags);
      using reset = talkTo(program);
      reset.socket.write('hello');
      await untilBothEnd(reset);
      await untilEnding(program, 'upstream/econnreset');
      using refused = talkTo(program, 'gone.example.com');
      await untilBothEnd(refused);
      await untilEnding(program, 'upstream/econnrefused');
      assertBooks(program);
    });

    it(`TerminateAndReencrypt verifies the backend and offers it what the client got by ALPN (${transport})`, async () => {
      const tls = { serverName: 'backend.internal', caRef: { name: 'backend-ca' } };
      const withTls = (more: object): object => ({ tls: again, tcp: tcpTo('secure'), policy: { backend: { tls: more } } });
      const imap = { tls: { ...again, alpn: ['imap'] }, hosts: ['imap.example.com'] };
      await using program = await Program.start(
        objects +
          route(withTls({ ...tls, clientCertificateRef: { name: 'ada' } })) +
          route({ ...withTls(tls), ...imap }, 'imap') +
          route({ ...withTls({ ...tls, serverName: 'other.internal' }), hosts: ['wrong.example.com'] }, 'wrong'),
        flags,
      );
      assert.deepEqual(program.problems, []);
      using talk = talkTo(program);
      await talk.until('backend.internal no ALPN CN=ada\n');
      await say(talk, 'hello');
      using named = talkTo(program, 'imap.example.com', { ALPNProtocols: ['imap'] });
      await named.until('backend.internal imap nobody\n');
      assert.equal(named.tls.alpnProtocol, 'imap');
      using wrong = talkTo(program, 'wrong.example.com');
      await untilBothEnd(wrong);
      assert.equal(wrong.text, '');
      await untilEnding(program, 'upstream/upstream_failed');
      talk.socket.end();
      await untilEnding(program, 'client/normal');
    });

    it(`connection limits hold: silence, life, first data, how many (${transport})`, async () => {
      const named = (name: string, connection: object): string => route({ hosts: [`${name}.example.com`], connection }, name);
      const routes = [
        named('idle', { idleTimeout: '500ms' }),
        named('life', { maxLifetime: '500ms' }),
        named('first', { firstDataTimeout: '1s', idleTimeout: '0s' }),
        named('few', { maxConnections: 1 }),
        named('each', { maxConnectionsPerAddress: 1 }),
      ];
      await using program = await Program.start(objects + routes.join(''), flags);
      using idle = talkTo(program, 'idle.example.com');
      await say(idle, 'hello');
      await untilBothEnd(idle);
      await untilEnding(program, 'proxy/inactivity');
      using life = talkTo(program, 'life.example.com');
      const timer = setInterval(() => life.socket.write('x'), 20);
      await untilBothEnd(life);
      clearInterval(timer);
      await untilEnding(program, 'proxy/connection_timeout');

      using spoke = talkTo(program, 'first.example.com');
      await say(spoke, 'hello');
      using silent = talkTo(program, 'first.example.com');
      await silent.until('220 ready\n');
      await untilBothEnd(silent);
      await untilEnding(program, 'proxy/initial_timeout');
      await say(spoke, 'still here');

      for (const [name, reason] of [
        ['few', 'route_limit'],
        ['each', 'ip_limit'],
      ] as const) {
        using first = talkTo(program, `${name}.example.com`);
        await first.until('220 ready\n');
        using second = talkTo(program, `${name}.example.com`);
        await assert.rejects(second.secured());
        await untilEnding(program, `proxy/${reason}`);
      }
      assertBooks(program);
    });

    it(`a route that is removed ends its connections, at once or drained, and so does one that becomes another kind (${transport})`, async () => {
      const drains = (tls: object): string => route({ hosts: ['drain.example.com'], tls, connection: { whenRemoved: 'Drain' } }, 'drain');
      await using program = await Program.start(objects + route() + drains(clear), [...flags, '--drain-timeout=4s']);
      using cut = talkTo(program);
      using drained = talkTo(program, 'drain.example.com');
      await Promise.all([say(cut, 'a'), say(drained, 'b')]);
      await program.apply(route({ tcp: { backends: [{ name: 'echo', port: { number: 80 }, weight: 7 }] } }));
      await say(cut, 'kept, for its Service is still there');
      await program.apply(drains({ mode: 'Passthrough' }) + route({ tls: { mode: 'Passthrough' } }));
      await cut.untilEnd();
      await untilEnding(program, 'proxy/route_removed');
      await say(drained, 'still');
      await drained.untilEnd();
      await untilEnding(program, 'proxy/route_removed', 2);
      assertBooks(program);
    });
  }

  it('hosts of HTTP, of TCP and of passthrough share the port, by server name', async () => {
    const http = { hosts: ['web.example.com'], tls: clear, http: { rules: [{ name: 'all', action: forwardTo('web') }] } };
    const passed = { hosts: ['passed.example.com'], tls: { mode: 'Passthrough' }, tcp: tcpTo('secure') };
    await using program = await Program.start(objects + route() + smartRoute('web', http) + smartRoute('passed', passed));
    assert.deepEqual(program.problems, []);
    assert.equal((await program.ask('web.example.com', '/', { tls: true })).body, 'web');
    using tcp = talkTo(program);
    using through = talkTo(program, 'passed.example.com');
    await Promise.all([tcp.until('220 ready\n'), through.until('passed.example.com no ALPN nobody\n')]);
    assert.equal((await program.ask(host, '/', { tls: 'web.example.com' })).status, 421, 'TCP is no HTTP, whatever name TLS was made for');
  });

  it('without alpn nothing is negotiated; with it one of its names, or the handshake fails', async () => {
    await using program = await Program.start(objects + route());
    const negotiated = async (ALPNProtocols: string[]): Promise<string | false | null> => {
      using talk = talkTo(program, host, { ALPNProtocols });
      await talk.secured();
      return talk.tls.alpnProtocol;
    };
    assert.equal(await negotiated(['h2', 'http/1.1']), false);
    await program.apply(route({ tls: { ...clear, alpn: ['imap', 'smtp'] } }));
    assert.deepEqual(program.problems, []);
    assert.equal(await negotiated(['smtp', 'imap']), 'imap');
    assert.equal(await negotiated([]), false);
    await assert.rejects(negotiated(['h2']));
  });

  it('asks clients for certificates and for a version, and lets nobody in while the CA is missing', async () => {
    const clientAuth = { mode: 'Required', caRef: { name: 'partners' } };
    await using program = await Program.start(objects + route({ tls: { ...clear, clientAuth, minVersion: 'TLSv1.3' } }));
    assert.deepEqual(program.problems, []);
    using known = talkTo(program, host, ada);
    await known.until('220 ready\n');
    const stranger = await (await TestAuthority.make('CN=Others')).issue('CN=eve');
    for (const options of [{}, stranger]) {
      using refused = talkTo(program, host, options);
      await refused.untilEnd();
      assert.equal(refused.text, '');
    }
    await assert.rejects(talkTo(program, host, { ...ada, maxVersion: 'TLSv1.2' }).secured());
    assert.equal(echo.connections.size, 1, 'no backend has heard of the others');
    await program.remove('Secret', 'default/partners');
    assert.deepEqual(program.problems, ['SecretNotFound']);
    using late = talkTo(program, host, ada);
    await assert.rejects(late.secured());
    await untilEnding(program, 'proxy/no_endpoints');
  });

  it('lists of clients and rates are asked before the handshake', async () => {
    const hosts = ['rated.example.com'];
    const rated = { hosts, policy: { rateLimits: [{ requests: 1, per: 'Hour', key: { type: 'ClientAddress' } }] } };
    await using program = await Program.start(objects + route({ policy: { clients: { deny: ['127.0.0.1'] } } }) + route(rated, 'rated'));
    using denied = talkTo(program);
    await assert.rejects(denied.secured());
    await untilEnding(program, 'proxy/ip_blocked');
    using first = talkTo(program, 'rated.example.com');
    await first.until('220 ready\n');
    using second = talkTo(program, 'rated.example.com');
    await assert.rejects(second.secured());
    await untilEnding(program, 'proxy/rate_limited');
    assert.equal(program.dataPlane.snapshot().tlsTerminated, 1);
  });

  it('connections are in the access log and can be ended by hand', async () => {
    await using program = await Program.start(objects + route());
    using talk = talkTo(program);
    await say(talk, 'hello');
    assert.equal(program.dataPlane.kill({ route: 'SmartRoute default/mail' }), 1);
    await talk.untilEnd();
    await untilEnding(program, 'proxy/killed');
    const [line] = (await program.finish()).filter(({ type }) => type === 'connection');
    assert.equal(line?.route, 'SmartRoute default/mail mail.example.com tcp');
    assert.equal(line?.service, 'default/echo:80');
    assert.equal(line?.endpoint, `127.0.0.1:${echo.port}`);
    assert.equal(line?.serverName, host);
    assert.equal(line?.reason, 'killed');
  });

  it('of two objects that want HTTP and TCP of one host the oldest has it, and the other is told', async () => {
    const http = (created: string): string =>
      smartRoute('web', { hosts: [host], tls: clear, http: { rules: [{ name: 'all', action: forwardTo('web') }] } }, created);
    await using program = await Program.start(objects + route({}, 'mail', '2026-01-02T00:00:00Z') + http('2026-01-03T00:00:00Z'));
    const lost = () => program.translation.problems.map(({ object, message }) => `${object.name}: ${message}`).join('\n');
    assert.deepEqual(program.problems, ['PassthroughConflict']);
    assert.match(lost(), /^web: .*SmartRoute default\/mail \(older\) has TCP in the TLS, for its own backend; use another host/);
    using talk = talkTo(program);
    await talk.until('220 ready\n');
    assert.equal((await program.ask(host, '/')).body, 'web', 'plain HTTP is nobody else’s');
    await program.apply(http('2026-01-01T00:00:00Z'));
    assert.deepEqual(program.problems, ['PassthroughConflict']);
    assert.match(lost(), /^mail: .*SmartRoute default\/web \(older\) serves HTTP; use another host/);
    assert.equal((await program.ask(host, '/', { tls: true })).body, 'web');
    await talk.untilEnd();
    await untilEnding(program, 'proxy/route_removed');
  });

  it('TLS to backends that would not be spoken to over it is told', async () => {
    const policy = { backend: { tls: { serverName: 'backend.internal' } } };
    await using program = await Program.start(objects + route({ policy }));
    assert.deepEqual(program.problems, ['NoEffect']);
    assert.equal(program.translation.problems[0]?.field, 'spec.policy.backend.tls');
  });
});
