import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:http2';
import { describe, test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { answerCall, grpcMessage, RawGrpcBackend } from '../../tools/grpc-raw-backend.ts';
import { endHeaders, endStream, errorCodes, frame, frameTypes, headerBlock, RawHttp2, requestFields } from '../../tools/raw-http2.ts';
import { Backend, closedPort, hello } from './backend.ts';
import { askGrpc, grpcHeaders, grpcStatusOf, startGrpcHarness } from './grpc-harness.ts';
import type { TestRoute } from './harness.ts';
import { Http2Client } from './http2-client.ts';
import { eventually, exchange, statusOf } from './raw-client.ts';

/** An answer of the proxy's own to a gRPC call, and why it is given. */
interface ReplyRow {
  readonly name: string;
  readonly code: number;
  /** The one route; its only endpoint is what `backend` starts. */
  readonly route?: TestRoute;
  readonly backend?: () => Promise<AsyncDisposable & { readonly port: number }>;
}

const silent = (): Promise<Backend> => Backend.start(() => {});
const refusing = async (): Promise<AsyncDisposable & { readonly port: number }> => ({
  port: await closedPort(),
  [Symbol.asyncDispose]: () => Promise.resolve(),
});

const replies: readonly ReplyRow[] = [
  { name: 'for which there is no host', code: status.UNIMPLEMENTED, route: { host: 'b.example' } },
  { name: 'for which there is no path', code: status.UNIMPLEMENTED, route: { path: '/other.Service/' } },
  { name: 'whose service has no endpoint', code: status.UNAVAILABLE },
  { name: 'whose service does not exist', code: status.UNAVAILABLE, route: { action: { kind: 'fail', status: 503, reason: 'test' } } },
  { name: 'whose route cannot be served', code: status.UNKNOWN, route: { action: { kind: 'fail', status: 500, reason: 'test' } } },
  { name: 'whose backend refuses the connection', code: status.UNAVAILABLE, backend: refusing },
  { name: 'whose backend speaks HTTP/1.1', code: status.UNAVAILABLE, backend: () => Backend.answering(hello) },
  {
    name: 'whose backend says nothing at all',
    code: status.UNAVAILABLE,
    route: { policy: { retries: 0, timeouts: { connectMs: 200 } } },
    backend: silent,
  },
  {
    name: 'whose messages are together larger than its route allows',
    code: status.RESOURCE_EXHAUSTED,
    route: { policy: { maxRequestBodyBytes: 4, maxCallBytes: 4 } },
    backend: silent,
  },
];

describe('a gRPC call', () => {
  for (const { name, code, route = {}, backend } of replies) {
    test(`${name} is answered with status ${code}, in trailers alone`, async () => {
      await using started = await backend?.();
      await using harness = await startGrpcHarness(started === undefined ? [] : [started.port], route);
      await using client = await Http2Client.connect(harness.port);
      const answer = await askGrpc(client);
      assert.deepEqual([answer.status, grpcStatusOf(answer)], [200, code]);
      assert.equal(answer.headers['content-type'], 'application/grpc');
      assert.match(String(answer.headers['grpc-message']), /^[ -~]+$/);
      assert.deepEqual([answer.body, answer.trailers], ['', {}]);
    });
  }

  const words = { status: 503, headers: ['content-type', 'text/html', 'retry-after', '60'], body: 'soon' } as const;
  for (const [what, route] of [
    ['a route that responds by itself', { action: { kind: 'respond', ...words } }],
    ['a route that is closed for maintenance', { policy: { maintenance: { answer: { kind: 'respond', ...words }, allow: [] } } }],
  ] as const) {
    test(`to ${what} has one content type, that of gRPC, and the other headers of the answer`, async () => {
      await using harness = await startGrpcHarness([], route);
      const client = connect(`http://127.0.0.1:${harness.port}`);
      const stream = client.request({ ':method': 'POST', ':path': '/test.Echo/Call', ':authority': 'a.example', ...grpcHeaders });
      stream.end(grpcMessage('question'));
      const [, , fields] = (await once(stream, 'response')) as [unknown, number, readonly string[]];
      client.destroy();
      const values = (name: string): readonly string[] => fields.filter((_, index) => index % 2 === 1 && fields[index - 1] === name);
      assert.deepEqual([values('content-type'), values('retry-after')], [['application/grpc'], ['60']]);
    });
  }

  test('that is answered by the proxy gets one HEADERS frame that ends the stream, and the connection goes on', async () => {
    await using harness = await startGrpcHarness([]);
    using client = await RawHttp2.connect(harness.port);
    for (const stream of [1, 3]) {
      const head = headerBlock(requestFields('/test.Echo/Call', Object.entries(grpcHeaders), 'POST'));
      const message = frame(frameTypes.data, endStream, stream, grpcMessage('question'));
      // In one write: the answer must not overtake the end of the request.
      client.write(Buffer.concat([frame(frameTypes.headers, endHeaders, stream, head), message]));
      await client.until(() => client.isOver(stream));
      await client.settle();
      const frames = client.frames.filter((each) => each.stream === stream && each.type <= frameTypes.headers);
      assert.deepEqual(
        frames.map(({ type, flags }) => [type, flags & endStream]),
        [[frameTypes.headers, endStream]],
      );
      assert.equal(client.resetCode(stream), undefined);
    }
    assert.equal(harness.connections.length, 1);
  });

  test('that is answered before its client has ended it is then reset without an error', async () => {
    await using harness = await startGrpcHarness([]);
    using client = await RawHttp2.connect(harness.port);
    client.headers(1, requestFields('/test.Echo/Upload', Object.entries(grpcHeaders), 'POST'), 0);
    await client.until(() => client.resetCode(1) !== undefined);
    assert.deepEqual([client.statuses(1), client.resetCode(1)], [[200], errorCodes.noError]);
  });

  test('whose backend breaks the connection before it answers is UNAVAILABLE', async () => {
    await using backend = await RawGrpcBackend.start(({ stream }) => stream.session?.socket.destroy());
    await using harness = await startGrpcHarness([backend.port], { policy: { retries: 0 } });
    await using client = await Http2Client.connect(harness.port);
    assert.equal(grpcStatusOf(await askGrpc(client)), status.UNAVAILABLE);
  });

  test('is logged and counted with the HTTP status that stands for the error', async () => {
    await using harness = await startGrpcHarness([]);
    await using client = await Http2Client.connect(harness.port);
    await askGrpc(client);
    await eventually(() => harness.requests.length === 1, 'the log entry');
    assert.equal(harness.flag('no_endpoints'), 1);
    assert.deepEqual(
      [harness.requests[0]?.flag, harness.requests[0]?.status, harness.requests[0]?.grpcStatus],
      ['no_endpoints', 503, '14'],
    );
    assert.equal(harness.counters.grpcResponses[status.UNAVAILABLE], 1);
  });
});

describe('what is not a gRPC call over HTTP/2 gets the plain answer', () => {
  const contentTypes = [
    'application/grpc-web',
    'application/grpc-web+proto',
    'application/grpc-web-text',
    'application/json',
    'text/plain',
  ];
  for (const contentType of contentTypes) {
    test(`content type ${contentType}`, async () => {
      await using harness = await startGrpcHarness([]);
      await using client = await Http2Client.connect(harness.port);
      const answer = await askGrpc(client, '/', { headers: { 'content-type': contentType } });
      assert.equal(answer.status, 503);
      assert.equal(answer.headers['grpc-status'], undefined);
      assert.match(answer.body, /No endpoint/);
    });
  }

  test('a gRPC content type over HTTP/1.1', async () => {
    await using harness = await startGrpcHarness([]);
    const head = 'POST / HTTP/1.1\r\nHost: a.example\r\nContent-Type: application/grpc\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';
    const answer = await exchange(harness.port, head);
    assert.equal(statusOf(answer), 503);
    assert.doesNotMatch(answer, /grpc-status/i);
  });

  for (const contentType of ['application/grpc', 'application/grpc+proto', 'application/grpc+json', 'application/grpc;charset=utf-8']) {
    test(`but ${contentType} is a gRPC call`, async () => {
      await using harness = await startGrpcHarness([]);
      await using client = await Http2Client.connect(harness.port);
      const answer = await askGrpc(client, '/', { headers: { 'content-type': contentType } });
      assert.deepEqual([answer.status, grpcStatusOf(answer)], [200, status.UNAVAILABLE]);
    });
  }
});

describe('the time that grpc-timeout gives a call', () => {
  test('ends it as DEADLINE_EXCEEDED when the client itself does not, and its stream to the backend is cancelled', async () => {
    await using backend = await RawGrpcBackend.start(() => {});
    await using harness = await startGrpcHarness([backend.port]);
    await using client = await Http2Client.connect(harness.port);
    const answer = await askGrpc(client, undefined, { headers: { 'grpc-timeout': '1S' } });
    assert.deepEqual([answer.status, grpcStatusOf(answer)], [200, status.DEADLINE_EXCEEDED]);
    await eventually(() => backend.seen[0]?.closedWith === 8, 'CANCEL at the backend');
    assert.equal(backend.seen.length, 1);
  });

  test('ends a stream that has begun to answer, too, as a gRPC server does: by CANCEL', async () => {
    await using backend = await RawGrpcBackend.start(({ stream }) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
      stream.write(grpcMessage('first'));
    });
    await using harness = await startGrpcHarness([backend.port]);
    await using client = await Http2Client.connect(harness.port);
    const stream = client.open('/test.Echo/Watch', { method: 'POST', headers: { ...grpcHeaders, 'grpc-timeout': '1S' } });
    stream.resume();
    await new Promise<void>((resolve) => stream.once('close', () => resolve()));
    assert.equal(stream.rstCode, errorCodes.cancel);
    await eventually(() => backend.seen[0]?.closedWith === 8, 'CANCEL at the backend');
  });

  test('counts from the request on: trying the backend again does not begin it anew', async () => {
    // Each attempt is shorter than the time that the call has, all of them are longer.
    await using backend = await RawGrpcBackend.start(({ stream }) => setTimeout(() => stream.close(errorCodes.refusedStream), 250));
    await using harness = await startGrpcHarness([backend.port], { policy: { retries: 2 } });
    await using client = await Http2Client.connect(harness.port);
    const answer = await askGrpc(client, undefined, { headers: { 'grpc-timeout': '400m' } });
    assert.equal(grpcStatusOf(answer), status.DEADLINE_EXCEEDED);
  });

  test('ends a call whose client is still sending', async () => {
    await using backend = await RawGrpcBackend.start(({ stream }, index) => {
      if (index > 0) answerCall(stream);
    });
    await using harness = await startGrpcHarness([backend.port]);
    await using client = await Http2Client.connect(harness.port);
    const stream = client.open('/test.Echo/Upload', { method: 'POST', headers: { ...grpcHeaders, 'grpc-timeout': '1S' } }, false);
    stream.write(grpcMessage('first of many'));
    const fields = await new Promise<Record<string, unknown>>((resolve) => stream.once('response', (got) => resolve(got)));
    assert.equal(fields['grpc-status'], String(status.DEADLINE_EXCEEDED));
    await eventually(() => backend.seen[0]?.closedWith === errorCodes.cancel, 'CANCEL at the backend');
    stream.close(errorCodes.cancel);
    assert.equal(grpcStatusOf(await askGrpc(client)), status.OK);
    assert.equal(harness.flag('deadline_exceeded'), 1);
  });

  test('runs while the connection to the backend is being made', async () => {
    await using backend = await silent();
    await using harness = await startGrpcHarness([backend.port]);
    await using client = await Http2Client.connect(harness.port);
    const answer = await askGrpc(client, undefined, { headers: { 'grpc-timeout': '99999999n' } });
    assert.equal(grpcStatusOf(answer), status.DEADLINE_EXCEEDED);
  });

  test('does not touch a stream of the same channel that has more', async () => {
    await using backend = await RawGrpcBackend.start(({ stream }, index) => {
      if (index === 2) answerCall(stream);
    });
    await using harness = await startGrpcHarness([backend.port]);
    await using client = await Http2Client.connect(harness.port);
    const patient = askGrpc(client, undefined, { headers: { 'grpc-timeout': '1H' } });
    assert.equal(grpcStatusOf(await askGrpc(client, undefined, { headers: { 'grpc-timeout': '1S' } })), status.DEADLINE_EXCEEDED);
    assert.equal(grpcStatusOf(await askGrpc(client)), status.OK);
    const [first] = backend.seen;
    if (first !== undefined) answerCall(first.stream);
    assert.equal(grpcStatusOf(await patient), status.OK);
    assert.equal(backend.sessions.length, 1);
  });

  test('does not touch a call that ends before', async () => {
    await using backend = await RawGrpcBackend.start(({ stream }) => answerCall(stream));
    await using harness = await startGrpcHarness([backend.port]);
    await using client = await Http2Client.connect(harness.port);
    for (const timeout of ['20S', '1H', '99999999H', '99999999u']) {
      const answer = await askGrpc(client, undefined, { headers: { 'grpc-timeout': timeout } });
      assert.equal(grpcStatusOf(answer), status.OK, timeout);
    }
  });
});
