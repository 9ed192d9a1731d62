import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sampledTraceId, TraceContexts } from '../../../src/networkproxy/trace-context.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const given = `00-${traceId}-b7ad6b7169203331-01`;

describe('The trace of a request', () => {
  it('is the one that the client carries, in any version but ff', () => {
    const traces = new TraceContexts();
    for (const traceparent of [given, given.replace('-01', '-00'), `cc${given.slice(2)}`, `cc${given.slice(2)}-what-will-come`]) {
      assert.deepEqual(traces.traceOf(['x', 'y', 'traceparent', traceparent]), {
        id: traceId,
        sampled: traceparent !== given.replace('-01', '-00'),
        traceparent: undefined,
      });
    }
  });

  it('begins here when the client carries none, or none that can be read', () => {
    const traces = new TraceContexts();
    const broken = [
      '',
      `ff${given.slice(2)}`,
      given.toUpperCase(),
      `${given}-more`,
      given.slice(0, -1),
      `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
      `00-${traceId}-${'0'.repeat(16)}-01`,
      `cc${given.slice(2)}-${'x'.repeat(600)}`,
    ];
    for (const headers of [[], ['traceparent', given, 'traceparent', given], ...broken.map((value) => ['traceparent', value])]) {
      const { id, traceparent } = traces.traceOf(headers);
      assert.match(id, /^[\da-f]{32}$/);
      assert.notEqual(id, traceId, headers.join(' '));
      assert.match(traceparent ?? '', new RegExp(`^00-${id}-[\\da-f]{16}-01$`));
    }
  });

  it('is one to look up when it came with the request, alone, and somebody records it', () => {
    assert.equal(sampledTraceId(['x', 'y', 'traceparent', given]), traceId);
    assert.equal(sampledTraceId(['traceparent', given.replace('-01', '-03')]), traceId);
    const others = [
      [],
      ['traceparent', 'nonsense'],
      ['traceparent', given.replace('-01', '-02')],
      ['traceparent', given, 'traceparent', given],
    ];
    for (const headers of others) assert.equal(sampledTraceId(headers), undefined, headers.join(' '));
  });

  it('is another one for every request', () => {
    const traces = new TraceContexts();
    const ids = Array.from({ length: 2000 }, () => traces.traceOf([]));
    assert.equal(new Set(ids.map(({ id }) => id)).size, 2000);
    assert.equal(new Set(ids.map(({ traceparent }) => traceparent?.slice(36, 52))).size, 2000);
  });

  it('with spans, a trace goes on with ours as the parent, its flag as it came; a share of those that begin is sampled', () => {
    const traces = new TraceContexts(0.25);
    const received = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    for (const flags of ['00', '01']) {
      const { id, sampled, traceparent, span } = traces.traceOf(['traceparent', received.replace(/01$/, flags)]);
      assert.deepEqual([id, sampled, span?.parentId], ['0af7651916cd43dd8448eb211c80319c', flags === '01', 'b7ad6b7169203331']);
      assert.equal(traceparent, `00-${id}-${span?.id}-${flags}`);
      assert.notEqual(span?.id, span?.parentId);
    }
    let sampled = 0;
    const spans = new Set<string>();
    for (let i = 0; i < 4000; i++) {
      const trace = traces.traceOf([]);
      if (trace.sampled) sampled++;
      assert.equal(trace.traceparent, `00-${trace.id}-${trace.span?.id}-${trace.sampled ? '01' : '00'}`);
      assert.equal(trace.span?.parentId, undefined);
      spans.add(trace.span?.id ?? '');
    }
    assert.equal(spans.size, 4000);
    assert.ok(sampled > 700 && sampled < 1300, String(sampled));
    assert.ok(new TraceContexts(0).traceOf([]).sampled === false && new TraceContexts(1).traceOf([]).sampled);
  });
});
