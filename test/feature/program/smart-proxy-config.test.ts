import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rename, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { freePort } from '../../tools/free-port.ts';
import { get } from '../../tools/get.ts';
import { forwardTo, service, smartProxyConfig, smartRoute } from '../../tools/manifests.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
import { type RunningCommand, startRun, temporaryFolder } from '../../tools/running-command.ts';
import { TcpBackend } from '../../tools/tcp-talk.ts';

const host = 'shop.example.com';

interface Running {
  readonly command: RunningCommand;
  /** Makes these the listeners of the SmartProxyConfig. */
  readonly listen: (...listeners: readonly object[]) => Promise<void>;
}

/** The program on a folder whose IngressClass names a SmartProxyConfig, with two workers. */
async function start(t: TestContext, objects: string, listeners: readonly object[] = []): Promise<Running> {
  const folder = await temporaryFolder(t);
  const listen = async (...wanted: readonly object[]): Promise<void> => {
    // In one step, so that no half of it is read.
    await writeFile(join(folder, 'config.new'), smartProxyConfig({ listeners: wanted }));
    await rename(join(folder, 'config.new'), join(folder, 'config.yaml'));
  };
  await listen(...listeners);
  await writeFile(join(folder, 'objects.yaml'), objects);
  const command = await startRun(t, ['--manifests', folder], 2);
  await command.port('http');
  return { command, listen };
}

const answers = (name: string, more: object = {}): string =>
  smartRoute(name, { hosts: [host], http: { rules: [{ name: 'all', action: { respond: { status: 200, body: name } } }] }, ...more });

const body = async (port: number): Promise<string> => (await get(port, host, '/')).body;
const isRefused = (port: number): Promise<boolean> =>
  body(port).then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code === 'ECONNREFUSED',
  );

/** What a client that says `text` gets until the other side ends. A client of HTTP that ends its own is gone. */
async function exchange(socket: Socket, text: string, { halfClose = false } = {}): Promise<string> {
  let got = '';
  socket.on('data', (chunk: Buffer) => {
    got += chunk;
  });
  const closed = once(socket, 'close');
  socket.on('error', () => {});
  if (halfClose) socket.end(text);
  else socket.write(text);
  await closed;
  return got;
}

test('listeners come, move and go in running workers, and a connection through a closed port lives on', async (t) => {
  const [first, second] = [await freePort(), await freePort()];
  const { command, listen } = await start(t, answers('shop'));
  const http = await command.port('http');
  assert.equal(await body(http), 'shop');

  await listen({ name: 'web', port: first, protocol: 'HTTP' });
  await command.until(async () => (await body(first).catch(() => '')) === 'shop');
  const living = connect(first, '127.0.0.1');
  const ask = async (): Promise<string> => {
    const answer = once(living, 'data');
    living.write(`GET / HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
    return String((await answer)[0]);
  };
  assert.match(await ask(), /shop$/);

  await listen({ name: 'web', port: second, protocol: 'HTTP' });
  await command.until(async () => (await body(second).catch(() => '')) === 'shop');
  await command.until(() => isRefused(first));
  assert.match(await ask(), /shop$/);

  await listen();
  await command.until(() => isRefused(second));
  assert.match(await ask(), /shop$/);
  living.destroy();
  assert.equal(await body(http), 'shop');
});

test('listeners called as an option take the place of its own', async (t) => {
  const port = await freePort();
  const { command, listen } = await start(t, answers('shop'), [{ name: 'http', port, protocol: 'HTTP' }]);
  const optionPort = await command.port('http');
  await command.until(async () => (await body(port).catch(() => '')) === 'shop');
  await command.until(() => isRefused(optionPort));
  await listen();
  await command.until(() => isRefused(port));
});

test('protocol says what a port speaks, also when it changes', async (t) => {
  const port = await freePort();
  const { command, listen } = await start(t, answers('shop', { tls: { mode: 'Terminate' } }), [{ name: 'web', port, protocol: 'HTTPS' }]);
  const overTls = async (): Promise<string> => {
    const socket = connectTls({ host: '127.0.0.1', port, servername: host, rejectUnauthorized: false });
    return await exchange(socket, `GET / HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
  };
  await command.until(async () => (await overTls().catch(() => '')).endsWith('shop'));
  await listen({ name: 'web', port, protocol: 'HTTP' });
  // Plain HTTP for a host with TLS is redirected.
  await command.until(async () => (await get(port, host, '/').catch(() => undefined))?.status === 308);
  await listen({ name: 'web', port, protocol: 'TCP' });
  // Nothing is routed there, and no byte is waited for.
  await command.until(async () => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => {});
    socket.resume();
    const ended = await Promise.race([once(socket, 'end').then(() => true), once(socket, 'close').then(() => false)]);
    socket.destroy();
    return ended;
  });
});

test('publishedPort is what redirects and X-Forwarded-Port say', async (t) => {
  await using backend = await NamedBackend.start('web');
  const [http, https] = [await freePort(), await freePort()];
  const rules = [
    {
      name: 'plain',
      matches: [{ path: { type: 'Prefix', value: '/plain' } }],
      policy: { redirectToHttps: false },
      action: forwardTo('web'),
    },
    { name: 'all', action: forwardTo('web') },
  ];
  const route = smartRoute('shop', { hosts: [host], tls: { mode: 'Terminate' }, http: { rules } });
  const { command } = await start(t, service('web', backend.port) + route, [
    { name: 'http', port: http, publishedPort: 8000, protocol: 'HTTP' },
    { name: 'https', port: https, publishedPort: 4443, protocol: 'HTTPS' },
  ]);
  await command.until(async () => (await get(http, host, '/').catch(() => undefined))?.headers.location === `https://${host}:4443/`);
  await get(http, host, '/plain');
  assert.equal(backend.seen.at(-1)?.headers['x-forwarded-port'], '8000');
});

test('proxyProtocol.from requires the header, also when it comes later', async (t) => {
  await using backend = await NamedBackend.start('web');
  const port = await freePort();
  const rules = [{ name: 'all', action: forwardTo('web') }];
  const listener = { name: 'web', port, protocol: 'HTTP' };
  const { command, listen } = await start(t, service('web', backend.port) + smartRoute('shop', { hosts: [host], http: { rules } }), [
    listener,
  ]);
  const request = `GET / HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`;
  // A header that is missing, or not expected, may cost the connection at once.
  const ask = (text: string): Promise<string> => exchange(connect(port, '127.0.0.1'), text).catch(() => '');
  await command.until(async () => (await ask(request)).endsWith('web'));
  assert.equal(backend.seen.at(-1)?.headers['x-real-ip'], '127.0.0.1');

  await listen({ ...listener, proxyProtocol: { from: ['127.0.0.0/8'] } });
  const header = 'PROXY TCP4 192.0.2.7 192.0.2.1 1234 80\r\n';
  await command.until(async () => (await ask(header + request)).endsWith('web'));
  assert.equal(backend.seen.at(-1)?.headers['x-real-ip'], '192.0.2.7');
  assert.equal(await ask(request), '');
});

test('proxyProtocol.from believes the header of nobody else', async (t) => {
  await using web = await NamedBackend.start('web');
  await using echo = await TcpBackend.start((socket) => socket.pipe(socket));
  const [http, tcp] = [await freePort(), await freePort()];
  const routes =
    smartRoute('shop', { hosts: [host], http: { rules: [{ name: 'all', action: forwardTo('web') }] } }) +
    smartRoute('echo', { listeners: ['echo'], tcp: { backends: [{ name: 'echo', port: { name: 'web' } }] } });
  const proxyProtocol = { from: ['192.0.2.0/24'] };
  const { command } = await start(t, service('web', web.port) + service('echo', echo.port) + routes, [
    { name: 'web', port: http, protocol: 'HTTP', proxyProtocol },
    { name: 'echo', port: tcp, protocol: 'TCP', proxyProtocol },
  ]);
  const request = `GET / HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`;
  const header = 'PROXY TCP4 192.0.2.7 192.0.2.1 1234 80\r\n';
  const ask = (port: number, text: string): Promise<string> => exchange(connect(port, '127.0.0.1'), text);
  const tell = (text: string): Promise<string> => exchange(connect(tcp, '127.0.0.1'), text, { halfClose: true });
  await command.until(async () => (await ask(http, request).catch(() => '')).endsWith('web'));
  assert.equal(web.seen.at(-1)?.headers['x-real-ip'], '127.0.0.1');

  const served = web.seen.length;
  assert.match(await ask(http, header + request), /^HTTP\/1\.1 400 /);
  assert.equal(web.seen.length, served);

  await command.until(async () => (await tell('hello').catch(() => '')) === 'hello');
  assert.equal(await tell(`${header}hello`), `${header}hello`, 'to the backend it is the client that says so');
});

test('a port that is taken costs its listener alone, and opens once it is free', async (t) => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address() as { port: number };
  const { command } = await start(t, answers('shop'), [{ name: 'taken', port, protocol: 'HTTP' }]);
  await command.until(() => command.log.some(({ msg }) => String(msg).startsWith('listener not opened: Cannot listen on')));
  assert.equal(await body(await command.port('http')), 'shop');
  holder.close();
  await command.until(async () => (await body(port).catch(() => '')) === 'shop');
});
