import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, test } from 'node:test';
import { bodyOf, FrameBackend } from '../../tools/frame-backend.ts';
import { endStream, errorCodes, RawHttp2, requestFields, settingIds } from '../../tools/raw-http2.ts';
import { Backend } from './backend.ts';
import { answerOf } from './http2-client.ts';
import { connectionOf, http1, Setup, StandingClock, untilRequests } from './http2-upstream-kit.ts';
import { eventually } from './raw-client.ts';

describe('time-outs of an HTTP/2 backend', () => {
  test('a connection without SETTINGS is given up after the connect time-out', async () => {
    const clock = new StandingClock();
    await using backend = await FrameBackend.start({ silent: true });
    await using setup = await Setup.start([backend], { policy: { retries: 0 } }, { clock });
    const answers = setup.all(3);
    await eventually(() => setup.active === 3, 'three requests');
    const connection = await connectionOf(backend, 0);
    await eventually(() => connection.sawPreface, 'the preface');
    clock.pass(setup.harness, 1900);
    assert.equal(setup.active, 3);
    clock.pass(setup.harness, 200);
    assert.deepEqual(
      (await answers).map(({ status }) => status),
      [504, 504, 504],
    );
    assert.deepEqual(new Set(setup.outcomes), new Set(['504 upstream_connect_timeout no SETTINGS']));
    assert.equal(setup.harness.counters.upstreamConnectFailures, 1);
    await setup.expectNothingLeft(backend);
  });

  test('a backend that never opens its window ends the request with the send time-out, however the client dribbles', async () => {
    const clock = new StandingClock();
    await using backend = await FrameBackend.start({ settings: [[settingIds.initialWindowSize, 0]] });
    await using setup = await Setup.start([backend], { policy: { timeouts: { readMs: 60_000 } } }, { clock });
    const neighbour = setup.client.ask('/neighbour');
    const upload = setup.client.open('/', { method: 'POST' }, false);
    upload.write('x');
    const answer = answerOf(upload);
    await untilRequests(backend, 2);
    for (let i = 0; i < 4; i++) {
      clock.pass(setup.harness, 2000);
      upload.write('y');
      await settled(setup);
    }
    clock.pass(setup.harness, 2100);
    assert.deepEqual(setup.outcomes, ['504 upstream_timeout send']);
    assert.equal((await answer).status, 504);
    const [lost] = backend.requests.filter(({ fields }) => fields[':method'] === 'POST');
    await eventually(() => lost?.resetCode === errorCodes.cancel, 'the reset');
    const { connection, stream } = backend.requests.find(({ fields }) => fields[':method'] === 'GET')!;
    connection.answer(stream, 'hello');
    assert.equal((await neighbour).body, 'hello');
    await setup.expectNothingLeft(backend);
  });

  test('a backend that takes the body slowly does not', async () => {
    const clock = new StandingClock();
    await using backend = await FrameBackend.start({ settings: [[settingIds.initialWindowSize, 0]], reads: false });
    await using setup = await Setup.start([backend], {}, { clock });
    const answer = setup.client.ask('/', { method: 'POST', body: 'abcdef' });
    await untilRequests(backend, 1);
    const [request] = backend.requests;
    for (let i = 1; i <= 6; i++) {
      clock.pass(setup.harness, 9000);
      request?.connection.windowUpdate(1, 1);
      await eventually(() => bodyOf(request!).length === i, 'one byte more');
    }
    request?.connection.answer(1, 'taken');
    assert.equal((await answer).body, 'taken');
    await setup.expectNothingLeft(backend);
  });

  test('one stream that is not answered in time is reset, and its neighbour lives on', async () => {
    const clock = new StandingClock();
    await using backend = await FrameBackend.start();
    await using setup = await Setup.start([backend], {}, { clock });
    const late = setup.client.ask('/late');
    await untilRequests(backend, 1);
    clock.pass(setup.harness, 6000);
    const neighbour = setup.client.ask('/neighbour');
    await untilRequests(backend, 2);
    clock.pass(setup.harness, 4100);
    assert.equal((await late).status, 504);
    assert.deepEqual(setup.outcomes, ['504 upstream_timeout read']);
    const [connection] = backend.connections;
    await eventually(() => connection?.requests.get(1)?.resetCode === errorCodes.cancel, 'the reset');
    connection?.answer(3, 'hello');
    assert.equal((await neighbour).body, 'hello');
    assert.equal(backend.connections.length, 1);
    await setup.expectNothingLeft(backend);
  });

  test('the read time-out does not run while the client takes nothing', async () => {
    const clock = new StandingClock();
    await using backend = await FrameBackend.start({
      onRequest: ({ connection, stream }) => {
        connection.headers(stream, [[':status', '200']]);
        connection.dataOf(stream, 100_000);
      },
    });
    await using setup = await Setup.start([backend], {}, { clock, config: { bodyTimeoutMs: 60_000 } });
    using client = await RawHttp2.connect(setup.harness.port, { settings: [[settingIds.initialWindowSize, 10]], reads: false });
    client.headers(1, requestFields('/'));
    await client.until(() => client.body(1).length === 10);
    await settled(setup, client);
    clock.pass(setup.harness, 30_000);
    client.windowUpdate(1, 100_000);
    client.windowUpdate(0, 100_000);
    await client.until(() => client.body(1).length === 100_000);
    backend.connections[0]?.data(1, '', endStream);
    await client.until(() => client.isOver(1));
    assert.equal(client.resetCode(1), undefined);
    client.socket.destroy();
    await setup.expectNothingLeft(backend);
  });

  test('an idle connection ends in order', async () => {
    const clock = new StandingClock();
    await using backend = await FrameBackend.start({ onRequest: ({ connection, stream }) => connection.answer(stream, 'hello') });
    await using setup = await Setup.start([backend], {}, { clock, config: { upstreamIdleTimeoutMs: 5000 } });
    await setup.all(1);
    clock.pass(setup.harness, 4000);
    await setup.all(1);
    clock.pass(setup.harness, 4000);
    assert.equal(setup.pool, 'idle 1, active 0, connecting 0');
    clock.pass(setup.harness, 1100);
    assert.equal(setup.pool, 'idle 0, active 0, connecting 0');
    const [connection] = backend.connections;
    await eventually(() => connection?.ended === true, 'the end');
    assert.deepEqual(connection?.goaways, [errorCodes.noError]);
    assert.equal(setup.harness.counters.upstreamConnects, 1);
    await setup.expectNothingLeft(backend);
  });
});

describe('a silent HTTP/2 backend', () => {
  test('that owes an answer is pinged once, and given up when it does not say anything', async () => {
    const clock = new StandingClock();
    await using backend = await FrameBackend.start({ pongs: false });
    await using setup = await Setup.start([backend], { policy: { timeouts: { readMs: 3_600_000 } } }, { clock });
    const answers = setup.all(2);
    await untilRequests(backend, 2);
    await settled(setup);
    const [connection] = backend.connections;
    clock.pass(setup.harness, 9900);
    assert.equal(connection?.pings, 0);
    clock.pass(setup.harness, 200);
    await eventually(() => connection?.pings === 1, 'the ping');
    clock.pass(setup.harness, 4800);
    assert.equal(setup.active, 2);
    clock.pass(setup.harness, 300);
    assert.deepEqual(
      (await answers).map(({ status }) => status),
      [502, 502],
    );
    assert.deepEqual(new Set(setup.outcomes), new Set(['502 upstream_reset no answer to a ping']));
    assert.equal(connection?.pings, 1);
    await setup.expectNothingLeft(backend);
  });

  test('that answers the ping is not pinged again before it has sent HEADERS or DATA', async () => {
    const clock = new StandingClock();
    await using backend = await FrameBackend.start();
    await using setup = await Setup.start([backend], { policy: { timeouts: { readMs: 3_600_000 } } }, { clock });
    const first = setup.client.ask('/first');
    await untilRequests(backend, 1);
    const [connection] = backend.connections;
    clock.pass(setup.harness, 10_100);
    await eventually(() => connection?.pings === 1, 'the ping');
    await settled(setup);
    // Answered: another silence, however long, brings no other.
    clock.pass(setup.harness, 120_000);
    connection?.settings([]);
    await eventually(() => connection?.acknowledged === 2, 'SETTINGS');
    clock.pass(setup.harness, 30_000);
    await settled(setup);
    assert.equal(connection?.pings, 1);
    const second = setup.client.ask('/second');
    await untilRequests(backend, 2);
    connection?.answer(3, 'hello');
    assert.equal((await second).body, 'hello');
    for (let seconds = 0; seconds < 25 && connection?.pings === 1; seconds++) {
      clock.pass(setup.harness, 1000);
      await settled(setup);
    }
    assert.equal(connection?.pings, 2);
    connection?.answer(1, 'late');
    assert.equal((await first).body, 'late');
    await setup.expectNothingLeft(backend);
  });

  test('is not pinged when it owes nothing: a stream that runs, a request that is not whole, or none', async () => {
    const clock = new StandingClock();
    await using backend = await FrameBackend.start();
    const policy = { timeouts: { readMs: 3_600_000 } };
    await using setup = await Setup.start([backend], { policy }, { clock, config: { bodyTimeoutMs: 3_600_000 } });
    const running = setup.client.ask('/running');
    await untilRequests(backend, 1);
    const [connection] = backend.connections;
    connection?.headers(1, [[':status', '200']]);
    const upload = setup.client.open('/upload', { method: 'POST' }, false);
    upload.write('begun');
    const uploaded = answerOf(upload);
    await untilRequests(backend, 2);
    await settled(setup);
    clock.pass(setup.harness, 100_000);
    await settled(setup);
    assert.equal(connection?.pings, 0);
    connection?.data(1, 'done', endStream);
    upload.end();
    connection?.answer(3, 'done');
    assert.equal(`${(await running).body} ${(await uploaded).body}`, 'done done');
    await setup.untilPool(1, 0, 0);
    clock.pass(setup.harness, 30_000);
    await settled(setup);
    assert.equal(connection?.pings, 0);
    await setup.expectNothingLeft(backend);
  });
});

describe('what is no HTTP/2 backend', () => {
  test('answers in HTTP/1.1: 502, and the log says so', async () => {
    await using backend = await Backend.start((socket) => socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n'));
    await using setup = await Setup.start([backend], { policy: { retries: 0 } });
    const client = await http1(setup.harness, 'GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n');
    assert.match(await client.untilEnd(), /^HTTP\/1\.1 502 /);
    assert.deepEqual(setup.outcomes, ['502 upstream_protocol_error the backend answers in HTTP/1']);
    await setup.untilPool(0, 0, 0);
    assert.equal(setup.active, 0);
  });

  test('closes at once: 502', async () => {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await using setup = await Setup.start([{ port }]);
    assert.equal((await setup.all(1))[0]?.status, 502);
    assert.match(setup.outcomes[0] ?? '', /^502 upstream_connect_failed /);
    assert.equal(setup.harness.counters.upstreamConnectFailures, 3);
    await setup.untilPool(0, 0, 0);
    assert.equal(setup.active, 0);
    await new Promise((resolve) => server.close(resolve));
  });
});

/** Everything that was sent before has been looked at by the proxy: its answer to our ping comes behind it. */
function settled(setup: Setup, client?: RawHttp2): Promise<void> {
  if (client !== undefined) return client.settle();
  return new Promise((resolve, reject) => {
    setup.client.session.ping((error) => (error === null ? resolve() : reject(error)));
  });
}
