import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClientConnectionPolicy } from '../../../src/routes/policy.ts';
import { Backend, hello } from './backend.ts';
import { Harness, type TestRoute } from './harness.ts';
import { Http2Client } from './http2-client.ts';
import { StandingClock } from './http2-upstream-kit.ts';
import { eventually, RawClient } from './raw-client.ts';

/** What the installation says. */
const keepAliveTimeoutMs = 10_000;

/** What a route says of connections; the rest is as nobody says it. */
function kept(more: Partial<ClientConnectionPolicy>): Required<ClientConnectionPolicy> {
  return { idleMs: undefined, idleFactor: 1, lifetimeMs: 0, probeAfterMs: 0, whenRemoved: undefined, ...more };
}

/** A client with one connection, whatever it speaks. */
interface Client extends AsyncDisposable {
  /** Resolves when the answer is there; says whether it tells that the connection ends. */
  ask(path: string): Promise<boolean>;
}

async function http1(harness: Harness): Promise<Client> {
  const client = await RawClient.connect(harness.port);
  return {
    async ask(path) {
      const from = client.text.length;
      client.write(`GET ${path} HTTP/1.1\r\nHost: a.example\r\n\r\n`);
      await client.until(({ text }) => text.endsWith('hello') && text.length > from);
      return /\r\nconnection: close\r\n/i.test(client.text.slice(from));
    },
    [Symbol.asyncDispose]: async () => client[Symbol.dispose](),
  };
}

async function http2(harness: Harness): Promise<Client> {
  const client = await Http2Client.connect(harness.port);
  return {
    async ask(path) {
      assert.equal((await client.ask(path)).body, 'hello');
      return client.goaway !== undefined;
    },
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

interface Started extends AsyncDisposable {
  readonly harness: Harness;
  readonly pass: (ms: number) => void;
  /** How the connection ended that came first. */
  readonly ended: () => string | undefined;
}

/** A proxy whose clock stands still, with a route for each path. */
async function start(backend: Backend, routes: Readonly<Record<string, Partial<ClientConnectionPolicy> | undefined>>): Promise<Started> {
  const clock = new StandingClock();
  const table = Object.entries(routes).map(
    ([path, connection]): TestRoute => ({
      path,
      endpoints: [backend.port],
      policy: connection === undefined ? {} : { clientConnection: kept(connection) },
    }),
  );
  const harness = await Harness.start({ routes: table, clock, config: { h2c: true, keepAliveTimeoutMs } });
  return {
    harness,
    pass: (ms) => clock.pass(harness, ms),
    ended: () => {
      const ended = harness.connections[0]?.ended;
      return ended && `${ended.side} ${ended.reason}`;
    },
    [Symbol.asyncDispose]: () => harness[Symbol.asyncDispose](),
  };
}

for (const [version, connect] of [
  ['HTTP/1.1', http1],
  ['HTTP/2', http2],
] as const) {
  test(`${version}: a connection is idle for as long as the route of its last request says`, async () => {
    await using backend = await Backend.answering(hello);
    await using started = await start(backend, { '/short': { idleMs: 2000 }, '/long': { idleMs: 60_000 }, '/plain': undefined });
    await using client = await connect(started.harness);
    await client.ask('/short');
    await client.ask('/long');
    started.pass(keepAliveTimeoutMs + 1000);
    await client.ask('/plain');
    started.pass(keepAliveTimeoutMs - 1000);
    await client.ask('/short');
    started.pass(1000);
    await client.ask('/short');
    assert.equal(started.ended(), undefined);
    started.pass(2500);
    assert.equal(started.ended(), 'proxy inactivity');
  });

  test(`${version}: a factor multiplies the idle time of the installation too, and 0 ends no connection for silence`, async () => {
    await using backend = await Backend.answering(hello);
    await using started = await start(backend, { '/extended': { idleFactor: 6 }, '/immortal': { idleFactor: 0 } });
    await using client = await connect(started.harness);
    await client.ask('/immortal');
    started.pass(100 * keepAliveTimeoutMs);
    await client.ask('/extended');
    started.pass(5.5 * keepAliveTimeoutMs);
    assert.equal(started.ended(), undefined);
    started.pass(keepAliveTimeoutMs);
    assert.equal(started.ended(), 'proxy inactivity');
  });

  test(`${version}: a connection that is too old is told so with its next answer, and ends`, async () => {
    await using backend = await Backend.answering(hello);
    await using started = await start(backend, { '/old': { lifetimeMs: 8000 }, '/plain': undefined });
    await using client = await connect(started.harness);
    assert.equal(await client.ask('/old'), false);
    started.pass(7000);
    assert.equal(started.ended(), undefined);
    if (version === 'HTTP/1.1') {
      started.pass(1500);
      assert.equal(await client.ask('/plain'), true, 'a request that was on its way is answered');
    } else {
      started.pass(1500);
    }
    await eventually(() => started.ended() !== undefined, 'its end');
    assert.equal(started.ended(), 'proxy connection_timeout');
    started.harness.change({ routes: [] });
    await eventually(() => started.harness.wheel.size === 0, 'no deadline left');
  });

  test(`${version}: a request that is under way when its connection is too old is answered to its end`, async () => {
    const answers: (() => void)[] = [];
    await using backend = await Backend.start((socket, text) => {
      if (text.startsWith('GET')) answers.push(() => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello'));
    });
    await using started = await start(backend, { '/': { lifetimeMs: 5000 } });
    await using client = await connect(started.harness);
    const asked = client.ask('/');
    await eventually(() => answers.length === 1, 'the request at the backend');
    started.pass(9000);
    assert.equal(started.ended(), undefined);
    answers[0]?.();
    assert.equal(await asked, true);
    await eventually(() => started.ended() !== undefined, 'its end');
    assert.equal(started.ended(), 'proxy connection_timeout');
  });

  test(`${version}: a route that says nothing leaves a connection as old as it likes, also after one that does`, async () => {
    await using backend = await Backend.answering(hello);
    await using started = await start(backend, { '/old': { lifetimeMs: 5000 }, '/plain': undefined });
    await using client = await connect(started.harness);
    await client.ask('/old');
    await client.ask('/plain');
    started.pass(8000);
    assert.equal(await client.ask('/plain'), false);
    assert.equal(started.ended(), undefined);
  });

  test(`${version}: nothing is left of a connection that ends before its time`, async () => {
    await using backend = await Backend.answering(hello);
    await using started = await start(backend, { '/old': { lifetimeMs: 8000 } });
    const client = await connect(started.harness);
    await client.ask('/old');
    await client[Symbol.asyncDispose]();
    await eventually(() => started.ended() !== undefined, 'its end');
    started.harness.change({ routes: [] });
    await eventually(() => started.harness.wheel.size === 0, 'no deadline left');
  });

  test(`${version}: a connection that is older than the route of its next request lets it become ends with that`, async () => {
    await using backend = await Backend.answering(hello);
    await using started = await start(backend, { '/old': { lifetimeMs: 1 }, '/plain': undefined });
    await using client = await connect(started.harness);
    await client.ask('/plain');
    const acceptedAtMs = started.harness.connections[0]?.acceptedAtMs ?? 0;
    await eventually(() => performance.now() - acceptedAtMs > 1.1, 'its age');
    await client.ask('/old');
    await eventually(() => started.ended() !== undefined, 'its end');
    assert.equal(started.ended(), 'proxy connection_timeout');
  });
}

test('HTTP/1.1: a connection that is too old in the middle of an answer ends a moment behind it', async () => {
  let finish: (() => void) | undefined;
  await using backend = await Backend.start((socket, text) => {
    if (!text.startsWith('GET')) return;
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello');
    finish = () => socket.write('hello');
  });
  await using started = await start(backend, { '/': { lifetimeMs: 5000 } });
  await using client = await http1(started.harness);
  assert.equal(await client.ask('/'), false);
  started.pass(9000);
  finish?.();
  await eventually(() => started.harness.requests.length === 1, 'the end of the answer');
  assert.equal(started.ended(), undefined);
  started.pass(1100);
  assert.equal(started.ended(), 'proxy connection_timeout');
});
