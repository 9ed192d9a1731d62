import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { upstreamLimits } from '../../../src/observability/counters/upstream-limit.ts';
import { eventually } from '../../tools/eventually.ts';
import { freePort } from '../../tools/free-port.ts';
import { HeldBackend } from '../../tools/held-backend.ts';
import { forwardTo, ingressClass, service, smartRoute } from '../../tools/manifests.ts';
import { Program } from '../../tools/program.ts';
import { Backend, closed, dial, receive } from '../../tools/smartproxy/backend.ts';
import { genuineHello } from '../../tools/smartproxy/client-hello-bytes.ts';
import { DeafServer } from '../../tools/smartproxy/deaf-server.ts';

const host = 'shop.example.com';

function route(limits: object, more: object = {}): string {
  const policy = { backend: { limits }, ...more };
  return smartRoute('shop', { hosts: [host], policy, http: { rules: [{ name: 'all', action: forwardTo('s') }] } });
}

/** How often each limit was hit. */
function hits(program: Program): Readonly<Record<string, number | undefined>> {
  const { upstreamLimitHits } = program.dataPlane.snapshot();
  return Object.fromEntries(
    upstreamLimits.flatMap((limit, index) => (upstreamLimitHits[index] === 0 ? [] : [[limit, upstreamLimitHits[index]]])),
  );
}

describe('limits of a backend, objects in and real sockets out', () => {
  it('requests bounds what is under way; an answer makes room, and so does a client that leaves', async (t) => {
    const backend = await HeldBackend.start(t);
    await using program = await Program.start(ingressClass + service('s', backend.port) + route({ requests: 2 }));
    const first = program.ask(host, '/held');
    const leaver = connect(program.httpPort, '127.0.0.1');
    leaver.write(`GET /held HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
    await eventually('both are under way', () => backend.held.length === 2);
    const refused = await program.ask(host, '/');
    assert.deepEqual([refused.status, refused.body], [503, '503 The backend has as much to do as it may\n']);
    leaver.resetAndDestroy();
    await eventually('there is room', async () => (await program.ask(host, '/')).status === 200);
    for (const response of backend.held) response.end('done');
    assert.equal((await first).body, 'done');
    for (let n = 0; n < 5; n++) assert.equal((await program.ask(host, '/')).status, 200);
    const counted = hits(program);
    assert.ok((counted.requests ?? 0) >= 1);
    assert.deepEqual(Object.keys(counted), ['requests']);
    const lines = await program.finish();
    assert.ok(lines.some(({ flag }) => flag === 'upstream_limit'));
  });

  it('requests counts a tunnel while it lives', async (t) => {
    const backend = await HeldBackend.start(t);
    await using program = await Program.start(ingressClass + service('s', backend.port) + route({ requests: 1 }));
    const client = await dial(program.httpPort);
    client.write(`GET / HTTP/1.1\r\nhost: ${host}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n`);
    assert.match(String(await receive(client, 12)), /^HTTP\/1\.1 101/);
    assert.equal((await program.ask(host, '/')).status, 503);
    client.destroy();
    await eventually('there is room', async () => (await program.ask(host, '/')).status === 200);
  });

  it('connections bounds those to all endpoints; an idle one to another endpoint gives way', async (t) => {
    const [one, two] = [await HeldBackend.start(t), await HeldBackend.start(t)];
    await using program = await Program.start(ingressClass + service('s', one.port, two.port) + route({ connections: 1 }));
    for (let n = 0; n < 4; n++) assert.equal((await program.ask(host, '/')).status, 200);
    assert.deepEqual([one.seen.length, two.seen.length], [2, 2]);
    const { upstreamIdle, upstreamActive } = program.dataPlane.snapshot();
    assert.equal(upstreamIdle + upstreamActive, 1);
    const pending = program.ask(host, '/held');
    await eventually('it is under way', () => one.held.length + two.held.length === 1);
    assert.equal((await program.ask(host, '/')).status, 503);
    assert.deepEqual(hits(program), { connections: 1 });
    for (const response of [...one.held, ...two.held]) response.end('done');
    assert.equal((await pending).status, 200);
    assert.equal((await program.ask(host, '/')).status, 200);
  });

  it('connections bounds passthrough too', async (t) => {
    const backend = await Backend.listen((socket) => {
      socket.write('hi');
      socket.once('end', () => socket.end()).resume();
    });
    t.after(() => backend.close());
    const tcp = { backends: [{ name: 's', port: { name: 'web' } }] };
    const policy = { backend: { limits: { connections: 1 } } };
    await using program = await Program.start(
      ingressClass + service('s', backend.port) + smartRoute('shop', { hosts: [host], tls: { mode: 'Passthrough' }, policy, tcp }),
    );
    const hello = await genuineHello(host);
    const first = await dial(program.httpsPort);
    first.write(hello);
    assert.equal(String(await receive(first, 2)), 'hi');
    const second = await dial(program.httpsPort);
    second.write(hello);
    await closed(second);
    assert.deepEqual(hits(program), { connections: 1 });
    first.resetAndDestroy();
    await eventually('there is room', async () => {
      const third = await dial(program.httpsPort);
      third.once('end', () => third.destroy());
      third.write(hello);
      const answer = await receive(third, 2).catch(() => undefined);
      third.destroy();
      return String(answer) === 'hi';
    });
    const lines = await program.finish();
    assert.ok(lines.some(({ reason }) => reason === 'upstream_limit'));
  });

  it('pendingRequests bounds those that wait for a connection to open', async (t) => {
    await using server = await DeafServer.listen();
    const policy = { timeouts: { connect: '60s' }, retries: { attempts: 0 } };
    await using program = await Program.start(ingressClass + service('s', server.port) + route({ pendingRequests: 1 }, policy));
    const waiting = connect(program.httpPort, '127.0.0.1');
    t.after(() => waiting.destroy());
    waiting.write(`GET / HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
    await eventually('it waits', () => program.dataPlane.snapshot().upstreamConnecting === 1);
    assert.equal((await program.ask(host, '/')).status, 503);
    assert.deepEqual(hits(program), { pending_requests: 1 });
    assert.equal(program.dataPlane.snapshot().upstreamConnecting, 1);
  });

  it('retryPercent 0 allows no retry', async (t) => {
    const backend = await HeldBackend.start(t);
    const objects = ingressClass + service('s', backend.port, await freePort());
    await using program = await Program.start(objects + route({ retryPercent: 0 }, { retries: { attempts: 3 } }));
    const statuses = [(await program.ask(host, '/')).status, (await program.ask(host, '/')).status];
    assert.deepEqual(statuses.sort(), [200, 502]);
    assert.deepEqual(hits(program), { retries: 1 });
    await program.apply(route({ retryPercent: 100 }, { retries: { attempts: 3 } }));
    for (let n = 0; n < 4; n++) assert.equal((await program.ask(host, '/')).status, 200);
  });
});
