import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compressionAlgorithms, status } from '@grpc/grpc-js';
import { answered, GrpcClient, type GrpcTarget } from '../../tools/grpc-client.ts';
import { patternOf } from '../../tools/grpc-pattern.ts';
import { GrpcServer } from '../../tools/grpc-server.ts';
import { methods } from '../../tools/grpc-services.ts';
import { startGrpcHarness } from './grpc-harness.ts';
import type { Harness } from './harness.ts';
import { eventually } from './raw-client.ts';

function targetOf(...harnesses: readonly Harness[]): GrpcTarget {
  return { address: `ipv4:${harnesses.map(({ port }) => `127.0.0.1:${port}`).join(',')}`, authority: 'a.example' };
}

/** Waits until `read` has said the same for a while: what was flowing is held back, or never comes. */
async function untilStill(read: () => number): Promise<number> {
  let last = -1;
  let sameSince = performance.now();
  await eventually(
    () => {
      const now = read();
      if (now !== last) sameSince = performance.now();
      last = now;
      return performance.now() - sameSince > 500;
    },
    'a number that stays the same',
    30_000,
  );
  return last;
}

const chunk = 65_536;
const chunks = 1024;
/** What may be under way when the reader does not read: windows and buffers of client, proxy and server, and of their sockets. */
const mostUnderWay = (24 * 1024 * 1024) / chunk;

describe('gRPC calls', () => {
  test('a hundred at once on one channel are all answered, each with its own answer', async () => {
    await using server = await GrpcServer.start();
    await using harness = await startGrpcHarness([server.port]);
    using client = new GrpcClient(targetOf(harness));
    const sizes = Array.from({ length: 100 }, (_, i) => 1 + i * 97);
    const answers = await Promise.all(sizes.map((size) => client.unary(methods.unaryCall, { responseSize: size }).outcome));
    assert.deepEqual(
      answers.map(({ code, messages }) => [code, messages[0]?.payload?.body.length]),
      sizes.map((size) => [status.OK, size]),
    );
    assert.equal(harness.connections.length, 1);
    assert.equal(server.calls, 100);
  });

  test('share connections to the backend', async () => {
    await using server = await GrpcServer.start();
    await using harness = await startGrpcHarness([server.port]);
    using client = new GrpcClient(targetOf(harness));
    const watches = Array.from({ length: 50 }, () => client.serverStream(methods.healthWatch, { service: '' }));
    await eventually(() => server.watchers === 50, 'fifty streams at the server');
    assert.ok(server.connections <= 2, `${server.connections} connections for 50 streams`);
    for (const { call } of watches) call.cancel();
    await eventually(() => server.watchers === 0, 'the end of all streams at the server');
  });

  test('with a compressed message pass as they are', async () => {
    await using server = await GrpcServer.start();
    await using harness = await startGrpcHarness([server.port]);
    using client = new GrpcClient(targetOf(harness), { 'grpc.default_compression_algorithm': compressionAlgorithms.gzip });
    const request = { responseSize: 3, payload: { body: patternOf(200_000, 3) } };
    assert.equal((await client.unary(methods.unaryCall, request).outcome).code, status.OK);
    assert.ok(server.lastBody.equals(patternOf(200_000, 3)));
    await eventually(() => harness.requests.length === 1, 'the log entry');
    assert.ok(Number(harness.requests[0]?.bytesReceived) < 100_000, 'the request was sent compressed');
  });

  test('tell the server their deadline', async () => {
    await using server = await GrpcServer.start();
    await using harness = await startGrpcHarness([server.port]);
    using client = new GrpcClient(targetOf(harness));
    const deadline = Date.now() + 60_000;
    assert.equal((await client.unary(methods.emptyCall, {}, { deadline }).outcome).code, status.OK);
    assert.ok(Math.abs(Number(server.deadline) - deadline) < 10_000, `${Number(server.deadline) - deadline} ms apart`);
  });
});

describe('a gRPC stream', () => {
  test('from a server that is faster than its reader waits for it, and every byte arrives', async () => {
    await using server = await GrpcServer.start();
    await using harness = await startGrpcHarness([server.port]);
    using client = new GrpcClient(targetOf(harness));
    const responseParameters = Array.from({ length: chunks }, () => ({ size: chunk }));
    const { call, outcome } = client.serverStream(methods.streamingOutputCall, { responseParameters });
    call.pause();
    const sent = await untilStill(() => server.sent);
    assert.ok(sent > 0 && sent < mostUnderWay, `${sent} messages under way`);
    call.resume();
    const { code, messages } = await outcome;
    assert.equal(code, status.OK);
    assert.equal(messages.length, chunks);
    assert.ok(messages.every(({ payload }, index) => payload?.body.equals(patternOf(chunk, index))));
  });

  test('to a server that is slower than its writer waits for it, and every byte arrives', async () => {
    await using server = await GrpcServer.start();
    await using harness = await startGrpcHarness([server.port]);
    using client = new GrpcClient(targetOf(harness));
    server.isSlow = true;
    const { call, outcome } = client.clientStream(methods.streamingInputCall);
    let sent = 0;
    const writing = (async () => {
      // A write's callback comes when its bytes have left for the proxy.
      for (; sent < chunks; sent++) {
        await new Promise((resolve) => call.write({ payload: { body: patternOf(chunk, sent) } }, resolve));
      }
      call.end();
    })();
    const before = await untilStill(() => sent);
    assert.ok(before > 0 && before < mostUnderWay, `${before} messages under way`);
    server.readSlowOnes();
    await writing;
    const { code, messages } = await outcome;
    assert.equal(code, status.OK);
    assert.deepEqual([messages[0]?.aggregatedPayloadSize, server.messages, server.wrongMessages], [chunk * chunks, chunks, 0]);
  });

  test('that does not read holds up no other call of its channel', async () => {
    await using server = await GrpcServer.start();
    await using harness = await startGrpcHarness([server.port]);
    using slow = new GrpcClient(targetOf(harness));
    using quick = new GrpcClient(targetOf(harness));
    const responseParameters = Array.from({ length: chunks }, () => ({ size: chunk }));
    const { call, outcome } = slow.serverStream(methods.streamingOutputCall, { responseParameters });
    call.pause();
    await untilStill(() => server.sent);
    // They may share the connection to the backend.
    for (let i = 0; i < 20; i++) {
      const answer = await quick.unary(methods.unaryCall, { responseSize: 100_000 }, { deadline: Date.now() + 20_000 }).outcome;
      assert.equal(answer.code, status.OK, answer.details);
    }
    call.cancel();
    call.resume();
    assert.equal((await outcome).code, status.CANCELLED);
  });
});

describe('the health service of a backend', () => {
  test('is asked through the proxy, once and as a stream of changes', async () => {
    await using server = await GrpcServer.start();
    await using harness = await startGrpcHarness([server.port]);
    using client = new GrpcClient(targetOf(harness));
    const check = await client.unary(methods.healthCheck, { service: '' }).outcome;
    assert.deepEqual(check.messages, [{ status: 1 }]);
    const statuses: number[] = [];
    const { call, outcome } = client.serverStream(methods.healthWatch, { service: '' });
    call.on('data', (message: { status: number }) => statuses.push(message.status));
    await eventually(() => statuses.length === 1, 'the first status');
    server.health = 2;
    await eventually(() => statuses.length === 2, 'a change, while the stream stays open');
    server.health = 1;
    await eventually(() => statuses.length === 3, 'the next change');
    assert.deepEqual(statuses, [1, 2, 1]);
    assert.equal((await client.unary(methods.healthCheck, { service: '' }).outcome).code, status.OK);
    call.cancel();
    assert.equal((await outcome).code, status.CANCELLED);
    await eventually(() => server.watchers === 0, 'the end of the stream at the server');
  });
});

/** Calls one after another, several at a time, until told to stop; counts those that did not end well. */
class SteadyCalls {
  done = 0;
  readonly failures: string[] = [];
  #stopped = false;
  readonly #workers: readonly Promise<void>[];

  constructor(client: GrpcClient, atOnce: number) {
    this.#workers = Array.from({ length: atOnce }, () => this.#work(client));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#workers);
  }

  /** Waits for `count` more calls. */
  async more(count: number): Promise<void> {
    const goal = this.done + count;
    await eventually(() => this.done >= goal || this.failures.length > 0, `${count} more calls`, 30_000);
  }

  async #work(client: GrpcClient): Promise<void> {
    while (!this.#stopped) {
      const { code, details } = await client.unary(methods.unaryCall, { responseSize: 1000, payload: { body: patternOf(1000, 0) } })
        .outcome;
      if (code !== status.OK) this.failures.push(`${code} ${details}`);
      this.done++;
    }
  }
}

describe('no gRPC call fails', () => {
  test('when backends are replaced one by one and shut down gracefully', async () => {
    await using first = await GrpcServer.start();
    await using second = await GrpcServer.start();
    await using third = await GrpcServer.start();
    const protocol = { protocol: 'h2c' } as const;
    await using harness = await startGrpcHarness([first.port, second.port]);
    using client = new GrpcClient(targetOf(harness));
    const calls = new SteadyCalls(client, 8);
    await calls.more(100);
    harness.change({ routes: [{ endpoints: [second.port, third.port], service: protocol }] });
    await first.shutdown();
    await calls.more(100);
    harness.change({ routes: [{ endpoints: [third.port], service: protocol }] });
    await second.shutdown();
    await calls.more(100);
    await calls.stop();
    assert.deepEqual(calls.failures, []);
    assert.ok(first.calls > 0 && second.calls > 0 && third.calls > 0);
  });

  test('when a backend says GOAWAY again and again, because its connections may only grow so old', async () => {
    await using server = await GrpcServer.start({
      options: { 'grpc.max_connection_age_ms': 100, 'grpc.max_connection_age_grace_ms': 10_000 },
    });
    await using harness = await startGrpcHarness([server.port]);
    using client = new GrpcClient(targetOf(harness));
    const calls = new SteadyCalls(client, 8);
    await eventually(() => server.connections >= 5 || calls.failures.length > 0, 'five connections to the backend', 30_000);
    await calls.stop();
    assert.deepEqual(calls.failures, []);
  });

  test('when the proxy drains: what runs is finished there, what is new goes to the next proxy', async () => {
    await using server = await GrpcServer.start();
    await using draining = await startGrpcHarness([server.port]);
    await using next = await startGrpcHarness([server.port]);
    // A call that crosses with the GOAWAY was not processed: it is the client that sends it again.
    using client = new GrpcClient(targetOf(draining, next), { 'grpc.enable_retries': 1 });
    const { call, outcome } = client.bidi(methods.fullDuplexCall);
    const echo = async (size: number): Promise<void> => {
      const answer = answered(call);
      call.write({ responseParameters: [{ size }] });
      await answer;
    };
    await echo(10);
    const calls = new SteadyCalls(client, 8);
    await calls.more(100);
    assert.equal(next.requests.length, 0);
    draining.server.close();
    draining.proxy.announceDrain();
    await calls.more(100);
    await eventually(() => next.requests.length > 0 || calls.failures.length > 0, 'calls at the next proxy');
    await echo(20);
    call.end();
    const { code, messages } = await outcome;
    await calls.stop();
    assert.deepEqual([code, messages.length], [status.OK, 2]);
    assert.deepEqual(calls.failures, []);
    await eventually(() => draining.connections.every(({ ended }) => ended !== undefined), 'the end of the drained connections');
  });
});

test('a backend that breaks off fails the calls it had, refuses others as UNAVAILABLE, and serves the same channel when it is back', async () => {
  await using server = await GrpcServer.start();
  await using harness = await startGrpcHarness([server.port]);
  using client = new GrpcClient(targetOf(harness));
  const { call, outcome } = client.serverStream(methods.healthWatch, { service: '' });
  const waiting = client.clientStream(methods.streamingInputCall);
  await answered(call);
  await eventually(() => server.calls === 2, 'both calls at the server');
  server.kill();
  assert.notEqual((await outcome).code, status.OK);
  assert.notEqual((await waiting.outcome).code, status.OK);
  assert.equal((await client.unary(methods.emptyCall, {}).outcome).code, status.UNAVAILABLE);
  await using back = await GrpcServer.start({ port: server.port });
  let code: number = status.UNAVAILABLE;
  const deadline = performance.now() + 30_000;
  while (code !== status.OK && performance.now() < deadline) code = (await client.unary(methods.emptyCall, {}).outcome).code;
  assert.equal(code, status.OK);
  assert.ok(back.calls > 0);
  assert.equal(harness.connections.length, 1);
});
