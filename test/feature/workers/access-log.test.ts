import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { get, testBackend } from '../../tools/supervised-workers.ts';

test('access log: one line for each request of every worker, all written when the drain is over, no query in it', async (context) => {
  const backend = await testBackend(context, 'hello');
  const script = fileURLToPath(new URL('./logging-main.ts', import.meta.url));
  const main = fork(script, [String(backend.port)], { execArgv: [], stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  context.after(() => main.kill('SIGKILL'));
  assert.ok(main.stdout);
  const output = text(main.stdout);
  const [port] = (await once(main, 'message')) as [number];
  const requests = Array.from({ length: 50 }, (_, number) => `/item/${number}?token=hidden`);
  await Promise.all(requests.map((path) => get(port, path)));
  main.send('drain');
  const lines = (await output)
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.equal(lines.length, 50);
  assert.deepEqual(new Set(lines.map(({ path }) => path)), new Set(requests.map((path) => path.split('?')[0])));
  for (const line of lines) {
    assert.deepEqual([line.type, line.status, line.endpoint], ['request', 200, `127.0.0.1:${backend.port}`]);
    assert.ok(typeof line.id === 'string' && typeof line.durationMs === 'number');
  }
  assert.ok(new Set(lines.map(({ id }) => id)).size === 50, 'each connection has its own id, whatever worker it was on');
});
