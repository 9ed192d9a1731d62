import assert from 'node:assert/strict';
import { createServer as createHttp, type RequestListener } from 'node:http';
import { createServer as createHttp2, createSecureServer as createSecureHttp2, type ServerHttp2Stream } from 'node:http2';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, createServer as createTcp, type Server } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { transportOf } from '../../../../src/balancing/transport.ts';
import { startProbe } from '../../../../src/networkproxy/health/start-probe.ts';
import type { BackendTls, HealthCheck, Service } from '../../../../src/routes/service.ts';
import { freePort } from '../../../tools/free-port.ts';
import { GrpcServer } from '../../../tools/grpc-server.ts';
import { makeTestCertificate } from '../../../tools/test-certificate.ts';

const name = 'backend.example';
const pace = { intervalMs: 1000, timeoutMs: 1000, unhealthyThreshold: 1, healthyThreshold: 1, port: undefined };
const tcp: HealthCheck = { kind: 'tcp', ...pace };
const http: HealthCheck = { kind: 'http', ...pace, path: '/healthz?full', host: undefined, statuses: [[200, 299]] };
const grpc: HealthCheck = { kind: 'grpc', ...pace, host: undefined, service: '' };

/** What a probe of `port` says. */
function probe(check: HealthCheck, port: number, protocol: Service['protocol'] = 'http', ca?: string): Promise<string | undefined> {
  const tls: BackendTls | undefined =
    protocol === 'https' || protocol === 'h2' ? { serverName: name, ca, clientCertificate: undefined } : undefined;
  const service: Service = { key: 's', namespace: 'n', name: 's', port: 80, protocol, tls, loadBalancing: 'round-robin' };
  return new Promise((resolve) => {
    startProbe({ check, address: '127.0.0.1', port, transport: transportOf(service), lookup: undefined, opening: undefined }, resolve);
  });
}

async function listen(t: TestContext, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

describe('a TCP probe', () => {
  test('passes when a connection opens, and leaves none behind', async (t) => {
    const closed = Promise.withResolvers<void>();
    const port = await listen(
      t,
      createTcp((socket) =>
        socket
          .on('error', () => {})
          .once('close', () => closed.resolve())
          .resume(),
      ),
    );
    assert.equal(await probe(tcp, port), undefined);
    await closed.promise;
  });

  test('fails when it is refused', async () => assert.equal(await probe(tcp, await freePort()), 'ECONNREFUSED'));
});

describe('an HTTP probe', () => {
  const asked: string[] = [];
  const listener: RequestListener = (request, response) => {
    asked.push(`${request.method} ${request.headers.host ?? request.headers[':authority']} ${request.url}`);
    response.statusCode = request.url === '/ill' ? 503 : 204;
    response.end();
  };

  test('asks with GET and passes by status, over HTTP/1.1', async (t) => {
    const port = await listen(t, createHttp(listener));
    asked.length = 0;
    assert.equal(await probe(http, port), undefined);
    assert.equal(await probe({ ...http, path: '/ill', host: 'shop:80' }, port), 'status 503');
    assert.equal(await probe({ ...http, path: '/ill', statuses: [[503, 503]] }, port), undefined);
    assert.deepEqual(asked, [`GET 127.0.0.1:${port} /healthz?full`, 'GET shop:80 /ill', `GET 127.0.0.1:${port} /ill`]);
  });

  test('speaks TLS and HTTP/2 when the service does, and fails when the certificate does not verify', async (t) => {
    const [own, other] = [await makeTestCertificate(name), await makeTestCertificate(name)];
    const https = await listen(t, createHttps(own, listener));
    assert.equal(await probe(http, https, 'https', own.cert), undefined);
    assert.match((await probe(http, https, 'https', other.cert)) ?? '', /SELF_SIGNED|UNABLE_TO/);
    const h2 = await listen(t, createSecureHttp2({ ...own, allowHTTP1: false }, listener as never));
    assert.equal(await probe(http, h2, 'h2', own.cert), undefined);
    assert.equal(await probe({ ...http, path: '/ill' }, h2, 'h2', own.cert), 'status 503');
    const h2c = await listen(t, createHttp2(listener as never));
    assert.equal(await probe(http, h2c, 'h2c'), undefined);
  });

  test('fails when the backend speaks something else, or ends without an answer', async (t) => {
    const chatty = await listen(
      t,
      createTcp((socket) => socket.on('error', () => {}).end('220 mail.example ESMTP\r\n')),
    );
    assert.match((await probe(http, chatty)) ?? '', /HPE_/);
    assert.notEqual(await probe(http, chatty, 'h2c'), undefined);
    const silent = await listen(
      t,
      createTcp((socket) => socket.on('error', () => {}).once('data', () => socket.end())),
    );
    assert.equal(await probe(http, silent), 'ECONNRESET');
    assert.notEqual(await probe(http, silent, 'h2c'), undefined);
  });

  test('that is given up says nothing, and ends its connection', async (t) => {
    const [opened, closed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const port = await listen(
      t,
      createTcp((socket) => {
        socket.on('error', () => {}).once('close', () => closed.resolve());
        socket.once('data', () => opened.resolve());
      }),
    );
    const service: Service = {
      key: 's',
      namespace: 'n',
      name: 's',
      port: 80,
      protocol: 'http',
      tls: undefined,
      loadBalancing: 'round-robin',
    };
    const plan = { check: http, address: '127.0.0.1', port, transport: transportOf(service), lookup: undefined, opening: undefined };
    const cancel = startProbe(plan, () => assert.fail('nobody waits for it'));
    await opened.promise;
    cancel();
    await closed.promise;
  });
});

describe('a gRPC probe', () => {
  test('passes while the server says SERVING', async () => {
    await using server = await GrpcServer.start();
    assert.equal(await probe(grpc, server.port, 'h2c'), undefined);
    server.health = 2;
    assert.equal(await probe(grpc, server.port, 'h2c'), 'NOT_SERVING');
  });

  test('speaks TLS when the service does', async () => {
    const own = await makeTestCertificate(name);
    await using server = await GrpcServer.start({ tls: own });
    assert.equal(await probe(grpc, server.port, 'h2', own.cert), undefined);
  });

  test('fails when there is no such service', async (t) => {
    const server = createHttp2();
    server.on('stream', (stream: ServerHttp2Stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '12' }, { endStream: true });
    });
    assert.equal(await probe(grpc, await listen(t, server), 'h2c'), 'grpc-status 12');
  });
});
