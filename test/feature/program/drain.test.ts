import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import { get } from '../../tools/get.ts';
import { HeldBackend } from '../../tools/held-backend.ts';
import { KeepAliveClient } from '../../tools/keep-alive-client.ts';
import { ingress, ingressClass, service } from '../../tools/manifests.ts';
import { type RunningCommand, startRun, temporaryFolder } from '../../tools/running-command.ts';
import { closed, dial } from '../../tools/smartproxy/backend.ts';

const host = 'shop.example.com';
const upgrade = `GET /ws HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`;

async function serving(t: TestContext, backend: HeldBackend, flags: readonly string[]): Promise<RunningCommand> {
  const folder = await temporaryFolder(t);
  const objects = ingressClass + service('s', backend.port) + ingress('one', { rules: { [host]: [['/', 'Prefix', 's']] } });
  await writeFile(join(folder, 'all.yaml'), objects);
  return startRun(t, ['--manifests', folder, ...flags], 2);
}

/** A client socket that remembers what it got. */
async function listener(port: number): Promise<{ readonly socket: Socket; readonly text: () => string }> {
  const socket = await dial(port);
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  return { socket, text: () => text };
}

const isRefused = (port: number): Promise<boolean> =>
  get(port, host, '/').then(
    () => false,
    ({ code }) => code === 'ECONNREFUSED',
  );

test('SIGTERM: readiness goes, connections are accepted for the grace, requests finish and ask to leave, upgrades end last, exit 0', async (t) => {
  const backend = await HeldBackend.start(t);
  const command = await serving(t, backend, ['--drain-delay=3s', '--drain-timeout=4s', '--access-log=all']);
  const [http, status] = [await command.port('http'), await command.port('status')];
  await command.until(async () => (await get(http, host, '/')).status === 200);
  using keepAlive = new KeepAliveClient(http);
  assert.notEqual((await keepAlive.ask(host, '/')).headers.connection, 'close');
  const webSocket = await listener(http);
  webSocket.socket.write(upgrade);
  await eventually('the WebSocket is open', () => webSocket.text().includes('101 '));
  const held = get(http, host, '/held');
  await eventually('a request is held', () => backend.held.length === 1);

  command.child.kill('SIGTERM');
  await command.until(() => command.log.some(({ msg }) => msg === 'stopping'));
  assert.equal((await get(status, 'localhost', '/readyz')).status, 503, 'readiness is off at once');
  assert.equal((await get(status, 'localhost', '/healthz')).status, 200);
  assert.equal((await get(http, host, '/')).status, 200, 'new connections are accepted');
  assert.equal((await keepAlive.ask(host, '/')).status, 200, 'old ones served');
  const late = await listener(http);
  late.socket.write('GET / HTTP/1.1\r\n');

  await eventually('the grace is over', () => isRefused(http));
  late.socket.write(`Host: ${host}\r\n\r\n`);
  await eventually('a connection of before is served', () => late.text().endsWith('hello'));
  assert.match(late.text(), /\r\nconnection: close\r\n/i, 'and asked to leave');
  await closed(late.socket);
  backend.held[0]?.end('at last');
  const { status: heldStatus, headers, body } = await held;
  assert.deepEqual([heldStatus, headers.connection, body], [200, 'close', 'at last']);
  webSocket.socket.write('still here');
  await eventually('the WebSocket lives', () => webSocket.text().endsWith('still here'));
  await closed(webSocket.socket);
  assert.equal(await command.exit(), 0);
  assert.match(command.output, /"path":"\/held","status":200/);
  assert.ok(!command.log.some(({ level }) => level === 50 || level === 'error'), JSON.stringify(command.log));
});

test('SIGTERM under load: clients that come only while the program is ready lose no request', async (t) => {
  const backend = await HeldBackend.start(t);
  const command = await serving(t, backend, ['--drain-delay=1s', '--drain-timeout=20s']);
  const [http, status] = [await command.port('http'), await command.port('status')];
  await command.until(async () => (await get(http, host, '/')).status === 200);
  let ready = true;
  let answers = 0;
  const clients = Array.from({ length: 16 }, async () => {
    while (ready) {
      using client = new KeepAliveClient(http);
      for (let more = true; more; answers++) {
        const answer = await client.ask(host, '/');
        assert.deepEqual([answer.status, answer.body], [200, 'hello']);
        more = answer.headers.connection !== 'close';
      }
      assert.equal(client.connections, 1, 'the connection did not end before it said so');
    }
  });
  await eventually('load is on', () => answers > 500);
  command.child.kill('SIGTERM');
  await eventually('it is not ready', async () => (await get(status, 'localhost', '/readyz')).status === 503);
  ready = false;
  await Promise.all(clients);
  assert.equal(await command.exit(), 0);
});
