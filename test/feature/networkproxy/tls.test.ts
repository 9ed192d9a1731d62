import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { test } from 'node:test';
import { type ConnectionOptions, connect, createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { type HandshakeResult, handshakeIndex, tlsVersions } from '../../../src/observability/counters/handshake-result.ts';
import { defaultCertificateKey } from '../../../src/routes/route-table.ts';
import { genuineHello } from '../../tools/smartproxy/client-hello-bytes.ts';
import { ecCertificate as certificate, rsaCertificate } from '../../tools/table-certificate.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';
import { Backend, hello } from './backend.ts';
import { Harness } from './harness.ts';
import { eventually, RawClient, statusOf } from './raw-client.ts';

/** The last ticket that each client socket got. */
const sessions = new WeakMap<TLSSocket, Buffer>();

/** Completes a handshake, or throws. */
async function handshake(harness: Harness, serverName: string | undefined, options: ConnectionOptions = {}): Promise<TLSSocket> {
  harness.serverName = serverName;
  const before = harness.counters.tlsTerminated;
  const name = serverName === undefined ? {} : { servername: serverName };
  const socket = connect({ port: harness.port, host: '127.0.0.1', rejectUnauthorized: false, ...name, ...options });
  socket.on('session', (session) => sessions.set(socket, session));
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve);
    socket.once('error', reject);
  });
  await eventually(() => harness.counters.tlsTerminated > before, 'the end of the handshake on our side');
  return socket;
}

function subjectOf(socket: TLSSocket): string | undefined {
  return socket.getPeerX509Certificate()?.subject.replace('CN=', '');
}

function handshakes(harness: Harness, version: (typeof tlsVersions)[number], result: HandshakeResult): number {
  return harness.counters.tlsHandshakes[handshakeIndex(version, result)] as number;
}

/** Handshakes with this result, of whatever version. */
function total(harness: Harness, result: HandshakeResult): number {
  return tlsVersions.reduce((sum, version) => sum + handshakes(harness, version, result), 0);
}

const request = (host: string): string => `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;

test('each server name gets its own certificate, and other names the default one', async () => {
  await using backend = await Backend.answering(hello);
  await using harness = await Harness.start({
    protocol: 'https',
    routes: [
      { host: 'a.example', endpoints: [backend.port], tls: { kind: 'terminate', certificates: ['t/a'] } },
      { host: '*.b.example', endpoints: [backend.port], tls: { kind: 'terminate', certificates: ['t/b'] } },
    ],
    certificates: [
      await certificate('t/a', 'a.example'),
      await certificate('t/b', '*.b.example'),
      await certificate('default', 'default.example'),
    ],
  });
  const cases = [
    ['a.example', 'a.example'],
    ['x.b.example', '*.b.example'],
    ['unknown.example', 'default.example'],
    [undefined, 'default.example'],
  ] as const;
  for (const [name, subject] of cases) {
    const socket = await handshake(harness, name);
    assert.equal(subjectOf(socket), subject);
    socket.destroy();
  }
  const socket = await handshake(harness, 'a.example', { ALPNProtocols: ['http/1.1'] });
  assert.equal(socket.alpnProtocol, 'http/1.1');
  const client = new RawClient(socket);
  client.write(request('a.example'));
  assert.ok((await client.untilEnd()).endsWith('hello'));
  assert.match(backend.received[0] as string, /\r\nx-forwarded-proto: https\r\n/);
  assert.equal(handshakes(harness, 'TLSv1.3', 'ok'), 5);
  await eventually(() => harness.proxy.tlsTerminatedConnections.size === 0, 'no TLS connection left');
});

test('without any certificate for the name the handshake is refused with unrecognized_name', async () => {
  await using harness = await Harness.start({ protocol: 'https', routes: [] });
  await assert.rejects(handshake(harness, 'a.example'), /unrecognized.name/i);
  assert.deepEqual(harness.connections[0]?.ended, { side: 'proxy', reason: 'handshake_failed' });
});

test('a hello without a name is told so when there is no default certificate, and counted as no_sni', async () => {
  await using harness = await Harness.start({ protocol: 'https', routes: [] });
  await assert.rejects(handshake(harness, undefined), /missing.extension/i);
  assert.deepEqual(harness.connections[0]?.ended, { side: 'proxy', reason: 'no_sni' });
});

test('TLS 1.2 works and TLS 1.1 does not', async () => {
  await using harness = await Harness.start({ protocol: 'https', routes: [], certificates: [await certificate('default', 'd.example')] });
  const socket = await handshake(harness, 'd.example', { maxVersion: 'TLSv1.2' });
  assert.match(socket.getCipher().name, /^ECDHE-ECDSA-.*(GCM|CHACHA20)/);
  socket.destroy();
  await assert.rejects(handshake(harness, 'd.example', { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }));
  await eventually(
    () => handshakes(harness, 'unknown', 'refused') + handshakes(harness, 'TLSv1.2', 'refused') === 1,
    'the refusal counted',
  );
  assert.equal(handshakes(harness, 'TLSv1.2', 'ok'), 1);
});

test('a host with an EC and an RSA certificate shows each client what it can verify', async () => {
  await using harness = await Harness.start({
    protocol: 'https',
    routes: [{ host: 'a.example', tls: { kind: 'terminate', certificates: ['t/ec', 't/rsa'] } }],
    certificates: [await certificate('t/ec', 'a.example'), await rsaCertificate('t/rsa', 'a.example')],
  });
  const ec = await handshake(harness, 'a.example', { sigalgs: 'ECDSA+SHA256' });
  assert.equal(ec.getPeerX509Certificate()?.publicKey.asymmetricKeyType, 'ec');
  ec.destroy();
  const rsa = await handshake(harness, 'a.example', { sigalgs: 'RSA-PSS+SHA256:RSA+SHA256' });
  assert.equal(rsa.getPeerX509Certificate()?.publicKey.asymmetricKeyType, 'rsa');
  rsa.destroy();
});

test('a changed certificate is shown to new connections and does not disturb live ones; a broken one changes nothing', async () => {
  await using backend = await Backend.answering(hello);
  const routes = [{ host: 'a.example', endpoints: [backend.port], tls: { kind: 'terminate', certificates: ['t/a'] } as const }];
  const first = await certificate('t/a', 'first.example');
  await using harness = await Harness.start({ protocol: 'https', routes, certificates: [first] });
  const live = await handshake(harness, 'a.example');
  harness.change({ certificates: [await certificate('t/a', 'second.example')] });
  const next = await handshake(harness, 'a.example');
  assert.equal(subjectOf(next), 'second.example');
  next.destroy();
  harness.change({ certificates: [{ ...first, chain: '-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n' }] });
  const after = await handshake(harness, 'a.example');
  assert.equal(subjectOf(after), 'second.example', 'the last good one serves on');
  after.destroy();
  const client = new RawClient(live);
  client.write(request('a.example'));
  assert.ok((await client.untilEnd()).endsWith('hello'));
});

test('a host with certificates of both kinds shows the EC one to clients that take either and prefer it', async () => {
  await using harness = await Harness.start({
    protocol: 'https',
    routes: [{ host: 'a.example', tls: { kind: 'terminate', certificates: ['t/rsa', 't/ec'] } }],
    certificates: [await rsaCertificate('t/rsa', 'a.example'), await certificate('t/ec', 'a.example')],
  });
  // With TLS 1.2 the order of the client's suites decides, as the profile has it.
  const ecFirst = 'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256';
  for (const [maxVersion, ciphers] of [
    ['TLSv1.2', ecFirst],
    ['TLSv1.3', undefined],
  ] as const) {
    const socket = await handshake(harness, 'a.example', { maxVersion, ciphers });
    assert.equal(socket.getPeerX509Certificate()?.publicKey.asymmetricKeyType, 'ec', maxVersion);
    socket.destroy();
  }
});

test('a handshake that we refuse, for its ciphers or its ALPN, is counted as refused and ended by us', async () => {
  await using harness = await Harness.start({ protocol: 'https', routes: [], certificates: [await certificate('default', 'd.example')] });
  await assert.rejects(handshake(harness, 'd.example', { maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA' }), /handshake.failure/i);
  await assert.rejects(handshake(harness, 'd.example', { ALPNProtocols: ['spdy/3'] }), /no.application.protocol/i);
  await eventually(() => harness.proxy.connectedClients === 0, 'no client left');
  const end = { side: 'proxy', reason: 'handshake_failed' };
  assert.deepEqual(
    harness.connections.map(({ ended }) => ended),
    [end, end],
  );
  assert.equal(total(harness, 'refused'), 2);
});

test('a client that refuses our certificate with an alert is counted as client_alert', async () => {
  await using harness = await Harness.start({ protocol: 'https', routes: [], certificates: [await certificate('default', 'd.example')] });
  const unknownCa = Buffer.from([0x15, 3, 3, 0, 2, 2, 48]);
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const socket = connectTcp(harness.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(await genuineHello('d.example', maxVersion));
    await once(socket, 'data');
    socket.write(unknownCa);
    await once(socket, 'close');
  }
  await eventually(() => harness.proxy.connectedClients === 0, 'no client left');
  assert.equal(total(harness, 'client_alert'), 2);
  assert.deepEqual(
    harness.connections.map(({ ended }) => ended),
    [
      { side: 'client', reason: 'handshake_failed' },
      { side: 'client', reason: 'handshake_failed' },
    ],
  );
});

test('with --unknown-server-name=refuse only hosts with TLS get a handshake, and others are told why', async () => {
  await using harness = await Harness.start({
    protocol: 'https',
    routes: [{ host: 'a.example', tls: { kind: 'terminate', certificates: [] } }, { host: 'plain.example' }, { host: '*' }],
    certificates: [await certificate('default', 'd.example')],
    config: { unknownServerName: 'refuse' },
  });
  const known = await handshake(harness, 'a.example');
  assert.equal(subjectOf(known), 'd.example', 'a host with TLS and without a certificate of its own');
  known.destroy();
  for (const name of ['plain.example', 'unknown.example']) await assert.rejects(handshake(harness, name), /unrecognized.name/i);
  await assert.rejects(handshake(harness, undefined), /missing.extension/i);
  assert.equal(handshakes(harness, 'unknown', 'refused'), 3);
});

test('a session resumes on another worker that has the same ticket keys, and not with other keys', async () => {
  const ticketKeys = randomBytes(48);
  const certificates = [await certificate('default', 'd.example')];
  await using one = await Harness.start({ protocol: 'https', routes: [], certificates, ticketKeys });
  await using two = await Harness.start({ protocol: 'https', routes: [], certificates, ticketKeys });
  await using stranger = await Harness.start({ protocol: 'https', routes: [], certificates, ticketKeys: randomBytes(48) });
  const first = await handshake(one, 'd.example');
  await eventually(() => sessions.has(first), 'a ticket');
  const session = sessions.get(first) as Buffer;
  first.destroy();
  const resumed = await handshake(two, 'd.example', { session });
  assert.ok(resumed.isSessionReused());
  resumed.destroy();
  await eventually(() => handshakes(two, 'TLSv1.3', 'resumed') === 1, 'the resumption counted');
  const full = await handshake(stranger, 'd.example', { session });
  assert.ok(!full.isSessionReused());
  full.destroy();
});

test('a handshake that SmartProxy ends for its time is counted as such, and one that is garbage ends at once', async () => {
  await using harness = await Harness.start({ protocol: 'https', routes: [], certificates: [await certificate('default', 'd.example')] });
  using stalled = new RawClient(connectTcp(harness.port, '127.0.0.1'));
  stalled.write('\x16\x03\x01');
  await eventually(() => harness.connections.length === 1, 'the handshake has begun');
  harness.connections[0]?.end('proxy', 'handshake_timeout');
  await stalled.untilEnd();
  using garbage = new RawClient(connectTcp(harness.port, '127.0.0.1'));
  garbage.write('\x16\x03\x01\x00\x05garbage and more garbage');
  await garbage.untilEnd();
  assert.equal(harness.connections[1]?.ended?.reason, 'handshake_failed');
  assert.deepEqual([total(harness, 'timeout'), total(harness, 'refused')], [1, 1]);
  await eventually(() => harness.wheel.size === 0 && harness.proxy.connectedClients === 0, 'nothing left');
});

test('a client that leaves in the middle of the handshake leaves nothing behind', async () => {
  await using harness = await Harness.start({ protocol: 'https', routes: [], certificates: [await certificate('default', 'd.example')] });
  for (const how of ['end', 'reset'] as const) {
    const socket = connectTcp(harness.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write('\x16\x03\x01', () => (how === 'end' ? socket.end() : socket.resetAndDestroy()));
  }
  await eventually(() => harness.connections.length === 2 && harness.proxy.connectedClients === 0, 'no client left');
  assert.equal(harness.wheel.size, 0);
  assert.equal(total(harness, 'client_left'), 2);
});

test('a passed-through host asked for on a terminated connection is a 421', async () => {
  await using harness = await Harness.start({
    protocol: 'https',
    routes: [
      { host: 'a.example', endpoints: [], tls: { kind: 'terminate', certificates: ['t/a'] } },
      {
        host: 'p.example',
        endpoints: [],
        tls: {
          kind: 'passthrough',
          key: 'passed',
          backends: [{ service: 'x', weight: 1 }],
          policy: 'p',
          source: { kind: 'Ingress', namespace: '', name: '' },
        },
      },
    ],
    certificates: [await certificate('t/a', 'a.example'), await certificate(defaultCertificateKey, 'default.example')],
  });
  const client = new RawClient(await handshake(harness, 'a.example'));
  client.write(request('p.example'));
  assert.equal(statusOf(await client.untilEnd()), 421);
  harness.serverName = undefined;
  const nameless = new RawClient(await handshake(harness, undefined));
  nameless.write(request('p.example'));
  assert.equal(statusOf(await nameless.untilEnd()), 421, 'also when the hello named nobody');
});

test('plain HTTP on the TLS port is told so', async () => {
  await using harness = await Harness.start({ protocol: 'https', routes: [] });
  const original = harness.proxy.handleConnection.bind(harness.proxy);
  harness.proxy.handleConnection = (connection) => original(Object.assign(connection, { tls: undefined }));
  using client = new RawClient(connectTcp(harness.port, '127.0.0.1'));
  client.write(request('a.example'));
  assert.equal(statusOf(await client.untilEnd()), 400);
});

test('re-encryption sends the server name and verifies the backend when it has its CA', async () => {
  const { cert, key } = await makeTestCertificate('backend.example');
  const names: (string | boolean)[] = [];
  const server = createTlsServer({ cert, key, ALPNProtocols: ['http/1.1'] }, (socket) => {
    names.push((socket as TLSSocket & { servername: string | false }).servername);
    socket.on('error', () => {});
    socket.on('data', () => socket.write(hello));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const other = await makeTestCertificate('backend.example');
  const service = (serverName: string | undefined, ca: string | undefined) => ({
    protocol: 'https' as const,
    tls: { serverName, ca, clientCertificate: undefined },
  });
  await using harness = await Harness.start({
    routes: [
      { host: 'plain.example', endpoints: [port], service: service(undefined, undefined) },
      { host: 'ca.example', endpoints: [port], service: service('backend.example', cert) },
      { host: 'wrong-ca.example', endpoints: [port], service: service('backend.example', other.cert), policy: { retries: 0 } },
      { host: 'wrong-name.example', endpoints: [port], service: service('another.example', cert), policy: { retries: 0 } },
      {
        host: 'bad-ca.example',
        endpoints: [port],
        service: service('backend.example', '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----'),
      },
    ],
  });
  const statuses: number[] = [];
  for (const host of ['plain.example', 'ca.example', 'ca.example', 'wrong-ca.example', 'wrong-name.example', 'bad-ca.example']) {
    const client = await RawClient.connect(harness.port);
    client.write(request(host));
    statuses.push(statusOf(await client.untilEnd()));
    client.socket.destroy();
  }
  assert.deepEqual(statuses, [200, 200, 200, 502, 502, 502]);
  assert.deepEqual(names.slice(0, 2), [false, 'backend.example']);
  server.close();
});
