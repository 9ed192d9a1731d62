import assert from 'node:assert/strict';
import { test } from 'node:test';
import { http2Limits } from '../../src/observability/counters/http2-limit.ts';
import { runGrpcLoad } from '../tools/grpc-load.ts';
import { grpcHost, startGrpcProgram } from '../tools/grpc-path.ts';
import { answerCall, RawGrpcBackend } from '../tools/grpc-raw-backend.ts';
import { makeTestCertificate } from '../tools/test-certificate.ts';

/** More than a connection may carry: each is ended in order now and then, and no call must fail of that. */
const calls = 12_000;
const connections = 4;

test('thousands of gRPC calls, a hundred at once on each of several TLS connections, all get their own answer', async () => {
  const certificate = await makeTestCertificate(grpcHost);
  await using backend = await RawGrpcBackend.start((seen) => {
    seen.stream.once('end', () => answerCall(seen.stream, seen.body.toString('utf8', 5)));
  });
  const path = { name: 'TLS to plain HTTP/2', clientTls: true, backendTls: false };
  await using program = await startGrpcProgram(path, [backend.port], certificate);
  const load = await runGrpcLoad({ port: program.httpsPort, serverName: grpcHost, connections, streams: 100, calls });
  assert.deepEqual([...load.failures], []);
  assert.deepEqual([load.done, backend.seen.length], [calls, calls]);
  assert.ok(backend.sessions.length <= 40, `${backend.sessions.length} connections to the backend`);
  await program.dataPlane.drain(5000);
  const { http2LimitHits, connectionsAccepted, connectionsActive, connectedClients, upstreamActive, zombies } =
    program.dataPlane.snapshot();
  assert.ok(connectionsAccepted >= connections && connectionsAccepted < 40, `${connectionsAccepted} connections of clients`);
  assert.equal(http2LimitHits[http2Limits.indexOf('concurrent_streams')], 0, 'no call was refused by us');
  assert.deepEqual([connectionsActive, connectedClients, upstreamActive, zombies], [0, 0, 0, 0]);
});
