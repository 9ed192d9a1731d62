import type { TestContext } from 'node:test';
import { eventually } from '../eventually.ts';
import type { Program } from '../program.ts';
import { endings } from '../program-books.ts';
import { genuineHello } from '../smartproxy/client-hello-bytes.ts';
import { TcpBackend, TcpTalk } from '../tcp-talk.ts';
import { type DefaultCase, host, type Start } from './default-case.ts';

/** Where the SmartRoute of these cases has its connections; the Ingress has TLS that is passed through. */
export const listener = 'mail';

async function begin(start: Start, t: TestContext): Promise<Program> {
  const backend = await TcpBackend.start((socket) => {
    socket.write('ready');
    socket.pipe(socket);
  });
  t.after(() => backend[Symbol.asyncDispose]());
  return start([backend.port]);
}

/** Opens a connection and waits for what the backend says first, or for the end. */
async function talk(program: Program, t: TestContext): Promise<TcpTalk> {
  const opened = new TcpTalk(program.ports.get(listener) ?? program.httpsPort);
  t.after(() => opened[Symbol.dispose]());
  if (!program.ports.has(listener)) opened.socket.write(await genuineHello(host));
  await eventually('it is answered or ends', () => opened.text.startsWith('ready') || opened.ended || opened.closed);
  return opened;
}

/** How a connection in which nothing moves comes to its end, and whether that takes so long. */
async function endOf(program: Program, t: TestContext, atLeastMs = 0): Promise<readonly unknown[]> {
  const startMs = performance.now();
  await (await talk(program, t)).untilEnd();
  const isLong = performance.now() - startMs >= atLeastMs;
  return [await eventually('it is counted', () => Object.keys(endings(program))[0]), isLong];
}

const patient = ['--tunnel-idle-timeout=10m', '--drain-timeout=1m'];

/** Defaults for connections that go to a backend as a whole. */
export const connectionCases: readonly DefaultCase[] = [
  {
    connection: { idleTimeout: '300ms' },
    flags: patient,
    look: async (start, t) => endOf(await begin(start, t), t),
    with: ['proxy/inactivity', true],
  },
  {
    // Six times as long, and 5 % less.
    connection: { idleTimeout: '300ms', keepAlive: 'Extended' },
    flags: patient,
    look: async (start, t) => endOf(await begin(start, t), t, 1700),
    with: ['proxy/inactivity', true],
  },
  {
    connection: { maxLifetime: '300ms' },
    flags: patient,
    look: async (start, t) => endOf(await begin(start, t), t),
    with: ['proxy/connection_timeout', true],
  },
  {
    // What is passed through has sent its ClientHello.
    inheritors: ['SmartRoute'],
    connection: { firstDataTimeout: '300ms' },
    flags: patient,
    look: async (start, t) => endOf(await begin(start, t), t),
    with: ['proxy/initial_timeout', true],
  },
  {
    connection: { whenRemoved: 'Drain' },
    flags: patient,
    look: async (start, t) => {
      const program = await begin(start, t);
      const opened = await talk(program, t);
      await program.remove(program.ports.has(listener) ? 'SmartRoute' : 'Ingress', 'default/shop');
      opened.socket.write('still here');
      await eventually('it is answered or ends', () => opened.text.endsWith('still here') || opened.ended || opened.closed);
      return opened.text.endsWith('still here');
    },
    without: false,
    with: true,
  },
  ...(['maxConnections', 'maxConnectionsPerAddress'] as const).map(
    (limit): DefaultCase => ({
      connection: { [limit]: 1 },
      flags: patient,
      look: async (start, t) => {
        const program = await begin(start, t);
        await talk(program, t);
        const { text } = await talk(program, t);
        return [text.slice(0, 5), Object.keys(endings(program))];
      },
      without: ['ready', []],
      with: ['', [limit === 'maxConnections' ? 'proxy/route_limit' : 'proxy/ip_limit']],
    }),
  ),
];
