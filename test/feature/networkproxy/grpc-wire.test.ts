import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { answerCall, answerTrailersOnly, grpcMessage, RawGrpcBackend, type SeenStream } from '../../tools/grpc-raw-backend.ts';
import {
  endHeaders,
  endStream,
  errorCodes,
  frame,
  frameTypes,
  headerBlock,
  preface,
  RawHttp2,
  requestFields,
  uint32,
} from '../../tools/raw-http2.ts';
import { Backend } from './backend.ts';
import { askGrpc, grpcHeaders, grpcStatusOf, startGrpcHarness } from './grpc-harness.ts';
import { Http2Client } from './http2-client.ts';
import { eventually } from './raw-client.ts';

/** A backend that answers every call with a header and a message, and resets it then: Node's server would end the answer first. */
function startResetting(code: number): Promise<Backend> {
  const answered = new Set<number>();
  return Backend.start((socket, _text, _connection, all) => {
    const bytes = Buffer.from(all, 'latin1').subarray(preface.length);
    if (answered.size === 0) socket.write(Buffer.concat([frame(frameTypes.settings, 0, 0), frame(frameTypes.settings, 1, 0)]));
    for (const { type, stream } of framesOf(bytes)) {
      if (type !== frameTypes.headers || answered.has(stream)) continue;
      answered.add(stream);
      const fields = headerBlock([[':status', '200'], ...Object.entries({ 'content-type': 'application/grpc' })]);
      const head = frame(frameTypes.headers, endHeaders, stream, fields);
      const message = frame(frameTypes.data, 0, stream, grpcMessage('part'));
      socket.write(Buffer.concat([head, message, frame(frameTypes.rstStream, 0, stream, uint32(code))]));
    }
  });
}

/** The heads of all whole frames in `bytes`. */
function framesOf(bytes: Buffer): readonly { readonly type: number; readonly stream: number }[] {
  const frames: { type: number; stream: number }[] = [];
  for (let at = 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) {
    if (at + 9 + bytes.readUIntBE(at, 3) <= bytes.length) frames.push({ type: bytes[at + 3] ?? 0, stream: bytes.readUInt32BE(at + 5) });
  }
  return frames;
}

describe('what a gRPC backend gets', () => {
  test('is the call as the client sent it: te, the message, and its metadata, binary and repeated', async () => {
    await using backend = await RawGrpcBackend.start(({ stream }) => answerCall(stream));
    await using harness = await startGrpcHarness([backend.port]);
    await using client = await Http2Client.connect(harness.port);
    const metadata = { 'x-twice': ['one', 'two'], 'x-data-bin': 'q6ur/w', 'grpc-encoding': 'identity', 'grpc-accept-encoding': 'gzip' };
    const answer = await askGrpc(client, '/test.Echo/Call', { headers: metadata });
    assert.equal(grpcStatusOf(answer), status.OK);
    const { headers, body, ended } = backend.seen[0] as SeenStream;
    assert.deepEqual([headers[':method'], headers[':path'], headers[':authority']], ['POST', '/test.Echo/Call', 'a.example']);
    assert.equal(headers.te, 'trailers');
    assert.deepEqual([headers['content-type'], headers['user-agent']], ['application/grpc', 'grpc-test/1']);
    assert.deepEqual([headers['x-twice'], headers['x-data-bin']], ['one, two', 'q6ur/w']);
    assert.deepEqual([headers['grpc-encoding'], headers['grpc-accept-encoding']], ['identity', 'gzip']);
    assert.deepEqual([body, ended], [grpcMessage('question'), true]);
    assert.equal(headers['x-forwarded-for'], '127.0.0.1');
  });

  for (const timeout of ['1H', '90M', '30S', '30000m', '30000000u', '99999999n', '00000030S']) {
    test(`is grpc-timeout ${timeout} as it came`, async () => {
      await using backend = await RawGrpcBackend.start(({ stream }) => answerCall(stream));
      await using harness = await startGrpcHarness([backend.port]);
      await using client = await Http2Client.connect(harness.port);
      await askGrpc(client, undefined, { headers: { 'grpc-timeout': timeout } });
      assert.equal(backend.seen[0]?.headers['grpc-timeout'], timeout);
    });
  }

  test('is each message when it is sent, before the call ends', async () => {
    await using backend = await RawGrpcBackend.start(() => {});
    await using harness = await startGrpcHarness([backend.port]);
    await using client = await Http2Client.connect(harness.port);
    const stream = client.open('/test.Echo/Upload', { method: 'POST', headers: grpcHeaders }, false);
    let whole = Buffer.alloc(0);
    for (const text of ['one', 'two', 'three']) {
      whole = Buffer.concat([whole, grpcMessage(text)]);
      stream.write(grpcMessage(text));
      await eventually(() => backend.seen[0]?.body.equals(whole) === true, `message ${text} at the backend`);
    }
    assert.equal(backend.seen[0]?.ended, false);
    stream.end();
    await eventually(() => backend.seen[0]?.ended === true, 'the end of the messages at the backend');
  });
});

describe('what a gRPC client gets', () => {
  test('is header, message and trailers of the answer, with the status and its message as they were encoded', async () => {
    const trailers = { 'grpc-message': '%E2%98%BA 100%25', 'grpc-status-details-bin': 'CAIS', 'x-trailer': 'z' };
    await using backend = await RawGrpcBackend.start(({ stream }) => answerCall(stream, 'some', trailers));
    await using harness = await startGrpcHarness([backend.port]);
    await using client = await Http2Client.connect(harness.port);
    const answer = await askGrpc(client);
    assert.deepEqual([answer.status, answer.headers['content-type'], answer.headers['grpc-status']], [200, 'application/grpc', undefined]);
    assert.equal(answer.body, grpcMessage('some').toString('latin1'));
    assert.deepEqual(answer.trailers, { 'grpc-status': '0', ...trailers });
  });

  test('is an answer of trailers only as one HEADERS frame that ends the stream', async () => {
    await using backend = await RawGrpcBackend.start(({ stream }) => answerTrailersOnly(stream, status.NOT_FOUND, 'no such thing'));
    await using harness = await startGrpcHarness([backend.port]);
    using raw = await RawHttp2.connect(harness.port);
    raw.headers(1, requestFields('/test.Echo/Call', Object.entries(grpcHeaders), 'POST'), 0);
    raw.send(frameTypes.data, endStream, 1, grpcMessage('question'));
    await raw.until(() => raw.isOver(1));
    const frames = raw.frames.filter(({ stream, type }) => stream === 1 && type <= frameTypes.headers);
    assert.deepEqual(
      frames.map(({ type, flags }) => [type, flags & endStream]),
      [[frameTypes.headers, endStream]],
    );
    await using client = await Http2Client.connect(harness.port);
    const answer = await askGrpc(client);
    assert.deepEqual([grpcStatusOf(answer), answer.headers['grpc-message'], answer.trailers], [5, 'no such thing', {}]);
  });

  test('is the header before the first message, and each message when it is sent', async () => {
    await using backend = await RawGrpcBackend.start(({ stream }) =>
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }),
    );
    await using harness = await startGrpcHarness([backend.port]);
    await using client = await Http2Client.connect(harness.port);
    const stream = client.open('/test.Echo/Watch', { method: 'POST', headers: grpcHeaders });
    await new Promise((resolve) => stream.once('response', resolve));
    let got = '';
    stream.on('data', (chunk: Buffer) => {
      got += chunk.toString('latin1');
    });
    for (const text of ['one', 'two']) {
      backend.seen[0]?.stream.write(grpcMessage(text));
      await eventually(() => got.endsWith(text), `message ${text} at the client`);
    }
    stream.close(8);
  });

  test('is an answer that comes before the client has ended its messages', async () => {
    await using backend = await RawGrpcBackend.start(({ stream }) => answerTrailersOnly(stream, status.PERMISSION_DENIED, 'no'));
    await using harness = await startGrpcHarness([backend.port]);
    await using client = await Http2Client.connect(harness.port);
    const stream = client.open('/test.Echo/Upload', { method: 'POST', headers: grpcHeaders }, false);
    const fields = await new Promise<Record<string, unknown>>((resolve) => stream.once('response', (got) => resolve(got)));
    assert.equal(fields['grpc-status'], '7');
    stream.close(0);
    await eventually(() => backend.seen[0]?.closedWith !== undefined, 'the end of the stream at the backend');
  });
});

describe('a gRPC call that is reset', () => {
  for (const code of [errorCodes.cancel, errorCodes.noError, errorCodes.internalError]) {
    test(`by the client with ${code} is cancelled at the backend, and its connection serves the next`, async () => {
      await using backend = await RawGrpcBackend.start(({ stream }, index) => {
        if (index > 0) answerCall(stream);
      });
      await using harness = await startGrpcHarness([backend.port]);
      using raw = await RawHttp2.connect(harness.port);
      raw.headers(1, requestFields('/test.Echo/Call', Object.entries(grpcHeaders), 'POST'), 0);
      await eventually(() => backend.seen.length === 1, 'the call at the backend');
      raw.rstStream(1, code);
      await eventually(() => backend.seen[0]?.closedWith === errorCodes.cancel, 'CANCEL at the backend');
      await using client = await Http2Client.connect(harness.port);
      assert.equal(grpcStatusOf(await askGrpc(client)), status.OK);
      assert.equal(backend.sessions.length, 1);
    });
  }

  test('by a client that is gone is cancelled at the backend', async () => {
    await using backend = await RawGrpcBackend.start(() => {});
    await using harness = await startGrpcHarness([backend.port]);
    await using client = await Http2Client.connect(harness.port);
    for (let i = 0; i < 3; i++) client.open('/test.Echo/Upload', { method: 'POST', headers: grpcHeaders }, false);
    await eventually(() => backend.seen.length === 3, 'three calls at the backend');
    client.session.destroy();
    await eventually(() => backend.seen.every(({ closedWith }) => closedWith === errorCodes.cancel), 'CANCEL of all three');
    assert.equal(backend.sessions[0]?.closed, false);
  });

  for (const code of [errorCodes.internalError, errorCodes.cancel, errorCodes.enhanceYourCalm]) {
    test(`by the backend with ${code} after a message is reset with the same code, which tells its client what happened`, async () => {
      await using backend = await startResetting(code);
      await using harness = await startGrpcHarness([backend.port]);
      using raw = await RawHttp2.connect(harness.port);
      raw.headers(1, requestFields('/test.Echo/Call', Object.entries(grpcHeaders), 'POST'));
      await raw.until(() => raw.isOver(1));
      assert.deepEqual([raw.resetCode(1), raw.body(1)], [code, grpcMessage('part').toString('latin1')], raw.describe());
      assert.equal(raw.goaway, undefined);
    });
  }

  test('by the backend with NO_ERROR after a message does not look like a good end', async () => {
    await using backend = await startResetting(errorCodes.noError);
    await using harness = await startGrpcHarness([backend.port]);
    using raw = await RawHttp2.connect(harness.port);
    raw.headers(1, requestFields('/test.Echo/Call', Object.entries(grpcHeaders), 'POST'));
    await raw.until(() => raw.isOver(1));
    assert.equal(raw.resetCode(1), errorCodes.internalError);
  });

  test('by the backend before it answers is UNAVAILABLE', async () => {
    await using backend = await RawGrpcBackend.start(({ stream }) => stream.close(errorCodes.internalError));
    await using harness = await startGrpcHarness([backend.port]);
    await using client = await Http2Client.connect(harness.port);
    assert.equal(grpcStatusOf(await askGrpc(client)), status.UNAVAILABLE);
    assert.equal(backend.seen.length, 1);
  });
});

describe('a gRPC call that the backend did not process is sent again without the client knowing', () => {
  test('after REFUSED_STREAM, with the whole message', async () => {
    await using backend = await RawGrpcBackend.start(({ stream }, index) => {
      if (index === 0) stream.close(errorCodes.refusedStream);
      else answerCall(stream);
    });
    await using harness = await startGrpcHarness([backend.port]);
    await using client = await Http2Client.connect(harness.port);
    const answer = await askGrpc(client);
    assert.equal(grpcStatusOf(answer), status.OK);
    await eventually(() => backend.seen[1]?.ended === true, 'the end of the message');
    assert.deepEqual([backend.seen.length, backend.seen[1]?.body], [2, grpcMessage('question')]);
  });

  test('after a GOAWAY that leaves it out, on a new connection, while those it names go on', async () => {
    await using backend = await RawGrpcBackend.start(({ stream }, index) => {
      if (index === 1) stream.session?.goaway(errorCodes.noError, backend.seen[0]?.stream.id);
      if (index === 2) answerCall(stream);
    });
    await using harness = await startGrpcHarness([backend.port]);
    await using client = await Http2Client.connect(harness.port);
    const first = askGrpc(client);
    await eventually(() => backend.seen.length === 1, 'the first call at the backend');
    assert.equal(grpcStatusOf(await askGrpc(client)), status.OK);
    assert.deepEqual([backend.seen.length, backend.sessions.length], [3, 2]);
    const [seen] = backend.seen;
    if (seen !== undefined) answerCall(seen.stream);
    assert.equal(grpcStatusOf(await first), status.OK);
    await eventually(() => harness.proxy.poolStatus.active === 0, 'the end of the connection that said GOAWAY');
    assert.equal(harness.proxy.poolStatus.idle, 1);
  });

  test('but never one that it has answered in part or may have processed', async () => {
    await using backend = await RawGrpcBackend.start(({ stream }) => stream.session?.socket.destroy());
    await using harness = await startGrpcHarness([backend.port]);
    await using client = await Http2Client.connect(harness.port);
    assert.equal(grpcStatusOf(await askGrpc(client)), status.UNAVAILABLE);
    assert.equal(backend.seen.length, 1);
  });
});
