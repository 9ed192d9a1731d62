import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { ClosingSockets, closeGraceMs } from '../../../src/smartproxy/closing-sockets.ts';
import { TimerWheel, type WheelClock } from '../../../src/timer-wheel.ts';
import { eventually } from '../../tools/eventually.ts';

/** More than the kernel buffers for a connection that nobody reads. */
const bodyBytes = 24 * 2 ** 20;
const body = Buffer.alloc(bodyBytes, 'x');

class ManualClock implements WheelClock {
  #now = 0;
  #tick: () => void = () => {};

  now(): number {
    return this.#now;
  }

  every(_ms: number, tick: () => void): () => void {
    this.#tick = tick;
    return () => {};
  }

  /** Lets graces pass, one after the other. */
  pass(graces: number): void {
    for (let n = 0; n < graces; n++) {
      this.#now += closeGraceMs + 1000;
      this.#tick();
    }
  }
}

interface Closing {
  readonly clock: ManualClock;
  readonly closing: ClosingSockets;
  readonly server: Socket;
  /** Reads nothing yet. */
  readonly client: Socket;
}

/** A connection on which `bytes` were written and which was then ended in order. */
async function ended(t: TestContext, bytes: Buffer): Promise<Closing> {
  const listener = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const client = connect({ host: '127.0.0.1', port: (listener.address() as AddressInfo).port, allowHalfOpen: true });
  client.pause();
  const [server] = (await once(listener, 'connection')) as [Socket];
  const clock = new ManualClock();
  const wheel = new TimerWheel(clock);
  const closing = new ClosingSockets(wheel);
  t.after(() => {
    for (const socket of [client, server]) socket.destroy();
    wheel.close();
    listener.close();
  });
  for (const socket of [client, server]) socket.on('error', () => {});
  server.write(bytes);
  closing.endGracefully(server, server);
  return { clock, closing, server, client };
}

async function received(client: Socket): Promise<number> {
  let bytes = 0;
  client.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  client.resume();
  await once(client, 'end');
  return bytes;
}

test('a peer that is slow to read gets all that was written before the end, graces later', async (t) => {
  const { clock, closing, client } = await ended(t, body);
  clock.pass(10);
  assert.equal(closing.size, 1);
  assert.equal(await received(client), bodyBytes);
  client.end();
  await eventually('the socket is closed', () => closing.size === 0);
});

test('a peer that takes nothing for a minute is cut off', async (t) => {
  const { clock, closing, server } = await ended(t, body);
  clock.pass(12);
  assert.equal(closing.size, 1);
  clock.pass(1);
  assert.ok(server.destroyed);
});

test('a peer that has all and does not end its side has one grace', async (t) => {
  const { clock, closing, server } = await ended(t, Buffer.from('all of it'));
  await once(server, 'finish');
  assert.equal(closing.size, 1);
  clock.pass(1);
  assert.ok(server.destroyed);
});

test('a worker that ends waits one grace for whoever is slow', async (t) => {
  const { clock, closing, server } = await ended(t, body);
  const empty = closing.whenEmpty();
  clock.pass(1);
  assert.ok(server.destroyed);
  await empty;
});
