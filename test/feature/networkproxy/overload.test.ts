import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type OverloadAction, type OverloadCause, overloadIndex } from '../../../src/observability/counters/overload.ts';
import { RawHttp2 } from '../../tools/raw-http2.ts';
import { Backend, hello } from './backend.ts';
import { Harness, type HarnessOptions } from './harness.ts';
import { Http2Client } from './http2-client.ts';
import { eventually, get, RawClient, statusOf } from './raw-client.ts';

const calm = { memory: 0, heap: 0, loopDelayMs: 0 };
const shedding = { ...calm, memory: 0.9 };
const refusing = { ...calm, memory: 0.99 };

async function start(backend: Backend, config: HarnessOptions['config'] = {}): Promise<Harness> {
  return await Harness.start({ routes: [{ endpoints: [backend.port] }], config: { h2c: true, ...config } });
}

function counted(harness: Harness, action: OverloadAction, cause: OverloadCause): number {
  return harness.counters.overloadActions[overloadIndex(action, cause)] as number;
}

/** Five calm looks. */
function recover(harness: Harness): void {
  for (let i = 0; i < 5; i++) harness.proxy.overload.look(calm);
}

const request = 'GET / HTTP/1.1\r\nHost: a.example\r\n\r\n';

describe('a worker that sheds connections', () => {
  test('ends an HTTP/1 connection after its next answer, and keeps connections again when it is calm', async () => {
    await using backend = await Backend.answering(hello);
    await using harness = await start(backend);
    using client = await RawClient.connect(harness.port);
    client.write(request);
    await client.untilText('hello');
    assert.ok(!/connection: close/i.test(client.text));
    harness.proxy.overload.look({ ...calm, loopDelayMs: 300 });
    harness.proxy.overload.look({ ...calm, loopDelayMs: 300 });
    harness.proxy.overload.look({ ...calm, loopDelayMs: 300 });
    client.write(request);
    assert.match(await client.untilEnd(), /connection: close\r\n[\s\S]*hello$/);
    assert.deepEqual(harness.connections[0]?.ended, { side: 'proxy', reason: 'overload' });
    assert.equal(counted(harness, 'closed', 'event_loop'), 1);
    recover(harness);
    using later = await RawClient.connect(harness.port);
    later.write(request);
    await later.untilText('hello');
    assert.ok(!/connection: close/i.test(later.text));
  });

  test('asks an HTTP/2 connection with a new request to leave, and serves what it has', async () => {
    const held: (() => void)[] = [];
    await using backend = await Backend.start((socket) => held.push(() => socket.write(hello)));
    await using harness = await start(backend);
    using client = await RawHttp2.connect(harness.port);
    const first = client.get(1, '/a');
    await eventually(() => held.length === 1, 'the first request at the backend');
    harness.proxy.overload.look(shedding);
    await client.settle();
    assert.equal(client.goaway, undefined, 'not before a request');
    const second = client.get(3, '/b');
    await eventually(() => held.length === 2, 'the second request at the backend');
    for (const answer of held) answer();
    assert.deepEqual(await Promise.all([first, second]), [200, 200]);
    await client.until(() => client.isClosing);
    assert.equal(client.goawayCode, 0);
    assert.deepEqual(harness.connections[0]?.ended, { side: 'proxy', reason: 'overload' });
    assert.equal(counted(harness, 'closed', 'memory'), 1);
  });

  test('for lack of memory ends idle connections too, a tenth a look, and none that are busy', async () => {
    await using backend = await Backend.start((socket, text) => {
      if (!text.includes('/held')) socket.write(hello);
    });
    await using harness = await start(backend);
    using busy = await RawClient.connect(harness.port);
    busy.write('GET /held HTTP/1.1\r\nHost: a.example\r\n\r\n');
    const clients = await Promise.all(Array.from({ length: 17 }, () => RawClient.connect(harness.port)));
    for (const client of clients) {
      client.write(request);
      await client.untilText('hello');
    }
    using http2 = await RawHttp2.connect(harness.port);
    assert.equal(await http2.get(1), 200);
    using fresh = await RawClient.connect(harness.port);
    await eventually(() => harness.proxy.connectedClients === 20, 'all connections');
    const open = (): number => harness.connections.filter(({ ended }) => ended === undefined).length;
    harness.proxy.overload.look(shedding);
    await eventually(() => open() === 18, 'the end of two');
    assert.equal(counted(harness, 'closed', 'memory'), 2);
    for (let i = 0; i < 20; i++) harness.proxy.overload.look(shedding);
    await eventually(() => open() === 2, 'the end of all that are idle');
    assert.equal(counted(harness, 'closed', 'memory'), 18);
    const reasons = harness.connections.map(({ ended }) => ended?.reason);
    assert.deepEqual(new Set(reasons), new Set([undefined, 'overload']));
    assert.equal(harness.connections[0]?.ended, undefined, 'the busy one lives');
    assert.ok(!fresh.closed, 'and the one whose first request may be on its way');
    for (const client of clients) client[Symbol.dispose]();
  });

  test('for lack of time lets idle connections be: new ones would cost more', async () => {
    await using backend = await Backend.answering(hello);
    await using harness = await start(backend);
    using client = await RawClient.connect(harness.port);
    client.write(request);
    await client.untilText('hello');
    for (let i = 0; i < 10; i++) harness.proxy.overload.look({ ...calm, loopDelayMs: 5000 });
    assert.equal(harness.proxy.overload.state.level, 'refusing');
    assert.equal(counted(harness, 'closed', 'event_loop'), 0);
  });
});

describe('a worker that refuses requests', () => {
  test('answers 503 with retry-after, over HTTP/1 and HTTP/2, and asks no backend', async () => {
    await using backend = await Backend.answering(hello);
    await using harness = await start(backend);
    harness.proxy.overload.look(refusing);
    const text = await get(harness.port);
    assert.equal(statusOf(text), 503);
    assert.match(text, /\r\nretry-after: 5\r\n/);
    await using client = await Http2Client.connect(harness.port);
    const answer = await client.ask('/');
    assert.deepEqual([answer.status, answer.headers['retry-after']], [503, '5']);
    assert.equal(backend.connections, 0);
    assert.equal(harness.flag('overload'), 2);
    assert.equal(counted(harness, 'refused', 'memory'), 2);
    assert.deepEqual(
      harness.requests.map(({ flag, detail }) => [flag, detail]),
      [
        ['overload', 'memory'],
        ['overload', 'memory'],
      ],
    );
    recover(harness);
    assert.equal(statusOf(await get(harness.port)), 200);
  });

  test('closes the connection of a refused upload without reading it', async () => {
    await using backend = await Backend.answering(hello);
    await using harness = await start(backend);
    harness.proxy.overload.look(refusing);
    using client = await RawClient.connect(harness.port);
    client.write('POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1000000\r\n\r\nx');
    assert.equal(statusOf(await client.untilEnd()), 503);
  });

  test('serves the requests under way to their end', async () => {
    const held: (() => void)[] = [];
    await using backend = await Backend.start((socket) => held.push(() => socket.write(hello)));
    await using harness = await start(backend);
    using http1 = await RawClient.connect(harness.port);
    http1.write(request);
    using http2 = await RawHttp2.connect(harness.port);
    const answer = http2.get(1);
    await eventually(() => held.length === 2, 'both requests at the backend');
    harness.proxy.overload.look(refusing);
    for (const send of held) send();
    assert.match(await http1.untilEnd(), /^HTTP\/1.1 200 [\s\S]*hello$/);
    assert.equal(await answer, 200);
  });
});

test('with its limits off a worker never sheds or refuses', async () => {
  await using backend = await Backend.answering(hello);
  await using harness = await start(backend, { overloadMemoryPercent: 0, overloadDelayMs: 0 });
  for (let i = 0; i < 10; i++) harness.proxy.overload.look({ memory: 2, heap: 2, loopDelayMs: 1e6 });
  assert.equal(statusOf(await get(harness.port)), 200);
});
