import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { request as requestHttp1 } from 'node:http';
import { describe, test } from 'node:test';
import { bodyOf, FrameBackend, type FrameRequest } from '../../tools/frame-backend.ts';
import { endStream, errorCodes, frame, RawHttp2, requestFields, settingIds } from '../../tools/raw-http2.ts';
import { Http2Backend } from './http2-backend.ts';
import { answerOf } from './http2-client.ts';
import { http1, Setup, untilRequests } from './http2-upstream-kit.ts';
import { eventually } from './raw-client.ts';

const answerLength = (request: FrameRequest): void => request.connection.answer(request.stream, String(bodyOf(request).length));

/** Bytes that no shift or loss leaves alike. */
function pattern(length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >>> 8) * 7 + (i >>> 16)) & 0xff;
  return bytes;
}

describe('a request body for an HTTP/2 backend', () => {
  for (const window of [1, 1000, 100_000]) {
    test(`keeps to windows of ${window} bytes from the first request on`, async () => {
      await using backend = await FrameBackend.start({
        settings: [[settingIds.initialWindowSize, window]],
        reads: false,
        onRequest: answerLength,
      });
      await using setup = await Setup.start([backend]);
      const body = pattern(120_000);
      const answer = setup.client.ask('/', { method: 'POST', body });
      const first = Math.min(window, 65_535);
      await eventually(() => backend.requests[0] !== undefined && bodyOf(backend.requests[0]).length === first, 'one window');
      const [request] = backend.requests;
      request?.connection.windowUpdate(1, body.length - first);
      request?.connection.windowUpdate(0, body.length);
      assert.equal((await answer).body, '120000');
      assert.ok(bodyOf(request!).equals(body));
      await setup.expectNothingLeft(backend);
    });
  }

  test('waits for a window of 0 to open', async () => {
    await using backend = await FrameBackend.start({
      settings: [[settingIds.initialWindowSize, 0]],
      reads: false,
      onRequest: answerLength,
    });
    await using setup = await Setup.start([backend]);
    const answer = setup.client.ask('/', { method: 'POST', body: 'some body', trailers: { 'x-sum': '9' } });
    await eventually(() => backend.requests.length === 1, 'the head');
    const [connection] = backend.connections;
    connection?.windowUpdate(1, 4);
    await eventually(() => bodyOf(backend.requests[0]!).length === 4, 'four bytes');
    connection?.settings([[settingIds.initialWindowSize, 100]]);
    assert.equal((await answer).body, '9');
    assert.equal(backend.requests[0]?.trailers?.['x-sum'], '9');
    await setup.expectNothingLeft(backend);
  });

  test('follows windows that the backend takes back in the middle of it, below zero too', async () => {
    await using backend = await FrameBackend.start({
      settings: [[settingIds.initialWindowSize, 30_000]],
      reads: false,
      onRequest: answerLength,
    });
    await using setup = await Setup.start([backend]);
    const body = pattern(60_000);
    const answer = setup.client.ask('/', { method: 'POST', body });
    const got = (): number => (backend.requests[0] === undefined ? 0 : bodyOf(backend.requests[0]).length);
    await eventually(() => got() === 30_000, 'the first window');
    const connection = backend.connections[0]!;
    connection.settings([[settingIds.initialWindowSize, 10_000]]);
    await eventually(() => connection.acknowledged === 2, 'the smaller window');
    // 20,000 below zero now: this opens it by 500.
    connection.windowUpdate(1, 20_500);
    await eventually(() => got() === 30_500, '500 bytes');
    connection.settings([[settingIds.initialWindowSize, 20_000]]);
    await eventually(() => got() === 40_500, '10,000 more');
    connection.windowUpdate(1, 100_000);
    assert.equal((await answer).body, '60000');
    assert.ok(bodyOf(backend.requests[0]!).equals(body));
    await setup.expectNothingLeft(backend);
  });
});

const responseWindow = 131_072;

describe('an answer of an HTTP/2 backend', () => {
  test('for a client that has stopped taking it is held up to one window, and no more is asked for', async () => {
    await using backend = await FrameBackend.start({
      onRequest: (request) => {
        if (request.fields[':path'] === '/stalled') request.connection.headers(request.stream, [[':status', '200']]);
        else request.connection.answer(request.stream, 'hello');
      },
    });
    await using setup = await Setup.start([backend]);
    using client = await RawHttp2.connect(setup.harness.port, { settings: [[settingIds.initialWindowSize, 60_000]], reads: false });
    client.windowUpdate(0, 1_000_000);
    client.headers(1, requestFields('/stalled'));
    await untilRequests(backend, 1);
    const connection = backend.connections[0]!;
    connection.dataOf(1, 60_000);
    await client.until(() => client.body(1).length === 60_000);
    connection.dataOf(1, responseWindow - 60_000);
    // The answer to this comes behind it all on the same connection.
    assert.equal((await setup.client.ask('/')).body, 'hello');
    const asked = connection.credits.get(1) ?? 0;
    assert.ok(asked <= 60_000, `${asked} bytes were asked for beside the first window, and the client has taken 60,000`);
    client.windowUpdate(1, responseWindow);
    await client.until(() => client.body(1).length === responseWindow);
    await eventually(() => connection.credits.get(1) === responseWindow, 'room for a whole window');
    connection.data(1, 'the end', endStream);
    await client.until(() => client.isOver(1));
    assert.ok(client.body(1).endsWith('the end'));
    client.socket.destroy();
    await setup.expectNothingLeft(backend);
  });

  test('in a frame that comes in pieces reaches the client with each piece', async () => {
    await using backend = await FrameBackend.start({
      onRequest: ({ connection, stream }) => {
        connection.headers(stream, [[':status', '200']]);
        connection.socket.write(frame(0, 0, stream, Buffer.from('first second')).subarray(0, 9 + 6));
      },
    });
    await using setup = await Setup.start([backend]);
    const client = await http1(setup.harness, 'GET / HTTP/1.1\r\nHost: a.example\r\n\r\n');
    await client.untilText('first');
    backend.connections[0]?.socket.write('second');
    await client.untilText('second');
    backend.connections[0]?.data(1, '', endStream);
    await client.untilText('0\r\n\r\n');
    client.socket.destroy();
    await setup.expectNothingLeft(backend);
  });

  test('for many stalled clients leaves the others of its connection their room', async () => {
    await using backend = await FrameBackend.start({
      onRequest: ({ connection, stream, fields }) => {
        if (fields[':path'] === '/stalled') {
          connection.headers(stream, [[':status', '200']]);
          connection.dataOf(stream, responseWindow);
        } else {
          connection.answer(stream, 'hello');
        }
      },
    });
    await using setup = await Setup.start([backend]);
    using client = await RawHttp2.connect(setup.harness.port, { settings: [[settingIds.initialWindowSize, 0]], reads: false });
    for (let i = 0; i < 48; i++) {
      client.headers(2 * i + 1, requestFields('/stalled')); // 6 MiB of a connection window of 4
      await untilRequests(backend, 2 * i + 1);
      assert.equal((await setup.client.ask('/')).body, 'hello');
    }
    assert.equal(setup.active, 48);
    assert.equal(backend.connections.length, 1);
    client.socket.destroy();
    await eventually(() => backend.requests.filter(({ resetCode }) => resetCode === errorCodes.cancel).length === 48, 'all given up');
    assert.equal(setup.active, 0);
    await setup.expectNothingLeft(backend);
  });

  test('that is given up by its client ends with CANCEL, and its neighbours go on', async () => {
    await using backend = await FrameBackend.start({
      onRequest: ({ connection, stream }) => {
        connection.headers(stream, [[':status', '200']]);
        connection.data(stream, 'begun ');
      },
    });
    await using setup = await Setup.start([backend]);
    const neighbour = setup.client.ask('/neighbour');
    const overHttp1 = await http1(setup.harness, 'GET /1 HTTP/1.1\r\nHost: a.example\r\n\r\n');
    const overHttp2 = setup.client.open('/2');
    await overHttp1.untilText('begun');
    await untilRequests(backend, 3);
    overHttp1.socket.resetAndDestroy();
    overHttp2.close(errorCodes.cancel);
    const codes = (): readonly unknown[] => backend.requests.map(({ resetCode, fields }) => [fields[':path'], resetCode]).sort();
    await eventually(() => backend.requests.filter(({ resetCode }) => resetCode !== undefined).length === 2, 'two resets');
    assert.deepEqual(codes(), [
      ['/1', errorCodes.cancel],
      ['/2', errorCodes.cancel],
      ['/neighbour', undefined],
    ]);
    assert.equal(setup.active, 1);
    const { connection, stream } = backend.requests.find(({ fields }) => fields[':path'] === '/neighbour')!;
    // What was on its way for the others is dropped.
    for (const { stream: other } of backend.requests) if (other !== stream) connection.data(other, 'late', endStream);
    connection.data(stream, 'and ended', endStream);
    assert.equal((await neighbour).body, 'begun and ended');
    assert.equal(backend.connections.length, 1);
    await setup.expectNothingLeft(backend);
  });

  for (const rst of [true, false]) {
    test(`that comes before the end of the request${rst ? ', with a reset behind it,' : ''} reaches the client`, async () => {
      await using backend = await FrameBackend.start({
        reads: false,
        onHead: ({ connection, stream }) => {
          connection.answer(stream, 'too large', [], 413);
          if (rst) connection.reset(stream, errorCodes.noError);
        },
      });
      await using setup = await Setup.start([backend]);
      const upload = setup.client.open('/', { method: 'POST' }, false);
      upload.write(Buffer.alloc(200_000));
      const answer = await answerOf(upload);
      assert.equal(`${answer.status} ${answer.body}`, '413 too large');
      const client = await http1(setup.harness, 'POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5000000\r\n\r\nbegun');
      await client.untilText('too large');
      assert.match(client.text, /^HTTP\/1\.1 413 /);
      await client.untilEnd();
      client.socket.destroy();
      await eventually(() => setup.active === 0, 'no request');
      assert.equal(backend.connections.length, 1);
      await setup.untilPool(1, 0, 0);
      await setup.expectNothingLeft(backend);
    });
  }
});

describe('fifty megabytes through an HTTP/2 backend', () => {
  const bytes = pattern(50 * 1_048_576);
  const sum = createHash('sha256').update(bytes).digest('hex');

  for (const version of ['HTTP/1.1', 'HTTP/2'] as const) {
    test(`arrive byte for byte in both directions from a client of ${version}`, async () => {
      await using backend = await Http2Backend.start((stream, { method, body }) => {
        stream.respond({ ':status': 200 });
        if (method === 'POST') stream.end(createHash('sha256').update(body, 'latin1').digest('hex'));
        else stream.end(bytes);
      });
      await using setup = await Setup.start([backend]);
      const send = (method: string, body: Buffer | undefined): Promise<string> =>
        version === 'HTTP/2'
          ? setup.client.ask('/', { method, ...(body === undefined ? {} : { body }) }).then((answer) => answer.body)
          : sendHttp1(setup.harness.port, method, body);
      assert.equal(await send('POST', bytes), sum);
      assert.equal(
        createHash('sha256')
          .update(await send('GET', undefined), 'latin1')
          .digest('hex'),
        sum,
      );
      await setup.untilPool(1, 0, 0);
      assert.equal(setup.active, 0);
    });
  }
});

function sendHttp1(port: number, method: string, body: Buffer | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = requestHttp1({ port, host: '127.0.0.1', method, headers: { host: 'a.example', connection: 'close' } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve(Buffer.concat(chunks).toString('latin1')));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}
