import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { BoundSocket, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually } from '../../tools/eventually.ts';
import { closed, dial, receive } from '../../tools/smartproxy/backend.ts';
import type { LimitedProxyReport } from '../../tools/smartproxy/limited-proxy.ts';

const script = fileURLToPath(new URL('../../tools/smartproxy/limited-proxy.ts', import.meta.url));

/** A proxy in a process that may open `descriptors` files, on a socket that it inherits from us. */
async function limitedProxy(context: TestContext, descriptors: number): Promise<{ child: ChildProcess; report: LimitedProxyReport }> {
  const bound = new BoundSocket({ host: '127.0.0.1', port: 0 });
  const command = `ulimit -n ${descriptors} && exec "$0" "$@"`;
  const stdio = ['ignore', 'inherit', 'inherit', 'ipc', bound.fd()] as const;
  const child = spawn('/bin/sh', ['-c', command, process.execPath, script], { stdio: [...stdio] });
  context.after(() => {
    child.kill('SIGKILL');
    bound.close();
  });
  const [report] = (await once(child, 'message')) as [LimitedProxyReport];
  assert.equal(report.port, (bound.address() as { port: number }).port);
  return { child, report };
}

async function ask(child: ChildProcess): Promise<LimitedProxyReport> {
  const ended = new AbortController();
  child.once('exit', () => ended.abort(new Error('the proxy died')));
  child.send('report');
  const [report] = (await once(child, 'message', { signal: ended.signal })) as [LimitedProxyReport];
  return report;
}

/** Whether a byte comes back; false when the connection is closed or reset instead. */
function echoes(client: Socket): Promise<boolean> {
  client.write('x');
  client.once('end', () => client.destroy());
  return receive(client, 1).then(
    () => true,
    () => false,
  );
}

test('a port opens from an inherited descriptor', async (context) => {
  const { report } = await limitedProxy(context, 1024);
  const client = await dial(report.port);
  assert.equal(await echoes(client), true);
  client.destroy();
});

test('a process without descriptors left sheds connections, keeps the ones that it has, and accepts again when some are free', async (context) => {
  const { child, report } = await limitedProxy(context, 80);
  const clients = await Promise.all(Array.from({ length: 120 }, () => dial(report.port)));
  const served = await Promise.all(clients.map(echoes));
  const lucky = clients.filter((_, index) => served[index]);
  assert.ok(lucky.length > 0 && lucky.length < 80, `${lucky.length} of ${clients.length} are served`);
  assert.ok((await ask(child)).residentBytes > 0, 'what it says of itself takes no descriptor');
  for (const client of lucky) assert.equal(await echoes(client), true, 'a connection that was there lives on');
  await Promise.all(lucky.map((client) => closed(client.end())));
  await eventually('they have left', async () => (await ask(child)).active === 0);
  const next = await dial(report.port);
  assert.equal(await echoes(next), true);
  const { accepted, closed: reasons } = await ask(child);
  assert.deepEqual({ accepted, reasons }, { accepted: lucky.length + 1, reasons: { 'client/normal': lucky.length } });
  next.destroy();
});
