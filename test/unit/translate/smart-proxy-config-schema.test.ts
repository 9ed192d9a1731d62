import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SmartProxyConfig } from '../../../src/api/objects.ts';
import { readSmartProxyConfig } from '../../../src/translate/smart-proxy-config-reading.ts';
import { smartProxyConfigCases, smartProxyConfigRules } from '../../tools/smart-proxy-config-cases.ts';

for (const { name, rule, spec, valid } of smartProxyConfigCases) {
  test(`SmartProxyConfig from a file ${name}`, () => {
    const plain = JSON.parse(JSON.stringify(spec)) as SmartProxyConfig['spec'];
    const object: SmartProxyConfig = { kind: 'SmartProxyConfig', metadata: { name: 'web' }, spec: plain };
    const { problems } = readSmartProxyConfig('shop/web', object);
    assert.equal(!problems.some(({ reason }) => reason === 'InvalidObject'), valid, JSON.stringify(problems));
    if (valid) assert.deepEqual(problems, []);
    else if (smartProxyConfigRules.has(rule))
      assert.ok(
        problems.some(({ message }) => message.endsWith(`: ${rule}.`)),
        JSON.stringify(problems),
      );
  });
}

test('SmartProxyConfig: every rule in CEL has a case that it accepts and one that it refuses', () => {
  for (const message of smartProxyConfigRules) {
    for (const valid of [true, false])
      assert.ok(
        smartProxyConfigCases.some((entry) => entry.rule === message && entry.valid === valid),
        message,
      );
  }
});
