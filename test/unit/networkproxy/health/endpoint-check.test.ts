import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EndpointRuntime } from '../../../../src/balancing/endpoint-runtime.ts';
import { ServiceLoad } from '../../../../src/balancing/service-load.ts';
import { EndpointCheck } from '../../../../src/networkproxy/health/endpoint-check.ts';
import { makeEndpoint } from '../../balancing/balancer-builder.ts';

const owner = { load: new ServiceLoad(), connectSucceeded: () => {}, connectFailed: () => {}, answered: () => {} };
const thresholds = { healthyThreshold: 2, unhealthyThreshold: 3 };

test('so many results in a row as the threshold says change what is known of an endpoint, and one to the contrary begins anew', () => {
  const endpoint = new EndpointRuntime('s', makeEndpoint(1), owner);
  const check = new EndpointCheck(endpoint, { due: () => {}, late: () => {} });
  const changes = [...'++--+---'].map((result) => check.take(result === '+', thresholds));
  assert.deepEqual(changes, [false, false, false, false, false, false, false, true]);
  endpoint.isHealthy = false;
  const back = [...'--+-++'].map((result) => check.take(result === '+', thresholds));
  assert.deepEqual(back, [false, false, false, false, false, true]);
});

test('a deadline is the time for a probe, or the end of the one in hand', () => {
  const calls: string[] = [];
  const endpoint = new EndpointRuntime('s', makeEndpoint(1), owner);
  const check = new EndpointCheck(endpoint, { due: () => calls.push('due'), late: () => calls.push('late') });
  check.onTimeout();
  check.begin(() => () => calls.push('cancelled'));
  check.onTimeout();
  assert.equal(check.cancel(), true);
  assert.equal(check.cancel(), false);
  assert.deepEqual(calls, ['due', 'late', 'cancelled']);
});
