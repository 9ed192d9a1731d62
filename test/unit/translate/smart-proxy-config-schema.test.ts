import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SmartProxyConfig } from '../../../src/api/objects.ts';
import { readSmartProxyConfig } from '../../../src/translate/smart-proxy-config-reading.ts';
import { inheritedCases, inheritedRules } from '../../tools/inherited-cases.ts';
import { untriedRules } from '../../tools/schema-rules.ts';
import { smartProxyConfigCases, smartProxyConfigRules } from '../../tools/smart-proxy-config-cases.ts';

for (const { name, spec, valid } of smartProxyConfigCases) {
  test(`SmartProxyConfig from a file ${name}`, () => {
    const plain = JSON.parse(JSON.stringify(spec)) as SmartProxyConfig['spec'];
    const object: SmartProxyConfig = { kind: 'SmartProxyConfig', metadata: { name: 'web' }, spec: plain };
    const { problems } = readSmartProxyConfig('shop/web', object);
    assert.equal(!problems.some(({ reason }) => reason === 'InvalidObject'), valid, JSON.stringify(problems));
    if (valid) assert.deepEqual(problems, []);
    for (const { field, message } of smartProxyConfigRules.brokenBy(plain)) {
      const told = problems.find((problem) => problem.message === `SmartProxyConfig shop/web, ${field}: ${message}.`);
      assert.equal(told?.field, field, JSON.stringify(problems));
    }
  });
}

test('SmartProxyConfig: every rule in CEL has a case that it accepts and one that it refuses', () => {
  assert.ok(smartProxyConfigRules.all.size > 10);
  assert.deepEqual(untriedRules(smartProxyConfigRules, smartProxyConfigCases), { neverRefusing: [], neverAccepting: [] });
});

test('SmartProxyConfig: every rule in CEL that defaults have of SmartRoute has a case that it accepts and one that it refuses', () => {
  const { neverRefusing, neverAccepting } = untriedRules(inheritedRules, inheritedCases);
  const untried = [...neverRefusing, ...neverAccepting].filter((id) => id.startsWith('spec.defaults.'));
  assert.deepEqual(untried, []);
});
