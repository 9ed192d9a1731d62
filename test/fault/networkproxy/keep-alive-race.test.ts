import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { Harness } from '../../feature/networkproxy/harness.ts';
import { eventually, RawClient, statusOf } from '../../feature/networkproxy/raw-client.ts';

/** After so long without a request the backend closes its connections, as an application server with a short keep-alive does. */
const idleMs = 40;
const total = 2000;
const atOnce = 8;

/** After so many answers the backend closes just when the next request is on its way: what the idle limit does now and then, for sure. */
const answersOfConnection = 10;

/** A backend that closes connections without a word, and counts how often each path came. */
class ClosingBackend implements Disposable {
  readonly seen = new Map<string, number>();
  /** Requests that met a connection on which nobody listened any more. */
  lost = 0;
  /** Connections that were closed for being idle. */
  idle = 0;
  port = 0;
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer({ noDelay: true }, (socket) => this.#serve(socket));

  static async start(): Promise<ClosingBackend> {
    const backend = new ClosingBackend();
    await new Promise<void>((resolve) => backend.#server.listen(0, '127.0.0.1', resolve));
    backend.port = (backend.#server.address() as AddressInfo).port;
    return backend;
  }

  [Symbol.dispose](): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #serve(socket: Socket): void {
    let text = '';
    let answers = 0;
    // From the first answer on: a connection that ends before it is no idle one, and a request is not sent a third time.
    let timer: NodeJS.Timeout | undefined;
    const rest = () => {
      timer = setTimeout(() => {
        this.idle++;
        socket.destroy();
      }, idleMs);
    };
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      this.#sockets.delete(socket);
    });
    socket.on('data', (chunk) => {
      clearTimeout(timer);
      text += chunk.toString('latin1');
      if (!text.includes('\r\n\r\n')) return;
      const path = text.split(' ', 2)[1] ?? '';
      text = '';
      this.seen.set(path, (this.seen.get(path) ?? 0) + 1);
      if (++answers <= answersOfConnection) {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
        rest();
        return;
      }
      this.lost++;
      socket.resetAndDestroy();
    });
  }
}

/** Asks `total` times over a few connections; between some requests about as much time goes by as the backend waits, once for sure. */
async function run(port: number, method: string, backend: ClosingBackend): Promise<Map<string, number>> {
  const statuses = new Map<string, number>();
  const worker = async (lane: number): Promise<void> => {
    let client = await RawClient.connect(port);
    for (let i = lane; i < total; i += atOnce) {
      const path = `/${method}/${i}/${randomUUID()}`;
      client.text = '';
      client.write(`${method} ${path} HTTP/1.1\r\nHost: a.example\r\n${method === 'POST' ? 'Content-Length: 0\r\n' : ''}\r\n`);
      await client.until(({ text, closed }) => closed || text.endsWith('\r\n\r\nok') || statusOf(text) >= 500);
      statuses.set(path, statusOf(client.text));
      if (client.closed || client.ended || statusOf(client.text) !== 200) {
        client[Symbol.dispose]();
        client = await RawClient.connect(port);
      }
      if (i === total / 2) await eventually(() => backend.idle > 0, 'a connection that was closed for being idle');
      // One lane in two rests for about as long as the backend keeps a connection.
      if (lane % 2 === 0 && i % 5 === 0) await new Promise((resolve) => setTimeout(resolve, idleMs - 3 + (i % 7)));
    }
    client[Symbol.dispose]();
  };
  await Promise.all(Array.from({ length: atOnce }, (_, lane) => worker(lane)));
  return statuses;
}

/** Connections did end under requests. A machine that stands still for a moment lets many end idle instead: what counts is the sum. */
function assertRace({ lost, idle }: ClosingBackend): void {
  assert.ok(lost > 0 && idle > 0 && lost + idle > 50, `${lost} requests were lost, ${idle} connections closed idle`);
}

test('a backend that closes idle connections after 40 ms costs none of 2,000 GETs', async () => {
  using backend = await ClosingBackend.start();
  await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }] });
  const statuses = await run(harness.port, 'GET', backend);
  assert.equal(statuses.size, total);
  assert.deepEqual(
    [...statuses].filter(([, status]) => status !== 200),
    [],
  );
  assertRace(backend);
});

test('a backend that closes idle connections after 40 ms sees none of 2,000 POSTs twice', async () => {
  using backend = await ClosingBackend.start();
  await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }] });
  const statuses = await run(harness.port, 'POST', backend);
  assert.equal(statuses.size, total);
  for (const [path, status] of statuses) {
    assert.ok((backend.seen.get(path) ?? 0) <= 1, `${path} was sent ${backend.seen.get(path)} times`);
    assert.ok(status === 200 || status === 502, `${path}: ${status}`);
  }
  assertRace(backend);
});
