import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settingsOfDefaults } from '../../../src/translate/config-defaults.ts';
import { ProblemList } from '../../../src/translate/problem-list.ts';

const ref = { apiVersion: 'smartproxy.dev/v1alpha1', kind: 'SmartProxyConfig', namespace: 'smartproxy', name: 'main', uid: '' };

test('an address that is none, in defaults, lets nobody in and is named', () => {
  const problems = new ProblemList(ref);
  const policy = {
    clients: { allow: ['10.0.0.0/8'], deny: ['10.0.0.0/80'] },
    maintenance: { enabled: true, allow: ['300.0.0.1'] },
    retries: { attempts: 2 },
  };
  const settings = settingsOfDefaults(ref, { defaults: { policy } }, problems);
  assert.deepEqual(settings?.clients, { allow: [], deny: ['0.0.0.0/0', '::/0'] });
  assert.ok(settings.maintenance !== false);
  assert.deepEqual(settings.maintenance?.allow, []);
  assert.equal(settings.retries, 2);
  assert.deepEqual(
    problems.list().map(({ reason, field }) => `${reason} ${field}`),
    ['InvalidAddress spec.defaults.policy.clients', 'InvalidAddress spec.defaults.policy.maintenance.allow'],
  );
});

test('defaults that set nothing are none', () => {
  assert.equal(settingsOfDefaults(ref, {}, new ProblemList(ref)), undefined);
  assert.equal(settingsOfDefaults(ref, { defaults: {} }, new ProblemList(ref)), undefined);
});
