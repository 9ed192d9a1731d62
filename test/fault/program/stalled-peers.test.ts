import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { eventually } from '../../tools/eventually.ts';
import { get } from '../../tools/get.ts';
import { ingress, ingressClass, service, tlsSecret } from '../../tools/manifests.ts';
import { Program } from '../../tools/program.ts';
import { stateOf, untilAtRest } from '../../tools/program-books.ts';
import { startRun, temporaryFolder } from '../../tools/running-command.ts';
import { dial } from '../../tools/smartproxy/backend.ts';
import { genuineHello } from '../../tools/smartproxy/client-hello-bytes.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';

const host = 'shop.example.com';
const passed = 'passed.example.com';
const gigabyte = 1024 ** 3;
const piece = Buffer.alloc(65_536, 'x');
/** What kernels may hold on the way (two connections, both ends, grown buffers), far below what is sent. */
const kernelBytes = 64 * 1024 ** 2;

/** Sends without an end, at the pace that is taken, and counts what has left this process. */
class Pump {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('drain', () => this.#send());
    this.#send();
  }

  /** Bytes that the kernel has taken. */
  get taken(): number {
    return this.#socket.bytesWritten - this.#socket.writableLength;
  }

  #send(): void {
    while (!this.#socket.destroyed && this.#socket.write(piece));
  }

  /** Resolves when nothing has been taken for a while. */
  async stalled(): Promise<void> {
    let last = -1;
    let same = 0;
    await eventually('nothing is taken any more', () => {
      same = this.taken === last ? same + 1 : 0;
      last = this.taken;
      return same === 12;
    });
  }
}

async function listen(t: TestContext, onSocket: (socket: Socket) => void): Promise<number> {
  const server: Server = createServer((socket) => onSocket(socket.on('error', () => {})));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as { port: number }).port;
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What buffers that are still in use hold. */
function bufferBytes(): number {
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

/** Waits until the buffers in use are hardly more than at the start; freeing them takes collections and moments in between. */
async function buffersAreFree(startBytes: number): Promise<void> {
  await eventually('buffers grew by less than 2 MB', () => {
    const grown = bufferBytes() - startBytes;
    assert.ok(grown < 2 * 1024 ** 2, `buffers grew by ${grown} bytes`);
    return true;
  });
}

const passthrough = { annotations: { 'smartproxy.dev/tls-passthrough': 'true' } };

for (const way of ['HTTP', 'HTTPS', 'HTTP over loopback'] as const) {
  test(`a download of 1 GB to a reader that stalls is held back at its backend, and goes on when the reader does (${way})`, async (t) => {
    let pump: Pump | undefined;
    const port = await listen(t, (socket) => {
      socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${gigabyte}\r\n\r\n`);
        pump = new Pump(socket);
      });
    });
    const objects =
      ingressClass +
      service('s', port) +
      tlsSecret('tls', await makeTestCertificate(host)) +
      ingress('one', {
        rules: { [host]: [['/', 'Prefix', 's']] },
        tls: [{ hosts: [host], secret: 'tls' }],
        annotations: { 'smartproxy.dev/ssl-redirect': 'false' },
      });
    await using program = await Program.start(objects, way === 'HTTP over loopback' ? ['--network-proxy-transport', 'loopback'] : []);
    const before = stateOf(program);
    const client =
      way === 'HTTPS'
        ? connectTls({ host: '127.0.0.1', port: program.httpsPort, servername: host, rejectUnauthorized: false })
        : await dial(program.httpPort);
    if (way === 'HTTPS') await once(client, 'secureConnect');
    const start = bufferBytes();
    client.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    await once(client, 'data');
    client.pause();
    const sending = await eventually('the backend sends', () => pump);
    await sending.stalled();
    const held = sending.taken;
    assert.ok(held < kernelBytes, `the backend got rid of ${held} bytes`);
    await buffersAreFree(start);

    let received = 0;
    client.on('data', (chunk) => {
      received += chunk.length;
    });
    client.resume();
    await eventually('three times as much comes through', () => received > 3 * held);
    client.destroy();
    await program.replace(ingressClass);
    await untilAtRest(program, before);
  });
}

for (const way of ['HTTP', 'TLS passthrough'] as const) {
  test(`an upload to a backend that does not read is held back at its client (${way})`, async (t) => {
    const sockets: Socket[] = [];
    const port = await listen(t, (socket) => {
      sockets.push(socket);
      socket.pause();
    });
    const objects =
      ingressClass +
      service('s', port) +
      ingress('one', { rules: { [host]: [['/', 'Prefix', 's']] } }) +
      ingress('two', { rules: { [passed]: [['/', 'Prefix', 's']] }, ...passthrough });
    await using program = await Program.start(objects, ['--max-request-body', 'off']);
    const before = stateOf(program);
    const client = await dial(way === 'HTTP' ? program.httpPort : program.httpsPort);
    const start = bufferBytes();
    if (way === 'HTTP') client.write(`POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${gigabyte}\r\n\r\n`);
    else client.write(await genuineHello(passed));
    const pump = new Pump(client);
    await pump.stalled();
    assert.ok(pump.taken < kernelBytes, `the client got rid of ${pump.taken} bytes`);
    await buffersAreFree(start);
    const held = pump.taken;
    for (const socket of sockets) socket.resume();
    await eventually('three times as much goes through', () => pump.taken > 3 * held);
    client.destroy();
    for (const socket of sockets) await eventually('the backend sees the end', () => socket.destroyed || socket.readableEnded);
    await program.replace(ingressClass);
    await untilAtRest(program, before);
  });
}

test('run: 40 downloads of 1 GB to readers that stall cost a worker less than 2 MB each', async (t) => {
  const pumps: Pump[] = [];
  const port = await listen(t, (socket) => {
    socket.once('data', () => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${gigabyte}\r\n\r\n`);
      pumps.push(new Pump(socket));
    });
  });
  const folder = await temporaryFolder(t);
  await writeFile(
    join(folder, 'all.yaml'),
    ingressClass + service('s', port) + ingress('one', { rules: { [host]: [['/', 'Prefix', 's']] } }),
  );
  const command = await startRun(t, ['--manifests', folder]);
  const http = await command.port('http');
  const pid = Number(command.log.find(({ msg }) => msg === 'worker serves')?.pid);
  const residentBytes = () => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
  await command.until(async () => (await get(http, 'nobody.example.com', '/')).status === 404);
  const download = async (): Promise<Socket> => {
    const client = await dial(http);
    client.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    await once(client, 'data');
    return client;
  };
  // The first one flows for a while, so that what grows once has grown. V8's young generation may still grow, by up to 48 MiB in all.
  const warm = await download();
  let received = 0;
  warm.on('data', (chunk) => {
    received += chunk.length;
  });
  await eventually('much has flowed', () => received > gigabyte / 4);
  warm.destroy();
  const before = residentBytes();
  const clients = await Promise.all(Array.from({ length: 40 }, async () => (await download()).pause()));
  await eventually('all are served', () => pumps.length === 41);
  await Promise.all(pumps.slice(1).map((pump) => pump.stalled()));
  const grown = residentBytes() - before;
  assert.ok(grown < clients.length * 2 * 1024 ** 2, `the worker grew by ${grown} bytes`);
  for (const client of clients) client.destroy();
});
