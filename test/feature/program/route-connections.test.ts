import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { eventually } from '../../tools/eventually.ts';
import { ingressClass, service, smartRoute } from '../../tools/manifests.ts';
import { Program } from '../../tools/program.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';

async function secureBackend(t: TestContext): Promise<number> {
  const server = createServer(await makeTestCertificate('*.example.com'), (_request, response) => response.end('x'.repeat(10_000)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const passing = (name: string): string =>
  smartRoute(name, {
    hosts: [`${name}.example.com`],
    tls: { mode: 'Passthrough' },
    tcp: { backends: [{ name: 's', port: { name: 'web' } }] },
  });

async function open(t: TestContext, program: Program, name: string): Promise<TLSSocket> {
  const servername = `${name}.example.com`;
  const socket = connect({ host: '127.0.0.1', port: program.httpsPort, servername, rejectUnauthorized: false });
  t.after(() => socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

/** Opened, closed and whether bytes went both ways, by route. */
function series(program: Program, route: string, kind = 'SmartRoute'): readonly unknown[] | undefined {
  const found = program.dataPlane.snapshot().requests.find(({ labels }) => labels.route === route && labels.routeKind === kind);
  if (found === undefined) return undefined;
  const { opened, closed, received, sent } = found.connections;
  return [found.labels.routeNamespace, found.labels.service, opened, closed, received > 0, sent > 0];
}

test('connections that are passed through count for their route and Service, open ones with their bytes', async (t) => {
  await using program = await Program.start(ingressClass + service('s', await secureBackend(t)) + passing('one'));
  assert.equal(series(program, 'one'), undefined);
  const [first, second] = [await open(t, program, 'one'), await open(t, program, 'one')];
  assert.deepEqual(series(program, 'one'), ['default', 's', 2, 0, true, true]);
  first.end();
  first.resume();
  await eventually('one is closed', () => series(program, 'one')?.[3] === 1);
  const bytes = () => program.dataPlane.snapshot().requests.find(({ labels }) => labels.route === 'one')?.connections.sent ?? 0;
  const before = bytes();
  second.write('GET / HTTP/1.1\r\nHost: one.example.com\r\n\r\n');
  await eventually('the answer is counted while the connection is open', () => bytes() > before + 10_000);
  second.destroy();
  await eventually('both are closed', () => series(program, 'one')?.[3] === 2);
  assert.ok(bytes() > before + 10_000, 'and stays counted');
});

test('beyond --max-route-series the connections of further routes share one series, and that is counted', async (t) => {
  const objects = ingressClass + service('s', await secureBackend(t)) + passing('one') + passing('two');
  await using program = await Program.start(objects, ['--max-route-series', '2']);
  // One place is taken by requests that match no route.
  await open(t, program, 'one');
  await open(t, program, 'two');
  await open(t, program, 'two');
  assert.deepEqual(series(program, 'one'), ['default', 's', 1, 0, true, true]);
  assert.equal(series(program, 'two'), undefined);
  assert.deepEqual(series(program, '', 'overflow'), ['', '', 2, 0, true, true]);
  assert.equal(program.dataPlane.snapshot().seriesRefused, 2);
});
