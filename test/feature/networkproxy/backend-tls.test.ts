import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { before, beforeEach, describe, test } from 'node:test';
import { createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls';
import { transportOf } from '../../../src/balancing/transport.ts';
import { Redacted } from '../../../src/redacted.ts';
import type { Certificate } from '../../../src/routes/route-table.ts';
import type { BackendTls, Service } from '../../../src/routes/service.ts';
import { makeTestCertificate, type TestCertificate } from '../../tools/test-certificate.ts';
import { hello } from './backend.ts';
import { Harness, type TestRoute } from './harness.ts';
import { eventually, RawClient, statusOf } from './raw-client.ts';

const name = 'backend.example';

/** What a backend saw of one handshake that it let pass. */
interface Seen {
  readonly servername: string | false;
  readonly client: string | undefined;
  readonly alpn: string | false | null;
  readonly resumed: boolean;
}

/** A backend over TLS that lets in who shows a certificate of `clients`; with none, everybody. */
class SecureBackend {
  readonly seen: Seen[] = [];
  readonly sockets = new Set<TLSSocket>();
  readonly #server: Server;

  constructor(own: TestCertificate, clients: readonly TestCertificate[], options: TlsOptions = {}) {
    const asks = clients.length === 0 ? {} : { requestCert: true, rejectUnauthorized: true, ca: clients.map(({ cert }) => cert) };
    this.#server = createServer({ ...own, ALPNProtocols: ['h2', 'http/1.1'], ...asks, ...options }, (socket) => this.#serve(socket));
  }

  static async start(own: TestCertificate, clients: readonly TestCertificate[], options: TlsOptions = {}): Promise<SecureBackend> {
    const backend = new SecureBackend(own, clients, options);
    await new Promise<void>((resolve) => backend.#server.listen(0, '127.0.0.1', resolve));
    return backend;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  #serve(socket: TLSSocket): void {
    const { servername } = socket as TLSSocket & { servername: string | false };
    const client = socket.getPeerX509Certificate()?.fingerprint256;
    this.seen.push({ servername, client, alpn: socket.alpnProtocol, resumed: socket.isSessionReused() });
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => {});
    socket.on('data', () => socket.write(hello));
  }
}

function fingerprintOf({ cert }: TestCertificate): string {
  return new X509Certificate(cert).fingerprint256;
}

function clientCertificate(pair: TestCertificate, key = 'test/client'): Certificate {
  const fingerprint = fingerprintOf(pair);
  return { key, names: [], chain: pair.cert, privateKey: new Redacted(pair.key), fingerprint, notAfterMs: 0, keyType: 'ec' };
}

/** A route for `host` to a backend over TLS, tried once. */
function route(host: string, backend: SecureBackend, tls: Partial<BackendTls>): TestRoute {
  const service = { protocol: 'https' as const, tls: { serverName: undefined, ca: undefined, clientCertificate: undefined, ...tls } };
  return { host, endpoints: [backend.port], service, policy: { retries: 0 } };
}

async function statusFor(harness: Harness, host: string): Promise<number> {
  using client = await RawClient.connect(harness.port);
  client.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  return statusOf(await client.untilEnd());
}

describe('client certificates for backends', () => {
  let own: TestCertificate;
  let alice: TestCertificate;
  let bob: TestCertificate;
  let stranger: TestCertificate;

  before(async () => {
    own = await makeTestCertificate(name);
    [alice, bob, stranger] = [await makeTestCertificate('alice'), await makeTestCertificate('bob'), await makeTestCertificate('stranger')];
  });

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    test(`${version}: the right certificate passes, a wrong one and none are 502 with what TLS said, and the name and CA still count`, async () => {
      await using backend = await SecureBackend.start(own, [alice], { minVersion: version, maxVersion: version });
      const trusted = { serverName: name, ca: own.cert };
      await using harness = await Harness.start({
        routes: [
          route('right', backend, { ...trusted, clientCertificate: clientCertificate(alice) }),
          route('unverified', backend, { clientCertificate: clientCertificate(alice) }),
          route('wrong', backend, { ...trusted, clientCertificate: clientCertificate(stranger) }),
          route('none', backend, trusted),
          route('wrong-ca', backend, { ...trusted, ca: stranger.cert, clientCertificate: clientCertificate(alice) }),
          route('wrong-name', backend, { ...trusted, serverName: 'other.example', clientCertificate: clientCertificate(alice) }),
        ],
      });
      const statuses: Record<string, number> = {};
      for (const host of ['right', 'unverified', 'wrong', 'none', 'wrong-ca', 'wrong-name'])
        statuses[host] = await statusFor(harness, host);
      assert.deepEqual(statuses, { right: 200, unverified: 200, wrong: 502, none: 502, 'wrong-ca': 502, 'wrong-name': 502 });
      await eventually(() => harness.requests.length === 6, 'all requests are logged');
      const details = Object.fromEntries(harness.requests.map(({ host, flag, detail }) => [host, `${flag} ${detail}`]));
      assert.match(details.none ?? '', /ERR_SSL_(TLSV13_ALERT_CERTIFICATE_REQUIRED|SSL\/TLS_ALERT_HANDSHAKE_FAILURE)$/);
      // This backend says nothing to a certificate that it does not trust: it hangs up.
      assert.match(details.wrong ?? '', /^upstream_(connect_failed|reset) (the connection ended|closed|ECONNRESET|EPIPE)$/);
      assert.match(details['wrong-ca'] ?? '', /^upstream_connect_failed (DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_VERIFY_LEAF_SIGNATURE)$/);
      assert.equal(details['wrong-name'], 'upstream_connect_failed ERR_TLS_CERT_ALTNAME_INVALID');
      const [right, unverified] = backend.seen;
      assert.deepEqual(right, { servername: name, client: fingerprintOf(alice), alpn: 'http/1.1', resumed: false });
      assert.deepEqual(unverified, { servername: false, client: fingerprintOf(alice), alpn: 'http/1.1', resumed: false });
      for (const { client } of backend.seen) assert.equal(client, fingerprintOf(alice), 'nobody else was let in');
    });
  }

  test('a backend that trusts two certificates sees each service with its own, on connections and sessions of its own', async () => {
    await using backend = await SecureBackend.start(own, [alice, bob]);
    const tls = (pair: TestCertificate) => ({ serverName: name, ca: own.cert, clientCertificate: clientCertificate(pair) });
    await using harness = await Harness.start({ routes: [route('alice', backend, tls(alice)), route('bob', backend, tls(bob))] });
    // In turn over connections that are kept: a pool or a session that both share would show at once.
    for (let round = 0; round < 3; round++) {
      for (const [host, pair] of [
        ['alice', alice],
        ['bob', bob],
      ] as const) {
        const before = backend.seen.length;
        assert.equal(await statusFor(harness, host), 200);
        for (const seen of backend.seen.slice(before)) assert.deepEqual([seen.client, seen.resumed], [fingerprintOf(pair), false]);
      }
    }
    assert.deepEqual(
      backend.seen.map(({ client }) => client),
      [fingerprintOf(alice), fingerprintOf(bob)],
    );
    // New connections while tickets of older ones are around.
    for (const socket of backend.sockets) socket.destroy();
    await eventually(() => harness.proxy.poolStatus.idle === 0, 'the pools have seen it');
    for (const host of ['bob', 'alice']) assert.equal(await statusFor(harness, host), 200);
    const again = backend.seen.slice(2);
    assert.deepEqual(
      again.map(({ client, resumed }) => [client, resumed]),
      [
        [fingerprintOf(bob), false],
        [fingerprintOf(alice), false],
      ],
    );
  });

  test('a renewed certificate is shown on a new connection, and the connection with the old one retires', async () => {
    await using backend = await SecureBackend.start(own, [alice, bob]);
    const routes = (pair: TestCertificate) => [
      route('a', backend, { serverName: name, ca: own.cert, clientCertificate: clientCertificate(pair) }),
    ];
    await using harness = await Harness.start({ routes: routes(alice) });
    assert.equal(await statusFor(harness, 'a'), 200);
    harness.change({ routes: routes(alice) });
    assert.equal(await statusFor(harness, 'a'), 200);
    assert.equal(backend.seen.length, 1, 'the same certificate again leaves the connection in use');
    harness.change({ routes: routes(bob) });
    assert.equal(await statusFor(harness, 'a'), 200);
    assert.deepEqual(
      backend.seen.map(({ client }) => client),
      [fingerprintOf(alice), fingerprintOf(bob)],
    );
    await eventually(() => backend.sockets.size === 1, 'the old connection is closed');
  });

  test('a pair that OpenSSL refuses is a 502 that says so, and nothing is sent', async () => {
    await using backend = await SecureBackend.start(own, []);
    const mixed = { ...clientCertificate(alice), privateKey: new Redacted(bob.key) };
    await using harness = await Harness.start({ routes: [route('a', backend, { clientCertificate: mixed })] });
    assert.equal(await statusFor(harness, 'a'), 502);
    await eventually(() => harness.requests.length === 1, 'it is logged');
    assert.match(harness.requests[0]?.detail ?? '', /key values mismatch/);
    assert.equal(backend.seen.length, 0);
  });

  describe('the key of a transport', () => {
    let tls: BackendTls;
    const service = (protocol: Service['protocol'], settings: BackendTls | undefined): Service => ({
      key: 'test/a:80',
      namespace: 'test',
      name: 'a',
      port: 80,
      protocol,
      tls: settings,
      loadBalancing: 'round-robin',
    });
    const keyOf = (protocol: Service['protocol'], settings: BackendTls | undefined): string => transportOf(service(protocol, settings)).key;

    beforeEach(() => {
      tls = { serverName: name, ca: own.cert, clientCertificate: clientCertificate(alice) };
    });

    test('differs with everything that makes connections different, and with nothing else', () => {
      const keys = [
        keyOf('http', undefined),
        keyOf('h2c', undefined),
        keyOf('https', tls),
        keyOf('h2', tls),
        keyOf('https', { ...tls, serverName: undefined }),
        keyOf('https', { ...tls, ca: undefined }),
        keyOf('https', { ...tls, ca: stranger.cert }),
        keyOf('https', { ...tls, clientCertificate: undefined }),
        keyOf('https', { ...tls, clientCertificate: clientCertificate(bob) }),
      ];
      assert.equal(new Set(keys).size, keys.length);
      assert.equal(keyOf('https', { ...tls, clientCertificate: clientCertificate(alice, 'test/renamed') }), keys[2]);
    });

    test('holds nothing of a private key', () => {
      const key = keyOf('https', tls);
      for (const line of alice.key.split('\n').slice(1, -2)) assert.ok(!key.includes(line.slice(0, 16)));
      const other = { ...clientCertificate(alice), privateKey: new Redacted(alice.key.replaceAll('\n', '\r\n')) };
      assert.equal(keyOf('https', { ...tls, clientCertificate: other }), key);
    });

    test('goes with the one protocol that is offered by ALPN', () => {
      assert.deepEqual(transportOf(service('https', tls)).tls?.alpn, ['http/1.1']);
      assert.deepEqual(transportOf(service('h2', tls)).tls?.alpn, ['h2']);
      assert.equal(transportOf(service('h2c', undefined)).tls, undefined);
    });
  });
});
