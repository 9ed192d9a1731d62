import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hello } from './backend.ts';
import { http1Backend, http2Backend } from './conformance-backend.ts';
import type { ConformanceRequest } from './conformance-client.ts';
import { http1Client, http2Client } from './conformance-client.ts';
import { Harness } from './harness.ts';

const given = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

/** The trace fields that each kind of backend got from each kind of client, and the trace ids that were logged. */
async function traced(headers: NonNullable<ConformanceRequest['headers']>, traceContext: boolean): Promise<readonly string[][]> {
  const seen: string[][] = [];
  for (const backendOf of [http1Backend, http2Backend]) {
    await using backend = await backendOf({ answer: hello, after: undefined });
    const routes = [{ endpoints: [backend.port], service: { protocol: backend.protocol } }];
    await using harness = await Harness.start({ routes, config: { h2c: true, traceContext } });
    for (const client of [http1Client, http2Client]) await client.ask(harness.port, { headers });
    const requests = backend.received.join('').split(/(?=GET \/ )/);
    for (const [i, request] of requests.entries()) {
      seen.push([...(request.match(/^trace.*$/gm) ?? []).map((line) => line.trim()), `id ${harness.requests[i]?.traceId}`]);
    }
  }
  assert.equal(seen.length, 4);
  return seen;
}

test("a request's own trace goes on to the backend as it came, and its id is logged", async () => {
  for (const fields of await traced({ traceparent: given, tracestate: 'a=1' }, true)) {
    assert.deepEqual(fields.sort(), ['id 0af7651916cd43dd8448eb211c80319c', `traceparent: ${given}`, 'tracestate: a=1']);
  }
});

test('a request without a valid trace begins one, and what is left of another is dropped', async () => {
  const broken: Record<string, string> = { traceparent: 'nonsense', tracestate: 'a=1' };
  for (const headers of [{}, broken]) {
    for (const [traceparent = '', id = '', ...more] of await traced(headers, true)) {
      assert.deepEqual(more, []);
      assert.match(traceparent, new RegExp(`^traceparent: 00-${id.slice(3)}-[\\da-f]{16}-01$`));
    }
  }
});

test('without --trace-context the fields are as the client sent them', async () => {
  for (const fields of await traced({ traceparent: 'nonsense', tracestate: 'a=1' }, false)) {
    assert.deepEqual(fields.sort(), ['id undefined', 'traceparent: nonsense', 'tracestate: a=1']);
  }
  for (const fields of await traced({}, false)) assert.deepEqual(fields, ['id undefined']);
});
