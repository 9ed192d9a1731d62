import assert from 'node:assert/strict';
import { test } from 'node:test';
import { redactReport } from '../../../src/ask/bug-report/redact-report.ts';

test('what may be a secret is left out by where it stands, and the rest stays', () => {
  const report = {
    table: {
      hosts: {
        'shop.example': { routes: [{ match: { path: { kind: 'prefix', value: '/x' }, headers: [{ name: 'x-key', value: 'planted' }] } }] },
      },
      policies: {
        p: {
          requestHeaders: { set: ['authorization', 'planted'], add: ['x-a', 'planted'], remove: ['x-b'] },
          auth: { users: 'planted', requiredClaims: [{ claim: 'groups', values: ['planted'] }] },
          errorPages: [{ content: { kind: 'text', text: 'planted' } }],
          maintenance: { answer: { status: 503, headers: ['retry-after', 'planted'], body: 'planted' } },
        },
      },
      challenges: { t: { token: 't', keyAuthorization: 'planted' } },
    },
    routes: [{ match: '/x (prefix), header x-key to be "planted", from 10.0.0.0/8' }],
    connections: [{ remoteAddress: '192.0.2.1' }, { remoteAddress: '192.0.2.2' }, { remoteAddress: '192.0.2.1', user: 'planted' }],
    metrics: { text: '# HELP a b\na{host="x"} 1' },
  };
  const shown = JSON.stringify(redactReport(report));
  assert.doesNotMatch(shown, /planted|192\.0\.2/);
  for (const kept of [
    '"/x"',
    'x-key',
    'authorization',
    'retry-after',
    'x-b',
    'groups',
    '/x (prefix), ...',
    'client-1',
    'client-2',
    '# HELP a b',
  ])
    assert.ok(shown.includes(kept), `${kept} stays: ${shown}`);
  assert.deepEqual(
    (redactReport(report) as typeof report).connections.map(({ remoteAddress }) => remoteAddress),
    ['client-1', 'client-2', 'client-1'],
  );
});

test('what looks like a credential is left out wherever it stands', () => {
  const texts = [
    'sent Authorization: Bearer planted.token-1',
    'Basic cGxhbnRlZDpwbGFudGVk',
    'https://planted:planted@example.com/x',
    'see https://example.com/x?token=planted',
    'eyJplanted.eyJplanted.planted',
    '-----BEGIN EC PRIVATE KEY-----\nplanted\n-----END EC PRIVATE KEY-----',
    '-----BEGIN PRIVATE KEY-----\nplanted and cut',
  ];
  for (const text of texts) assert.doesNotMatch(JSON.stringify(redactReport({ message: text })), /planted|cGxhbnRl/, text);
  assert.deepEqual(redactReport({ a: 'Service shop/web does not exist', b: 3, c: [true, null] }), {
    a: 'Service shop/web does not exist',
    b: 3,
    c: [true, null],
  });
});
