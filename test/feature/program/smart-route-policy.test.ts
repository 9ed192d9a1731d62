import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { freePort } from '../../tools/free-port.ts';
import { HeldBackend } from '../../tools/held-backend.ts';
import { forwardTo, ingressClass, service, smartRoute } from '../../tools/manifests.ts';
import { Program } from '../../tools/program.ts';
import { DeafServer } from '../../tools/smartproxy/deaf-server.ts';

const host = 'shop.example.com';
/** Without the field, these tests wait for what the options say, and are given up long before. */
const late = ['connect', 'upstream-read', 'upstream-send', 'tunnel-idle'].map((name) => `--${name}-timeout=10m`);
const soon = { timeout: 240_000 };

/** One rule with everything, and the policy on the object. */
const all = (policy: object, action: object = forwardTo('s')): string =>
  smartRoute('shop', { hosts: [host], policy, http: { rules: [{ name: 'all', action }] } });

/** Two rules: `/inner` with a policy of its own, and the rest. */
const layered = (outer: object, inner: object): string => {
  const rules = [
    { name: 'inner', matches: [{ path: { type: 'Prefix', value: '/inner' } }], policy: inner, action: forwardTo('s') },
    { name: 'rest', action: forwardTo('s') },
  ];
  return smartRoute('shop', { hosts: [host], policy: outer, http: { rules } });
};

/** A backend that accepts connections and neither reads nor answers. */
async function deafBackend(t: TestContext): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer({ pauseOnConnect: true }, (socket) => sockets.add(socket.on('error', () => {})));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describe('SmartRoute policies, objects in and real sockets out', () => {
  it('timeouts.read ends the wait for a silent backend; the rule comes before the object', soon, async (t) => {
    const backend = await HeldBackend.start(t);
    await using program = await Program.start(
      ingressClass + service('s', backend.port) + all({ timeouts: { read: '100ms' }, retries: { attempts: 0 } }),
      late,
    );
    assert.equal((await program.ask(host, '/held')).status, 504);
    assert.equal((await program.ask(host, '/')).body, 'hello');
    const rules = [{ name: 'all', policy: { timeouts: { read: '60s' } }, action: forwardTo('s') }];
    await program.apply(smartRoute('shop', { hosts: [host], policy: { timeouts: { read: '100ms' } }, http: { rules } }));
    const policies = [...program.controller.routeTable.policies.values()];
    assert.deepEqual(
      policies.map(({ timeouts }) => timeouts.readMs),
      [60_000],
    );
  });

  it('timeouts.connect ends the wait for a backend that does not accept', soon, async () => {
    await using server = await DeafServer.listen();
    await using program = await Program.start(
      ingressClass + service('s', server.port) + all({ timeouts: { connect: '100ms' }, retries: { attempts: 0 } }),
      late,
    );
    assert.equal((await program.ask(host, '/')).status, 504);
    assert.equal((await program.finish())[0]?.flag, 'upstream_connect_timeout');
  });

  it('timeouts.send ends the wait for a backend that takes nothing', soon, async (t) => {
    const policy = { timeouts: { send: '100ms', read: '0s' }, maxRequestBody: '0' };
    await using program = await Program.start(ingressClass + service('s', await deafBackend(t)) + all(policy), late);
    // More than the socket buffers between us and the backend take.
    const body = 'x'.repeat(16 * 1024 * 1024);
    const answer = await program.ask(host, '/', { method: 'POST', body, headers: { 'content-length': String(body.length) } });
    assert.equal(answer.status, 504);
    assert.equal((await program.finish())[0]?.flag, 'upstream_timeout');
  });

  it('timeouts.tunnelIdle ends a silent tunnel', soon, async (t) => {
    const backend = await HeldBackend.start(t);
    const objects = ingressClass + service('s', backend.port) + all({ timeouts: { tunnelIdle: '100ms' } });
    await using program = await Program.start(objects, late);
    const client = connect(program.httpPort, '127.0.0.1');
    t.after(() => client.destroy());
    client.write(`GET / HTTP/1.1\r\nhost: ${host}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n`);
    const [head] = (await once(client, 'data')) as [Buffer];
    assert.match(String(head), /^HTTP\/1\.1 101 /);
    client.resume();
    await once(client, 'close');
  });

  it('maxRequestBody refuses a larger body with 413; 0 is no limit; the rule comes before the object', async (t) => {
    const backend = await HeldBackend.start(t);
    await using program = await Program.start(
      ingressClass + service('s', backend.port) + layered({ maxRequestBody: '1Ki' }, { maxRequestBody: '0' }),
    );
    const post = async (path: string, bytes: number) => (await program.ask(host, path, { method: 'POST', body: 'x'.repeat(bytes) })).status;
    assert.equal(await post('/', 1024), 200);
    assert.equal(await post('/', 1025), 413);
    assert.equal(await post('/inner', 3_000_000), 200);
  });

  it('retries.attempts tries another endpoint; 0 does not', async (t) => {
    const backend = await HeldBackend.start(t);
    const objects = ingressClass + service('s', backend.port, await freePort());
    await using program = await Program.start(objects + layered({ retries: { attempts: 3 } }, { retries: { attempts: 0 } }));
    // One of the two refuses every connection; by turns, so that two requests meet both.
    const statuses = [(await program.ask(host, '/inner')).status, (await program.ask(host, '/inner')).status];
    assert.deepEqual(statuses.sort(), [200, 502]);
    for (let i = 0; i < 4; i++) assert.equal((await program.ask(host, '/')).status, 200);
  });

  it('loadBalancing LeastRequest spares an endpoint that is busy; RoundRobin does not', async (t) => {
    const [one, two] = [await HeldBackend.start(t), await HeldBackend.start(t)];
    const seen = () => [one.seen.length, two.seen.length];
    const action = (type: string) => ({ forward: { ...(forwardTo('s') as { forward: object }).forward, loadBalancing: { type } } });
    await using program = await Program.start(ingressClass + service('s', one.port, two.port) + all({}, action('LeastRequest')));
    const pending = program.ask(host, '/held');
    while (one.held.length + two.held.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const busy = one.held.length > 0 ? 0 : 1;
    for (let i = 0; i < 6; i++) assert.equal((await program.ask(host, '/')).status, 200);
    assert.deepEqual(seen(), busy === 0 ? [1, 6] : [6, 1]);
    await program.apply(all({}, action('RoundRobin')));
    for (let i = 0; i < 6; i++) assert.equal((await program.ask(host, '/')).status, 200);
    assert.ok(seen()[busy]! > 1);
    for (const response of [...one.held, ...two.held]) response.end('done');
    assert.equal((await pending).body, 'done');
  });
});
