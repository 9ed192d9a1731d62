import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bodyOf, FrameBackend, type FrameRequest } from '../../tools/frame-backend.ts';
import { errorCodes, settingIds } from '../../tools/raw-http2.ts';
import { answerOf } from './http2-client.ts';
import { connectionOf, http1, Setup, StandingClock, untilRequests } from './http2-upstream-kit.ts';
import { eventually, statusOf } from './raw-client.ts';

const openSockets = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;

const answerAll = ({ connection, stream }: FrameRequest): void => {
  setImmediate(() => connection.answer(stream, 'hello'));
};

describe('requests for an HTTP/2 backend', () => {
  test('share one connection, which becomes idle after them', async () => {
    await using backend = await FrameBackend.start({ onRequest: answerAll });
    await using setup = await Setup.start([backend]);
    for (const { status, body } of await setup.all(50)) assert.equal(`${status} ${body}`, '200 hello');
    assert.equal(backend.connections.length, 1);
    await setup.untilPool(1, 0, 0);
    assert.equal(setup.active, 0);
    await setup.expectNothingLeft(backend);
    assert.deepEqual(backend.connections[0]?.goaways, [errorCodes.noError], 'it ended in order');
  });

  for (const warm of [false, true]) {
    test(`keep to the backend's limit of streams, ${warm ? 'on a connection that is there' : 'all at once at the start'}`, async () => {
      await using backend = await FrameBackend.start({ settings: [[settingIds.maxConcurrentStreams, 10]], onRequest: answerAll });
      await using setup = await Setup.start([backend]);
      if (warm) await setup.all(1);
      for (const { status } of await setup.all(100)) assert.equal(status, 200);
      assert.deepEqual(setup.harness.flag('overload'), 0);
      assert.ok(backend.connections.every(({ mostOpen }) => mostOpen <= 10));
      assert.ok(backend.connections.length <= 10);
      assert.equal(setup.harness.counters.upstreamRetries, 0);
      await setup.expectNothingLeft(backend);
    });
  }

  test('are a hundred on one connection at most, if the backend names no limit', async () => {
    await using backend = await FrameBackend.start();
    await using setup = await Setup.start([backend]);
    const first = setup.all(100);
    await untilRequests(backend, 100);
    assert.equal(backend.connections.length, 1);
    const client = await http1(setup.harness, 'GET /more HTTP/1.1\r\nHost: a.example\r\n\r\n');
    await untilRequests(backend, 101);
    assert.deepEqual(
      backend.connections.map(({ mostOpen }) => mostOpen),
      [100, 1],
    );
    for (const { connection, stream } of backend.requests) connection.answer(stream, 'hello');
    await first;
    await client.untilText('hello');
    client.socket.destroy();
    await setup.untilPool(2, 0, 0);
    await setup.expectNothingLeft(backend);
  });

  test('follow a limit that the backend lowers and raises while it is used', async () => {
    await using backend = await FrameBackend.start({ settings: [[settingIds.maxConcurrentStreams, 4]] });
    await using setup = await Setup.start([backend]);
    const answers = [setup.client.ask('/0'), setup.client.ask('/1')];
    await untilRequests(backend, 2);
    const [first] = backend.connections;
    first?.settings([[settingIds.maxConcurrentStreams, 1]]);
    await eventually(() => first?.acknowledged === 2, 'the new limit');
    answers.push(setup.client.ask('/2'));
    await untilRequests(backend, 3);
    assert.equal(backend.connections.length, 2);
    assert.equal(first?.open, 2, 'what runs is left alone');
    first?.settings([[settingIds.maxConcurrentStreams, 3]]);
    await eventually(() => first?.acknowledged === 3, 'the new limit');
    answers.push(setup.client.ask('/3'));
    await untilRequests(backend, 4);
    assert.equal(first?.open, 3);
    for (const { connection, stream } of backend.requests) connection.answer(stream, 'hello');
    for (const { status } of await Promise.all(answers)) assert.equal(status, 200);
    await setup.expectNothingLeft(backend);
  });

  test('wait for a backend that takes none at first', async () => {
    await using backend = await FrameBackend.start({ settings: [[settingIds.maxConcurrentStreams, 0]], onRequest: answerAll });
    await using setup = await Setup.start([backend]);
    const answers = setup.all(20);
    const connection = await connectionOf(backend, 0);
    await eventually(() => connection.acknowledged === 1, 'the first SETTINGS');
    assert.equal(setup.pool, 'idle 0, active 0, connecting 1');
    connection.settings([[settingIds.maxConcurrentStreams, 100]]);
    for (const { status } of await answers) assert.equal(status, 200);
    assert.equal(backend.connections.length, 1);
    await setup.expectNothingLeft(backend);
  });

  test('are refused when the backend takes none in time', async () => {
    await using backend = await FrameBackend.start({ settings: [[settingIds.maxConcurrentStreams, 0]] });
    await using setup = await Setup.start([backend], { policy: { retries: 0, timeouts: { connectMs: 100 } } });
    const answers = await setup.all(5);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [504, 504, 504, 504, 504],
    );
    assert.deepEqual(new Set(setup.outcomes), new Set(['504 upstream_connect_timeout the backend takes no streams']));
    assert.equal(backend.connections.length, 1);
    await setup.expectNothingLeft(backend);
  });

  test('that find --max-connections-per-endpoint full get a 503', async () => {
    await using backend = await FrameBackend.start({ settings: [[settingIds.maxConcurrentStreams, 3]] });
    await using setup = await Setup.start([backend], {}, { config: { maxConnectionsPerEndpoint: 1 } });
    const cold = setup.all(5);
    await untilRequests(backend, 3);
    await eventually(() => setup.outcomes.length === 2, 'two refusals');
    assert.equal((await setup.client.ask('/warm')).status, 503);
    assert.deepEqual(new Set(setup.outcomes), new Set(['503 overload connections to one endpoint']));
    for (const { connection, stream } of backend.requests) connection.answer(stream, 'hello');
    const statuses = (await cold).map(({ status }) => status).sort();
    assert.deepEqual(statuses, [200, 200, 200, 503, 503]);
    assert.equal(backend.connections.length, 1);
    await setup.expectNothingLeft(backend);
  });

  test('leave a connection that is being made without a trace when their clients go', async () => {
    await using backend = await FrameBackend.start({ silent: true });
    await using setup = await Setup.start([backend]);
    const streams = Array.from({ length: 3 }, () => setup.client.open('/'));
    await setup.untilPool(0, 0, 1);
    await eventually(() => setup.active === 3, 'three requests at the endpoint');
    for (const stream of streams) stream.close(errorCodes.cancel);
    await eventually(() => setup.active === 0, 'no request at the endpoint');
    const connection = await connectionOf(backend, 0);
    connection.settings([]);
    await setup.untilPool(1, 0, 0);
    assert.equal(connection.requests.size, 0);
    await setup.expectNothingLeft(backend);
  });

  test('end a connection that is being made for an endpoint that is gone, with the last of their clients', async () => {
    await using backend = await FrameBackend.start({ silent: true });
    await using setup = await Setup.start([backend]);
    const stream = setup.client.open('/');
    const connection = await connectionOf(backend, 0);
    setup.harness.change({ routes: [] });
    await setup.untilPool(0, 0, 1);
    stream.close(errorCodes.cancel);
    await setup.untilPool(0, 0, 0);
    await eventually(() => connection.ended || connection.closed, 'the end of the connection');
    await setup.expectNothingLeft(backend);
  });

  test('that wait for an endpoint that is gone still get its answers, and no other connection to it', async () => {
    await using backend = await FrameBackend.start({ silent: true, onRequest: answerAll });
    await using setup = await Setup.start([backend], { policy: { retries: 0 } });
    const answers = setup.all(5);
    await eventually(() => setup.active === 5, 'five requests at the endpoint');
    const connection = await connectionOf(backend, 0);
    setup.harness.change({ routes: [] });
    connection.settings([[settingIds.maxConcurrentStreams, 3]]);
    const statuses = (await answers).map(({ status }) => status).sort();
    assert.deepEqual(statuses, [200, 200, 200, 503, 503]);
    assert.equal(setup.outcomes.filter((outcome) => outcome === '503 overload the endpoint is gone').length, 2);
    assert.equal(backend.connections.length, 1);
    await setup.untilPool(0, 0, 0);
    await setup.expectNothingLeft(backend);
  });
});

describe('the end of a connection to a backend', () => {
  test('does not wait for ever for one that takes nothing', async () => {
    await eventually(() => openSockets() === 0, 'no socket of the tests before');
    const clock = new StandingClock();
    await using backend = await FrameBackend.start({
      settings: [[settingIds.initialWindowSize, 0x7fff_ffff]],
      onHead: ({ connection }) => {
        connection.windowUpdate(0, 0x7000_0000);
        connection.socket.pause();
      },
    });
    await using setup = await Setup.start([backend], {}, { clock });
    const uploads = Array.from({ length: 4 }, () => setup.client.open('/', { method: 'POST' }, false));
    for (const upload of uploads) upload.write(Buffer.alloc(16_000_000));
    let sent = 0;
    let unchanged = 0;
    await eventually(() => {
      const { bytesWritten = 0 } = setup.client.session.socket;
      unchanged = bytesWritten === sent ? unchanged + 1 : 0;
      sent = bytesWritten;
      return sent > 1_000_000 && unchanged === 60;
    }, 'the uploads to stand still');
    for (const upload of uploads) upload.close(errorCodes.cancel);
    await setup.untilPool(1, 0, 0);
    setup.harness.change({ routes: [] });
    await setup.untilPool(0, 0, 0);
    setup.client.session.destroy();
    await eventually(() => setup.harness.connections[0]?.ended !== undefined, 'the end of the client');
    setup.harness.connections[0]?.socket.destroy();
    // One at the backend, one of ours.
    await eventually(() => openSockets() === 2, 'a connection that can not end');
    clock.pass(setup.harness, 6000);
    await eventually(() => openSockets() === 1, 'its end');
    assert.equal(setup.harness.wheel.size, 0);
  });
});

describe('GOAWAY of a backend', () => {
  test('in two steps loses nothing: streams under way finish, new ones go to a new connection', async () => {
    await using backend = await FrameBackend.start();
    await using setup = await Setup.start([backend]);
    const answers = [setup.client.ask('/0'), setup.client.ask('/1')];
    await untilRequests(backend, 2);
    const [first] = backend.connections;
    first?.goaway(0x7fff_ffff);
    await eventually(() => setup.pool === 'idle 0, active 1, connecting 0', 'one connection');
    first?.settings([]);
    await eventually(() => first?.acknowledged === 2, 'GOAWAY has been read');
    answers.push(setup.client.ask('/2'));
    await untilRequests(backend, 3);
    assert.equal(backend.connections.length, 2);
    first?.goaway(3);
    first?.answer(1, 'one');
    assert.equal((await answers[0])?.body, 'one');
    assert.equal(first?.ended, false, 'a stream is left');
    first?.answer(3, 'two');
    assert.equal((await answers[1])?.body, 'two');
    await eventually(() => first?.ended === true, 'the end of the old connection');
    assert.deepEqual(first?.goaways, [errorCodes.noError]);
    backend.connections[1]?.answer(1, 'three');
    assert.equal((await answers[2])?.body, 'three');
    assert.equal(setup.harness.counters.upstreamRetries, 0);
    await setup.untilPool(1, 0, 0);
    await setup.expectNothingLeft(backend);
  });

  test('sends unprocessed requests again, with their bodies byte for byte', async () => {
    await using backend = await FrameBackend.start({
      onRequest: ({ connection, stream }) => {
        if (connection.index === 0 && stream === 1) connection.goaway(1);
        else if (connection.index > 0) connection.answer(stream, 'again');
      },
    });
    await using setup = await Setup.start([backend]);
    const body = Buffer.from(Array.from({ length: 60_000 }, (_, i) => i % 251));
    const upload = setup.client.open('/upload', { method: 'POST' }, false);
    upload.write(body);
    const uploaded = answerOf(upload);
    const hanging = setup.client.open('/hanging', { method: 'PUT' }, false);
    hanging.write('begun');
    await eventually(() => backend.requests.length === 2 && bodyOf(backend.requests[0]!).length === body.length, 'both bodies');
    upload.end();
    await eventually(() => backend.requests.length === 3, 'the other one again');
    hanging.end(' and ended');
    assert.equal((await answerOf(hanging)).body, 'again');
    const again = backend.requests[2]!;
    assert.equal(bodyOf(again).toString(), 'begun and ended');
    assert.equal(again.fields[':method'], 'PUT');
    backend.connections[0]?.answer(1, 'first');
    assert.equal((await uploaded).body, 'first');
    assert.ok(bodyOf(backend.requests[0]!).equals(body));
    assert.equal(setup.harness.counters.upstreamRetries, 1);
    await setup.expectNothingLeft(backend);
  });

  test('gets no cut body for one that is too long to be kept: 502', async () => {
    await using backend = await FrameBackend.start();
    await using setup = await Setup.start([backend]);
    const upload = setup.client.open('/upload', { method: 'POST' }, false);
    upload.write(Buffer.alloc(65_537));
    await eventually(() => backend.requests.length === 1 && bodyOf(backend.requests[0]!).length === 65_537, 'the body');
    backend.connections[0]?.goaway(0);
    assert.equal((await answerOf(upload)).status, 502);
    assert.deepEqual(setup.outcomes, ['502 upstream_reset GOAWAY 0']);
    assert.equal(backend.requests.length, 1);
    await setup.expectNothingLeft(backend);
  });

  test('sends all requests of a used connection again, however many: the retry budget is for failing backends', async () => {
    await using backend = await FrameBackend.start({
      onRequest: ({ connection, stream, fields }) => {
        if (connection.index > 0 || fields[':path'] === '/first?0') connection.answer(stream, 'hello');
      },
    });
    await using setup = await Setup.start([backend]);
    await setup.all(1, '/first');
    const answers = setup.all(80, '/', 'body');
    await untilRequests(backend, 81);
    backend.connections[0]?.goaway(1);
    for (const { status } of await answers) assert.equal(status, 200);
    assert.equal(
      backend.requests.slice(81).every((request) => bodyOf(request).toString() === 'body'),
      true,
    );
    await setup.expectNothingLeft(backend);
  });

  test('on a new connection every time ends with a 502 after `retries` attempts', async () => {
    await using backend = await FrameBackend.start({ onRequest: ({ connection }) => connection.goaway(0, errorCodes.enhanceYourCalm) });
    await using setup = await Setup.start([backend]);
    assert.equal((await setup.client.ask('/', { method: 'POST', body: 'x' })).status, 502);
    assert.equal(backend.requests.length, 3);
    assert.deepEqual(setup.outcomes, ['502 upstream_reset GOAWAY 11']);
    await setup.expectNothingLeft(backend);
  });

  test('on an idle connection ends it, and the next request opens another', async () => {
    await using backend = await FrameBackend.start({ onRequest: answerAll });
    await using setup = await Setup.start([backend]);
    await setup.all(1);
    const [first] = backend.connections;
    first?.goaway(1);
    // Frames behind it in the same read must not disturb the orderly end.
    first?.send(6, 0, 0, Buffer.alloc(8));
    first?.settings([]);
    await eventually(() => first?.ended === true, 'the end of the connection');
    assert.deepEqual(first?.goaways, [errorCodes.noError]);
    await setup.untilPool(0, 0, 0);
    assert.equal((await setup.all(1))[0]?.status, 200);
    assert.equal(backend.connections.length, 2);
    assert.equal(setup.harness.counters.upstreamRetries, 0);
    await setup.expectNothingLeft(backend);
  });

  test('while a backend takes no streams yet fails the connection', async () => {
    await using backend = await FrameBackend.start({ settings: [[settingIds.maxConcurrentStreams, 0]] });
    await using setup = await Setup.start([backend], { policy: { retries: 0 } });
    const answer = setup.all(1);
    const connection = await connectionOf(backend, 0);
    connection.goaway(0);
    assert.equal((await answer)[0]?.status, 502);
    assert.deepEqual(setup.outcomes, ['502 upstream_connect_failed GOAWAY 0']);
    await setup.expectNothingLeft(backend);
  });
});

describe('REFUSED_STREAM of a backend', () => {
  test('is retried with any method and its body, here and at other endpoints', async () => {
    const refused: string[] = [];
    const onRequest = (request: FrameRequest): void => {
      if (refused.length < 2) {
        refused.push(bodyOf(request).toString());
        request.connection.reset(request.stream, errorCodes.refusedStream);
      } else {
        request.connection.answer(request.stream, `got ${bodyOf(request)}`);
      }
    };
    await using one = await FrameBackend.start({ onRequest });
    await using two = await FrameBackend.start({ onRequest });
    await using setup = await Setup.start([one, two]);
    const answer = await setup.client.ask('/', { method: 'POST', body: 'some body', trailers: { 'x-sum': '9' } });
    assert.equal(answer.body, 'got some body');
    assert.deepEqual(refused, ['some body', 'some body']);
    assert.deepEqual(
      [...one.requests, ...two.requests].map(({ trailers }) => trailers?.['x-sum']),
      ['9', '9', '9'],
    );
    assert.ok(one.requests.length > 0 && two.requests.length > 0, 'both endpoints were tried');
    assert.equal(one.connections.length + two.connections.length, 2, 'the connections live on');
    await setup.expectNothingLeft(one, two);
  });

  test('ends with a 502 after `retries` attempts, and when the budget is used up', async () => {
    await using backend = await FrameBackend.start({
      onRequest: ({ connection, stream }) => connection.reset(stream, errorCodes.refusedStream),
    });
    await using setup = await Setup.start([backend]);
    assert.equal((await setup.all(1))[0]?.status, 502);
    assert.equal(backend.requests.length, 3);
    for (const { status } of await setup.all(40)) assert.equal(status, 502);
    assert.deepEqual(new Set(setup.outcomes), new Set(['502 upstream_reset RST_STREAM 7']));
    assert.ok(backend.requests.length < 3 + 40 + 20, `${backend.requests.length} requests`);
    assert.equal(backend.connections.length, 1);
    await setup.expectNothingLeft(backend);
  });

  test('of a body that is too long to be kept is a 502', async () => {
    await using backend = await FrameBackend.start();
    await using setup = await Setup.start([backend]);
    const upload = setup.client.open('/upload', { method: 'POST' }, false);
    upload.write(Buffer.alloc(100_000));
    await eventually(() => backend.requests.length === 1 && bodyOf(backend.requests[0]!).length === 100_000, 'the body');
    backend.connections[0]?.reset(1, errorCodes.refusedStream);
    assert.equal((await answerOf(upload)).status, 502);
    assert.equal(backend.requests.length, 1);
    await setup.expectNothingLeft(backend);
  });
});

describe('a lost connection to a backend', () => {
  for (const kind of ['reset', 'FIN'] as const) {
    const lose = (setup: FrameBackend): void => {
      const { socket } = setup.connections[0]!;
      if (kind === 'reset') socket.resetAndDestroy();
      else socket.end();
    };

    test(`by ${kind} that was used before repeats each GET once on a new connection, and no POST`, async () => {
      await using backend = await FrameBackend.start({
        onRequest: ({ connection, stream, fields }) => {
          if (connection.index > 0 || fields[':path'] === '/first?0') connection.answer(stream, 'hello');
        },
      });
      await using setup = await Setup.start([backend]);
      await setup.all(1, '/first');
      const gets = setup.all(30);
      const posts = setup.all(3, '/', 'body');
      await untilRequests(backend, 34);
      assert.equal(setup.active, 33);
      lose(backend);
      for (const { status } of await gets) assert.equal(status, 200);
      for (const { status } of await posts) assert.equal(status, 502);
      assert.equal(backend.connections.length, 2);
      await setup.expectNothingLeft(backend);
    });

    test(`by ${kind} that was new is not repeated`, async () => {
      await using backend = await FrameBackend.start({ onRequest: () => lose(backend) });
      await using setup = await Setup.start([backend]);
      assert.equal((await setup.all(1))[0]?.status, 502);
      assert.equal(backend.connections.length, 1);
      assert.match(setup.outcomes[0] ?? '', /^502 upstream_reset /);
      await setup.expectNothingLeft(backend);
    });

    test(`by ${kind} in the middle of an answer is seen by the client`, async () => {
      await using backend = await FrameBackend.start({
        onRequest: ({ connection, stream }) => {
          connection.headers(stream, [[':status', '200']]);
          connection.data(stream, 'begun');
        },
      });
      await using setup = await Setup.start([backend]);
      const overHttp2 = answerOf(setup.client.open('/'));
      const overHttp1 = await http1(setup.harness, 'GET / HTTP/1.1\r\nHost: a.example\r\n\r\n');
      await overHttp1.untilText('begun');
      await untilRequests(backend, 2);
      lose(backend);
      await assert.rejects(overHttp2, /reset with 2/);
      assert.doesNotMatch(await overHttp1.untilEnd(), /\r\n0\r\n\r\n$/);
      await eventually(() => setup.harness.flag('upstream_truncated') === 2, 'both in the log');
      await setup.expectNothingLeft(backend);
    });
  }

  test('that dies twice under a GET is a 502', async () => {
    await using backend = await FrameBackend.start({
      onRequest: ({ connection, stream, fields }) => {
        if (fields[':path'] === '/first?0') connection.answer(stream, 'hello');
        else connection.socket.resetAndDestroy();
      },
    });
    await using setup = await Setup.start([backend]);
    await setup.all(1, '/first');
    assert.equal((await setup.all(1))[0]?.status, 502);
    assert.equal(backend.connections.length, 2);
    await setup.expectNothingLeft(backend);
  });

  test('is not what RST_STREAM says: a GET that a backend has ended by itself is not sent again', async () => {
    await using backend = await FrameBackend.start({
      onRequest: ({ connection, stream, fields }) => {
        if (fields[':path'] === '/first?0') connection.answer(stream, 'hello');
        else connection.reset(stream, errorCodes.internalError);
      },
    });
    await using setup = await Setup.start([backend]);
    await setup.all(1, '/first');
    assert.equal((await setup.all(1))[0]?.status, 502);
    assert.equal(backend.requests.length, 2);
    assert.equal(backend.connections.length, 1);
    assert.equal(setup.outcomes.at(-1), '502 upstream_reset RST_STREAM 2');
    await setup.expectNothingLeft(backend);
  });
});

describe('a table change with streams under way to an HTTP/2 backend', () => {
  test('that removes the endpoint lets them finish, and sends new requests elsewhere', async () => {
    await using old = await FrameBackend.start();
    await using next = await FrameBackend.start({ onRequest: answerAll });
    await using setup = await Setup.start([old]);
    const answer = setup.client.ask('/');
    await untilRequests(old, 1);
    const service = { protocol: 'h2c' } as const;
    setup.harness.change({ routes: [{ endpoints: [next.port], service }] });
    assert.equal((await setup.all(1))[0]?.body, 'hello');
    await setup.untilPool(1, 1, 0);
    old.connections[0]?.answer(1, 'late');
    assert.equal((await answer).body, 'late');
    await setup.untilPool(1, 0, 0);
    await eventually(() => old.connections[0]?.ended === true, 'the end of the old connection');
    assert.deepEqual(old.connections[0]?.goaways, [errorCodes.noError]);
    await setup.expectNothingLeft(old, next);
  });

  test('that changes the transport lets them finish on the old connection', async () => {
    await using backend = await FrameBackend.start();
    await using setup = await Setup.start([backend]);
    const answer = setup.client.ask('/');
    await untilRequests(backend, 1);
    setup.harness.change({ routes: [{ endpoints: [backend.port], service: { protocol: 'http' } }] });
    const client = await http1(setup.harness, 'GET /plain HTTP/1.1\r\nHost: a.example\r\n\r\n');
    const plain = await connectionOf(backend, 1);
    await setup.untilPool(0, 2, 0);
    plain.socket.write('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nplain');
    await client.untilText('plain');
    assert.equal(statusOf(client.text), 200);
    backend.connections[0]?.answer(1, 'late');
    assert.equal((await answer).body, 'late');
    await setup.untilPool(1, 0, 0);
    client.socket.destroy();
    await setup.expectNothingLeft(backend);
  });
});
