import type { EventEmitter } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { get } from '../get.ts';
import { GrpcClient } from '../grpc-client.ts';
import { GrpcServer } from '../grpc-server.ts';
import { methods } from '../grpc-services.ts';
import { ingress, service, tlsSecret } from '../manifests.ts';
import type { RunningCommand } from '../running-command.ts';
import { firstEvent } from '../soak/first-event.ts';
import { makeTestCertificate, type TestCertificate } from '../test-certificate.ts';

const shop = 'shop.example.com';
const passed = 'passed.example.com';

/** The trace of the requests that come with one. */
export const clientTraceId = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${clientTraceId}-b7ad6b7169203331-01`;

/** The class, with a CA that nobody is: a certificate from it is tried for again and again. */
const installation = (caPort: number): string => `
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: smartproxy}
spec:
  controller: smartproxy.dev/ingress-controller
  parameters: {apiGroup: smartproxy.dev, kind: SmartProxyConfig, name: edge, namespace: default, scope: Namespace}
---
apiVersion: smartproxy.dev/v1alpha1
kind: SmartProxyConfig
metadata: {name: edge, namespace: default}
spec: {acme: {issuers: [{name: away, directory: 'https://127.0.0.1:${caPort}/dir'}]}}
---`;

const annotate = (annotations: Readonly<Record<string, string>>): Readonly<Record<string, string>> => ({
  'smartproxy.dev/ssl-redirect': 'false',
  ...annotations,
});

/** Backends of every kind with the manifests that lead to them, and clients that use all of it, rightly and wrongly. */
export class TrafficMix {
  readonly folder: string;
  readonly #web: Server;
  readonly #passedPort: number;
  readonly #deadPort: number;
  readonly #grpc: GrpcServer;
  readonly #pem: TestCertificate;
  #changes = 0;

  private constructor(folder: string, web: Server, passedPort: number, deadPort: number, grpc: GrpcServer, pem: TestCertificate) {
    this.folder = folder;
    this.#web = web;
    this.#passedPort = passedPort;
    this.#deadPort = deadPort;
    this.#grpc = grpc;
    this.#pem = pem;
  }

  /** Starts the backends and writes the manifests into `folder`. */
  static async prepare(t: TestContext, folder: string): Promise<TrafficMix> {
    const pem = await makeTestCertificate(shop, passed);
    const web = createServer((request, response) => {
      response.statusCode = Number(/^\/status\/(\d+)/.exec(request.url ?? '')?.[1] ?? 200);
      request.resume().once('end', () => response.end('hello'));
    });
    web.on('upgrade', (_request, socket) => {
      socket.on('error', () => {});
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
      socket.pipe(socket);
    });
    const echo = createTlsServer(pem, (socket) => socket.on('error', () => {}).pipe(socket));
    const grpc = await GrpcServer.start();
    for (const server of [web, echo]) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    // A port that nobody listens on.
    const dead = createTcpServer();
    await new Promise<void>((resolve) => dead.listen(0, '127.0.0.1', resolve));
    const deadPort = portOf(dead);
    dead.close();
    t.after(async () => {
      web.closeAllConnections();
      web.close();
      echo.close();
      await grpc[Symbol.asyncDispose]();
    });
    const mix = new TrafficMix(folder, web, portOf(echo), deadPort, grpc, pem);
    await writeFile(join(folder, 'all.yaml'), mix.#manifests());
    return mix;
  }

  /** Traffic and changes of the table until `signal` is aborted. */
  async run(command: RunningCommand, signal: AbortSignal): Promise<void> {
    const [http, https] = [await command.port('http'), await command.port('https')];
    await command.until(async () => (await get(http, shop, '/')).status === 200);
    using grpc = new GrpcClient({ address: `127.0.0.1:${https}`, authority: shop, ca: this.#pem.cert });
    while (!signal.aborted) {
      await Promise.all([
        this.#requests(http, https),
        this.#overHttp2(https),
        grpc.unary(methods.emptyCall, {}).outcome,
        webSocket(http),
        this.#passThrough(https),
        failedHandshake(https),
        brokenRequest(http),
        leavingClient(http),
      ]);
      await this.#changeTable();
      await delay(50);
    }
  }

  async #requests(http: number, https: number): Promise<void> {
    for (const path of ['/', '/status/404', '/status/500', '/dead', '/empty', '/missing', '/nowhere']) await get(http, shop, path);
    await get(http, 'unknown.example.com', '/');
    await get(https, shop, '/', this.#pem.cert);
    await traced(http);
  }

  async #overHttp2(https: number): Promise<void> {
    const session = connectHttp2(`https://${shop}`, {
      createConnection: () => connectTls({ port: https, host: '127.0.0.1', servername: shop, ca: this.#pem.cert, ALPNProtocols: ['h2'] }),
    });
    session.on('error', () => {});
    const asked = Array.from({ length: 4 }, async () => {
      const stream = session.request({ ':path': '/', traceparent });
      await expected(stream, 'response', 'an answer over HTTP/2');
      stream.resume();
      await firstEvent(stream, 'close');
    });
    await Promise.all(asked);
    session.close();
    await firstEvent(session, 'close');
  }

  async #passThrough(https: number): Promise<void> {
    const socket = connectTls({ port: https, host: '127.0.0.1', servername: passed, ca: this.#pem.cert });
    await expected(socket, 'secureConnect', 'the passthrough handshake');
    socket.write('ping');
    await expected(socket, 'data', 'the passed through echo');
    socket.end();
    await firstEvent(socket, 'close');
  }

  /** Two Services take turns behind one path. */
  async #changeTable(): Promise<void> {
    const to = this.#changes++ % 2 === 0 ? 'web' : 'other';
    await writeFile(join(this.folder, 'moving.yaml'), ingress('moving', { rules: { [shop]: [['/moving', 'Prefix', to]] } }));
  }

  #manifests(): string {
    const web = portOf(this.#web);
    const path = (name: string, at: string, annotations = {}): string =>
      ingress(name, {
        rules: { [shop]: [[at, 'Prefix', name]] },
        tls: [{ hosts: [shop], secret: 'tls' }],
        annotations: annotate(annotations),
      });
    return [
      installation(this.#deadPort),
      tlsSecret('tls', this.#pem),
      service('web', web),
      service('other', web),
      service('dead', this.#deadPort),
      service('empty'),
      service('grpc', this.#grpc.port),
      service('passed', this.#passedPort),
      path('web', '/'),
      path('dead', '/dead'),
      path('empty', '/empty'),
      path('missing', '/missing'),
      path('grpc', '/grpc.testing.TestService', { 'smartproxy.dev/backend-protocol': 'h2c' }),
      ingress('passed', { rules: { [passed]: [['/', 'Prefix', 'passed']] }, annotations: { 'smartproxy.dev/tls-passthrough': 'true' } }),
      ingress('ordered', {
        rules: { 'ordered.example.com': [['/', 'Prefix', 'web']] },
        tls: [{ hosts: ['ordered.example.com'], secret: 'ordered' }],
        annotations: { 'smartproxy.dev/acme-issuer': 'away' },
      }),
    ].join('');
  }
}

function portOf(server: { address(): AddressInfo | string | null }): number {
  return (server.address() as AddressInfo).port;
}

/** The first such event; throws when the emitter ended without. */
async function expected(emitter: EventEmitter, name: string, what: string): Promise<readonly unknown[]> {
  const came = await firstEvent(emitter, name);
  if (came === undefined) throw new Error(`Did not get ${what}`);
  return came;
}

async function traced(port: number): Promise<void> {
  const request = httpRequest({ port, host: '127.0.0.1', path: '/traced', headers: { host: shop, traceparent }, agent: false });
  request.end();
  const [answer] = (await expected(request, 'response', 'an answer to a traced request')) as [IncomingMessage];
  answer.resume();
  await firstEvent(answer, 'end');
}

async function webSocket(http: number): Promise<void> {
  const socket = connect(http, '127.0.0.1');
  const key = 'dGhlIHNhbXBsZSBub25jZQ==';
  socket.write(
    `GET /socket HTTP/1.1\r\nHost: ${shop}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
  );
  await expected(socket, 'data', 'the WebSocket');
  socket.write('ping');
  await expected(socket, 'data', 'the echo of the WebSocket');
  socket.destroy();
}

/** The client does not trust the certificate. */
async function failedHandshake(https: number): Promise<void> {
  const socket = connectTls({ port: https, host: '127.0.0.1', servername: shop, rejectUnauthorized: true });
  await firstEvent(socket, 'error');
  socket.destroy();
}

async function brokenRequest(http: number): Promise<void> {
  const socket = connect(http, '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n');
  await expected(socket, 'data', 'the refusal of a broken request');
  socket.destroy();
}

/** It sends half a body and goes. */
async function leavingClient(http: number): Promise<void> {
  const socket = connect(http, '127.0.0.1');
  await expected(socket, 'connect', 'a connection');
  socket.write(`POST / HTTP/1.1\r\nHost: ${shop}\r\nContent-Length: 10\r\n\r\nhalf`, () => socket.resetAndDestroy());
  await firstEvent(socket, 'close');
}
