import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { eventually } from '../../tools/eventually.ts';
import { freePort } from '../../tools/free-port.ts';
import { get } from '../../tools/get.ts';
import { ingress, ingressClass, service, tlsSecret } from '../../tools/manifests.ts';
import { startRun, temporaryFolder } from '../../tools/running-command.ts';
import { closed } from '../../tools/smartproxy/backend.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';

const host = 'shop.example.com';
const broken = 'broken.example.com';
const mutual = 'mutual.example.com';
const bare = 'canary-secret-of-the-user';

/** Requests that carry canaries, good ones and such as fail in every way that is logged. */
const requests: readonly string[] = [
  `GET /ok?token=${bare}-1 HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${bare}-2\r\nCookie: sid=${bare}-3\r\nConnection: close\r\n\r\n`,
  `GET /reset?token=${bare}-4 HTTP/1.1\r\nHost: ${host}\r\nProxy-Authorization: Basic ${bare}-5\r\nConnection: close\r\n\r\n`,
  `GET /garbage HTTP/1.1\r\nHost: ${host}\r\nAuthorization: ${bare}-6\r\nConnection: close\r\n\r\n`,
  `GET / HTTP/1.1\r\nHost: ${broken}\r\nCookie: ${bare}-7\r\nConnection: close\r\n\r\n`,
  `GET / HTTP/1.1\r\nHost: ${mutual}\r\nCookie: ${bare}-17\r\nConnection: close\r\n\r\n`,
  `GET / HTTP/1.1\r\nHost: nobody.example.com\r\nX-Api-Key: ${bare}-8\r\nConnection: close\r\n\r\n`,
  `GET / HTTP/1.1\r\nHost: ${host}\r\nAuthorization : Bearer ${bare}-9\r\n\r\n`,
  `GET / HTTP/1.1\r\nHost: ${host}\r\nCookie: a\rb=${bare}-10\r\n\r\n`,
  `GET /%zz?${bare}-11 HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
  `${bare}-12 / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n${bare}-13`,
  `POST / HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\n\r\n${bare}-14`,
  `POST /ok HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 28\r\nConnection: close\r\n\r\n${bare}-15`,
  `\x16\x03\x01${bare}-16\r\n\r\n`,
];

test('run: no key, token, cookie, credential or query of a request or a Secret is in any output', async (t) => {
  const backend = createServer((request, response) => {
    if (request.url?.startsWith('/reset')) request.socket.resetAndDestroy();
    else if (request.url?.startsWith('/garbage'))
      request.socket.end(`HTTP/1.1 200 OK\r\nSet-Cookie: ${bare}-20\r\nbad header ${bare}-21\r\n\r\n`);
    else response.writeHead(200, { 'set-cookie': `sid=${bare}-22`, 'www-authenticate': `${bare}-23` }).end(`${bare}-24`);
  });
  backend.listen(0, '127.0.0.1');
  await once(backend, 'listening');
  t.after(() => backend.close());
  const [good, unused, client] = [await makeTestCertificate(host), await makeTestCertificate(broken), await makeTestCertificate(mutual)];
  const folder = await temporaryFolder(t);
  const objects =
    ingressClass +
    service('s', (backend.address() as AddressInfo).port) +
    service('refused', await freePort()) +
    tlsSecret('tls', good) +
    // A key beside another's certificate, and one in a file that does not parse: both are problems to talk about.
    tlsSecret('mismatch', { cert: good.cert, key: unused.key }) +
    tlsSecret('client', client) +
    ingress('mutual', {
      rules: { [mutual]: [['/', 'Prefix', 's']] },
      annotations: { 'smartproxy.dev/backend-protocol': 'https', 'smartproxy.dev/backend-tls-client-secret': 'client' },
    }) +
    `\n{"apiVersion":"v1","kind":"Secret","metadata":{"name":"odd","namespace":"default"},"stringData":{"token":"${bare}-30"}}\n---` +
    ingress('shop', {
      rules: { [host]: [['/', 'Prefix', 's']], [broken]: [['/', 'Prefix', 'refused']] },
      tls: [
        { hosts: [host], secret: 'tls' },
        { hosts: [broken], secret: 'mismatch' },
      ],
      annotations: { 'smartproxy.dev/ssl-redirect': 'false' },
    });
  await writeFile(join(folder, 'all.yaml'), objects);
  await writeFile(join(folder, 'open.yaml'), `kind: Secret\ndata: {token: ${bare}-31, tls.key: "${unused.key.replaceAll('\n', '\\n')}\n`);
  await writeFile(join(folder, 'tab.yaml'), `kind: Secret\napiVersion: v1\nmetadata: ${bare}-32\nstringData:\n\t- ${bare}-33\n`);
  await writeFile(join(folder, 'latin1.yaml'), Buffer.from(`kind: Secret\nstringData: {a: ${bare}-34\xff}\n`, 'latin1'));
  const command = await startRun(t, ['--manifests', folder, '--access-log=all', '--log-level=debug']);
  const [http, https] = [await command.port('http'), await command.port('https')];
  const [status, admin] = [await command.port('status'), await command.port('admin')];
  await eventually('it serves', async () => (await get(http, 'nobody.example.com', '/')).status === 404);

  let responses = '';
  for (const request of requests) {
    for (const secure of [false, true]) {
      const socket = secure
        ? connectTls({ host: '127.0.0.1', port: https, servername: host, rejectUnauthorized: false })
        : connect({ host: '127.0.0.1', port: http });
      socket.on('error', () => {});
      // Only what we say ourselves: the backend's own words belong to the client.
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1');
      });
      // Without a FIN: who sends one is gone, and its request goes no further.
      socket.write(request, 'latin1');
      await closed(socket);
      if (!text.startsWith('HTTP/1.1 200')) responses += text;
    }
  }
  const raw = connect({ host: '127.0.0.1', port: https }).on('error', () => {});
  raw.write(requests[0]!, 'latin1');
  await closed(raw);

  const pages: string[] = [];
  for (const path of ['/metrics', '/healthz', '/readyz']) pages.push((await get(status, 'localhost', path)).body);
  for (const page of ['routes', 'connections', 'problems', 'config']) pages.push((await get(admin, 'localhost', `/debug/${page}`)).body);
  assert.match(pages.join('\n'), /does not belong/);
  assert.match(pages.join('\n'), /open\.yaml/);
  assert.match(pages.join('\n'), /clientCertificate/, 'the client certificate is told of, without its key');
  command.child.kill('SIGTERM');
  assert.equal(await command.exit(), 0);
  await eventually('the log is read', () => command.output.split('"type":"request"').length > requests.length);

  const everything = [command.output, JSON.stringify(command.log), responses, ...pages].join('\n');
  const at = everything.indexOf(bare);
  assert.equal(at, -1, everything.slice(Math.max(0, at - 300), at + 100));
  const base64 = Buffer.from(`${bare}-30`).toString('base64').slice(0, 24);
  assert.ok(!everything.includes(base64), 'nor in base64');
  for (const { key } of [good, unused, client]) {
    const lines = key.split('\n').filter((line) => line.length > 20 && !line.startsWith('-----'));
    assert.ok(lines.length > 0);
    for (const line of lines) assert.ok(!everything.includes(line.slice(0, 20)), 'a private key');
    assert.ok(!everything.includes(Buffer.from(key).toString('base64').slice(40, 80)), 'a private key in base64');
  }
  assert.ok(!everything.includes('PRIVATE KEY'));
});
