import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { ErrorCode } from '../../../src/networkproxy/http2/frames.ts';
import { acceptOf } from '../../../src/networkproxy/http2/websocket-key.ts';
import { terminationReasons } from '../../../src/observability/counters/termination-reason.ts';
import type { ClientConnectionPolicy } from '../../../src/routes/policy.ts';
import { Backend } from './backend.ts';
import { Harness, type TestRoute } from './harness.ts';
import { Http2Client } from './http2-client.ts';
import { StandingClock } from './http2-upstream-kit.ts';
import { eventually, RawClient } from './raw-client.ts';

const drainTimeoutMs = 3000;
const webSocketKey = 'dGhlIHNhbXBsZSBub25jZQ==';

/** Opens WebSockets and echoes. */
function echoing(): Promise<Backend> {
  return Backend.start((socket, text) => {
    const key = /\r\nsec-websocket-key: (\S+)\r\n/i.exec(text)?.[1];
    const head = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: `;
    socket.write(key === undefined ? `echo:${text}` : `${head}${acceptOf(key)}\r\n\r\nbegun`);
  });
}

/** A client's WebSocket. */
interface Open extends AsyncDisposable {
  readonly say: (text: string) => void;
  readonly text: () => string;
  /** Resets it. */
  readonly leave: () => void;
  /** How it ended: in order, or with a reset of this kind; undefined: it has not. */
  readonly outcome: () => string | undefined;
}

async function openHttp1(harness: Harness): Promise<Open> {
  const client = await RawClient.connect(harness.port);
  const more = `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${webSocketKey}\r\n`;
  client.write(`GET / HTTP/1.1\r\nHost: a.example\r\n${more}\r\n`);
  return {
    say: (text) => client.write(text),
    text: () => client.text,
    leave: () => client.socket.resetAndDestroy(),
    outcome: () => (client.ended ? 'in order' : client.error?.code),
    [Symbol.asyncDispose]: async () => client[Symbol.dispose](),
  };
}

async function openHttp2(harness: Harness): Promise<Open> {
  const client = await Http2Client.connect(harness.port);
  const stream = client.open('/', { method: 'CONNECT', headers: { ':protocol': 'websocket', 'sec-websocket-version': '13' } }, false);
  let text = '';
  let hasEnded = false;
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  stream.on('end', () => {
    hasEnded = true;
  });
  return {
    say: (said) => void stream.write(said),
    text: () => text,
    leave: () => stream.close(ErrorCode.cancel),
    outcome: () => {
      if (!stream.closed) return undefined;
      return hasEnded && stream.rstCode === ErrorCode.noError ? 'in order' : `reset ${stream.rstCode}`;
    },
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

interface Setup extends AsyncDisposable {
  readonly harness: Harness;
  readonly opened: Open;
  readonly pass: (ms: number) => void;
  /** Puts another table into service. */
  readonly change: (...routes: readonly TestRoute[]) => void;
  /** How the connection ended. */
  readonly ended: () => string | undefined;
}

type Opener = (harness: Harness) => Promise<Open>;

/** A WebSocket under way, on a clock that stands still. */
async function begin(backend: Backend, open: Opener, policy: NonNullable<TestRoute['policy']>): Promise<Setup> {
  const clock = new StandingClock();
  const harness = await Harness.start({
    routes: [{ endpoints: [backend.port], policy }],
    clock,
    config: { h2c: true, drainTimeoutMs },
  });
  const opened = await open(harness);
  await eventually(() => opened.text().endsWith('begun'), 'it is under way', 30_000);
  return {
    harness,
    opened,
    pass: (ms) => clock.pass(harness, ms),
    change: (...routes) => harness.change({ routes }),
    ended: () => {
      const ended = harness.connections[0]?.ended;
      return ended && `${ended.side} ${ended.reason}`;
    },
    [Symbol.asyncDispose]: async () => {
      await opened[Symbol.asyncDispose]();
      await harness[Symbol.asyncDispose]();
    },
  };
}

function kept(more: Partial<ClientConnectionPolicy>): Pick<NonNullable<TestRoute['policy']>, 'clientConnection'> {
  return {
    clientConnection: { idleMs: undefined, idleFactor: 1, lifetimeMs: 0, probeAfterMs: 0, whenRemoved: undefined, ...more },
  };
}

/** Shows that it lives by what it still carries. */
async function sendThrough({ say, text }: Open, word: string): Promise<void> {
  say(word);
  await eventually(() => text().endsWith(`echo:${word}`), 'it still lives', 30_000);
}

/** How tunnels ended, by reason; the books must balance. */
function tunnelEnds({ counters }: Harness): Readonly<Record<string, number>> {
  const { upgrades, upgradesActive, upgradesClosed } = counters.totals();
  assert.equal(upgrades, upgradesActive + upgradesClosed.reduce((sum, count) => sum + count));
  return Object.fromEntries(
    terminationReasons.map((reason, index) => [reason, upgradesClosed[index] ?? 0] as const).filter(([, count]) => count > 0),
  );
}

/** @param reason of the connection; undefined: it goes on */
async function untilEnd(setup: Setup, reason: string | undefined): Promise<void> {
  await eventually(() => setup.opened.outcome() !== undefined, 'its end', 30_000);
  assert.equal(setup.opened.outcome(), 'in order');
  if (reason !== undefined) await eventually(() => setup.ended() !== undefined, 'the end of the connection', 30_000);
  assert.equal(setup.ended(), reason && `proxy ${reason}`);
}

for (const [version, open] of [
  ['HTTP/1.1', openHttp1],
  ['HTTP/2', openHttp2],
] as const) {
  test(`${version}: a busy WebSocket ends in order when it is as old as its route lets it become`, async () => {
    await using backend = await echoing();
    await using setup = await begin(backend, open, kept({ lifetimeMs: 20_000 }));
    setup.pass(15_000);
    await sendThrough(setup.opened, 'one');
    setup.pass(3500);
    await sendThrough(setup.opened, 'two');
    assert.equal(setup.harness.counters.gauges.upgradesActive(), 1);
    assert.deepEqual(tunnelEnds(setup.harness), {});
    setup.pass(3000);
    await untilEnd(setup, 'connection_timeout');
    assert.deepEqual(tunnelEnds(setup.harness), { connection_timeout: 1 });
    await eventually(() => setup.harness.proxy.poolStatus.active === 0, 'the backend let go');
  });

  test(`${version}: the idle time of a connection is none of a WebSocket on it, which has one of its own`, async () => {
    await using backend = await echoing();
    await using setup = await begin(backend, open, { ...kept({ idleMs: 2000 }), timeouts: { tunnelIdleMs: 20_000 } });
    setup.pass(15_000);
    await sendThrough(setup.opened, 'one');
    setup.pass(15_000);
    await sendThrough(setup.opened, 'two');
    setup.pass(21_000);
    await eventually(() => setup.opened.outcome() !== undefined, 'its end', 30_000);
    assert.equal(setup.opened.outcome(), version === 'HTTP/1.1' ? 'in order' : `reset ${ErrorCode.cancel}`);
    assert.deepEqual(tunnelEnds(setup.harness), { inactivity: 1 });
  });

  test(`${version}: the end of a WebSocket is counted once, by why: its client leaves, its backend resets it, the connection is killed`, async () => {
    await using backend = await echoing();
    await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }], config: { h2c: true } });
    const opened = async () => {
      const one = await open(harness);
      await eventually(() => one.text().endsWith('begun'), 'it is under way', 30_000);
      return one;
    };
    const untilEnds = async (ends: Readonly<Record<string, number>>) => {
      await eventually(() => harness.counters.gauges.upgradesActive() === 0, 'the end', 30_000);
      assert.deepEqual(tunnelEnds(harness), ends);
    };
    (await opened()).leave();
    await untilEnds({ econnreset: 1 });
    const second = await opened();
    backend.sockets.at(-1)?.resetAndDestroy();
    await untilEnds({ econnreset: 2 });
    const third = await opened();
    harness.connections.at(-1)?.end('proxy', 'killed');
    await untilEnds({ econnreset: 2, killed: 1 });
    for (const one of [second, third]) await one[Symbol.asyncDispose]();
  });

  test(`${version}: a WebSocket ends at once with its route where that says Cut`, async () => {
    await using backend = await echoing();
    await using setup = await begin(backend, open, kept({ whenRemoved: 'cut' }));
    setup.change({ endpoints: [backend.port], path: '/', policy: { retries: 0 } });
    await sendThrough(setup.opened, 'the route is another, with the same name');
    setup.change({ host: 'b.example', endpoints: [backend.port] });
    await untilEnd(setup, version === 'HTTP/1.1' ? 'route_removed' : undefined);
    assert.equal(setup.harness.wheel.size > 0, version === 'HTTP/2', 'no deadline left but that of the HTTP/2 connection');
  });

  test(`${version}: a WebSocket has the time of a drain when its route goes where that says Drain, and lives on when it comes back`, async () => {
    await using backend = await echoing();
    await using setup = await begin(backend, open, kept({ whenRemoved: 'drain' }));
    const original = { endpoints: [backend.port] };
    setup.change();
    setup.pass(drainTimeoutMs - 200);
    setup.change(original);
    setup.change();
    setup.pass(400);
    await sendThrough(setup.opened, 'its time began anew');
    setup.change(original);
    setup.pass(drainTimeoutMs);
    await sendThrough(setup.opened, 'it came back');
    setup.change();
    setup.pass(drainTimeoutMs - 200);
    await sendThrough(setup.opened, 'its time is not over');
    setup.pass(400);
    await untilEnd(setup, version === 'HTTP/1.1' ? 'route_removed' : undefined);
  });

  test(`${version}: a WebSocket whose route says nothing of it lives on when that goes`, async () => {
    await using backend = await echoing();
    await using setup = await begin(backend, open, kept({ lifetimeMs: 3_600_000 }));
    setup.change();
    setup.pass(10 * drainTimeoutMs);
    await sendThrough(setup.opened, 'nothing has happened');
  });
}

test('a WebSocket over HTTP/2 that does not take what it is sent is reset at the end of its life', async () => {
  await using backend = await echoing();
  const clock = new StandingClock();
  const routes = [{ endpoints: [backend.port], policy: kept({ lifetimeMs: 20_000 }) }];
  await using harness = await Harness.start({ routes, clock, config: { h2c: true } });
  await using client = await Http2Client.connect(harness.port, undefined, { initialWindowSize: 1000 });
  const stream = client.open('/', { method: 'CONNECT', headers: { ':protocol': 'websocket', 'sec-websocket-version': '13' } }, false);
  await once(stream, 'response');
  backend.sockets[0]?.write(Buffer.alloc(50_000, 'x'));
  await eventually(() => harness.counters.gauges.bufferedBytes() > 0, 'bytes that wait for the client', 30_000);
  clock.pass(harness, 21_500);
  await eventually(() => stream.closed || stream.readableLength > 0, 'its end', 30_000);
  stream.resume();
  await eventually(() => stream.closed, 'its end', 30_000);
  assert.equal(stream.rstCode, ErrorCode.cancel);
});

test('the rest of a table may change, and many upgrades of one route go with it', async () => {
  await using backend = await echoing();
  const routes: readonly TestRoute[] = [
    { path: '/', endpoints: [backend.port], policy: kept({ whenRemoved: 'cut' }) },
    { host: 'b.example', endpoints: [backend.port] },
  ];
  await using harness = await Harness.start({ routes });
  const opened = await Promise.all(Array.from({ length: 20 }, () => openHttp1(harness)));
  await eventually(() => opened.every(({ text }) => text().endsWith('begun')), 'all are under way', 30_000);
  harness.change({ routes: [routes[0]!, { host: 'c.example', endpoints: [backend.port] }] });
  for (const one of opened) await sendThrough(one, 'x');
  harness.change({ routes: [{ host: 'b.example', endpoints: [] }] });
  await eventually(() => opened.every(({ outcome }) => outcome() === 'in order'), 'their end', 30_000);
  assert.deepEqual(new Set(harness.connections.map(({ ended }) => `${ended?.side} ${ended?.reason}`)), new Set(['proxy route_removed']));
  for (const one of opened) await one[Symbol.asyncDispose]();
});
