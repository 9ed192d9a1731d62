import assert from 'node:assert/strict';
import { Metadata, status } from '@grpc/grpc-js';
import { eventually } from './eventually.ts';
import { answered, type Call, type GrpcClient, type Outcome } from './grpc-client.ts';
import { patternOf } from './grpc-pattern.ts';
import { echoInitialKey, echoTrailingKey, type GrpcServer } from './grpc-server.ts';
import { methods, type OutputResponse } from './grpc-services.ts';

/** One case of gRPC's interoperability tests: it fails by throwing. */
export interface InteropCase {
  /** As every language's interop client calls it. */
  readonly name: string;
  readonly run: (client: GrpcClient, server: GrpcServer) => Promise<void>;
}

const largeRequest = 271_828;
const largeResponse = 314_159;
const responseSizes = [31_415, 9, 2653, 58_979] as const;
const requestSizes = [27_182, 8, 1828, 45_904] as const;

const failure = { code: status.UNKNOWN, message: 'test status message' };
const specialFailure = { code: status.UNKNOWN, message: '\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n' };

function payload(size: number, index = 0): { readonly body: Buffer } {
  return { body: patternOf(size, index) };
}

function assertOk(outcome: Outcome<unknown>): void {
  assert.equal(outcome.code, status.OK, outcome.details);
}

async function assertBodies(outcome: Promise<Outcome<OutputResponse>>, sizes: readonly number[]): Promise<void> {
  const answer = await outcome;
  assertOk(answer);
  assert.equal(answer.messages.length, sizes.length);
  for (const [index, size] of sizes.entries()) assert.ok(answer.messages[index]?.payload?.body.equals(patternOf(size, index)));
}

async function assertStatus({ outcome }: Call<unknown, unknown>, { code, message }: { code: number; message: string }): Promise<void> {
  const answer = await outcome;
  assert.deepEqual([answer.code, answer.details, answer.messages], [code, message, []]);
}

function assertEchoed({ code, initial, trailing }: Outcome<unknown>, binary: Buffer): void {
  assert.equal(code, status.OK);
  assert.deepEqual(initial.get(echoInitialKey), ['test_initial_metadata_value']);
  assert.deepEqual(trailing.get(echoTrailingKey), [binary]);
  assert.deepEqual(initial.get(echoTrailingKey), []);
}

/** The cases that a proxy can fail; those of credentials are between client and server alone. */
export const interopCases: readonly InteropCase[] = [
  {
    name: 'empty_unary',
    run: async (client) => {
      const answer = await client.unary(methods.emptyCall, {}).outcome;
      assertOk(answer);
      assert.deepEqual(answer.messages, [{}]);
    },
  },
  {
    name: 'large_unary',
    run: async (client, server) => {
      const request = { responseSize: largeResponse, payload: payload(largeRequest) };
      const answer = await client.unary(methods.unaryCall, request).outcome;
      assertOk(answer);
      assert.ok(answer.messages[0]?.payload?.body.equals(patternOf(largeResponse, 0)));
      assert.ok(server.lastBody.equals(patternOf(largeRequest, 0)));
    },
  },
  {
    name: 'client_streaming',
    run: async (client, server) => {
      const { call, outcome } = client.clientStream(methods.streamingInputCall);
      for (const [index, size] of requestSizes.entries()) call.write({ payload: payload(size, index) });
      call.end();
      const answer = await outcome;
      assertOk(answer);
      assert.deepEqual(answer.messages, [{ aggregatedPayloadSize: 74_922 }]);
      assert.equal(server.wrongMessages, 0);
    },
  },
  {
    name: 'server_streaming',
    run: async (client) => {
      const request = { responseParameters: responseSizes.map((size) => ({ size })) };
      await assertBodies(client.serverStream(methods.streamingOutputCall, request).outcome, responseSizes);
    },
  },
  {
    name: 'ping_pong',
    run: async (client) => {
      const { call, outcome } = client.bidi(methods.fullDuplexCall);
      for (const [index, size] of responseSizes.entries()) {
        // Each answer must come before the next request is sent: nothing on the way may wait for more.
        const answer = answered(call);
        call.write({ responseParameters: [{ size }], payload: payload(requestSizes[index] ?? 0) });
        await answer;
      }
      call.end();
      await assertBodies(outcome, responseSizes);
    },
  },
  {
    name: 'empty_stream',
    run: async (client) => {
      const { call, outcome } = client.bidi(methods.fullDuplexCall);
      call.end();
      await assertBodies(outcome, []);
    },
  },
  {
    name: 'cancel_after_begin',
    run: async (client, server) => {
      const { calls, cancelled } = server;
      const { call, outcome } = client.clientStream(methods.streamingInputCall);
      await eventually('the call at the server', () => server.calls === calls + 1);
      call.cancel();
      assert.equal((await outcome).code, status.CANCELLED);
      await eventually('its cancellation there', () => server.cancelled === cancelled + 1);
    },
  },
  {
    name: 'cancel_after_first_response',
    run: async (client, server) => {
      const { cancelled } = server;
      const { call, outcome } = client.bidi(methods.fullDuplexCall);
      const answer = answered(call);
      call.write({ responseParameters: [{ size: 31_415 }], payload: payload(27_182) });
      await answer;
      call.cancel();
      assert.equal((await outcome).code, status.CANCELLED);
      await eventually('its cancellation at the server', () => server.cancelled === cancelled + 1);
    },
  },
  {
    name: 'timeout_on_sleeping_server',
    run: async (client, server) => {
      const { cancelled, messages } = server;
      const { call, outcome } = client.bidi(methods.fullDuplexCall, { deadline: Date.now() + 500 });
      call.write({ payload: payload(27_182) });
      assert.equal((await outcome).code, status.DEADLINE_EXCEEDED);
      assert.equal(server.messages, messages + 1);
      await eventually('the end of the call at the server', () => server.cancelled === cancelled + 1);
    },
  },
  {
    name: 'status_code_and_message',
    run: async (client) => {
      await assertStatus(client.unary(methods.unaryCall, { responseStatus: failure }), failure);
      const stream = client.bidi(methods.fullDuplexCall);
      stream.call.write({ responseStatus: failure });
      stream.call.end();
      await assertStatus(stream, failure);
    },
  },
  {
    name: 'special_status_message',
    run: async (client) => await assertStatus(client.unary(methods.unaryCall, { responseStatus: specialFailure }), specialFailure),
  },
  {
    name: 'custom_metadata',
    run: async (client, server) => {
      const metadata = new Metadata();
      const binary = Buffer.from([0xab, 0xab, 0xab, 0x00, 0xff, 0x0d, 0x0a]);
      metadata.set(echoInitialKey, 'test_initial_metadata_value');
      metadata.set(echoTrailingKey, binary);
      metadata.add('x-twice', 'one');
      metadata.add('x-twice', 'two');
      assertEchoed(await client.unary(methods.unaryCall, { responseSize: 1 }, { metadata }).outcome, binary);
      assert.equal(server.metadata.get('x-twice').join(', '), 'one, two');
      const { call, outcome } = client.bidi(methods.fullDuplexCall, { metadata });
      call.write({ responseParameters: [{ size: 1 }] });
      call.end();
      assertEchoed(await outcome, binary);
    },
  },
  {
    name: 'unimplemented_method',
    run: async (client) => assert.equal((await client.unary(methods.unimplementedMethod, {}).outcome).code, status.UNIMPLEMENTED),
  },
  {
    name: 'unimplemented_service',
    run: async (client) => assert.equal((await client.unary(methods.unimplementedService, {}).outcome).code, status.UNIMPLEMENTED),
  },
];
