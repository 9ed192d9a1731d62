import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Harness } from './harness.ts';
import { Http2Backend } from './http2-backend.ts';
import { Http2Client } from './http2-client.ts';

const call = { method: 'POST', headers: { 'content-type': 'application/grpc+proto', te: 'trailers' }, body: 'x'.repeat(5000) };

test('the limit of request bodies does not end a gRPC call; one for calls does, as gRPC says it', async () => {
  await using backend = await Http2Backend.start((stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end();
  });
  const service = { protocol: 'h2c' } as const;
  await using harness = await Harness.start({
    routes: [
      { endpoints: [backend.port], service, path: '/calls', policy: { maxRequestBodyBytes: 1000 } },
      { endpoints: [backend.port], service, path: '/limited', policy: { maxRequestBodyBytes: 1000, maxCallBytes: 4000 } },
    ],
    config: { h2c: true },
  });
  await using client = await Http2Client.connect(harness.port);
  assert.deepEqual((await client.ask('/calls', call)).trailers, { 'grpc-status': '0' });

  for (const headers of [call.headers, { ...call.headers, 'content-length': '5000' }]) {
    const refused = await client.ask('/limited', { ...call, headers });
    assert.equal(refused.status, 200);
    assert.equal(refused.headers['grpc-status'], '8');
  }

  const plain = await client.ask('/calls', { ...call, headers: { 'content-type': 'application/grpc-web' } });
  assert.equal(plain.status, 413);
  const logged = harness.requests.map(({ status, grpcStatus }) => `${status} ${grpcStatus}`);
  assert.deepEqual(logged, ['200 0', '413 8', '413 8', '413 undefined']);
});
