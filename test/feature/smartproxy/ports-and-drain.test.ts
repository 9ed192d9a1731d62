import assert from 'node:assert/strict';
import { once } from 'node:events';
import { BoundSocket, createServer } from 'node:net';
import { test } from 'node:test';
import type { AcceptedConnection } from '../../../src/networkproxy/accepted-connection.ts';
import { encodeProxyV2 } from '../../../src/proxy-header/encode-proxy-header.ts';
import { eventually } from '../../tools/eventually.ts';
import { Backend, closed, dial, receive } from '../../tools/smartproxy/backend.ts';
import { hello } from '../../tools/smartproxy/client-hello-bytes.ts';
import { EchoEntry } from '../../tools/smartproxy/echo-entry.ts';
import { endpointOf, httpListener, httpsListener, listenerOf, ProxyUnderTest, tableOf } from '../../tools/smartproxy/proxy-under-test.ts';

const host = 'shop.example.com';
const noCertificate = { key: '', cert: '' };

test('plain HTTP goes to NetworkProxy before a byte is read, the first byte included', async () => {
  const entry = new EchoEntry(noCertificate);
  const proxy = new ProxyUnderTest({ networkProxy: entry });
  const client = await dial(await proxy.open(httpListener));
  await eventually('it has arrived without a byte', () => entry.connections.length === 1);
  client.write('GET / HTTP/1.1\r\n\r\n');
  assert.equal((await receive(client, 18)).toString(), 'GET / HTTP/1.1\r\n\r\n');
  client.end();
  await closed(client);
  await proxy.idle();
  assert.deepEqual(proxy.closedReasons(), { 'client/normal': 1 });
  await proxy.close();
});

test('a plain HTTP client that never speaks ends with initial_timeout; one that has spoken does not', async () => {
  const proxy = new ProxyUnderTest({ networkProxy: new EchoEntry(noCertificate), config: { firstByteTimeoutMs: 80 } });
  const port = await proxy.open(httpListener);
  const [silent, speaking] = [await dial(port), await dial(port)];
  speaking.write('x');
  await receive(speaking, 1);
  await closed(silent);
  assert.deepEqual(proxy.closedReasons(), { 'proxy/initial_timeout': 1 });
  assert.equal(proxy.smartProxy.connectionManager.size, 1);
  await proxy.close();
});

test('ports open and close at run time, and connections outlive their port', async () => {
  const proxy = new ProxyUnderTest({ networkProxy: new EchoEntry(noCertificate) });
  const port = await proxy.open(httpListener);
  const client = await dial(port);
  client.write('a');
  await receive(client, 1);
  await proxy.smartProxy.closePort('http');
  await assert.rejects(dial(port), { code: 'ECONNREFUSED' });
  client.write('b');
  assert.equal((await receive(client, 1)).toString(), 'b');
  const again = await dial(await proxy.open(httpListener));
  again.write('c');
  assert.equal((await receive(again, 1)).toString(), 'c');
  await proxy.close();
});

test('a port opens from a socket that was bound elsewhere', async () => {
  const bound = new BoundSocket({ host: '127.0.0.1', port: 0 });
  const port = (bound.address() as { port: number }).port;
  const proxy = new ProxyUnderTest({ networkProxy: new EchoEntry(noCertificate) });
  assert.equal(await proxy.smartProxy.openPort(httpListener, '127.0.0.1', { handle: bound }), port);
  const client = await dial(port);
  client.write('x');
  assert.equal((await receive(client, 1)).toString(), 'x');
  await proxy.close();
});

test('an address in use is an error that says so, and the port can be opened later', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as { port: number };
  const proxy = new ProxyUnderTest();
  const listener = { ...httpListener, port };
  await assert.rejects(proxy.open(listener), { code: 'ADDRESS_IN_USE', message: /Cannot open http on 127\.0\.0\.1 port/ });
  other.close();
  await once(other, 'close');
  assert.equal(await proxy.open(listener), port);
  await assert.rejects(proxy.open(listener), { code: 'ADDRESS_IN_USE' });
  await proxy.close();
});

test('a port that is closed while it opens is not opened, and says so', async () => {
  const proxy = new ProxyUnderTest();
  const opening = proxy.open(httpListener);
  await proxy.smartProxy.closePort('http');
  await assert.rejects(opening, { code: 'ADDRESS_UNAVAILABLE', message: /closed meanwhile/ });
  await proxy.open(httpListener);
  await proxy.close();
});

test('a proxy that is closed while its loopback port opens opens nothing', async () => {
  const proxy = new ProxyUnderTest({ config: { networkProxyTransport: 'loopback' } });
  const opening = proxy.open(httpListener);
  await Promise.all([assert.rejects(opening, /closed meanwhile/), proxy.close()]);
});

test('a drain lets a finishing connection finish and ends the rest with drain', async () => {
  const backend = await Backend.listen();
  const proxy = new ProxyUnderTest({ table: tableOf({ [host]: [endpointOf(backend.port)] }) });
  const port = await proxy.open(httpsListener);
  const bytes = hello({ serverName: host });
  const [finishing, staying] = [await dial(port), await dial(port)];
  for (const client of [finishing, staying]) {
    client.write(bytes);
    await receive(client, bytes.length);
  }
  const drained = proxy.smartProxy.drain(150);
  finishing.end();
  await Promise.all([closed(finishing), closed(staying), drained]);
  assert.deepEqual(proxy.closedReasons(), { 'client/normal': 1, 'proxy/drain': 1 });
  await proxy.close();
  await backend.close();
});

test('a drain without connections is over at once', async () => {
  const proxy = new ProxyUnderTest();
  await proxy.open(httpListener);
  await proxy.smartProxy.drain(600_000);
  await proxy.close();
});

test('a connection is killed by its id, once', async () => {
  const proxy = new ProxyUnderTest({ networkProxy: new EchoEntry(noCertificate) });
  const client = await dial(await proxy.open(httpListener));
  const view = await eventually('it is listed', () => proxy.smartProxy.connections(10)[0]);
  assert.equal(view.state, 'handed_over');
  assert.equal(view.remotePort, client.localPort);
  assert.equal(proxy.smartProxy.kill({ id: view.id }), 1);
  assert.equal(proxy.smartProxy.kill({ id: view.id }), 0);
  await closed(client);
  assert.deepEqual(proxy.closedReasons(), { 'proxy/killed': 1 });
  await proxy.close();
});

const behindBalancer = listenerOf('http', 'http', ['127.0.0.0/8']);

/** Sends `header` to a listener that requires one and gives what NetworkProxy is told. */
async function announce(
  header: Buffer,
  config = {},
): Promise<{ connection: AcceptedConnection | undefined; reasons: Record<string, number> }> {
  const entry = new EchoEntry(noCertificate);
  const proxy = new ProxyUnderTest({ networkProxy: entry, config });
  const client = await dial(await proxy.open(behindBalancer));
  client.write(Buffer.concat([header, Buffer.from('data')]));
  const reply = await receive(client, 4).catch(() => undefined);
  if (reply !== undefined) assert.equal(reply.toString(), 'data');
  client.end();
  await closed(client);
  await proxy.idle();
  const reasons = proxy.closedReasons();
  await proxy.close();
  return { connection: entry.connections[0], reasons };
}

test('behind a balancer the PROXY header names the client, and limits are its own (lessons 33, 35)', async () => {
  const addresses = { sourceAddress: '203.0.113.9', sourcePort: 5, destinationAddress: '198.51.100.1', destinationPort: 443 };
  const { connection } = await announce(encodeProxyV2(addresses, []));
  assert.equal(connection?.remoteAddress, '203.0.113.9');
  assert.equal(connection?.remotePort, 5);
  assert.equal(connection?.localAddress, '198.51.100.1');
  const denied = await announce(Buffer.from('PROXY TCP4 203.0.113.9 198.51.100.1 5 443\r\n'), { denyCidrs: ['203.0.113.0/24'] });
  assert.deepEqual(denied.reasons, { 'proxy/ip_blocked': 1 });
  const spared = await announce(Buffer.from('PROXY TCP4 203.0.113.9 198.51.100.1 5 443\r\n'), { denyCidrs: ['127.0.0.0/8'] });
  assert.deepEqual(spared.reasons, { 'client/normal': 1 });
});

test('behind a balancer a connection without a PROXY header is refused', async () => {
  const { connection, reasons } = await announce(Buffer.from('GET / HTTP/1.1\r\n'));
  assert.equal(connection, undefined);
  assert.deepEqual(reasons, { 'client/proxy_header_invalid': 1 });
});

test('the clients of one address are refused over their limit, and the count falls with each end', async () => {
  const proxy = new ProxyUnderTest({ networkProxy: new EchoEntry(noCertificate), config: { maxConnectionsPerIp: 1 } });
  const port = await proxy.open(httpListener);
  const first = await dial(port);
  await eventually('the first is in', () => proxy.smartProxy.connectionManager.size === 1);
  await dial(port).then(closed, () => {}); // the reset may come before the connect is told
  first.end();
  await closed(first);
  const next = await dial(port);
  next.write('x');
  assert.equal((await receive(next, 1)).toString(), 'x');
  assert.equal(proxy.closedBy('proxy', 'ip_limit'), 1);
  await proxy.close();
});
