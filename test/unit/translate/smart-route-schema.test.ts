import assert from 'node:assert/strict';
import { test } from 'node:test';
import { smartRouteSchema } from '../../../src/api/generated/smart-route-schema.ts';
import type { SmartRoute } from '../../../src/api/objects.ts';
import { checkSchema } from '../../../src/api/schema-check.ts';
import { readSmartRoute } from '../../../src/translate/read-smart-route.ts';
import { untriedRules } from '../../tools/schema-rules.ts';
import { smartRouteCases, smartRouteRules } from '../../tools/smart-route-cases.ts';

/** As JSON has it: no undefined. */
function plain(spec: object): SmartRoute['spec'] {
  return JSON.parse(JSON.stringify(spec)) as SmartRoute['spec'];
}

for (const { name, spec, valid } of smartRouteCases) {
  test(`SmartRoute from a file ${name}`, () => {
    const { problems } = readSmartRoute('shop/web', { kind: 'SmartRoute', metadata: { name: 'web' }, spec: plain(spec) });
    const isRefused = problems.some(({ reason }) => reason === 'InvalidObject' || reason === 'InvalidRule');
    assert.equal(!isRefused, valid, JSON.stringify(problems));
    if (valid) assert.deepEqual(problems, []);
    for (const { field, message } of smartRouteRules.brokenBy(plain(spec))) {
      const told = problems.find((problem) => problem.message === `SmartRoute shop/web, ${field}: ${message}.`);
      assert.equal(told?.field, field, JSON.stringify(problems));
    }
  });
}

test('SmartRoute: every rule in CEL has a case that it accepts and one that it refuses', () => {
  assert.ok(smartRouteRules.all.size > 50);
  assert.deepEqual(untriedRules(smartRouteRules, smartRouteCases), { neverRefusing: [], neverAccepting: [] });
});

test('schema check: fields that do not exist are told with the nearest one, and dropped, not refused', () => {
  const { invalid, unknown } = checkSchema(
    smartRouteSchema,
    { http: { rules: [{ name: 'a', action: { block: {} }, mathces: [] }] } },
    'spec',
  );
  assert.deepEqual(invalid, []);
  assert.deepEqual(unknown, [{ field: 'spec.http.rules[0].mathces', sentence: 'this field does not exist; did you mean matches?' }]);
});

test('schema check: problems are bounded, and names of the prototype are no fields', () => {
  const rules = Array.from({ length: 60 }, () => ({ constructor: 1, toString: 2 }));
  const { invalid, unknown } = checkSchema(smartRouteSchema, { http: { rules }, __proto__: null }, 'spec');
  assert.equal(invalid.length, 20);
  assert.equal(unknown.length, 20);
});
