import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { freePort } from '../../tools/free-port.ts';
import { get } from '../../tools/get.ts';
import { smartProxyConfig, smartRoute } from '../../tools/manifests.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
import { Program } from '../../tools/program.ts';
import { genuineHello } from '../../tools/smartproxy/client-hello-bytes.ts';
import { TcpBackend, TcpTalk } from '../../tools/tcp-talk.ts';

const host = 'shop.example.com';
const preserved = { name: 'web', port: { preserve: true } };

/** A Service whose ports, which are those that clients dial, have each an endpoint of their own. */
function serviceOf(targets: Readonly<Record<number, number>>): string {
  const ports = Object.entries(targets).map(([port, target]) => ({ name: `p${port}`, port: Number(port), target }));
  const metadata = { name: 'web', namespace: 'default' };
  const objects = [
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: ports.map(({ name, port }) => ({ name, port })) } },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'web' } },
      addressType: 'IPv4',
      ports: ports.map(({ name, target }) => ({ name, port: target })),
      endpoints: [{ addresses: ['127.0.0.1'] }],
    },
  ];
  return objects.map((object) => `\n${JSON.stringify(object)}\n---`).join('');
}

describe('a backend’s port that is the client’s', () => {
  let first: NamedBackend;
  let second: NamedBackend;
  let passedFirst: TcpBackend;
  let passedSecond: TcpBackend;
  let objects: string;

  before(async () => {
    [first, second] = await Promise.all([NamedBackend.start('first'), NamedBackend.start('second')]);
    [passedFirst, passedSecond] = await Promise.all([TcpBackend.named('passed first'), TcpBackend.named('passed second')]);
    const listener = async (name: string, protocol: string, publishedPort: number) => ({
      name,
      protocol,
      publishedPort,
      port: await freePort(),
    });
    objects =
      smartProxyConfig({
        listeners: [
          await listener('first', 'HTTP', 8001),
          await listener('second', 'HTTP', 8002),
          await listener('lacking', 'HTTP', 8009),
          await listener('secure-first', 'HTTPS', 8003),
          await listener('secure-second', 'HTTPS', 8004),
        ],
      }) + serviceOf({ 8001: first.port, 8002: second.port, 8003: passedFirst.port, 8004: passedSecond.port });
  });
  after(() => Promise.all([first, second, passedFirst, passedSecond].map((backend) => backend[Symbol.asyncDispose]())));

  it('preserve takes the port of the listener that a request came in by', async () => {
    const rules = [
      { name: 'narrow', matches: [{ path: { type: 'Prefix', value: '/narrow' } }], action: { respond: { status: 200, body: 'narrow' } } },
      { name: 'preserved', action: { forward: { backends: [preserved] } } },
    ];
    const route = smartRoute('web', { listeners: ['first', 'second'], hosts: [host], http: { rules } });
    await using program = await Program.start(objects + route);
    assert.deepEqual(program.problems, []);
    const answer = async (listener: string, path: string) => (await get(program.ports.get(listener) ?? 0, host, path)).body;
    for (const name of ['first', 'second', 'first']) {
      assert.equal(await answer(name, '/'), name);
      assert.equal(await answer(name, '/narrow'), 'narrow');
    }
  });

  it('preserve answers 503 where the Service lacks the port, says so, and follows listeners that come', async () => {
    const rules = [{ name: 'preserved', action: { forward: { backends: [preserved] } } }];
    const route = smartRoute('web', { listeners: ['first', 'lacking'], hosts: [host], http: { rules } });
    await using program = await Program.start(objects + route);
    assert.deepEqual(program.problems, ['ServicePortNotFound']);
    assert.match(program.translation.problems[0]?.message ?? '', /backends\[0\]\.port: Service default\/web has no TCP port "8009"/);
    const statusOf = async (listener: string) => (await get(program.ports.get(listener) ?? 0, host, '/')).status;
    assert.deepEqual([await statusOf('first'), await statusOf('lacking')], [200, 503]);
    await program.apply(serviceOf({ 8001: first.port, 8009: second.port }));
    assert.deepEqual(program.problems, []);
    assert.deepEqual([await statusOf('first'), await statusOf('lacking')], [200, 200]);
  });

  it('preserve takes the port of the listener that passed TLS came in by', async () => {
    const listeners = ['secure-first', 'secure-second'];
    const route = smartRoute('web', { listeners, hosts: [host], tls: { mode: 'Passthrough' }, tcp: { backends: [preserved] } });
    await using program = await Program.start(objects + route);
    assert.deepEqual(program.problems, []);
    for (const name of ['first', 'second']) {
      using talk = new TcpTalk(program.ports.get(`secure-${name}`) ?? 0);
      talk.socket.write(await genuineHello(host));
      await talk.until('\n');
      assert.ok(talk.text.startsWith(`passed ${name}\n`), talk.text);
    }
  });
});
