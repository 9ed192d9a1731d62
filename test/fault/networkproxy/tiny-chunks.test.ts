import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { Backend, hello } from '../../feature/networkproxy/backend.ts';
import { Harness } from '../../feature/networkproxy/harness.ts';
import { exchange, statusOf } from '../../feature/networkproxy/raw-client.ts';

test('a body in chunks of one byte is not written to the backend byte by byte', async ({ mock }) => {
  const chunks = 20_000;
  await using backend = await Backend.start((socket, _text, _connection, all) => {
    if (all.endsWith('\r\n0\r\n\r\n')) socket.write(hello);
  });
  await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }] });
  const { write } = Socket.prototype;
  let writes = 0;
  mock.method(Socket.prototype, 'write', function (this: Socket, ...args: Parameters<typeof write>): boolean {
    if (this.remotePort === backend.port) writes++;
    return Reflect.apply(write, this, args);
  });
  const head = 'POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n';
  assert.equal(statusOf(await exchange(harness.port, `${head}${'1\r\nx\r\n'.repeat(chunks)}0\r\n\r\n`)), 200);
  assert.ok((backend.received[0] as string).endsWith(`${'1\r\nx\r\n'.repeat(chunks)}0\r\n\r\n`));
  assert.ok(writes > 0 && writes < chunks / 100, `${writes} writes`);
});
