import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { CommandMetrics } from '../../tools/command-metrics.ts';
import { eventually } from '../../tools/eventually.ts';
import { get } from '../../tools/get.ts';
import { ingress, ingressClass, service } from '../../tools/manifests.ts';
import { frameTypes, RawHttp2, requestFields, settingIds } from '../../tools/raw-http2.ts';
import { startRun, temporaryFolder } from '../../tools/running-command.ts';

const host = 'shop.example.com';
const connections = 100;
/** Connections and streams: 9,000 descriptors of the worker, and as many here. */
const streams = 90;
const size = 1024 ** 2;
const piece = Buffer.alloc(16_384, 'x');

/** Sends `size` bytes as they are taken. */
function download(socket: Socket): void {
  socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n`);
  let left = size;
  const more = (): void => {
    while (left > 0 && !socket.destroyed) {
      left -= piece.length;
      if (!socket.write(piece)) return;
    }
  };
  socket.on('drain', more);
  more();
}

function residentMegabytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) / 1000;
}

test('a hundred connections with streams of shut windows, 1 MiB each: the worker grows by less than 150 MB and ends them in time', async (t) => {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      if (chunk.includes('/attack')) download(socket);
      else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
    });
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(() => server.close());
  const { port } = server.address() as { readonly port: number };
  const folder = await temporaryFolder(t);
  await writeFile(
    join(folder, 'all.yaml'),
    ingressClass + service('s', port) + ingress('one', { rules: { [host]: [['/', 'Prefix', 's']] } }),
  );
  const command = await startRun(t, ['--manifests', folder, '--h2c', '--body-timeout=15s', '--connect-timeout=60s']);
  const [http, status] = [await command.port('http'), await command.port('status')];
  await command.until(async () => (await get(http, host, '/')).status === 200);
  const pid = Number(command.log.find(({ msg }) => msg === 'worker serves')?.pid);
  const before = residentMegabytes(pid);
  let peak = before;
  const watch = setInterval(() => {
    peak = Math.max(peak, residentMegabytes(pid));
  }, 100);
  const clients: RawHttp2[] = [];
  t.after(() => {
    clearInterval(watch);
    for (const client of clients) client.socket.destroy();
  });
  const fields = requestFields('/attack', [], 'GET', host);
  for (let i = 0; i < connections; i++) {
    const client = await RawHttp2.connect(http, { settings: [[settingIds.initialWindowSize, 0]], reads: false });
    clients.push(client);
    for (let stream = 0; stream < streams; stream++) client.headers(1 + 2 * stream, fields);
    await client.settle();
  }
  const isOver = (client: RawHttp2): boolean =>
    client.isClosing || client.frames.filter(({ type }) => type === frameTypes.rstStream).length === streams;
  assert.equal((await get(http, host, '/')).status, 200, 'others are served meanwhile');
  await eventually('the end of every stream', () => clients.every(isOver), 90_000);
  t.diagnostic(`grew from ${before} to ${peak} MB`);
  assert.ok(peak - before < 150, `grew from ${before} to ${peak} MB`);
  assert.equal((await get(http, host, '/')).status, 200);
  await eventually('nothing waits', async () => (await CommandMetrics.scrape(status)).sum('networkproxy_buffered_bytes') === 0);
});
