import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { eventually } from '../../tools/eventually.ts';
import { closed, dial, receive } from '../../tools/smartproxy/backend.ts';
import { genuineHello, hello } from '../../tools/smartproxy/client-hello-bytes.ts';
import { EchoEntry } from '../../tools/smartproxy/echo-entry.ts';
import { httpsListener, openDescriptors, ProxyUnderTest } from '../../tools/smartproxy/proxy-under-test.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';

const host = 'shop.example.com';
const certificate = await makeTestCertificate(host);
const transports = ['handoff', 'loopback'] as const;
const endings = ['FIN', 'RST'] as const;

function finish(socket: Socket, ending: (typeof endings)[number]): void {
  if (ending === 'RST') socket.resetAndDestroy();
  else socket.end();
}

/** A TLS client on a raw socket of ours, so that the raw one can be reset. */
async function secure(raw: Socket): Promise<TLSSocket> {
  const socket = connectTls({ socket: raw, servername: host, rejectUnauthorized: false });
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  return socket;
}

/** Runs `scenario` on a fresh proxy and checks that everything is as it was before: records, sockets, timers, descriptors. */
async function leavesNothing(
  transport: (typeof transports)[number],
  scenario: (port: number, proxy: ProxyUnderTest, entry: EchoEntry) => Promise<void>,
): Promise<ProxyUnderTest> {
  const before = openDescriptors();
  const entry = new EchoEntry(certificate);
  const proxy = new ProxyUnderTest({ networkProxy: entry, config: { networkProxyTransport: transport } });
  const port = await proxy.open(httpsListener);
  await scenario(port, proxy, entry);
  await proxy.idle();
  await eventually('the raw sockets are destroyed', () => entry.connections.every(({ socket }) => socket.destroyed));
  for (const { socket } of entry.connections) assert.deepEqual(ownListeners(socket), [], 'no listener of ours is left');
  assert.equal(proxy.smartProxy.connectionManager.sweep(), 0);
  await proxy.close();
  await eventually('the descriptors are closed', () => openDescriptors() <= before);
  return proxy;
}

/** What is still attached to a socket that could keep a record alive. */
function ownListeners(socket: Socket): string[] {
  return ['data', 'drain', 'secure'].filter((event) => socket.listenerCount(event) > 0);
}

for (const transport of transports) {
  test(`${transport}: TLS is terminated and bytes come back, with the client's own address`, async () => {
    await leavesNothing(transport, async (port, _proxy, entry) => {
      const raw = await dial(port);
      const client = await secure(raw);
      client.write('hello');
      assert.equal((await receive(client, 5)).toString(), 'hello');
      assert.equal(entry.connections[0]?.remotePort, raw.localPort);
      assert.equal(entry.connections[0]?.remoteAddress, '127.0.0.1');
      assert.equal(entry.connections[0]?.localPort, port);
      assert.equal(entry.connections[0]?.tls?.serverName, host);
      assert.equal(entry.connections[0]?.listener.key, 'https');
      assert.match(entry.connections[0]?.id ?? '', /^test-/);
      client.end();
      await closed(raw);
    });
  });

  for (const ending of endings) {
    test(`${transport}: ${ending} before the first byte leaves nothing behind`, async () => {
      await leavesNothing(transport, async (port) => {
        const client = await dial(port);
        finish(client, ending);
        await closed(client);
      });
    });

    test(`${transport}: ${ending} in the middle of the hello leaves nothing behind`, async () => {
      await leavesNothing(transport, async (port, proxy) => {
        const client = await dial(port);
        client.write(hello({ serverName: host }).subarray(0, 60));
        await eventually('the bytes are there', () => (proxy.smartProxy.connections(1)[0]?.bytesReceived ?? 0) === 60);
        finish(client, ending);
        await closed(client);
      });
    });

    test(`${transport}: ${ending} right behind the hello, before the handshake goes on, leaves nothing behind`, async () => {
      await leavesNothing(transport, async (port) => {
        const client = await dial(port);
        client.write(hello({ serverName: host }), () => finish(client, ending));
        await closed(client);
      });
    });

    test(`${transport}: ${ending} in the middle of the handshake leaves nothing behind`, async () => {
      await leavesNothing(transport, async (port) => {
        const client = await dial(port);
        client.write(await genuineHello(host));
        client.once('data', () => finish(client, ending));
        await closed(client);
      });
    });

    test(`${transport}: ${ending} after the handshake leaves nothing behind`, async () => {
      await leavesNothing(transport, async (port) => {
        const raw = await dial(port);
        const client = await secure(raw);
        client.write('hello');
        await receive(client, 5);
        if (ending === 'RST') raw.resetAndDestroy();
        else client.end();
        await closed(raw);
        client.destroy();
      });
    });
  }

  test(`${transport}: a raw FIN without close_notify after the handshake leaves nothing behind`, async () => {
    await leavesNothing(transport, async (port, proxy) => {
      const raw = await dial(port);
      const client = await secure(raw);
      client.write('hello');
      await receive(client, 5);
      raw.end();
      await proxy.idle();
      client.destroy();
    });
  });

  test(`${transport}: garbage in the handshake ends the connection`, async () => {
    const proxy = await leavesNothing(transport, async (port) => {
      const raw = await dial(port);
      const bytes = hello({ serverName: host, versions: [0x0a0a] });
      raw.write(Buffer.concat([bytes, Buffer.from('not a record at all, and not short either')]));
      raw.resume().on('end', () => raw.end());
      await closed(raw);
    });
    assert.deepEqual(proxy.closedReasons(), { 'client/handshake_failed': 1 });
  });

  test(`${transport}: a handshake that never goes on ends with handshake_timeout`, async () => {
    const before = openDescriptors();
    const entry = new EchoEntry(certificate);
    const proxy = new ProxyUnderTest({ networkProxy: entry, config: { networkProxyTransport: transport, handshakeTimeoutMs: 80 } });
    const client = await dial(await proxy.open(httpsListener));
    client.write(await genuineHello(host));
    client.resume().on('end', () => client.end());
    await closed(client);
    await proxy.idle();
    assert.deepEqual(proxy.closedReasons(), { 'proxy/handshake_timeout': 1 });
    await proxy.close();
    await eventually('the descriptors are closed', () => openDescriptors() <= before);
  });

  test(`${transport}: a finished handshake stops the handshake timer`, async () => {
    const entry = new EchoEntry(certificate);
    const proxy = new ProxyUnderTest({ networkProxy: entry, config: { networkProxyTransport: transport, handshakeTimeoutMs: 800 } });
    const raw = await dial(await proxy.open(httpsListener));
    const client = await secure(raw);
    const start = proxy.wheel.nowMs;
    await eventually('the handshake time is over', () => proxy.wheel.nowMs - start > 1000);
    client.write('still');
    assert.equal((await receive(client, 5)).toString(), 'still');
    client.end();
    await closed(raw);
    await proxy.idle();
    await proxy.close();
  });
}
