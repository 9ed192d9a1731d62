import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { FilterRequest } from '../../../src/networkproxy/filters/filter-request.ts';
import { type Filter, filterTable } from '../../../src/networkproxy/filters/filter-table.ts';
import { Later, type NoVerdict, type Verdict } from '../../../src/networkproxy/filters/later.ts';
import { errorReply } from '../../../src/networkproxy/local-reply.ts';
import type { WheelClock } from '../../../src/timer-wheel.ts';
import { Backend, hello } from '../../feature/networkproxy/backend.ts';
import { Harness } from '../../feature/networkproxy/harness.ts';
import { Http2Client } from '../../feature/networkproxy/http2-client.ts';
import { eventually, RawClient } from '../../feature/networkproxy/raw-client.ts';

/** One request that waits, with the test in the place of whoever decides. */
interface Waiting {
  readonly request: FilterRequest;
  readonly signal: AbortSignal;
  readonly verdict: PromiseWithResolvers<Verdict>;
}

const waiting: Waiting[] = [];
const reasons: NoVerdict['kind'][] = [];
let otherwise: Verdict;

const waitingFilter: Filter = {
  name: 'test_waits',
  needs: 'worker',
  reason: 'Stands for every filter that has to ask somebody.',
  applies: (route) => route.route.match.path.value.startsWith('/wait'),
  check: (request) =>
    new Later({
      timeoutMs: 1000,
      decide: (signal) => {
        const verdict = Promise.withResolvers<Verdict>();
        waiting.push({ request, signal, verdict });
        return verdict.promise;
      },
      otherwise: ({ kind }) => {
        reasons.push(kind);
        return otherwise;
      },
    }),
};

/** A wheel's time that stands still until the test moves it. */
class StandingClock implements WheelClock {
  ms = 0;
  #tick = (): void => {};
  now(): number {
    return this.ms;
  }
  every(_ms: number, tick: () => void): () => void {
    this.#tick = tick;
    return () => {};
  }
  advance(ms: number): void {
    this.ms += ms;
    this.#tick();
  }
}

describe('a filter that waits', () => {
  const filters = filterTable as Filter[];
  before(() =>
    filters.unshift(waitingFilter, {
      ...waitingFilter,
      name: 'test_waits_again',
      applies: ({ route }) => route.match.path.value === '/wait/twice',
    }),
  );
  after(() => filters.splice(0, 2));
  beforeEach(() => {
    waiting.length = 0;
    reasons.length = 0;
    otherwise = errorReply('route_blocked', 'no verdict');
  });

  const begun = async (count = 1): Promise<Waiting> => {
    await eventually(() => waiting.length === count, `${count} waiting requests`);
    return waiting[count - 1] as Waiting;
  };

  /** Answers when a body has come whole: four bytes, or chunks. */
  const counting = (): Promise<Backend> =>
    Backend.start((socket, text) => {
      if (text.endsWith('\r\n0\r\n\r\n') || text.endsWith('body')) socket.write(hello, 'latin1');
    });

  it('lets a request on with what it changed, and the backend has not heard of it before', async () => {
    await using backend = await Backend.answering(hello);
    await using harness = await Harness.start({ routes: [{ path: '/wait', endpoints: [backend.port] }] });
    using client = await RawClient.connect(harness.port);
    client.write('GET /wait HTTP/1.1\r\nHost: a.example\r\nAuthorization: secret\r\nConnection: close\r\n\r\n');
    const { request, verdict } = await begun();
    assert.equal(backend.connections, 0);
    request.user = 'ada';
    request.editRequest({ remove: ['authorization'], set: ['x-user', 'ada'], add: [] });
    request.addToAnswer(['set-cookie', 'a=b']);
    verdict.resolve(undefined);
    const answer = await client.untilEnd();
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
    assert.match(answer, /\r\nset-cookie: a=b\r\n/);
    assert.match(backend.received[0] as string, /\r\nx-user: ada\r\n/);
    assert.doesNotMatch(backend.received[0] as string, /secret/);
    assert.equal(harness.requests[0]?.user, 'ada');
  });

  it('answers with its reply, and the connection goes on', async () => {
    await using backend = await Backend.answering(hello);
    await using harness = await Harness.start({
      routes: [
        { path: '/', endpoints: [backend.port] },
        { path: '/wait', endpoints: [backend.port] },
      ],
    });
    using client = await RawClient.connect(harness.port);
    client.write('GET /wait HTTP/1.1\r\nHost: a.example\r\n\r\nGET /next HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n');
    const { verdict } = await begun();
    verdict.resolve(errorReply('route_blocked'));
    const answer = await client.untilEnd();
    assert.deepEqual(
      [...answer.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status),
      ['403', '200'],
    );
  });

  it('comes before those behind it: each is asked after the verdict of the last', async () => {
    await using backend = await Backend.answering(hello);
    await using harness = await Harness.start({ routes: [{ path: '/wait/twice', endpoints: [backend.port] }] });
    using client = await RawClient.connect(harness.port);
    client.write('GET /wait/twice HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n');
    (await begun()).verdict.resolve(undefined);
    const second = await begun(2);
    assert.equal(backend.connections, 0);
    second.verdict.resolve(undefined);
    assert.match(await client.untilEnd(), /hello$/);
  });

  it('holds the body back: the client is read no further, and all of it reaches the backend after the verdict', async () => {
    await using backend = await counting();
    await using harness = await Harness.start({ routes: [{ path: '/wait', endpoints: [backend.port] }] });
    using client = await RawClient.connect(harness.port);
    client.write('POST /wait HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n');
    const { verdict } = await begun();
    // Much more than sockets on both sides take.
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    for (let i = 0; i < 200; i++) client.write(chunk);
    client.write('0\r\n\r\n');
    await eventually(() => client.socket.bytesWritten - client.socket.writableLength > 0, 'the first bytes on their way');
    await eventually(() => harness.connections[0]?.socket.isPaused() === true, 'the client being held back');
    assert.equal(backend.connections, 0);
    assert.ok(client.socket.writableLength > 1_000_000, `${client.socket.writableLength} bytes wait at the client`);
    verdict.resolve(undefined);
    assert.match(await client.untilEnd(), /hello$/);
    const received = backend.received[0] as string;
    assert.equal([...received.slice(received.indexOf('\r\n\r\n')).matchAll(/x+/g)].join('').length, 200 * 65_536);
  });

  it('holds the body of an HTTP/2 request back by its window, and no other request of the connection', async () => {
    await using backend = await counting();
    await using harness = await Harness.start({
      routes: [
        { path: '/', endpoints: [backend.port] },
        { path: '/wait', endpoints: [backend.port] },
      ],
      config: { h2c: true },
    });
    await using client = await Http2Client.connect(harness.port);
    const stream = client.open('/wait', { method: 'POST' }, false);
    const { verdict } = await begun();
    stream.end(Buffer.alloc(3_000_000, 'x'));
    const other = await client.ask('/other', { method: 'POST', body: 'body' });
    assert.equal(other.body, 'hello');
    assert.ok(stream.writableLength > 2_000_000, `${stream.writableLength} bytes wait at the client`);
    verdict.resolve(undefined);
    await new Promise<void>((resolve) => stream.once('response', () => resolve()));
    const bodies = backend.received.join('');
    assert.equal([...bodies.matchAll(/(?<=\r\n)x+(?=\r\n)/g)].join('').length, 3_000_000);
  });

  it('lets an upgrade on with what it adds, and the tunnel has what came early', async () => {
    await using backend = await Backend.start((socket, text) => {
      if (text.startsWith('GET ')) socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n');
      if (text.endsWith('early')) socket.write('late');
    });
    await using harness = await Harness.start({ routes: [{ path: '/wait', endpoints: [backend.port] }] });
    using client = await RawClient.connect(harness.port);
    client.write('GET /wait HTTP/1.1\r\nHost: a.example\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n');
    const { request, verdict } = await begun();
    client.write('early');
    request.addToAnswer(['set-cookie', 'a=b']);
    verdict.resolve(undefined);
    await client.untilText('late');
    assert.match(client.text, /^HTTP\/1\.1 101 [\s\S]*\r\nset-cookie: a=b\r\n/);
  });

  it('sends 100 Continue only after the verdict', async () => {
    await using backend = await counting();
    await using harness = await Harness.start({ routes: [{ path: '/wait', endpoints: [backend.port] }] });
    using client = await RawClient.connect(harness.port);
    client.write('POST /wait HTTP/1.1\r\nHost: a.example\r\nContent-Length: 4\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n');
    const { verdict } = await begun();
    assert.equal(client.text, '');
    verdict.resolve(undefined);
    await client.untilText('100 Continue');
    client.write('body');
    assert.match(await client.untilEnd(), /hello$/);
  });

  it('is told when the client leaves, and its verdict then changes nothing', async () => {
    await using backend = await Backend.answering(hello);
    await using harness = await Harness.start({ routes: [{ path: '/wait', endpoints: [backend.port] }] });
    using client = await RawClient.connect(harness.port);
    client.write('GET /wait HTTP/1.1\r\nHost: a.example\r\n\r\n');
    const { signal, verdict } = await begun();
    client.socket.resetAndDestroy();
    await eventually(() => signal.aborted, 'the filter being told');
    verdict.resolve(undefined);
    await eventually(() => harness.requests.length === 1, 'the line of the log');
    assert.equal(harness.requests[0]?.flag, 'client_gone');
    assert.equal(backend.connections, 0);
  });

  it('is told when an HTTP/2 client gives one request up; the others of the connection go on', async () => {
    await using backend = await Backend.answering(hello);
    await using harness = await Harness.start({ routes: [{ path: '/wait', endpoints: [backend.port] }], config: { h2c: true } });
    await using client = await Http2Client.connect(harness.port);
    const given = client.open('/wait');
    const first = await begun();
    const kept = client.ask('/wait', { method: 'POST', body: 'body' });
    const second = await begun(2);
    given.close(8);
    await eventually(() => first.signal.aborted, 'the filter being told');
    assert.equal(second.signal.aborted, false);
    second.verdict.resolve(undefined);
    first.verdict.resolve(undefined);
    assert.equal((await kept).body, 'hello');
    assert.match(backend.received[0] as string, /\r\nbody\r\n0\r\n\r\n$/);
  });

  it('that takes too long, or throws, is answered for by what it says of that', async () => {
    const clock = new StandingClock();
    await using backend = await Backend.answering(hello);
    await using harness = await Harness.start({ routes: [{ path: '/wait', endpoints: [backend.port] }], clock });
    const ask = async (): Promise<RawClient> => {
      const client = await RawClient.connect(harness.port);
      client.write('GET /wait HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n');
      return client;
    };
    using late = await ask();
    const { signal, verdict } = await begun();
    clock.advance(1100);
    assert.match(await late.untilEnd(), /^HTTP\/1\.1 403/);
    assert.equal(signal.aborted, true);
    verdict.resolve(undefined);
    using failed = await ask();
    (await begun(2)).verdict.reject(new Error('no'));
    assert.match(await failed.untilEnd(), /^HTTP\/1\.1 403/);
    otherwise = undefined;
    using open = await ask();
    (await begun(3)).verdict.reject(new Error('no'));
    assert.match(await open.untilEnd(), /hello$/);
    assert.deepEqual(reasons, ['late', 'failed', 'failed']);
    assert.equal(backend.connections, 1);
  });

  it('ends with the body that grows over its limit', async () => {
    await using backend = await Backend.answering(hello);
    await using harness = await Harness.start({
      routes: [{ path: '/wait', endpoints: [backend.port], policy: { maxRequestBodyBytes: 3 } }],
    });
    using client = await RawClient.connect(harness.port);
    client.write('POST /wait HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n');
    const { signal, verdict } = await begun();
    client.write('4\r\nbody\r\n0\r\n\r\n');
    assert.match(await client.untilEnd(), /^HTTP\/1\.1 413/);
    assert.equal(signal.aborted, true);
    verdict.resolve(undefined);
    assert.equal(backend.connections, 0);
  });

  it('leaves no deadline and no listener behind', async () => {
    await using backend = await Backend.answering(hello);
    await using harness = await Harness.start({ routes: [{ path: '/wait', endpoints: [backend.port] }] });
    const before = harness.wheel.size;
    for (let i = 1; i <= 5; i++) {
      using client = await RawClient.connect(harness.port);
      client.write('GET /wait HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n');
      (await begun(i)).verdict.resolve(i % 2 === 0 ? errorReply('route_blocked') : undefined);
      await client.untilEnd();
    }
    await harness.proxy.close();
    await eventually(() => harness.wheel.size === before, 'the wheel as it was');
  });
});
