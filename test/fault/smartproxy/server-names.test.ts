import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { DataPlane } from '../../../src/workers/data-plane.ts';
import { eventually } from '../../tools/eventually.ts';
import { closed, dial } from '../../tools/smartproxy/backend.ts';
import { genuineHello, hello } from '../../tools/smartproxy/client-hello-bytes.ts';
import { ecCertificate } from '../../tools/table-certificate.ts';
import { httpListener, tinyConfig, tinyTable } from '../../tools/tiny-table.ts';

const shop = await ecCertificate('t/shop', 'shop.example.com');
const fallback = await ecCertificate('default', 'default.example.com');

/** A worker's data plane with one host that has a certificate of its own, and its HTTPS port. */
async function start(context: TestContext): Promise<{ readonly plane: DataPlane; readonly port: number }> {
  const plane = new DataPlane({ config: tinyConfig(), idPrefix: 'test' });
  context.after(() => plane.close());
  const table = tinyTable({ backends: [], listeners: [httpListener({ key: 'https', protocol: 'https' })] });
  plane.publish({
    ...table,
    hosts: new Map([
      ...table.hosts,
      ['shop.example.com', { key: 'shop.example.com', routes: [], tls: { kind: 'terminate', certificates: [shop.key] } }],
    ]),
    certificates: new Map([shop, fallback].map((certificate) => [certificate.key, certificate])),
  });
  const [bound] = await plane.openListeners();
  return { plane, port: bound?.port ?? 0 };
}

/** The name in the certificate that a client is shown which asks for `servername`. */
async function shown(port: number, servername: string): Promise<string> {
  const socket: TLSSocket = connect({ host: '127.0.0.1', port, servername, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const subject = socket.getPeerX509Certificate()?.subject ?? '';
  socket.destroy();
  return subject.replace('CN=', '');
}

test('a server name in upper case or with a trailing dot gets the host’s certificate, and any unknown name the default one', async (context) => {
  const { plane, port } = await start(context);
  const longest = `${'a.'.repeat(126)}b`;
  const names = {
    'shop.example.com': 'shop.example.com',
    'SHOP.Example.COM': 'shop.example.com',
    'shop.example.com.': 'shop.example.com',
    'www.shop.example.com': 'default.example.com',
    'unknown.example': 'default.example.com',
    __proto__: 'default.example.com',
    constructor: 'default.example.com',
    [longest]: 'default.example.com',
  };
  for (const [name, subject] of Object.entries(names)) assert.equal(await shown(port, name), subject, name);
  await eventually('nothing is left', () => plane.snapshot().connectionsActive === 0);
});

test('an IPv4 address as server name, which no client should send, gets the default certificate', async (context) => {
  const { plane, port } = await start(context);
  const socket = await dial(port);
  // Node's client refuses to send one, so it takes the place of a name of the same length.
  const named = await genuineHello('shop.test.abc');
  socket.write(Buffer.from(named.toString('latin1').replace('shop.test.abc', '110.20.130.40'), 'latin1'));
  const [answer] = (await once(socket, 'data')) as [Buffer];
  assert.deepEqual([answer[0], answer[5]], [22, 2], 'a ServerHello');
  socket.destroy();
  await eventually('nothing is left', () => plane.snapshot().connectionsActive === 0);
});

test('a server name that is no name ends its connection and nothing else', async (context) => {
  const { plane, port } = await start(context);
  const names = [
    'a'.repeat(254),
    `${'a'.repeat(300)}.example`,
    'x'.repeat(16_000),
    '::1',
    '[::1]',
    '',
    '.',
    'a..b',
    'a b',
    'a\0b',
    'ü',
    '*.a',
  ];
  for (const serverName of names) {
    const socket = await dial(port);
    socket.resume();
    // An empty list is not what is meant, so that name is one of no bytes.
    socket.write(serverName === '' ? hello({ serverName: '', extra: [[0, Buffer.from('0003000000', 'hex')]] }) : hello({ serverName }));
    await closed(socket);
  }
  await eventually('nothing is left', () => plane.snapshot().connectionsActive === 0);
  assert.equal(plane.counters.zombies, 0);
  assert.equal(await shown(port, 'shop.example.com'), 'shop.example.com');
});
