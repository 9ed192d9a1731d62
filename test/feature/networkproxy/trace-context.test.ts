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

/** The traces of the exemplars that requests with these headers left. */
async function exemplars(requests: readonly Record<string, string>[], traceContext: boolean): Promise<readonly string[]> {
  await using backend = await http1Backend({ answer: hello, after: undefined });
  await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }], config: { h2c: true, traceContext } });
  for (const headers of requests) for (const client of [http1Client, http2Client]) await client.ask(harness.port, { headers });
  return harness.counters.exemplars.drain().map(({ traceId }) => traceId);
}

test('a traced request is an exemplar, with --trace-context and without', async () => {
  const unrecorded = given.replace(/01$/, '00');
  for (const traceContext of [true, false]) {
    const found = new Set(await exemplars([{ traceparent: given }], traceContext));
    assert.deepEqual([...found], ['0af7651916cd43dd8448eb211c80319c'], String(traceContext));
    assert.deepEqual(await exemplars([{ traceparent: unrecorded }], traceContext), [], 'nobody records it');
  }
  assert.deepEqual(await exemplars([{}], false), []);
  const begun = await exemplars([{}], true);
  assert.ok(begun.length > 0);
  for (const traceId of begun) assert.match(traceId, /^[\da-f]{32}$/);
});
