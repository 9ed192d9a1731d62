import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { type Echo, EchoingBackend } from '../../tools/echoing-backend.ts';
import { eventually } from '../../tools/eventually.ts';
import { KeepAliveClient } from '../../tools/keep-alive-client.ts';
import { ingress, ingressClass, service, tlsSecret } from '../../tools/manifests.ts';
import { Program } from '../../tools/program.ts';
import { assertBooks, stateOf, untilAtRest } from '../../tools/program-books.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';

const hosts = ['steady.example.com', 'moved.example.com', 'churned.example.com'] as const;
const swaps = 400;
const route = (name: string, host: string, to: string): string =>
  ingress(name, {
    rules: { [host]: [['/', 'Prefix', to]] },
    tls: [{ hosts: [host], secret: 'tls' }],
    annotations: { 'smartproxy.dev/ssl-redirect': 'false' },
  });

async function fingerprintServed(port: number, serverName: string): Promise<string | undefined> {
  const socket = connectTls({ host: '127.0.0.1', port, servername: serverName, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const fingerprint = socket.getPeerX509Certificate()?.fingerprint256;
  socket.destroy();
  return fingerprint;
}

test(`${swaps} table swaps under 50 keep-alive HTTP and TLS clients give no wrong answer and cost no connection`, async () => {
  await using a = await EchoingBackend.start('a');
  await using b = await EchoingBackend.start('b');
  const pems = [await makeTestCertificate(...hosts), await makeTestCertificate(...hosts), await makeTestCertificate(...hosts)];
  const steady =
    ingressClass +
    service('a', a.port) +
    service('b', b.port) +
    service('churned', a.port, b.port) +
    tlsSecret('tls', pems[0]!) +
    route('steady', hosts[0], 'a') +
    route('moved', hosts[1], 'a') +
    route('churned', hosts[2], 'churned');
  await using program = await Program.start(steady, ['--keep-alive-requests', '0']);
  const before = stateOf(program);
  const allowed: Readonly<Record<string, readonly string[]>> = { [hosts[0]]: ['a'], [hosts[1]]: ['a', 'b'], [hosts[2]]: ['a', 'b'] };

  let running = true;
  let answers = 0;
  const clients = Array.from({ length: 50 }, (_, index) =>
    index % 2 === 0 ? new KeepAliveClient(program.httpPort) : new KeepAliveClient(program.httpsPort, hosts[index % 3]),
  );
  const load = clients.map(async (client, index) => {
    for (let nth = 0; running; nth++) {
      // Over TLS a client stays with the host that its connection is for.
      const host = hosts[(index % 2 === 0 ? index + nth : index) % 3]!;
      const ask = `${index}-${nth}`;
      const { status, body } = await client.ask(host, `/${ask}`, { headers: { 'x-ask': ask } });
      assert.equal(status, 200, body);
      const echo = JSON.parse(body) as Echo;
      assert.deepEqual([echo.ask, echo.host, echo.url], [ask, host, `/${ask}`]);
      assert.ok(allowed[host]?.includes(echo.backend), `${host} was answered by ${echo.backend}`);
      answers++;
    }
  });
  // A client that fails ends the test at once, not after all swaps.
  const failed = Promise.all(load);
  failed.catch(() => {});

  for (let swap = 1; swap <= swaps; swap++) {
    const round = Math.floor(swap / 5);
    switch (swap % 5) {
      case 0:
        await program.apply(route(`extra-${round % 7}`, `extra-${round}.example.com`, 'b'));
        break;
      case 1:
        await program.remove('Ingress', `default/extra-${(round + 3) % 7}`);
        break;
      case 2: {
        const gone = round % 2 === 0;
        const conditions = gone ? 'ready: false, serving: false, terminating: true' : 'ready: true';
        await program.apply(service('churned', a.port, { port: b.port, conditions }));
        break;
      }
      case 3: {
        const pem = pems[round % 3]!;
        await program.apply(tlsSecret('tls', pem));
        break;
      }
      default: {
        const to = round % 2 === 0 ? 'b' : 'a';
        await program.apply(route('moved', hosts[1], to));
        const answer = await program.ask(hosts[1], '/');
        assert.equal((JSON.parse(answer.body) as Echo).backend, to, 'the first request after the swap goes the new way');
      }
    }
    assertBooks(program);
    const seen = answers;
    if (swap % 20 === 0) await Promise.race([eventually('load goes on', () => answers > seen), failed]);
  }
  for (const pem of pems) {
    await program.apply(tlsSecret('tls', pem));
    const served = await fingerprintServed(program.httpsPort, hosts[0]);
    assert.equal(served, new X509Certificate(pem.cert).fingerprint256);
  }
  running = false;
  await failed;
  assert.ok(answers > swaps);
  for (const client of clients) assert.equal(client.connections, 1, 'no swap ended a keep-alive connection');
  for (const client of clients) client[Symbol.dispose]();
  await program.replace('');
  await untilAtRest(program, before);
});
