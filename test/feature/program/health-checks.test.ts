import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import { freePort } from '../../tools/free-port.ts';
import { GrpcServer } from '../../tools/grpc-server.ts';
import { forwardTo, ingressClass, service, smartRoute } from '../../tools/manifests.ts';
import { Program } from '../../tools/program.ts';
import { Backend, dial, receive } from '../../tools/smartproxy/backend.ts';
import { genuineHello } from '../../tools/smartproxy/client-hello-bytes.ts';

const host = 'shop.example.com';
const pace = { interval: '500ms', timeout: '10s', unhealthyThreshold: 1, healthyThreshold: 1 };

/** Answers with its name, and on `/healthz` with `status`. */
class Pod {
  status = 200;
  checks = 0;
  /** Hosts that it was asked for on `/healthz`. */
  readonly hosts = new Set<string | undefined>();
  readonly name: string;
  readonly #server: Server;

  static async start(t: TestContext, name: string): Promise<Pod> {
    const pod = new Pod(name);
    pod.#server.listen(0, '127.0.0.1');
    await once(pod.#server, 'listening');
    t.after(() => {
      pod.#server.closeAllConnections();
      pod.#server.close();
    });
    return pod;
  }

  private constructor(name: string) {
    this.name = name;
    this.#server = createServer((request, response) => {
      if (request.url === '/healthz') {
        this.checks++;
        this.hosts.add(request.headers.host);
        response.statusCode = this.status;
      }
      response.end(name);
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }
}

function route(healthCheck: object, more: object = {}): string {
  const policy = { backend: { healthCheck: { ...pace, ...healthCheck }, ...more }, retries: { attempts: 0 } };
  return smartRoute('shop', { hosts: [host], policy, http: { rules: [{ name: 'all', action: forwardTo('s') }] } });
}

/** Who answers four requests. */
async function whoAnswers(program: Program): Promise<string> {
  const found: string[] = [];
  for (let n = 0; n < 4; n++) found.push((await program.ask(host, '/')).body);
  return [...new Set(found)].sort().join();
}

const unhealthy = (program: Program) => program.dataPlane.outEndpoints().filter(({ reason }) => reason === 'health_check');

describe('active health checks, objects in and real sockets out', () => {
  it('HTTP: an endpoint that says that it is ill gets nothing until it is well again; should none be well, all are used', async (t) => {
    const [a, b] = [await Pod.start(t, 'a'), await Pod.start(t, 'b')];
    const check = { type: 'HTTP', path: '/healthz', host: 'probe.example.com' };
    await using program = await Program.start(ingressClass + service('s', a.port, b.port) + route(check));
    assert.equal(await whoAnswers(program), 'a,b');
    // At the default interval six checks take three quarters of a minute and more.
    await eventually('a is asked often', () => a.checks >= 6);
    a.status = 500;
    await eventually('a is out', () => unhealthy(program).length === 1);
    const [out] = unhealthy(program);
    assert.deepEqual([out?.endpoint, out?.detail, out?.forMs], [`127.0.0.1:${a.port}`, 'status 500', undefined]);
    assert.equal(await whoAnswers(program), 'b');
    b.status = 404;
    await eventually('both are out', () => unhealthy(program).length === 2);
    assert.equal(await whoAnswers(program), 'a,b');
    const snapshot = program.dataPlane.snapshot();
    assert.deepEqual([snapshot.upstreamUnhealthy, snapshot.upstreamPanicking, snapshot.upstreamEjected], [2, 1, 0]);
    assert.ok(snapshot.healthChecksFailed >= 2);
    a.status = 200;
    await eventually('a is back', () => unhealthy(program).length === 1);
    assert.equal(await whoAnswers(program), 'a');
    assert.deepEqual([...a.hosts], ['probe.example.com']);
    // A change of the table forgets nothing.
    await program.apply(service('s', a.port, b.port, await freePort()));
    assert.equal(
      unhealthy(program).some(({ endpoint }) => endpoint === `127.0.0.1:${b.port}`),
      true,
    );
  });

  it('statuses, unhealthyThreshold and healthyThreshold say what and how often', async (t) => {
    const [a, b] = [await Pod.start(t, 'a'), await Pod.start(t, 'b')];
    const check = { type: 'HTTP', path: '/healthz', statuses: ['418', '200-204'], unhealthyThreshold: 2, healthyThreshold: 2 };
    await using program = await Program.start(ingressClass + service('s', a.port, b.port) + route(check));
    a.status = 418;
    const passed = a.checks;
    await eventually('it was asked twice', () => a.checks > passed + 1);
    assert.deepEqual(unhealthy(program), []);
    a.status = 205;
    const failed = a.checks;
    await eventually('a is out', () => unhealthy(program).length === 1);
    assert.ok(a.checks >= failed + 2, `${a.checks - failed}`);
    a.status = 204;
    const well = a.checks;
    await eventually('a is back', () => unhealthy(program).length === 0);
    assert.ok(a.checks >= well + 2, `${a.checks - well}`);
  });

  it('port says where, and timeout for how long', async (t) => {
    const [a, b] = [await Pod.start(t, 'a'), await Pod.start(t, 'b')];
    // Accepts and says nothing.
    const silent = await Backend.listen(() => {});
    t.after(() => silent.close());
    const check = { type: 'HTTP', path: '/healthz', port: silent.port, timeout: '100ms' };
    await using program = await Program.start(ingressClass + service('s', a.port, b.port) + route(check));
    await eventually('both are out', () => unhealthy(program).length === 2);
    assert.equal(unhealthy(program)[0]?.detail, 'no answer within 100 ms');
    assert.deepEqual([a.checks, b.checks], [0, 0]);
  });

  it('TCP: an endpoint that refuses connections is found out without a request', async (t) => {
    const a = await Pod.start(t, 'a');
    await using program = await Program.start(ingressClass + service('s', a.port, await freePort()) + route({ type: 'TCP' }));
    await eventually('one is out', () => unhealthy(program).length === 1);
    assert.equal(unhealthy(program)[0]?.detail, 'ECONNREFUSED');
    assert.equal(await whoAnswers(program), 'a');
  });

  it('TCP: passthrough connections go to endpoints that are well', async (t) => {
    const well = await Backend.listen((socket) => socket.write('well'));
    t.after(() => well.close());
    const policy = { backend: { healthCheck: { ...pace, type: 'TCP' } } };
    const tcp = { backends: [{ name: 's', port: { name: 'web' } }] };
    const passthrough = smartRoute('shop', { hosts: [host], tls: { mode: 'Passthrough' }, policy, tcp });
    await using program = await Program.start(ingressClass + service('s', well.port, await freePort()) + passthrough);
    await eventually('one is out', () => unhealthy(program).length === 1);
    const before = program.dataPlane.snapshot().upstreamConnectFailures;
    for (let n = 0; n < 4; n++) {
      const socket = await dial(program.httpsPort);
      socket.write(await genuineHello(host));
      assert.equal(String(await receive(socket, 4)), 'well');
      socket.destroy();
    }
    assert.equal(program.dataPlane.snapshot().upstreamConnectFailures, before);
  });

  it('GRPC: the health service of an endpoint decides', async () => {
    await using server = await GrpcServer.start();
    const check = { type: 'GRPC', service: 'shop.v1.Shop' };
    // Who asks for the server as a whole is told that nobody knows it.
    server.healthOf.clear();
    server.healthOf.add(check.service);
    await using program = await Program.start(
      ingressClass + service('s', server.port, await freePort()) + route(check, { protocol: 'H2C' }),
    );
    await eventually('one is out', () => unhealthy(program).length === 1);
    server.health = 2;
    await eventually('both are out', () => unhealthy(program).length === 2);
    assert.ok(unhealthy(program).some(({ detail }) => detail === 'NOT_SERVING'));
    server.health = 1;
    await eventually('one is back', () => unhealthy(program).length === 1);
  });

  it('HTTP: a backend that wants a PROXY header gets one that speaks of no client', async (t) => {
    const headers = new Set<string>();
    const backend = await Backend.listen((socket) =>
      socket.once('data', (chunk: Buffer) => {
        headers.add(chunk.toString('latin1').split('GET')[0] ?? '');
        socket.end('HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n');
      }),
    );
    t.after(() => backend.close());
    const checked = (version: string) => route({ type: 'HTTP' }, { proxyProtocol: { version } });
    await using program = await Program.start(ingressClass + service('s', backend.port) + checked('V1'));
    await eventually('it is asked', () => headers.has('PROXY UNKNOWN\r\n'));
    await program.apply(checked('V2'));
    await eventually('it is asked', () => headers.has('\r\n\r\n\0\r\nQUIT\n\x20\0\0\0'));
    assert.ok(program.dataPlane.snapshot().healthChecksPassed >= 1);
    assert.deepEqual(unhealthy(program), []);
  });

  it('checks end with the endpoint, the check and the program', async (t) => {
    const [a, b] = [await Pod.start(t, 'a'), await Pod.start(t, 'b')];
    const check = { type: 'HTTP', path: '/healthz' };
    await using program = await Program.start(ingressClass + service('s', a.port, b.port) + route(check));
    const deadlines = program.dataPlane.deadlines;
    await eventually('both are asked', () => a.checks > 0 && b.checks > 0);
    await program.apply(service('s', { port: a.port, conditions: 'ready: false, terminating: true' }, b.port));
    assert.equal(program.dataPlane.deadlines, deadlines - 1);
    await program.apply(service('s', a.port, b.port));
    assert.equal(program.dataPlane.deadlines, deadlines);
    await program.apply(smartRoute('shop', { hosts: [host], http: { rules: [{ name: 'all', action: forwardTo('s') }] } }));
    assert.equal(program.dataPlane.deadlines, deadlines - 2);
    assert.deepEqual(unhealthy(program), []);
  });
});
