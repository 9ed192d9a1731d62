import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { constants, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { status } from '@grpc/grpc-js';
import { eventually } from '../../tools/eventually.ts';
import { freePort } from '../../tools/free-port.ts';
import { GrpcClient } from '../../tools/grpc-client.ts';
import { RawGrpcBackend } from '../../tools/grpc-raw-backend.ts';
import { GrpcServer } from '../../tools/grpc-server.ts';
import { methods } from '../../tools/grpc-services.ts';
import { forwardTo, ingressClass, service, smartRoute } from '../../tools/manifests.ts';
import { Program } from '../../tools/program.ts';

const host = 'shop.example.com';

/** Answers as the test says at the moment. */
class Pod {
  answer: (response: ServerResponse) => void = (response) => response.end('fine');
  requests = 0;
  readonly #server: Server;

  static async start(t: TestContext): Promise<Pod> {
    const pod = new Pod();
    pod.#server.listen(0, '127.0.0.1');
    await once(pod.#server, 'listening');
    t.after(() => {
      pod.#server.closeAllConnections();
      pod.#server.close();
    });
    return pod;
  }

  private constructor() {
    this.#server = createServer((_request, response) => {
      this.requests++;
      this.answer(response);
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get key(): string {
    return `127.0.0.1:${this.port}`;
  }
}

function route(outlierDetection: object, more: object = {}): string {
  const policy = { backend: { outlierDetection }, retries: { attempts: 0 }, ...more };
  return smartRoute('shop', { hosts: [host], policy, http: { rules: [{ name: 'all', action: forwardTo('s') }] } });
}

async function ask(program: Program, times: number): Promise<readonly number[]> {
  const statuses: number[] = [];
  for (let n = 0; n < times; n++) statuses.push((await program.ask(host, '/')).status);
  return statuses;
}

describe('outlier detection, objects in and real sockets out', () => {
  it('consecutiveErrors in a row take an endpoint out, for baseEjectionTime and longer each time, up to maxEjectionTime', async (t) => {
    const [bad, good] = [await Pod.start(t), await Pod.start(t)];
    const rules = { consecutiveErrors: 3, baseEjectionTime: '1s', maxEjectionTime: '2s' };
    await using program = await Program.start(ingressClass + service('s', bad.port, good.port) + route(rules));
    bad.answer = (response) => response.writeHead(500).end();
    assert.deepEqual([...(await ask(program, 6))].sort(), [200, 200, 200, 500, 500, 500]);
    const out = () => program.dataPlane.outEndpoints();
    const { upstreamEjections } = program.dataPlane.snapshot();
    assert.equal(upstreamEjections, 1);
    const first = out();
    if (first.length > 0)
      assert.deepEqual([first[0]?.endpoint, first[0]?.reason, (first[0]?.forMs ?? 0) <= 1000], [bad.key, 'errors', true]);
    const longest = async (ejections: number) => {
      await eventually('it is out again', async () => {
        await ask(program, 1);
        return program.dataPlane.snapshot().upstreamEjections === ejections;
      });
      return out()[0]?.forMs ?? 0;
    };
    assert.ok((await longest(2)) > 1000);
    assert.ok((await longest(3)) <= 2000);
    bad.answer = (response) => response.end('fine');
    await eventually('it is back', async () => {
      const before = bad.requests;
      await ask(program, 4);
      return bad.requests - before === 2;
    });
  });

  it('an endpoint that is out gets nothing', async (t) => {
    const [bad, good] = [await Pod.start(t), await Pod.start(t)];
    bad.answer = (response) => response.writeHead(500).end();
    await using program = await Program.start(ingressClass + service('s', bad.port, good.port) + route({ consecutiveErrors: 1 }));
    await ask(program, 2);
    assert.equal(program.dataPlane.snapshot().upstreamEjected, 1);
    assert.deepEqual(await ask(program, 6), [200, 200, 200, 200, 200, 200]);
    assert.equal(bad.requests, 1);
  });

  it('a request that is not answered at all, or not in time, is an error too', async (t) => {
    const [reset, silent, good] = [await Pod.start(t), await Pod.start(t), await Pod.start(t)];
    const rules = { consecutiveErrors: 2, maxEjectionPercent: 100 };
    const objects = ingressClass + service('s', reset.port, silent.port, good.port);
    await using program = await Program.start(objects + route(rules, { timeouts: { read: '100ms' } }));
    reset.answer = (response) => response.destroy();
    silent.answer = () => {};
    const out = () => program.dataPlane.outEndpoints().map(({ endpoint }) => endpoint);
    await eventually('both are out', async () => {
      await program.ask(host, '/', { method: 'POST', body: 'x' });
      return out().length === 2;
    });
    assert.deepEqual(out().sort(), [reset.key, silent.key].sort());
    assert.deepEqual(await ask(program, 4), [200, 200, 200, 200]);
  });

  it('consecutiveConnectFailures says how many connects', async (t) => {
    const good = await Pod.start(t);
    const rules = { consecutiveConnectFailures: 1 };
    await using program = await Program.start(ingressClass + service('s', good.port, await freePort()) + route(rules));
    const statuses = await ask(program, 6);
    assert.equal(statuses.filter((status) => status !== 200).length, 1);
    assert.equal(program.dataPlane.outEndpoints()[0]?.reason, 'connect_failures');
  });

  it('maxEjectionPercent says how many endpoints may be out', async (t) => {
    const pods = [await Pod.start(t), await Pod.start(t), await Pod.start(t)];
    for (const pod of pods) pod.answer = (response) => response.writeHead(503).end();
    const objects = ingressClass + service('s', ...pods.map(({ port }) => port));
    await using program = await Program.start(objects + route({ consecutiveErrors: 1, maxEjectionPercent: 34 }));
    assert.deepEqual(await ask(program, 6), [503, 503, 503, 503, 503, 503]);
    assert.equal(program.dataPlane.outEndpoints().length, 1);
    await program.apply(route({ consecutiveErrors: 1, maxEjectionPercent: 0 }));
    await ask(program, 6);
    assert.deepEqual(program.dataPlane.outEndpoints(), []);
  });

  it('without it errors take nobody out', async (t) => {
    const pods = [await Pod.start(t), await Pod.start(t)];
    for (const pod of pods) pod.answer = (response) => response.writeHead(500).end();
    await using program = await Program.start(ingressClass + service('s', ...pods.map(({ port }) => port)) + route({}));
    await ask(program, 20);
    assert.deepEqual(program.dataPlane.outEndpoints(), []);
  });
});

describe('outlier detection of gRPC calls', () => {
  /** One endpoint, out after two errors in a row. */
  function started(port: number): Promise<Program> {
    const backend = { protocol: 'H2C', outlierDetection: { consecutiveErrors: 2, maxEjectionPercent: 100 } };
    return Program.start(ingressClass + service('s', port) + route({}, { backend }), ['--h2c']);
  }

  function clientOf(program: Program): GrpcClient {
    return new GrpcClient({ address: `ipv4:127.0.0.1:${program.httpPort}`, authority: host });
  }

  function isOut(program: Program): boolean {
    return program.dataPlane.outEndpoints().length === 1;
  }

  /** A server of grpc-js is asked for each of these statuses in turn; resolves with whether it is out then. */
  async function isOutAfter(...codes: readonly number[]): Promise<boolean> {
    await using server = await GrpcServer.start();
    await using program = await started(server.port);
    using client = clientOf(program);
    for (const code of codes) {
      const { outcome } = client.unary(methods.unaryCall, { responseSize: 1, responseStatus: { code, message: 'as asked' } });
      assert.equal((await outcome).code, code);
    }
    return isOut(program);
  }

  it('statuses that stand for 5xx count as errors', async () => {
    for (const code of [status.UNKNOWN, status.DEADLINE_EXCEEDED, status.INTERNAL, status.UNAVAILABLE, status.DATA_LOSS])
      assert.ok(await isOutAfter(code, code), status[code]);
  });

  it('statuses that speak of the call are good answers, UNIMPLEMENTED among them', async () => {
    const { CANCELLED, INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED, RESOURCE_EXHAUSTED } = status;
    const { FAILED_PRECONDITION, ABORTED, OUT_OF_RANGE, UNIMPLEMENTED, UNAUTHENTICATED, UNAVAILABLE, OK } = status;
    const first = [CANCELLED, INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED, RESOURCE_EXHAUSTED];
    const second = [FAILED_PRECONDITION, ABORTED, OUT_OF_RANGE, UNIMPLEMENTED, UNIMPLEMENTED, UNAUTHENTICATED];
    assert.ok(!(await isOutAfter(...first, ...second)));
    assert.ok(!(await isOutAfter(UNAVAILABLE, OK, UNAVAILABLE, NOT_FOUND, UNAVAILABLE)));
  });

  it('a status behind messages is that of the call', async () => {
    await using server = await GrpcServer.start();
    await using program = await started(server.port);
    using client = clientOf(program);
    for (let n = 0; n < 2; n++) {
      const { call, outcome } = client.bidi(methods.fullDuplexCall);
      call.write({ responseParameters: [{ size: 100 }] });
      await eventually('the message', () => server.messages === 2 * n + 1);
      call.end({ responseStatus: { code: status.INTERNAL, message: 'as asked' } });
      const { code, messages } = await outcome;
      assert.deepEqual([code, messages.length, isOut(program)], [status.INTERNAL, 1, n === 1]);
    }
  });

  it('a status in place of an answer counts, and so does a stream that is reset', async () => {
    let end: (stream: ServerHttp2Stream) => void = (stream) =>
      stream.respond({ 'content-type': 'application/grpc', 'grpc-status': '14' }, { endStream: true });
    await using server = await RawGrpcBackend.start(({ stream }) => end(stream));
    await using program = await started(server.port);
    using client = clientOf(program);
    const call = async (): Promise<number> => (await client.unary(methods.emptyCall, {}).outcome).code;
    assert.deepEqual([await call(), isOut(program)], [status.UNAVAILABLE, false]);
    end = (stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    await call();
    assert.ok(isOut(program));
  });

  it('a call that its client gives up says nothing', async () => {
    await using server = await GrpcServer.start();
    await using program = await started(server.port);
    using client = clientOf(program);
    const fail = { responseStatus: { code: status.UNAVAILABLE, message: 'as asked' } };
    await client.unary(methods.unaryCall, fail).outcome;
    const { call, outcome } = client.serverStream(methods.healthWatch, { service: '' });
    await new Promise((resolve) => call.once('data', resolve));
    call.cancel();
    await outcome;
    await eventually('the server knows', () => server.cancelled === 1);
    assert.ok(!isOut(program));
    await client.unary(methods.unaryCall, fail).outcome;
    assert.ok(isOut(program));
  });
});
