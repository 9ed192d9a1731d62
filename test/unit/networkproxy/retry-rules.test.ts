import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backOffMs, mayBeDoneTwice, retriesAnswer, retriesFailure } from '../../../src/networkproxy/upstream/retry-rules.ts';
import { responseFlags } from '../../../src/observability/counters/response-flag.ts';
import type { RetryRules } from '../../../src/routes/policy.ts';

const none: RetryRules = {
  reset: false,
  timeout: false,
  statuses: [],
  grpcStatuses: [],
  nonIdempotent: false,
  perTryTimeoutMs: 0,
  backOffMs: 0,
};

test('methods that may be done twice are tried again, others when the route says so', () => {
  const methods = ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'POST', 'PATCH', 'get'];
  assert.deepEqual(
    methods.filter((method) => !mayBeDoneTwice(none, method)),
    ['POST', 'PATCH', 'get'],
  );
  assert.ok(methods.every((method) => mayBeDoneTwice({ ...none, nonIdempotent: true }, method)));
});

test('each condition is about its own failures', () => {
  const retried = (rules: Partial<RetryRules>) => responseFlags.filter((flag) => retriesFailure({ ...none, ...rules }, flag));
  assert.deepEqual(retried({}), []);
  assert.deepEqual(retried({ reset: true }), ['upstream_reset', 'upstream_protocol_error', 'upstream_response_too_large']);
  assert.deepEqual(retried({ timeout: true }), ['upstream_timeout']);
  assert.deepEqual(retried({ perTryTimeoutMs: 1000 }), ['upstream_timeout']);
});

test('answers are given up by status, or by the gRPC status that they end with', () => {
  const rules = { ...none, statuses: [503], grpcStatuses: ['14'] };
  assert.equal(retriesAnswer(rules, 503, undefined), true);
  assert.equal(retriesAnswer(rules, 500, undefined), false);
  assert.equal(retriesAnswer(rules, 200, '14'), true);
  assert.equal(retriesAnswer(rules, 200, '0'), false);
});

test('pauses double up to ten times the first, and one half of each is chance', () => {
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6].map((retry) => backOffMs(100, retry, 0)),
    [50, 100, 200, 400, 500, 500],
  );
  assert.equal(backOffMs(100, 1, 0.5), 75);
});
