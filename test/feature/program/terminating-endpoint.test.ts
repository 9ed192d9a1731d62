import assert from 'node:assert/strict';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import { ingress, ingressClass, service } from '../../tools/manifests.ts';
import { Program } from '../../tools/program.ts';
import { assertBooks } from '../../tools/program-books.ts';
import { Backend, closed, dial, receive } from '../../tools/smartproxy/backend.ts';
import { genuineHello } from '../../tools/smartproxy/client-hello-bytes.ts';

const host = 'shop.example.com';
const passed = 'passed.example.com';

/** Answers with its name; `/download` as the test says; upgrades to an echo. */
class Pod {
  readonly name: string;
  readonly server: Server;
  readonly downloads: ServerResponse[] = [];
  requests = 0;

  constructor(t: TestContext, name: string) {
    this.name = name;
    this.server = createServer((request, response) => {
      this.requests++;
      if (request.url === '/download') this.downloads.push(response);
      else response.end(name);
    });
    this.server.on('upgrade', (request, socket: Socket) => {
      socket.on('error', () => {});
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      socket.on('data', (chunk: Buffer) => socket.write(`${name}:${chunk}`));
      socket.on('end', () => socket.end());
      request.resume();
    });
    this.server.listen(0, '127.0.0.1');
    t.after(() => {
      this.server.closeAllConnections();
      this.server.close();
    });
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }
}

async function ask(port: number, request: string): Promise<{ readonly socket: Socket; readonly text: () => string }> {
  const socket = await dial(port);
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  socket.write(request);
  return { socket, text: () => text };
}

test('an endpoint that terminates keeps its download, its WebSocket and its passthrough connection, and gets nothing new', async (t) => {
  const old = new Pod(t, 'old');
  const young = new Pod(t, 'young');
  const [oldEcho, youngEcho] = [await Backend.listen(), await Backend.listen((socket) => socket.end('young'))];
  t.after(async () => {
    await oldEcho.close();
    await youngEcho.close();
  });
  await eventually('both listen', () => old.server.listening && young.server.listening);
  const rules =
    ingress('shop', { rules: { [host]: [['/', 'Prefix', 's']] } }) +
    ingress('passed', { rules: { [passed]: [['/', 'Prefix', 'l4']] }, annotations: { 'smartproxy.dev/tls-passthrough': 'true' } });
  await using program = await Program.start(ingressClass + service('s', old.port) + service('l4', oldEcho.port) + rules);

  const download = await ask(program.httpPort, `GET /download HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  const body = await eventually('the download has begun', () => old.downloads[0]);
  body.writeHead(200, { 'content-length': 30 });
  body.write('0123456789');
  await eventually('its first part is here', () => download.text().endsWith('0123456789'));
  const webSocket = await ask(
    program.httpPort,
    `GET /ws HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
  );
  await eventually('the WebSocket is open', () => webSocket.text().includes('101 '));
  const tunnel = await dial(program.httpsPort);
  const hello = await genuineHello(passed);
  tunnel.write(hello);
  assert.deepEqual(await receive(tunnel, hello.length), hello);

  const goesOn = async (word: string): Promise<void> => {
    body.write(word.padEnd(5));
    await eventually(`the download goes on: ${word}`, () => download.text().endsWith(word.padEnd(5)));
    webSocket.socket.write(word);
    await eventually(`the WebSocket goes on: ${word}`, () => webSocket.text().endsWith(`old:${word}`));
    tunnel.write(word);
    assert.equal(String(await receive(tunnel, word.length)), word);
    const seen = old.requests;
    for (let i = 0; i < 6; i++) assert.equal((await program.ask(host, '/')).body, 'young');
    assert.equal(old.requests, seen, 'no new request');
    const other = await dial(program.httpsPort);
    other.write(hello);
    assert.equal(String(await receive(other, 5)), 'young');
    await closed(other);
  };

  const terminating = 'ready: false, serving: true, terminating: true';
  await program.apply(service('s', { port: old.port, conditions: terminating }, young.port));
  await program.apply(service('l4', { port: oldEcho.port, conditions: terminating }, youngEcho.port));
  await goesOn('one');
  await program.apply(service('s', { port: old.port, conditions: 'ready: false, serving: false, terminating: true' }));
  await goesOn('two');
  await program.remove('EndpointSlice', 'default/s-0');
  await program.remove('EndpointSlice', 'default/l4-0');
  await goesOn('three');

  body.end('the end'.slice(0, 5));
  await eventually('the download is whole', () => download.text().endsWith('the e'));
  webSocket.socket.end();
  tunnel.end();
  download.socket.end();
  await Promise.all([webSocket.socket, tunnel, download.socket].map((socket) => closed(socket)));
  await eventually('all is closed', () => program.dataPlane.snapshot().connectionsActive === 0);
  assertBooks(program);
  const lines = await program.finish();
  assert.ok(
    lines.every(({ reason, flag }) => reason !== 'endpoint_removed' && flag === undefined),
    JSON.stringify(lines),
  );
});
