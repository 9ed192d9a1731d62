import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Readiness } from '../../../src/cli/readiness.ts';
import type { Trouble, TroubleReason } from '../../../src/sources/troubles.ts';

/** A start: nothing listed, no table; fields change as it goes on. */
function start() {
  const state = {
    nowMs: 0,
    hasTable: false,
    serving: false,
    stopping: false,
    watchDetail: 'not listed yet',
    troubles: new Map<string, Trouble>(),
  };
  const readiness = new Readiness({
    isStopping: () => state.stopping,
    hasTable: () => state.hasTable,
    isServing: () => state.serving,
    health: () => [
      { resource: 'services in shop', healthy: state.watchDetail === '', detail: state.watchDetail, restarts: 0, lastEventMs: 0 },
    ],
    troubles: () => state.troubles,
    now: () => state.nowMs,
  });
  const texts = () =>
    readiness
      .checks()
      .filter((check) => check.state !== 'ok')
      .map(({ name, state: is, reason }) => `${name} ${is} ${reason}`);
  const serve = () => Object.assign(state, { hasTable: true, serving: true, watchDetail: '' });
  const trouble = (part: string, reason: TroubleReason) => state.troubles.set(part, { reason, message: 'Cannot.' });
  return { state, texts, serve, trouble };
}

test('Readiness: before the first table, the watches that are waited for are named', () => {
  const { texts, trouble } = start();
  assert.deepEqual(texts(), ['table failed waiting', 'watch/services-in-shop failed waiting']);
  trouble('services in shop', 'forbidden');
  assert.deepEqual(texts(), ['table failed waiting', 'watch/services-in-shop failed forbidden']);
});

test('Readiness: once ready, lost watches, permissions and objects cost no traffic; no worker and a stop do', () => {
  const { state, texts, serve, trouble } = start();
  serve();
  assert.deepEqual(texts(), []);
  state.watchDetail = 'Cannot.';
  trouble('services in shop', 'forbidden');
  trouble('default-certificate', 'missing');
  assert.deepEqual(texts(), ['watch/services-in-shop degraded forbidden', 'default-certificate degraded missing']);
  state.serving = false;
  assert.ok(texts().includes('workers failed waiting'));
  state.serving = true;
  state.stopping = true;
  assert.ok(texts().includes('stop failed stopping'));
});

for (const [part, reason, check] of [
  ['default-certificate', 'missing', 'default-certificate failed missing'],
  ['default-backend', 'invalid', 'default-backend failed invalid'],
] as const) {
  test(`Readiness: a start with ${part} ${reason} waits for it, 30 s at most`, () => {
    const { state, texts, serve, trouble } = start();
    serve();
    trouble(part, reason);
    assert.deepEqual(texts(), [check]);
    state.nowMs = 29_999;
    assert.deepEqual(texts(), [check]);
    state.nowMs = 30_000;
    assert.deepEqual(texts(), [check.replace('failed', 'degraded')]);
  });
}

test('Readiness: a start whose list works and whose watch is forbidden waits too, one without an API server serves its snapshot', () => {
  const { state, texts, serve, trouble } = start();
  serve();
  state.watchDetail = 'Cannot.';
  trouble('services in shop', 'forbidden');
  assert.deepEqual(texts(), ['watch/services-in-shop failed forbidden']);
  trouble('services in shop', 'unreachable');
  assert.deepEqual(texts(), ['watch/services-in-shop degraded unreachable']);
});

test('Readiness: what is only written to the cluster never keeps traffic away', () => {
  const { texts, serve, trouble } = start();
  serve();
  for (const part of ['lease', 'events', 'ingresses/status', 'snapshot']) trouble(part, 'forbidden');
  trouble('publish-service', 'missing');
  assert.ok(texts().every((text) => text.includes(' degraded ')));
  assert.equal(texts().length, 5);
});
