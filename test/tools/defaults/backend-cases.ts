import { createServer as createHttp2, type ServerHttp2Stream } from 'node:http2';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { tlvTypes } from '../../../src/proxy-header/proxy-header.ts';
import { parseProxyHeader } from '../../../src/smartproxy/proxy-protocol.ts';
import { eventually } from '../eventually.ts';
import { freePort } from '../free-port.ts';
import { GrpcServer } from '../grpc-server.ts';
import { HeldBackend } from '../held-backend.ts';
import { opaqueSecret, tlsSecret } from '../manifests.ts';
import type { Program } from '../program.ts';
import { ScriptedBackend } from '../scripted-backend.ts';
import { Backend } from '../smartproxy/backend.ts';
import { DeafServer } from '../smartproxy/deaf-server.ts';
import { makeTestCertificate, type TestCertificate } from '../test-certificate.ts';
import { type DefaultCase, host } from './default-case.ts';

const statusOf = async (program: Program): Promise<number> => (await program.ask(host, '/')).status;

async function statusesOf(program: Program, times: number): Promise<readonly number[]> {
  const statuses: number[] = [];
  for (let n = 0; n < times; n++) statuses.push(await statusOf(program));
  return statuses;
}

const ejections = (program: Program): number => program.dataPlane.snapshot().upstreamEjections;
const unhealthy = (program: Program): readonly (string | undefined)[] =>
  program.dataPlane
    .outEndpoints()
    .filter(({ reason }) => reason === 'health_check')
    .map(({ detail }) => detail);

/** Calls end with UNAVAILABLE, then with NOT_FOUND. */
async function callsBackend(t: TestContext): Promise<number> {
  let calls = 0;
  const server = createHttp2();
  server.on('stream', (stream: ServerHttp2Stream) => {
    const status = ++calls === 1 ? '14' : '5';
    stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': status }, { endStream: true });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** What becomes of a request while another one is under way. */
async function besides(program: Program, backend: HeldBackend): Promise<number> {
  program.ask(host, '/held').catch(() => {});
  await eventually('one is under way', () => backend.held.length === 1);
  return statusOf(program);
}

/** A server over TLS that answers with the server name and client certificate that it was shown. */
async function showing(own: TestCertificate, client: TestCertificate, t: TestContext): Promise<number> {
  const options = { ...own, ca: [client.cert], requestCert: true, rejectUnauthorized: false };
  const server = createHttps(options, ({ socket }, response) => {
    const { servername } = socket as TLSSocket & { servername?: string | false };
    response.end(`${servername || 'no name'} ${(socket as TLSSocket).getPeerX509Certificate()?.subject ?? 'nobody'}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const pace = { interval: '500ms', timeout: '100ms' };

/** Defaults for how backends are spoken to and what is held of them. */
export const backendCases: readonly DefaultCase[] = [
  {
    policy: { backend: { protocol: 'H2C' }, retries: { attempts: 1, grpcStatuses: ['UNAVAILABLE'] } },
    look: async (start, t) => {
      const { status, headers } = await (await start([await callsBackend(t)])).ask(host, '/');
      return [status, headers['grpc-status']];
    },
    without: [502, undefined],
    with: [200, '5'],
  },
  {
    policy: {
      backend: {
        protocol: 'HTTPS',
        tls: { serverName: 'backend.internal', caRef: { name: 'ca' }, clientCertificateRef: { name: 'client' } },
      },
    },
    look: async (start, t) => {
      const [own, other, client] = [
        await makeTestCertificate('backend.internal'),
        await makeTestCertificate('backend.internal'),
        await makeTestCertificate('ours'),
      ];
      const program = await start(
        [await showing(own, client, t)],
        opaqueSecret('ca', { 'ca.crt': own.cert }) + tlsSecret('client', client),
      );
      const { body } = await program.ask(host, '/');
      await program.apply(opaqueSecret('ca', { 'ca.crt': other.cert }));
      return [body, await statusOf(program)];
    },
    with: ['backend.internal CN=ours', 502],
  },
  ...(['requests', 'connections'] as const).map(
    (limit): DefaultCase => ({
      policy: { backend: { limits: { [limit]: 1 } } },
      look: async (start, t) => {
        const backend = await HeldBackend.start(t);
        return besides(await start([backend.port]), backend);
      },
      without: 200,
      with: 503,
    }),
  ),
  {
    policy: { backend: { limits: { pendingRequests: 1 } } },
    flags: ['--connect-timeout=10m'],
    look: async (start, t) => {
      const server = await DeafServer.listen();
      t.after(() => server[Symbol.asyncDispose]());
      const program = await start([server.port]);
      program.ask(host, '/').catch(() => {});
      await eventually('one waits', () => program.dataPlane.snapshot().upstreamConnecting === 1);
      return statusOf(program);
    },
    with: 503,
  },
  {
    policy: { backend: { limits: { retryPercent: 0 } } },
    look: async (start, t) => {
      const backend = await HeldBackend.start(t);
      return [...(await statusesOf(await start([backend.port, await freePort()]), 2))].sort();
    },
    without: [200, 200],
    with: [200, 502],
  },
  {
    policy: { backend: { outlierDetection: { consecutiveConnectFailures: 1 } } },
    flags: ['--retries=0'],
    look: async (start, t) => {
      const backend = await HeldBackend.start(t);
      const statuses = await statusesOf(await start([backend.port, await freePort()]), 6);
      return statuses.filter((status) => status === 502).length;
    },
    without: 3,
    with: 1,
  },
  {
    policy: { backend: { outlierDetection: { consecutiveErrors: 1, baseEjectionTime: '2m' } } },
    look: async (start, t) => {
      const bad = () => ScriptedBackend.start(t, (_request, response) => response.writeHead(500).end());
      const program = await start([(await bad()).port, (await bad()).port]);
      await statusesOf(program, 2);
      return program.dataPlane.outEndpoints().map(({ forMs = 0 }) => forMs > 60_000 && forMs <= 120_000);
    },
    without: [],
    with: [true],
  },
  {
    // The second time is twice the first, but for its bound.
    policy: {
      backend: { outlierDetection: { consecutiveErrors: 1, baseEjectionTime: '1s', maxEjectionTime: '1s', maxEjectionPercent: 100 } },
    },
    look: async (start, t) => {
      const bad = () => ScriptedBackend.start(t, (_request, response) => response.writeHead(500).end());
      const program = await start([(await bad()).port, (await bad()).port]);
      await statusesOf(program, 2);
      if (ejections(program) === 0) return [0];
      const times = () => program.dataPlane.outEndpoints().map(({ forMs = Number.POSITIVE_INFINITY }) => forMs);
      const first = times();
      await eventually('they are out again', async () => (await statusOf(program)) === 500 && ejections(program) >= 4);
      return [first.length, [...first, ...times()].every((ms) => ms <= 1000)];
    },
    without: [0],
    with: [2, true],
  },
  {
    policy: {
      backend: { healthCheck: { type: 'HTTP', ...pace, timeout: '10s', path: '/healthz', host: 'probe.test', statuses: ['418'] } },
    },
    look: async (start, t) => {
      const hosts: unknown[] = [];
      const backend = await ScriptedBackend.start(t, ({ url, headers }, response) => {
        if (url === '/healthz') hosts.push(headers.host);
        response.writeHead(418).end();
      });
      const program = await start([backend.port]);
      // At the interval that holds by default, five take two thirds of a minute.
      await eventually('it is asked', () => hosts.length >= 5);
      return [new Set(hosts), unhealthy(program)];
    },
    with: [new Set(['probe.test']), []],
  },
  {
    policy: { backend: { healthCheck: { type: 'HTTP', ...pace, unhealthyThreshold: 5, healthyThreshold: 4 } } },
    look: async (start, t) => {
      let status = 500;
      let checks = 0;
      const backend = await ScriptedBackend.start(t, (_request, response) => {
        checks++;
        response.writeHead(status).end();
      });
      const program = await start([backend.port]);
      await eventually('it is out', () => unhealthy(program).length === 1);
      const failed = checks;
      status = 200;
      await eventually('it is back', () => unhealthy(program).length === 0);
      return [failed >= 5, checks - failed >= 4];
    },
    with: [true, true],
  },
  {
    policy: { backend: { healthCheck: { type: 'HTTP', ...pace, unhealthyThreshold: 1, port: 1 } } },
    look: async (start, t) => {
      const backend = await ScriptedBackend.start(t, (_request, response) => response.end());
      const program = await start([backend.port]);
      await eventually('it is out', () => unhealthy(program).length === 1);
      return unhealthy(program);
    },
    with: ['ECONNREFUSED'],
  },
  {
    policy: { backend: { healthCheck: { type: 'TCP', interval: '500ms', timeout: '100ms', unhealthyThreshold: 1 } } },
    look: async (start, t) => {
      const server = await DeafServer.listen();
      t.after(() => server[Symbol.asyncDispose]());
      const program = await start([server.port]);
      await eventually('it is out', () => unhealthy(program).length === 1);
      return unhealthy(program);
    },
    with: ['no answer within 100 ms'],
  },
  {
    policy: { backend: { protocol: 'H2C', healthCheck: { type: 'GRPC', ...pace, timeout: '10s', service: 'shop.v1.Shop' } } },
    look: async (start, t) => {
      const server = await GrpcServer.start();
      t.after(() => server[Symbol.asyncDispose]());
      server.healthOf.clear();
      server.healthOf.add('shop.v1.Shop');
      const program = await start([server.port]);
      await eventually('checks pass', () => program.dataPlane.snapshot().healthChecksPassed > 0);
      return program.dataPlane.snapshot().healthChecksFailed;
    },
    with: 0,
  },
  {
    policy: { backend: { proxyProtocol: { version: 'V2', tlvs: ['CRC32C'] } } },
    look: async (start, t) => {
      const backend = await Backend.listen((socket) => {
        socket.once('data', (chunk: Buffer) => {
          const header = parseProxyHeader(chunk);
          const tlvs = header.kind === 'proxied' ? header.tlvs.map(({ type }) => type) : header.kind;
          const body = JSON.stringify(tlvs);
          socket.end(`HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
        });
      });
      t.after(() => backend.close());
      return JSON.parse((await (await start([backend.port])).ask(host, '/')).body);
    },
    without: 'invalid',
    with: [tlvTypes.crc32c],
  },
];
