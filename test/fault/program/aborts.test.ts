import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { ingress, ingressClass, service, tlsSecret } from '../../tools/manifests.ts';
import { Program } from '../../tools/program.ts';
import { assertBooks, endings, stateOf, untilAtRest } from '../../tools/program-books.ts';
import { Backend, closed, dial, receive } from '../../tools/smartproxy/backend.ts';
import { genuineHello } from '../../tools/smartproxy/client-hello-bytes.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';

const host = 'shop.example.com';
const passed = 'passed.example.com';
const atATime = 50;
const piece = Buffer.alloc(65_536, 'x');

/** `/endless` never stops sending, `/silent` never answers, `/` answers at once. */
function startBackend() {
  return createServer((request, response) => {
    request.on('error', () => {});
    response.on('error', () => {});
    if (request.url === '/silent') return;
    if (request.url === '/endless') {
      const send = (): void => {
        while (!response.destroyed && response.write(piece));
      };
      response.on('drain', send);
      send();
      return;
    }
    request.resume();
    request.once('end', () => response.end('hello'));
  }).listen(0, '127.0.0.1');
}

function tls(port: number): Socket {
  return connectTls({ host: '127.0.0.1', port, servername: host, rejectUnauthorized: false }).on('error', () => {});
}

async function secure(port: number): Promise<Socket> {
  const socket = tls(port);
  await once(socket, 'secureConnect');
  return socket;
}

const head = (path: string, more = ''): string => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`;

/** Reads until the answer's body ends with `text`. */
async function until(socket: Socket, text: string): Promise<void> {
  for (let got = ''; !got.endsWith(text); ) got += String(((await once(socket, 'data')) as [Buffer])[0]);
}

/** Resets the connection underneath, whatever is around it. */
function reset(socket: Socket): void {
  if ('resetAndDestroy' in socket && !('encrypted' in socket)) socket.resetAndDestroy();
  else socket.destroy();
}

/** Every way to leave; each connects, does its part, and is gone. */
const visits: readonly ((program: Program, hello: Buffer) => Promise<Socket>)[] = [
  async ({ httpPort }) => (await dial(httpPort)).end(),
  async ({ httpPort }) => (await dial(httpPort)).resetAndDestroy(),
  async ({ httpsPort }) => (await dial(httpsPort)).end(),
  async ({ httpPort }) => {
    const socket = await dial(httpPort);
    socket.end('GET / HTTP/1.1\r\nHos');
    return socket;
  },
  async ({ httpPort }) => {
    const socket = await dial(httpPort);
    await new Promise<void>((resolve) => socket.write('GET / HTTP/1.1\r\nHos', () => resolve()));
    return socket.resetAndDestroy();
  },
  async ({ httpPort }) => {
    const socket = await dial(httpPort);
    socket.write(`POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n`);
    await once(socket, 'data');
    socket.write('half of it');
    return socket.resetAndDestroy();
  },
  async ({ httpsPort }, hello) => {
    const socket = await dial(httpsPort);
    await new Promise<void>((resolve) => socket.write(hello.subarray(0, 100), () => resolve()));
    return socket.resetAndDestroy();
  },
  async ({ httpsPort }, hello) => {
    const socket = await dial(httpsPort);
    socket.write(hello);
    await once(socket, 'data');
    return socket.resetAndDestroy();
  },
  async ({ httpPort }) => {
    const socket = await dial(httpPort);
    socket.write(head('/'));
    await until(socket, 'hello');
    return socket.end();
  },
  async ({ httpPort }) => {
    const socket = await dial(httpPort);
    socket.write(head('/', 'Connection: close\r\n'));
    await until(socket, 'hello');
    return socket;
  },
  async ({ httpsPort }) => {
    const socket = await secure(httpsPort);
    socket.write(head('/'));
    await until(socket, 'hello');
    reset(socket);
    return socket;
  },
  async ({ httpPort }) => {
    const socket = await dial(httpPort);
    socket.write(head('/endless'));
    await once(socket, 'data');
    return socket.resetAndDestroy();
  },
  async ({ httpPort }) => {
    const socket = await dial(httpPort);
    await new Promise<void>((resolve) => socket.write(head('/silent'), () => resolve()));
    return socket.resetAndDestroy();
  },
  async ({ httpsPort }, hello) => {
    const socket = connect({ host: '127.0.0.1', port: httpsPort }).on('error', () => {});
    socket.write(hello.subarray(0, 40));
    return socket.destroy(); // perhaps before the connection stands
  },
  async ({ httpsPort }) => {
    const socket = await dial(httpsPort);
    const bytes = await genuineHello(passed);
    socket.write(bytes);
    await receive(socket, bytes.length);
    return socket.resetAndDestroy();
  },
];

for (const [transport, connections] of [
  ['handoff', 10_000],
  ['loopback', 3000],
] as const) {
  test(`${connections} connections that end in every rude way leave no record, descriptor, deadline or pooled connection behind (${transport})`, async (t) => {
    const backend = startBackend();
    await once(backend, 'listening');
    const echo = await Backend.listen();
    t.after(async () => {
      backend.closeAllConnections();
      backend.close();
      await echo.close();
    });
    const { port } = backend.address() as AddressInfo;
    const tlsHosts = [{ hosts: [host], secret: 'tls' }];
    const objects =
      ingressClass +
      service('s', port) +
      service('echo', echo.port) +
      tlsSecret('tls', await makeTestCertificate(host)) +
      ingress('shop', {
        rules: { [host]: [['/', 'Prefix', 's']] },
        tls: tlsHosts,
        annotations: { 'smartproxy.dev/ssl-redirect': 'false' },
      }) +
      ingress('passed', { rules: { [passed]: [['/', 'Prefix', 'echo']] }, annotations: { 'smartproxy.dev/tls-passthrough': 'true' } });
    await using program = await Program.start(objects, ['--network-proxy-transport', transport]);
    const hello = await genuineHello(host);
    const before = stateOf(program);
    for (let round = 0; round < connections; round += atATime) {
      await Promise.all(
        Array.from({ length: atATime }, async (_, index) => {
          const visit = visits[(round + index) % visits.length]!;
          await closed(await visit(program, hello));
        }),
      );
      assertBooks(program);
    }
    await program.replace(ingressClass);
    echo.sockets.length = 0;
    await untilAtRest(program, before);
    const { connectionsAccepted } = assertBooks(program);
    const last = Math.floor(connections / visits.length);
    assert.ok(connectionsAccepted >= connections - last - 1, 'only those that gave up before they were connected may be missing');
    const counted = endings(program);
    assert.ok((counted['client/econnreset'] ?? 0) > 0 && (counted['client/normal'] ?? 0) > 0, JSON.stringify(counted));
  });
}
