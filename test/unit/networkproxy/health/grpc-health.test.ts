import assert from 'node:assert/strict';
import { test } from 'node:test';
import { healthRequest, healthStatusOf } from '../../../../src/networkproxy/health/grpc-health.ts';

test('a request names the service, or nothing for the server as a whole', () => {
  assert.deepEqual(healthRequest(''), Buffer.from([0, 0, 0, 0, 0]));
  assert.deepEqual(healthRequest('shop'), Buffer.from([0, 0, 0, 0, 6, 0x0a, 4, ...Buffer.from('shop')]));
});

const answers: readonly (readonly [bytes: readonly number[], status: string | undefined])[] = [
  [[], undefined],
  [[0, 0, 0, 0], undefined],
  [[0, 0, 0, 0, 2, 0x08], undefined],
  [[0, 0, 0, 0, 2, 0x08, 1], 'SERVING'],
  [[0, 0, 0, 0, 2, 0x08, 2], 'NOT_SERVING'],
  [[0, 0, 0, 0, 2, 0x08, 9], 'status 9'],
  [[0, 0, 0, 0, 0], 'UNKNOWN'],
  [[1, 0, 0, 0, 2, 0x08, 1], 'an answer that can not be read'],
  [[0, 1, 0, 0, 0], 'an answer that can not be read'],
  [[0, 0, 0, 0, 2, 0x10, 1], 'an answer that can not be read'],
];

for (const [bytes, status] of answers) {
  test(`the answer ${Buffer.from(bytes).toString('hex')} says ${status}`, () => assert.equal(healthStatusOf(Buffer.from(bytes)), status));
}
