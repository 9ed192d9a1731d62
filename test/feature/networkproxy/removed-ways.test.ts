import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ErrorCode } from '../../../src/networkproxy/http2/frames.ts';
import { acceptOf } from '../../../src/networkproxy/http2/websocket-key.ts';
import type { Removal } from '../../../src/networkproxy/removal/under-way.ts';
import { Backend } from './backend.ts';
import type { TestRoute } from './harness.ts';
import { Setup, StandingClock } from './http2-upstream-kit.ts';
import { eventually, RawClient, statusOf } from './raw-client.ts';

const drainTimeoutMs = 3000;
const webSocketKey = 'dGhlIHNhbXBsZSBub25jZQ==';

/** Opens WebSockets, begins chunked answers that it does not end, and leaves `/silent` without one. */
function slowBackend(): Promise<Backend> {
  return Backend.start((socket, text) => {
    if (text.startsWith('GET /stream')) socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nbegun\r\n');
    const key = /\r\nsec-websocket-key: (\S+)\r\n/i.exec(text)?.[1];
    if (key !== undefined)
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${acceptOf(key)}\r\n\r\nbegun`,
      );
  });
}

/** What a client has under way. */
interface Open {
  readonly text: () => string;
  /** How it ended: a status of ours, `cut`, or the code of a reset; undefined: it has not. */
  readonly outcome: () => string | undefined;
}

type Kind = 'WebSocket' | 'stream' | 'silent';

async function openHttp1(setup: Setup, kind: Kind): Promise<Open> {
  const client = await RawClient.connect(setup.harness.port);
  const more = `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${webSocketKey}\r\n`;
  client.write(`GET /${kind} HTTP/1.1\r\nHost: a.example\r\n${kind === 'WebSocket' ? more : ''}\r\n`);
  const outcome = (): string | undefined => {
    if (kind === 'silent') return client.text === '' ? undefined : String(statusOf(client.text));
    return client.ended || client.closed ? 'cut' : undefined;
  };
  return { text: () => client.text, outcome };
}

async function openHttp2(setup: Setup, kind: Kind): Promise<Open> {
  const connect = { ':protocol': 'websocket', 'sec-websocket-version': '13' };
  const isWebSocket = kind === 'WebSocket';
  const stream = setup.client.open(`/${kind}`, isWebSocket ? { method: 'CONNECT', headers: connect } : {}, !isWebSocket);
  let text = '';
  let status = '';
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  stream.on('response', (headers) => {
    status = String(headers[':status']);
  });
  const outcome = (): string | undefined => {
    if (kind === 'silent') return status === '' ? undefined : status;
    return stream.closed ? `reset ${stream.rstCode}` : undefined;
  };
  return { text: () => text, outcome };
}

const removals: Readonly<Record<Removal, readonly TestRoute[]>> = { route_removed: [], endpoint_removed: [{ endpoints: [] }] };

const cases = [
  { name: 'a WebSocket over HTTP/1.1', open: openHttp1, kind: 'WebSocket', end: 'cut', status: 101, isLogged: false, count: 0 },
  {
    name: 'a WebSocket over HTTP/2',
    open: openHttp2,
    kind: 'WebSocket',
    end: `reset ${ErrorCode.connectError}`,
    status: 101,
    isLogged: false,
    count: 1,
  },
  { name: 'an answer over HTTP/1.1', open: openHttp1, kind: 'stream', end: 'cut', status: 200, isLogged: true, count: 1 },
  {
    name: 'an answer over HTTP/2',
    open: openHttp2,
    kind: 'stream',
    end: `reset ${ErrorCode.internalError}`,
    status: 200,
    isLogged: true,
    count: 1,
  },
  { name: 'a request over HTTP/1.1', open: openHttp1, kind: 'silent', end: '503', status: 503, isLogged: true, count: 1 },
  { name: 'a request over HTTP/2', open: openHttp2, kind: 'silent', end: '503', status: 503, isLogged: true, count: 1 },
] as const;

/** A setup whose clock stands still, with a request or tunnel under way. */
async function begin(backend: Backend, open: (setup: Setup, kind: Kind) => Promise<Open>, kind: Kind) {
  const clock = new StandingClock();
  const setup = await Setup.start([backend], { service: {} }, { clock, config: { drainTimeoutMs } });
  const opened = await open(setup, kind);
  await eventually(
    () => backend.sockets.length === 1 && (kind === 'silent' || /begun(\r\n)?$/.test(opened.text())),
    'it is under way',
    30_000,
  );
  /** Puts another table into service, and sees to it that the look at what is under way is over. */
  const change = async (routes: readonly TestRoute[]): Promise<void> => {
    setup.harness.change({ routes });
    await nextTurn();
  };
  return { setup, opened, change, pass: (ms: number) => clock.pass(setup.harness, ms) };
}

/** Sends something through what is under way, which must live for that. */
async function sendThrough(backend: Backend, opened: Open, kind: Kind): Promise<void> {
  if (kind === 'silent') return;
  backend.sockets[0]?.write(kind === 'stream' ? '5\r\nstill\r\n' : 'still');
  await eventually(() => opened.text().includes('still'), 'it still lives', 30_000);
}

for (const { name, open, kind, end, status, isLogged, count } of cases) {
  for (const [removal, routes] of Object.entries(removals) as [Removal, readonly TestRoute[]][]) {
    test(`${name} lives until the drain time is over, and ends as ${removal}`, async () => {
      await using backend = await slowBackend();
      const { setup, opened, change, pass } = await begin(backend, open, kind);
      await using _ = setup;
      await change(routes);
      pass(drainTimeoutMs - 100);
      await nextTurn();
      await sendThrough(backend, opened, kind);
      assert.equal(opened.outcome(), undefined);
      pass(200);
      await eventually(() => opened.outcome() !== undefined, 'its end', 30_000);
      assert.equal(opened.outcome(), end);
      if (kind === 'stream') assert.ok(!opened.text().includes('\r\n0\r\n'), 'it does not look whole');
      await eventually(() => setup.harness.requests.length === 1, 'its line in the log', 30_000);
      const [line] = setup.harness.requests;
      assert.deepEqual([line?.status, line?.flag], [status, isLogged ? removal : undefined]);
      assert.equal(setup.harness.flag(removal), count);
      const ended = setup.harness.connections.map((connection) => connection.ended).filter((ending) => ending !== undefined);
      const isCut = open === openHttp1 && kind !== 'silent';
      assert.deepEqual(ended, isCut ? [{ side: 'proxy', reason: removal }] : []);
      await setup.untilPool(0, 0, 0);
    });
  }
}

const original = ({ port }: Backend): TestRoute => ({ endpoints: [port] });
const nothing = (): undefined => undefined;
const unlisted = (): TestRoute => ({ endpoints: [] });

/** Tables that follow each other, and outlive the drain time; undefined: without the route. */
const harmless: Readonly<Record<string, readonly ((backend: Backend) => TestRoute | undefined)[]>> = {
  'its route comes back in time, and goes again': [nothing, original, nothing],
  'its endpoint comes back in time, and goes again': [unlisted, original, unlisted],
  'the settings of its route and of its backend change': [
    (backend) => ({ ...original(backend), policy: { retries: 0 }, service: { key: 'test/s0:80#other', loadBalancing: 'least-request' } }),
    original,
  ],
  'its endpoint terminates': [
    ({ port }) => ({ endpoints: [{ address: '127.0.0.1', port, state: 'draining', zone: undefined, forZones: [] }] }),
    original,
  ],
};

for (const [name, tables] of Object.entries(harmless)) {
  for (const kind of ['WebSocket', 'stream'] as const) {
    test(`a ${kind} lives on when ${name}`, async () => {
      await using backend = await slowBackend();
      const { setup, opened, change, pass } = await begin(backend, openHttp1, kind);
      await using _ = setup;
      for (const table of tables) {
        const route = table(backend);
        await change(route === undefined ? [] : [route]);
        pass(drainTimeoutMs * (table === nothing || table === unlisted ? 0.8 : 1.5));
        await nextTurn();
      }
      await sendThrough(backend, opened, kind);
      assert.equal(opened.outcome(), undefined);
    });
  }
}

test('a request is found behind very many connections', async () => {
  await using backend = await slowBackend();
  const { setup, opened, change, pass } = await begin(backend, openHttp1, 'silent');
  await using _ = setup;
  const idle = await Promise.all(Array.from({ length: 600 }, () => RawClient.connect(setup.harness.port)));
  await eventually(() => setup.harness.proxy.connectedClients === idle.length + 2, 'all connections', 30_000);
  const last = await openHttp1(setup, 'stream');
  await eventually(() => last.text().endsWith('begun\r\n'), 'the last one', 30_000);
  await change([]);
  for (let turn = 0; turn < 3; turn++) await nextTurn();
  pass(drainTimeoutMs + 200);
  await eventually(() => last.outcome() === 'cut' && opened.outcome() === '503', 'the end of both', 30_000);
  for (const client of idle) client[Symbol.dispose]();
});

test('the time of a request is its own: the next one on its connection has all of it', async () => {
  await using backend = await slowBackend();
  const elsewhere: TestRoute = { host: 'b.example', endpoints: [backend.port] };
  const [first, second]: readonly TestRoute[] = [
    { path: '/stream', endpoints: [backend.port] },
    { path: '/stream2', endpoints: [backend.port] },
  ];
  const clock = new StandingClock();
  await using setup = await Setup.start([backend], {}, { clock, config: { drainTimeoutMs }, routes: [first!, second!] });
  const change = async (routes: readonly TestRoute[]): Promise<void> => {
    setup.harness.change({ routes });
    await nextTurn();
  };
  using client = await RawClient.connect(setup.harness.port);
  client.write('GET /stream HTTP/1.1\r\nHost: a.example\r\n\r\n');
  await client.untilText('begun\r\n');
  await change([elsewhere, second!]);
  clock.pass(setup.harness, drainTimeoutMs - 1000);
  backend.sockets[0]?.write('0\r\n\r\n');
  await client.untilText('\r\n0\r\n\r\n');
  client.write('GET /stream2 HTTP/1.1\r\nHost: a.example\r\n\r\n');
  await client.until(({ text }) => text.split('begun\r\n').length === 3);
  await change([elsewhere]);
  clock.pass(setup.harness, 2000);
  await nextTurn();
  backend.sockets.at(-1)?.write('5\r\nstill\r\n');
  await client.untilText('still');
  clock.pass(setup.harness, drainTimeoutMs);
  await client.untilEnd();
  assert.deepEqual(
    setup.harness.requests.map(({ flag }) => flag),
    [undefined, 'route_removed'],
  );
});
