import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RawHttp2, requestFields, settingIds } from '../../tools/raw-http2.ts';
import { Backend } from './backend.ts';
import { Harness } from './harness.ts';

test('a small window of an HTTP/2 connection serves all its streams alike', async () => {
  await using backend = await Backend.start((socket) => {
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 400000\r\n\r\n${'x'.repeat(400_000)}`);
  });
  await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }], config: { h2c: true } });
  using client = await RawHttp2.connect(harness.port, { settings: [[settingIds.initialWindowSize, 1_000_000]], reads: false });
  const ids = [1, 3, 5, 7];
  for (const id of ids) client.headers(id, requestFields('/'));
  const received = (): number => ids.reduce((sum, id) => sum + client.body(id).length, 0);
  let window = 65_535;
  await client.until(() => received() === window && ids.every((id) => client.statuses(id).length === 1));
  for (let i = 0; i < 20; i++) {
    client.windowUpdate(0, 16_384);
    window += 16_384;
    await client.until(() => received() === window);
  }
  const counts = ids.map((id) => client.body(id).length);
  assert.ok(
    counts.every((count) => count >= 4 * 16_384),
    `20 frames in turn reach everybody: ${counts}`,
  );
});
