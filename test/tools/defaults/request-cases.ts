import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { eventually } from '../eventually.ts';
import { freePort } from '../free-port.ts';
import { HeldBackend } from '../held-backend.ts';
import { service, serviceGrant } from '../manifests.ts';
import { NamedBackend } from '../named-backend.ts';
import type { AskOptions, Program } from '../program.ts';
import { ScriptedBackend } from '../scripted-backend.ts';
import { Backend, closed, dial, receive } from '../smartproxy/backend.ts';
import { DeafServer } from '../smartproxy/deaf-server.ts';
import { type DefaultCase, host } from './default-case.ts';

const patient = ['connect', 'upstream-read', 'upstream-send', 'tunnel-idle'].map((name) => `--${name}-timeout=10m`);
const from = (address: string): AskOptions => ({ headers: { 'x-forwarded-for': address } });
const post = (bytes: number): AskOptions => ({ method: 'POST', body: 'x'.repeat(bytes) });
const trusting = ['--trusted-proxies=127.0.0.0/8'];

async function statusesOf(program: Program, asks: readonly AskOptions[]): Promise<readonly number[]> {
  const statuses: number[] = [];
  for (const options of asks) statuses.push((await program.ask(host, '/', options)).status);
  return statuses;
}

/** Defaults that decide whether a request goes on, when, and how often. */
export const requestCases: readonly DefaultCase[] = [
  {
    policy: { redirectToHttps: false },
    tls: true,
    look: async (start, t) => {
      const backend = await ScriptedBackend.start(t, (_request, response) => response.end());
      return statusesOf(await start([backend.port]), [{}]);
    },
    without: [308],
    with: [200],
  },
  {
    policy: { timeouts: { connect: '100ms' } },
    flags: [...patient, '--retries=0'],
    look: async (start, t) => {
      const server = await DeafServer.listen();
      t.after(() => server[Symbol.asyncDispose]());
      return statusesOf(await start([server.port]), [{}]);
    },
    with: [504],
  },
  ...(['read', 'request'] as const).map(
    (name): DefaultCase => ({
      policy: { timeouts: { [name]: '100ms' } },
      flags: patient,
      look: async (start, t) => {
        const silent = await ScriptedBackend.start(t, () => {});
        return statusesOf(await start([silent.port]), [{}]);
      },
      with: [504],
    }),
  ),
  {
    policy: { timeouts: { send: '100ms' } },
    flags: [...patient, '--max-request-body=0'],
    look: async (start, t) => {
      const takesNothing = await Backend.listen((socket) => socket.pause());
      t.after(() => takesNothing.close());
      return statusesOf(await start([takesNothing.port]), [post(16 * 1024 * 1024)]);
    },
    with: [504],
  },
  {
    policy: { timeouts: { tunnelIdle: '100ms' } },
    flags: patient,
    look: async (start, t) => {
      const switching = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
      const backend = await Backend.listen((socket) => socket.once('data', () => socket.write(switching)));
      t.after(() => backend.close());
      const client = await dial((await start([backend.port])).httpPort);
      client.write(`GET / HTTP/1.1\r\nhost: ${host}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n`);
      const head = String(await receive(client, 12));
      await closed(client);
      return head.slice(0, 12);
    },
    with: 'HTTP/1.1 101',
  },
  {
    policy: { maxRequestBody: '10' },
    look: async (start, t) => {
      const backend = await ScriptedBackend.start(t, (_request, response) => response.end());
      return statusesOf(await start([backend.port]), [post(10), post(11)]);
    },
    without: [200, 200],
    with: [200, 413],
  },
  {
    policy: { maxRequestHeader: '1Ki' },
    look: async (start, t) => {
      const backend = await ScriptedBackend.start(t, (_request, response) => response.end());
      return statusesOf(await start([backend.port]), [{ headers: { 'x-long': 'x'.repeat(1024) } }]);
    },
    without: [200],
    with: [431],
  },
  {
    policy: { retries: { attempts: 3 } },
    flags: ['--retries=0'],
    look: async (start, t) => {
      const backend = await ScriptedBackend.start(t, (_request, response) => response.end());
      return [...(await statusesOf(await start([backend.port, await freePort()]), [{}, {}]))].sort();
    },
    without: [200, 502],
    with: [200, 200],
  },
  {
    policy: { retries: { attempts: 1, conditions: ['Reset'] } },
    look: async (start, t) => {
      const backend = await ScriptedBackend.start(t, (_request, response) => {
        if (backend.received.length === 1) response.destroy();
        else response.end();
      });
      return statusesOf(await start([backend.port]), [{}]);
    },
    without: [502],
    with: [200],
  },
  {
    policy: { retries: { attempts: 1, statuses: [503], nonIdempotent: true, backOff: '200ms' } },
    look: async (start, t) => {
      const backend = await ScriptedBackend.start(t, (_request, response) =>
        response.writeHead(backend.received.length === 1 ? 503 : 200).end(),
      );
      const program = await start([backend.port]);
      const startMs = performance.now();
      const statuses = await statusesOf(program, [post(3)]);
      return [statuses, statuses[0] === 200 && performance.now() - startMs >= 100];
    },
    without: [[503], false],
    with: [[200], true],
  },
  {
    policy: { retries: { attempts: 1, perTryTimeout: '100ms' } },
    flags: patient,
    look: async (start, t) => {
      const backend = await ScriptedBackend.start(t, (_request, response) => {
        if (backend.received.length > 1) response.end();
      });
      return statusesOf(await start([backend.port]), [{}]);
    },
    with: [200],
  },
  {
    policy: { clients: { allow: ['192.0.2.0/24'], deny: ['192.0.2.7'] } },
    flags: trusting,
    look: async (start, t) => {
      const backend = await ScriptedBackend.start(t, (_request, response) => response.end());
      return statusesOf(await start([backend.port]), [from('192.0.2.1'), from('192.0.2.7'), from('198.51.100.1')]);
    },
    without: [200, 200, 200],
    with: [200, 403, 403],
  },
  {
    policy: {
      rateLimits: [{ requests: 1, per: 'Hour', burst: 2, key: { type: 'Header', header: 'X-Key' }, exempt: ['192.0.2.0/24'] }],
    },
    flags: trusting,
    look: async (start, t) => {
      const backend = await ScriptedBackend.start(t, (_request, response) => response.end());
      const program = await start([backend.port]);
      const by = (key: string, client = '198.51.100.1'): AskOptions => ({ headers: { 'x-key': key, 'x-forwarded-for': client } });
      const statuses = await statusesOf(program, [by('a'), by('a'), by('a'), by('b'), by('a', '192.0.2.1')]);
      const { headers } = await program.ask(host, '/', by('a'));
      return [statuses, Number(headers['retry-after'] ?? 0) > 1800];
    },
    without: [[200, 200, 200, 200, 200], false],
    with: [[200, 200, 429, 200, 200], true],
  },
  ...(['maxRequests', 'maxRequestsPerAddress'] as const).map(
    (limit): DefaultCase => ({
      policy: { [limit]: 1 },
      look: async (start, t) => {
        const backend = await HeldBackend.start(t);
        const program = await start([backend.port]);
        const first = program.ask(host, '/held');
        await eventually('it is under way', () => backend.held.length === 1);
        const second = await program.ask(host, '/');
        for (const response of backend.held) response.end();
        return [(await first).status, second.status];
      },
      without: [200, 200],
      with: [200, 503],
    }),
  ),
  {
    policy: {
      maintenance: {
        ...{ enabled: true, allow: ['192.0.2.0/24'], status: 500 },
        ...{ retryAfter: '90s', contentType: 'text/html', body: '<p>soon</p>' },
      },
    },
    flags: trusting,
    look: async (start) => {
      await using backend = await NamedBackend.start('web', { 'content-type': 'text/plain' });
      const program = await start([backend.port]);
      const { status, headers, body } = await program.ask(host, '/');
      const mayIn = await program.ask(host, '/', from('192.0.2.1'));
      return [status, headers['retry-after'], headers['content-type'], body, mayIn.body];
    },
    without: [200, undefined, 'text/plain', 'web', 'web'],
    with: [500, '90', 'text/html', '<p>soon</p>', 'web'],
  },
  {
    policy: { buffering: { request: true, maxRequest: '10' } },
    look: async (start, t) => {
      let heads = 0;
      const backend = await ScriptedBackend.start(
        t,
        (_request, response) => response.end(),
        () => heads++,
      );
      const program = await start([backend.port]);
      const slow = httpRequest({
        ...{ host: '127.0.0.1', port: program.httpPort, agent: false, method: 'POST' },
        headers: { host, 'content-length': '10' },
      });
      slow.on('error', () => {});
      slow.write('12345');
      const isHeld = await eventually('it is held, or asked for', () =>
        heads === 1 ? 'no' : program.dataPlane.snapshot().routeBufferBytes === 5 && 'yes',
      );
      slow.end('67890');
      await once(slow, 'response');
      slow.destroy();
      return [isHeld, ...(await statusesOf(program, [post(11)]))];
    },
    without: ['no', 200],
    with: ['yes', 413],
  },
  ...[{ name: 'web' }, { number: 80 }].map(
    (port): DefaultCase => ({
      policy: { mirror: { backend: { name: 'copies', namespace: 'other', port }, percent: 50, maxBody: '10' } },
      look: async (start, t) => {
        const backend = await ScriptedBackend.start(t, (_request, response) => response.end());
        const copies = await ScriptedBackend.start(t, (_request, response) => response.end());
        const ofCopies = service('copies', copies.port).replaceAll('namespace: default', 'namespace: other');
        const grant = serviceGrant('other', { kind: 'SmartProxyConfig' });
        const program = await start([backend.port], ofCopies + grant);
        await statusesOf(program, [post(1), post(1), post(1), post(1), post(11), post(11)]);
        await eventually('no copy is under way', () => program.dataPlane.snapshot().mirrored[0] === copies.received.length);
        const [copied, , , tooLarge] = program.dataPlane.snapshot().mirrored;
        return [copied, tooLarge];
      },
      without: [0, 0],
      with: [2, 1],
    }),
  ),
  {
    policy: { accessLog: false },
    look: async (start, t) => {
      const backend = await ScriptedBackend.start(t, (_request, response) => response.end());
      const program = await start([backend.port]);
      await statusesOf(program, [{}]);
      return (await program.finish()).length;
    },
    without: 1,
    with: 0,
  },
];
