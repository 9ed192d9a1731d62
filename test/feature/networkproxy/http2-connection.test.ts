import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { describe, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { Redacted } from '../../../src/redacted.ts';
import type { Certificate } from '../../../src/routes/route-table.ts';
import { errorCodes, frameTypes, RawHttp2, requestFields } from '../../tools/raw-http2.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';
import { Backend, hello } from './backend.ts';
import { Harness, type HarnessOptions } from './harness.ts';
import { answerOf, Http2Client } from './http2-client.ts';
import { eventually, exchange, RawClient, statusOf } from './raw-client.ts';

function start(backend: Backend, options: Partial<HarnessOptions> = {}): Promise<Harness> {
  return Harness.start({ routes: [{ endpoints: [backend.port] }], ...options, config: { h2c: true, ...options.config } });
}

async function certificate(key: string, ...names: string[]): Promise<Certificate> {
  const { cert: chain, key: privateKey } = await makeTestCertificate(...names);
  const { fingerprint256: fingerprint } = new X509Certificate(chain);
  return { key, names, chain, privateKey: new Redacted(privateKey), fingerprint, notAfterMs: 0, keyType: 'ec' };
}

/** A backend that answers each request when it is told to, the oldest first. */
async function holdingBackend(): Promise<{ backend: Backend; waiting: (() => void)[] }> {
  const waiting: (() => void)[] = [];
  const backend = await Backend.start((socket) => waiting.push(() => socket.write(hello)));
  return { backend, waiting };
}

describe('a stream', () => {
  test('that its client resets ends the request at the backend, is logged as left by the client, and harms no other', async () => {
    await using backend = await Backend.start((socket, text) => {
      if (text.includes('/slow')) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nsome');
      else if (!text.includes('/never')) socket.write(hello);
    });
    await using harness = await start(backend);
    using client = await RawHttp2.connect(harness.port);
    client.headers(1, requestFields('/slow'));
    client.headers(3, requestFields('/never'));
    await client.until(() => client.body(1) === 'some');
    await eventually(() => backend.received.join('').includes('/never'), 'the second request at the backend');
    client.rstStream(1);
    client.rstStream(3);
    await eventually(() => harness.proxy.poolStatus.active === 0, 'both upstream connections gone');
    assert.equal(harness.flag('client_gone'), 2);
    assert.deepEqual(
      harness.requests.map(({ path, flag }) => [path, flag]),
      [
        ['/slow', 'client_gone'],
        ['/never', 'client_gone'],
      ],
    );
    assert.equal(await client.get(5), 200);
  });

  test('whose backend ends before the answer gets 502, and one whose backend ends within it is reset', async () => {
    await using backend = await Backend.start((socket, text) => {
      if (text.includes('/early')) socket.destroy();
      else if (text.includes('/late')) {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nsome', () => setImmediate(() => socket.resetAndDestroy()));
      } else socket.write(hello);
    });
    await using harness = await start(backend);
    using client = await RawHttp2.connect(harness.port);
    assert.equal(await client.get(1, '/early'), 502);
    assert.equal(client.resetCode(1), undefined);
    assert.equal(await client.get(3, '/late'), 200);
    assert.equal(client.resetCode(3), errorCodes.internalError, 'the end is not made up');
    assert.deepEqual([harness.flag('upstream_reset'), harness.flag('upstream_truncated')], [1, 1]);
    assert.equal(await client.get(5), 200);
  });

  test('whose backend does not answer in time gets 504', async () => {
    await using backend = await Backend.start(() => {});
    await using harness = await start(backend, { routes: [{ endpoints: [backend.port], policy: { timeouts: { readMs: 100 } } }] });
    using client = await RawHttp2.connect(harness.port);
    assert.equal(await client.get(1), 504);
    assert.equal(client.isClosing, false);
  });

  test('whose body stops coming gets 408 and leaves the others alone', async () => {
    await using backend = await Backend.start((socket, text) => {
      if (text.includes('GET')) socket.write(hello);
    });
    await using harness = await start(backend, { config: { h2c: true, bodyTimeoutMs: 150 } });
    using client = await RawHttp2.connect(harness.port);
    client.headers(1, requestFields('/', [['content-length', '100']], 'POST'), 0);
    client.data(1, 'some', 0);
    await client.until(() => client.isOver(1));
    assert.deepEqual(client.statuses(1), [408]);
    assert.equal(await client.get(3), 200);
    await eventually(() => harness.proxy.poolStatus.active === 0, 'the upstream connection gone');
  });

  test('over the limit of streams is refused, so that it may be sent again, and the others are served', async () => {
    const { backend: held, waiting } = await holdingBackend();
    await using backend = held;
    await using harness = await start(backend);
    using client = await RawHttp2.connect(harness.port);
    await client.until(() => client.frames.some(({ type }) => type === frameTypes.settings));
    const limit = settingOf(client, 3);
    assert.ok(limit >= 1 && limit <= 1000, `SETTINGS_MAX_CONCURRENT_STREAMS is said: ${limit}`);
    for (let i = 0; i <= limit; i++) client.headers(1 + 2 * i, requestFields());
    const over = 1 + 2 * limit;
    await client.until(() => client.isOver(over));
    assert.equal(client.resetCode(over), errorCodes.refusedStream);
    await eventually(() => waiting.length === limit, 'all others at the backend');
    for (const answer of waiting) answer();
    await client.until(() => client.isOver(over - 2) && client.isOver(1));
    assert.equal(client.statuses(1)[0], 200);
    client.headers(over + 2, requestFields());
    await eventually(() => waiting.length === limit + 1, 'a stream in the place of those that ended');
  });

  test('keeps its table when routes change meanwhile, and the next stream sees the new one', async () => {
    const { backend: held, waiting } = await holdingBackend();
    await using backend = held;
    await using other = await Backend.answering('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nother');
    await using harness = await start(backend);
    await using client = await Http2Client.connect(harness.port);
    const first = client.ask('/');
    await eventually(() => waiting.length === 1, 'the request at the backend');
    harness.change({ routes: [{ endpoints: [other.port] }] });
    assert.equal((await client.ask('/')).body, 'other');
    waiting[0]?.();
    assert.equal((await first).body, 'hello');
    assert.equal(harness.connections.length, 1);
  });
});

describe('a connection of HTTP/2', () => {
  test('is told to go on a drain, finishes its streams and ends as drained', async () => {
    const { backend: held, waiting } = await holdingBackend();
    await using backend = held;
    await using harness = await start(backend);
    using client = await RawHttp2.connect(harness.port);
    client.headers(1, requestFields());
    client.headers(3, requestFields());
    await eventually(() => waiting.length === 2, 'both requests at the backend');
    harness.proxy.announceDrain();
    await client.until(() => client.goaway !== undefined);
    assert.equal(client.goaway?.code, errorCodes.noError);
    assert.ok((client.goaway?.lastStream ?? 0) >= 3, 'both streams are to be served');
    assert.equal(client.isClosing, false);
    for (const answer of waiting) answer();
    await client.until(() => client.isOver(1) && client.isOver(3));
    assert.deepEqual([client.body(1), client.body(3)], ['hello', 'hello']);
    await client.until(() => client.isClosing);
    assert.deepEqual(harness.connections[0]?.ended, { side: 'proxy', reason: 'drain' });
    assert.deepEqual(
      harness.requests.map(({ status }) => status),
      [200, 200],
    );
  });

  test('without a stream ends at once on a drain, after GOAWAY', async () => {
    await using backend = await Backend.answering(hello);
    await using harness = await start(backend);
    using client = await RawHttp2.connect(harness.port);
    assert.equal(await client.get(1), 200);
    harness.proxy.announceDrain();
    await client.until(() => client.isClosing);
    assert.equal(client.goawayCode, errorCodes.noError);
    assert.equal(harness.connections[0]?.ended?.reason, 'drain');
  });

  test('is ended after keepAliveRequests, with every answer whole', async () => {
    await using backend = await Backend.answering(hello);
    await using harness = await start(backend, { config: { h2c: true, keepAliveRequests: 3 } });
    using client = await RawHttp2.connect(harness.port);
    for (const stream of [1, 3, 5]) assert.equal(await client.get(stream), 200);
    await client.until(() => client.isClosing);
    assert.equal(client.goawayCode, errorCodes.noError);
    assert.ok((client.goaway?.lastStream ?? 0) >= 5);
    assert.equal(harness.requests.length, 3);
  });

  test('that is idle is told to go and closed after keepAliveTimeoutMs, however many PINGs come', async () => {
    await using backend = await Backend.answering(hello);
    await using harness = await start(backend, { config: { h2c: true, keepAliveTimeoutMs: 200 } });
    using client = await RawHttp2.connect(harness.port);
    assert.equal(await client.get(1), 200);
    const pings = setInterval(() => client.send(frameTypes.ping, 0, 0, Buffer.from('are-you?')), 50);
    try {
      await client.until(() => client.isClosing);
    } finally {
      clearInterval(pings);
    }
    assert.equal(client.goawayCode, errorCodes.noError);
    assert.equal(harness.connections[0]?.ended?.reason, 'inactivity');
  });

  test('that ends with its streams open leaves nothing behind, and each request is logged', async () => {
    await using backend = await Backend.start((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nsome'));
    await using harness = await start(backend);
    for (let i = 0; i < 20; i++) {
      using client = await RawHttp2.connect(harness.port);
      for (let stream = 1; stream < 10; stream += 2) client.headers(stream, requestFields());
      if (i % 2 === 0) await client.until(() => client.body(9) === 'some');
      else await client.settle();
      client.socket.resetAndDestroy();
    }
    await eventually(() => harness.proxy.connectedClients === 0, 'no client left');
    await eventually(() => harness.proxy.poolStatus.active + harness.proxy.poolStatus.connecting === 0, 'no upstream left');
    await eventually(() => harness.wheel.size === harness.proxy.poolStatus.idle, 'no deadline left');
    assert.equal(harness.requests.length, 100);
    assert.equal(harness.flag('client_gone'), 100);
  });

  test('that its client closes in order after the request still gets its answer', async () => {
    await using backend = await Backend.start((socket) => setImmediate(() => socket.write(hello)));
    await using harness = await start(backend);
    await using client = await Http2Client.connect(harness.port);
    const stream = client.open('/');
    const answer = answerOf(stream);
    client.session.close();
    assert.equal((await answer).body, 'hello');
    await eventually(() => harness.proxy.connectedClients === 0, 'the connection gone');
    assert.equal(harness.connections[0]?.ended?.reason, 'normal');
  });

  test('is answered in HTTP/1.1 terms without --h2c, and nothing of it reaches a backend', async () => {
    await using backend = await Backend.answering(hello);
    await using harness = await start(backend, { config: { h2c: false } });
    const text = await exchange(harness.port, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    assert.match(text, /^HTTP\/1\.1 (?:400|505) /);
    assert.equal(backend.connections, 0);
  });

  test('and one of HTTP/1.1 share a plain port with --h2c, whatever way the first bytes are split', async () => {
    await using backend = await Backend.answering(hello);
    await using harness = await start(backend);
    assert.ok((await exchange(harness.port, 'GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n')).endsWith('hello'));
    assert.equal(statusOf(await exchange(harness.port, 'PRI /x HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n')), 200);
    using slow = await RawClient.connect(harness.port);
    for (const part of ['P', 'R', 'I * HT', 'TP/2.0\r\n\r\nSM\r\n', '\r\n\0\0\0\x04\0\0\0\0\0']) {
      slow.write(part);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await slow.until(() => slow.text.length >= 9);
    assert.equal(slow.text.charCodeAt(3), frameTypes.settings);
  });
});

/** The value of a setting in the first SETTINGS frame. */
function settingOf(client: RawHttp2, id: number): number {
  const payload = client.frames.find(({ type }) => type === frameTypes.settings)?.payload ?? Buffer.alloc(0);
  for (let at = 0; at < payload.length; at += 6) if (payload.readUInt16BE(at) === id) return payload.readUInt32BE(at + 2);
  return -1;
}

describe('a TLS port', () => {
  async function startTls(backend: Backend): Promise<Harness> {
    const endpoints = [backend.port];
    return Harness.start({
      protocol: 'https',
      routes: [
        { host: 'a.example', endpoints, tls: { kind: 'terminate', certificates: ['t/a'] } },
        { host: '*.a.example', endpoints, tls: { kind: 'terminate', certificates: ['t/a'] } },
        { host: 'b.example', endpoints, tls: { kind: 'terminate', certificates: ['t/b'] } },
        { host: 'p.example', endpoints, tls: { kind: 'passthrough' } as never },
      ],
      certificates: [await certificate('t/a', 'a.example', '*.a.example'), await certificate('t/b', 'b.example')],
    });
  }

  test('speaks HTTP/2 to those who offer it, HTTP/1.1 to the others, and each is logged as what it is', async () => {
    await using backend = await Backend.answering(hello);
    await using harness = await startTls(backend);
    for (const [offer, chosen] of [
      [['h2', 'http/1.1'], 'h2'],
      [['http/1.1', 'h2'], 'h2'],
      [['h2'], 'h2'],
      [['http/1.1'], 'http/1.1'],
      [undefined, false],
    ] as const) {
      const socket = connectTls({
        port: harness.port,
        host: '127.0.0.1',
        servername: 'a.example',
        rejectUnauthorized: false,
        ...(offer === undefined ? {} : { ALPNProtocols: [...offer] }),
      });
      await once(socket, 'secureConnect');
      assert.equal(socket.alpnProtocol, chosen, String(offer));
      if (chosen === 'h2') {
        const session = connectHttp2('https://a.example', { createConnection: () => socket });
        const stream = session.request({ ':path': '/', ':authority': 'a.example' });
        assert.equal((await answerOf(stream)).body, 'hello');
        session.destroy();
      } else {
        const client = new RawClient(socket);
        client.write('GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n');
        assert.ok((await client.untilEnd()).endsWith('hello'));
      }
    }
    await eventually(() => harness.proxy.connectedClients === 0, 'all connections gone');
    assert.deepEqual(
      harness.requests.map(({ protocol, scheme }) => `${protocol} ${scheme}`),
      ['HTTP/2 https', 'HTTP/2 https', 'HTTP/2 https', 'HTTP/1.1 https', 'HTTP/1.1 https'],
    );
    assert.equal(harness.counters.tlsTerminated, 5);
  });

  test('serves every host that its certificate covers, though it has another of its own, and no host that it does not cover', async () => {
    await using backend = await Backend.answering(hello);
    const endpoints = [backend.port];
    const terminate = (...certificates: string[]) => ({ kind: 'terminate', certificates }) as const;
    await using harness = await Harness.start({
      protocol: 'https',
      routes: [
        { host: 'a.example', endpoints, tls: terminate('t/wide') },
        { host: 'b.example', endpoints, tls: terminate('t/b') },
        { host: 'x.w.example', endpoints, tls: terminate('t/x') },
        { host: 'y.x.w.example', endpoints, tls: terminate('t/x') },
        { host: 'w.example', endpoints, tls: terminate('t/x') },
        { host: 'wrong-name.example', endpoints, tls: terminate('t/wide') },
        { host: 'default.example', endpoints, tls: terminate() },
        { host: 'plain.example', endpoints },
        { host: 'p.w.example', endpoints, tls: { kind: 'passthrough' } as never },
      ],
      certificates: [
        await certificate('t/wide', 'a.example', 'b.example', '*.w.example'),
        await certificate('t/b', 'b.example'),
        await certificate('t/x', 'x.w.example'),
        await certificate('default', 'default.example'),
      ],
    });
    await using client = await Http2Client.connect(harness.port, 'a.example');
    const statuses: Record<string, number> = {};
    const hosts = ['a', 'b', 'x.w', 'y.x.w', 'w', 'wrong-name', 'default', 'plain', 'unknown', 'new.w', 'p.w'].map(
      (name) => `${name}.example`,
    );
    for (const authority of hosts) statuses[authority] = (await client.ask('/', { authority })).status;
    assert.deepEqual(statuses, {
      'a.example': 200,
      'b.example': 200,
      'x.w.example': 200,
      'y.x.w.example': 421,
      'w.example': 421,
      'wrong-name.example': 200,
      'default.example': 421,
      'plain.example': 421,
      'unknown.example': 421,
      'new.w.example': 404,
      'p.w.example': 421,
    });
    harness.serverName = 'unknown.example';
    await using stranger = await Http2Client.connect(harness.port, 'unknown.example');
    assert.equal((await stranger.ask('/', { authority: 'plain.example' })).status, 200, 'it has the certificate that it would get there');
    assert.equal((await stranger.ask('/', { authority: 'a.example' })).status, 421);
  });

  test('serves on through a renewal of its certificate', async () => {
    await using backend = await Backend.answering(hello);
    await using harness = await startTls(backend);
    await using client = await Http2Client.connect(harness.port, 'a.example');
    harness.change({ certificates: [await certificate('t/a', 'a.example', '*.a.example')] });
    assert.equal((await client.ask('/', { authority: 'x.a.example' })).status, 200);
  });

  test('serves other hosts of the same certificate on one connection and refuses those of another with 421', async () => {
    await using backend = await Backend.answering(hello);
    await using harness = await startTls(backend);
    await using client = await Http2Client.connect(harness.port, 'a.example');
    assert.equal((await client.ask('/', { authority: 'a.example' })).status, 200);
    assert.equal((await client.ask('/', { authority: 'x.a.example' })).status, 200);
    assert.equal((await client.ask('/', { authority: 'b.example' })).status, 421);
    assert.equal((await client.ask('/', { authority: 'p.example' })).status, 421);
    assert.equal(harness.flag('misdirected'), 2);
    assert.equal((await client.ask('/', { authority: 'a.example' })).status, 200, 'the connection goes on');
    assert.equal(harness.connections.length, 1);
  });
});
