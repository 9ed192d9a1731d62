import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { CommandMetrics } from '../../tools/command-metrics.ts';
import { eventually } from '../../tools/eventually.ts';
import { get } from '../../tools/get.ts';
import { HeldBackend } from '../../tools/held-backend.ts';
import { ingress, ingressClass, service, tlsSecret } from '../../tools/manifests.ts';
import { startRun, temporaryFolder } from '../../tools/running-command.ts';
import { Backend, closed, receive } from '../../tools/smartproxy/backend.ts';
import { genuineHello } from '../../tools/smartproxy/client-hello-bytes.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';

const host = 'shop.example.com';
const passed = 'passed.example.com';
/** Another address than that of the proxy's own connections, so that nobody mistakes one for the other. */
const clientAddress = '127.0.0.2';

/** A GET whose answer ends with `hello`, on `socket`. */
async function ask(socket: Socket): Promise<string> {
  socket.write(`GET /path?secret=1 HTTP/1.1\r\nHost: ${host}\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n`);
  let text = '';
  while (!text.endsWith('hello')) text += String(((await once(socket, 'data')) as [Buffer])[0]);
  return text;
}

for (const transport of ['handoff', 'loopback']) {
  test(`run: HTTP, HTTPS and passthrough over ${transport} reach their backends with the client's address, and each is logged and counted`, async (t) => {
    const backend = await HeldBackend.start(t);
    const echo = await Backend.listen();
    t.after(() => echo.close());
    const folder = await temporaryFolder(t);
    const pem = await makeTestCertificate(host);
    const objects =
      ingressClass +
      service('s', backend.port) +
      service('echo', echo.port) +
      tlsSecret('tls', pem) +
      ingress('shop', {
        rules: { [host]: [['/', 'Prefix', 's']] },
        tls: [{ hosts: [host], secret: 'tls' }],
        annotations: { 'smartproxy.dev/ssl-redirect': 'false' },
      }) +
      ingress('passed', { rules: { [passed]: [['/', 'Prefix', 'echo']] }, annotations: { 'smartproxy.dev/tls-passthrough': 'true' } });
    await writeFile(join(folder, 'all.yaml'), objects);
    const command = await startRun(t, ['--manifests', folder, '--access-log=all', '--network-proxy-transport', transport]);
    const [http, https] = [await command.port('http'), await command.port('https')];
    const [status, admin] = [await command.port('status'), await command.port('admin')];
    await command.until(async () => (await get(http, host, '/')).status === 200);
    backend.seen.length = 0;

    const plain = connect({ host: '127.0.0.1', port: http, localAddress: clientAddress });
    assert.match(await ask(plain), /^HTTP\/1\.1 200 /);
    const raw = connect({ host: '127.0.0.1', port: https, localAddress: clientAddress });
    const secure = connectTls({ socket: raw, servername: host, ca: pem.cert });
    assert.match(await ask(secure), /^HTTP\/1\.1 200 /);
    const tunnel = connect({ host: '127.0.0.1', port: https, localAddress: clientAddress });
    const hello = await genuineHello(passed);
    tunnel.write(hello);
    assert.deepEqual(await receive(tunnel, hello.length), hello);

    const seen = backend.seen.map((headers) => [headers['x-forwarded-for'], headers['x-real-ip'], headers['x-forwarded-proto']]);
    assert.deepEqual(seen, [
      [clientAddress, clientAddress, 'http'],
      [clientAddress, clientAddress, 'https'],
    ]);

    for (const path of ['/healthz', '/readyz']) assert.equal((await get(status, 'localhost', path)).status, 200, path);
    const live = await CommandMetrics.scrape(status);
    assert.equal(live.sum('smartproxy_connections_active'), 3);
    assert.equal(live.sum('networkproxy_tls_terminated_connections_total'), 1);
    assert.equal(live.sum('networkproxy_portproxy_connections'), 2);
    assert.equal(live.sum('smartproxy_connections_by_state'), 3);
    assert.equal(live.sum('smartproxy_connections_by_state', { state: 'handed_over' }), transport === 'handoff' ? 2 : 0);
    assert.deepEqual(Object.keys(live.nonZero('smartproxy_bridge_connections_total', ['transport'])), [transport]);
    assert.equal(live.sum('smartproxy_passthrough_connections_total'), 1);
    assert.ok(live.sum('networkproxy_requests_total', { protocol: 'HTTP/1.1' }) >= 2);
    const debug = async (page: string) => JSON.parse((await get(admin, 'localhost', `/debug/${page}`)).body);
    const connections = (await debug('connections')) as readonly Record<string, unknown>[];
    // Over loopback the endpoint of a request is known at the far end alone, which may be another process.
    const endpointOfRequests = transport === 'loopback' ? undefined : `127.0.0.1:${backend.port}`;
    assert.deepEqual(
      connections.map(({ remoteAddress, serverName, listener, endpoint }) => [remoteAddress, serverName, listener, endpoint]),
      [
        [clientAddress, undefined, 'http', endpointOfRequests],
        [clientAddress, host, 'https', endpointOfRequests],
        [clientAddress, passed, 'https', `127.0.0.1:${echo.port}`],
      ],
    );
    assert.equal((await debug('config')).networkProxyTransport, transport);
    assert.ok(JSON.stringify(await debug('routes')).includes(passed));
    assert.deepEqual((await debug('problems')).objects, []);

    for (const socket of [plain, secure, tunnel]) socket.end();
    await Promise.all([plain, secure, tunnel].map(closed));
    const logged = () =>
      command.output
        .split('\n')
        .filter((line) => line.startsWith('{"time"'))
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    const lines = await eventually('the lines are written', () => {
      const found = logged();
      return found.some(({ type }) => type === 'connection') && found.filter(({ path }) => path === '/path').length === 2
        ? found
        : undefined;
    });
    const requests = lines.filter(({ path }) => path === '/path');
    for (const [index, scheme] of ['http', 'https'].entries()) {
      const line = requests.find((candidate) => candidate.scheme === scheme);
      const { id, type, method, host: name, status: code, remoteAddress, endpoint, bytesSent, service: key } = line ?? {};
      assert.deepEqual(
        [type, method, name, code, remoteAddress, endpoint, bytesSent],
        ['request', 'GET', host, 200, clientAddress, `127.0.0.1:${backend.port}`, 5],
      );
      assert.ok(String(line?.route).includes('shop') && String(key).includes('default/s'));
      assert.equal(id, connections[index]?.id, 'the line has the connection id of /debug/connections');
    }
    const tunnels = lines.filter(({ type }) => type === 'connection');
    assert.equal(tunnels.length, 1);
    const { id, remoteAddress, serverName, endpoint, side, reason, bytesReceived, bytesSent } = tunnels[0] ?? {};
    assert.deepEqual(
      [id, remoteAddress, serverName, endpoint, side, reason, bytesReceived, bytesSent],
      [connections[2]?.id, clientAddress, passed, `127.0.0.1:${echo.port}`, 'client', 'normal', hello.length, hello.length],
    );
    assert.ok(!command.output.includes('secret=1'), 'no query in the log');
    await eventually('the books are closed', async () => (await CommandMetrics.scrape(status)).sum('smartproxy_connections_active') === 0);
    command.child.kill('SIGTERM');
    assert.equal(await command.exit(), 0);
  });
}
