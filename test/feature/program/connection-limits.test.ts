import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import { ingress, ingressClass, service } from '../../tools/manifests.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
import { Program } from '../../tools/program.ts';
import { assertBooks, endings } from '../../tools/program-books.ts';

const host = 'shop.example.com';

/** A connection from one of the many addresses of this machine; answers one request, or is reset. */
async function visit(t: TestContext, port: number, localAddress: string): Promise<{ readonly socket: Socket; readonly outcome: string }> {
  const socket = connect({ host: '127.0.0.1', port, localAddress });
  t.after(() => socket.destroy());
  const { promise, resolve } = Promise.withResolvers<string>();
  socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
  socket.once('data', (data) => resolve(String(data).split('\r\n')[0] ?? ''));
  socket.once('close', () => resolve('closed'));
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  return { socket, outcome: await promise };
}

const isRefused = (outcome: string): boolean => ['ECONNRESET', 'EPIPE', 'closed'].includes(outcome);

async function start(flags: readonly string[]): Promise<{ readonly program: Program; readonly backend: NamedBackend }> {
  const backend = await NamedBackend.start('a');
  const rules = { rules: { [host]: [['/', 'Prefix', 'a'] as const] } };
  return { program: await Program.start(ingressClass + service('a', backend.port) + ingress('one', rules), flags), backend };
}

test('over the connection cap clients are refused at once, and let in again when others have gone', async (t) => {
  const { program, backend } = await start(['--max-connections', '5']);
  await using _ = backend;
  await using __ = program;
  const inside = await Promise.all(Array.from({ length: 5 }, () => visit(t, program.httpPort, '127.0.0.1')));
  for (const { outcome } of inside) assert.equal(outcome, 'HTTP/1.1 200 OK');
  assert.ok(isRefused((await visit(t, program.httpPort, '127.0.0.1')).outcome));
  assert.equal(endings(program)['proxy/rejected'], 1);
  inside[0]?.socket.destroy();
  await eventually('there is room', async () => (await visit(t, program.httpPort, '127.0.0.1')).outcome === 'HTTP/1.1 200 OK');
  assertBooks(program);
});

test('one address may have so many connections and open so many a minute, whatever others do', async (t) => {
  const { program, backend } = await start(['--max-connections-per-ip', '3', '--connection-rate', '6']);
  await using _ = backend;
  await using __ = program;
  const greedy = await Promise.all(Array.from({ length: 5 }, () => visit(t, program.httpPort, '127.0.0.2')));
  assert.equal(greedy.filter(({ outcome }) => isRefused(outcome)).length, 2);
  assert.equal((await visit(t, program.httpPort, '127.0.0.3')).outcome, 'HTTP/1.1 200 OK');
  for (const { socket } of greedy) socket.destroy();
  await eventually('its connections have gone', () => assertBooks(program).connectionsActive === 1);
  const quick: string[] = [];
  for (let i = 0; i < 6; i++) {
    const { socket, outcome } = await visit(t, program.httpPort, '127.0.0.2');
    quick.push(outcome);
    socket.destroy();
    await eventually('it has gone', () => assertBooks(program).connectionsActive === 1);
  }
  assert.ok(quick.some(isRefused), 'too many a minute');
  assert.equal((await visit(t, program.httpPort, '127.0.0.4')).outcome, 'HTTP/1.1 200 OK');
  const counted = endings(program);
  assert.ok((counted['proxy/ip_limit'] ?? 0) === 2 && (counted['proxy/rate_limited'] ?? 0) > 0, JSON.stringify(counted));
});

test('only those on the allow list connect, and nobody on the deny list', async (t) => {
  const { program, backend } = await start(['--allow-cidrs', '127.0.1.0/24', '--deny-cidrs', '127.0.1.9']);
  await using _ = backend;
  await using __ = program;
  assert.equal((await visit(t, program.httpPort, '127.0.1.1')).outcome, 'HTTP/1.1 200 OK');
  for (const stranger of ['127.0.0.1', '127.0.1.9']) assert.ok(isRefused((await visit(t, program.httpPort, stranger)).outcome), stranger);
  assert.deepEqual(endings(program)['proxy/ip_blocked'], 2);
});
