import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ReadinessCheck, readinessAnswer } from '../../../src/observability/readiness.ts';

const fine: ReadinessCheck = { name: 'table', state: 'ok', reason: '', message: '' };
const degraded: ReadinessCheck = { name: 'lease', state: 'degraded', reason: 'forbidden', message: 'Cannot get\nleases' };
const failed: ReadinessCheck = { name: 'watch/ingresses', state: 'failed', reason: 'forbidden', message: 'Cannot list ingresses' };

test('readinessAnswer: all well is the word ok, or a line a part when asked', () => {
  assert.deepEqual(readinessAnswer([fine], false), { status: 200, body: 'ok\n' });
  assert.deepEqual(readinessAnswer([fine], true), { status: 200, body: '[+]table: ok\nreadyz check passed\n' });
});

test('readinessAnswer: what costs no traffic is told with 200, each part on one line', () => {
  assert.deepEqual(readinessAnswer([fine, degraded], false), {
    status: 200,
    body: '[+]table: ok\n[!]lease: forbidden: Cannot get leases\nreadyz check passed\n',
  });
});

test('readinessAnswer: one part that fails is 503, whatever else there is', () => {
  assert.deepEqual(readinessAnswer([fine, degraded, failed], false), {
    status: 503,
    body: '[+]table: ok\n[!]lease: forbidden: Cannot get leases\n[-]watch/ingresses: forbidden: Cannot list ingresses\nreadyz check failed\n',
  });
});
