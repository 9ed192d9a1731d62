import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bodyOf, FrameBackend, type FrameRequest } from '../../tools/frame-backend.ts';
import { settingIds } from '../../tools/raw-http2.ts';
import { Setup } from './http2-upstream-kit.ts';
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
