import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { spanOutcomes } from '../../../src/observability/counters/span-outcome.ts';
import { WorkerCounters } from '../../../src/observability/counters/worker-counters.ts';
import type { Span } from '../../../src/observability/otlp-spans.ts';
import { SpanExporter, type SpanExporterLimits } from '../../../src/observability/span-exporter.ts';
import { eventually } from '../../tools/eventually.ts';

interface Exported {
  readonly resourceSpans: readonly [
    {
      readonly resource: { readonly attributes: readonly object[] };
      readonly scopeSpans: readonly [{ readonly spans: readonly Record<string, unknown>[] }];
    },
  ];
}

/** A collector that takes what it gets, or holds its answers. */
async function collector(t: TestContext, answer: (response: ServerResponse) => void) {
  const bodies: Exported[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    request.once('end', () => {
      assert.equal(request.headers['content-type'], 'application/json');
      bodies.push(JSON.parse(text));
      answer(response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { bodies, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces` };
}

function exporter(endpoint: string, limits: Partial<SpanExporterLimits> = {}) {
  const counters = new WorkerCounters();
  const made = new SpanExporter({
    endpoint,
    serviceName: 'test',
    count: counters.countSpans.bind(counters),
    limits: { maxQueue: 10, maxBatch: 4, delayMs: 3_600_000, timeoutMs: 10_000, ...limits },
  });
  return { exporter: made, outcomes: () => Object.fromEntries(spanOutcomes.map((name, index) => [name, counters.spans[index]])) };
}

function span(changes: Partial<Span['entry']> = {}): Span {
  return {
    id: 'b7ad6b7169203331',
    parentId: '00f067aa0ba902b7',
    entry: {
      requestId: 'r1',
      traceId: '0af7651916cd43dd8448eb211c80319c',
      method: 'GET',
      host: 'shop.example.com',
      path: '/a',
      status: 200,
      grpcStatus: undefined,
      flag: undefined,
      bytesReceived: 1,
      bytesSent: 2,
      durationMs: 1500,
      route: 'SmartRoute shop/shop api',
      service: 'shop/web:80',
      endpoint: '10.0.0.1:8080',
      protocol: 'HTTP/1.1',
      scheme: 'https',
      remoteAddress: '192.0.2.1',
      ...changes,
    },
  };
}

test('SpanExporter: a full batch goes out at once, as OTLP in JSON, and the rest at the end', async (t) => {
  const { bodies, endpoint } = await collector(t, (response) => response.end('{}'));
  const { exporter: spans, outcomes } = exporter(endpoint);
  for (let i = 0; i < 4; i++) spans.add(span());
  await eventually('the batch is taken', () => outcomes().exported === 4);
  spans.add({ ...span({ status: 503, flag: 'no_endpoints', route: undefined }), parentId: undefined });
  assert.equal(bodies.length, 1);
  await spans.close(10_000);
  assert.deepEqual(outcomes(), { exported: 5, dropped: 0, failed: 0 });
  const [first] = bodies[0]!.resourceSpans[0].scopeSpans[0].spans;
  assert.deepEqual(bodies[0]!.resourceSpans[0].resource.attributes, [{ key: 'service.name', value: { stringValue: 'test' } }]);
  assert.deepEqual(
    [first?.traceId, first?.spanId, first?.parentSpanId, first?.name, first?.kind, first?.status],
    ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331', '00f067aa0ba902b7', 'GET SmartRoute shop/shop api', 2, undefined],
  );
  assert.equal(BigInt(first?.endTimeUnixNano as string) - BigInt(first?.startTimeUnixNano as string), 1_500_000_000n);
  const attributes = new Map(
    ((first?.attributes ?? []) as readonly { key: string; value: object }[]).map(({ key, value }) => [key, Object.values(value)[0]]),
  );
  assert.deepEqual(
    ['http.request.method', 'url.path', 'http.response.status_code', 'network.protocol.version', 'client.address'].map((key) =>
      attributes.get(key),
    ),
    ['GET', '/a', '200', '1.1', '192.0.2.1'],
  );
  const [last] = bodies[1]!.resourceSpans[0].scopeSpans[0].spans;
  assert.deepEqual([last?.name, last?.status, 'parentSpanId' in (last ?? {})], ['GET', { code: 2 }, false]);
});

test('SpanExporter: a collector that does not answer costs a bounded queue, and what is over it is counted', async (t) => {
  const held: ServerResponse[] = [];
  const { endpoint } = await collector(t, (response) => held.push(response));
  const { exporter: spans, outcomes } = exporter(endpoint);
  for (let i = 0; i < 30; i++) spans.add(span());
  assert.equal(spans.queued, 10);
  assert.deepEqual(outcomes(), { exported: 0, dropped: 16, failed: 0 });
  await spans.close(0);
  assert.equal(outcomes().dropped, 26);
});

test('SpanExporter: a collector that refuses, or is not there, loses the batch and no more', async (t) => {
  const statuses = [503, 200];
  const { endpoint } = await collector(t, (response) => response.writeHead(statuses.shift() ?? 200).end());
  const refused = exporter(endpoint);
  for (let i = 0; i < 8; i++) refused.exporter.add(span());
  await eventually('both are answered', () => refused.outcomes().exported === 4);
  assert.equal(refused.outcomes().failed, 4);
  const absent = exporter('http://127.0.0.1:1/v1/traces');
  absent.exporter.add(span());
  await absent.exporter.close(10_000);
  assert.deepEqual(absent.outcomes(), { exported: 0, dropped: 0, failed: 1 });
});
