import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ingress } from '../../../src/api/objects.ts';
import { normaliseTarget } from '../../../src/networkproxy/path-normalisation.ts';
import { readIngress } from '../../../src/translate/read-ingress.ts';

function readPath(path: string, pathType = 'Exact'): ReturnType<typeof readIngress> {
  const backend = { service: { name: 'web', port: { number: 80 } } };
  const ingress = { spec: { rules: [{ host: 'shop.example.com', http: { paths: [{ path, pathType, backend }] } }] } };
  return readIngress('shop/web', ingress as unknown as Ingress);
}

function matched(path: string): string | undefined {
  return readPath(path).rules[0]?.paths[0]?.match.value;
}

test('a path of a rule matches requests for it however its characters are escaped', () => {
  const requestsByRule = {
    '/%7Euser': '/~user',
    '/~user': '/%7euser',
    '/caf%c3%a9': '/caf%C3%A9',
    '/café': '/caf%c3%a9',
    '/a%2db': '/a-b',
    '/100%25': '/100%25',
    '/a%3bb': '/a%3Bb',
  };
  for (const [path, request] of Object.entries(requestsByRule)) {
    const target = normaliseTarget(request);
    assert.equal(target.kind, 'target', request);
    assert.equal(matched(path), target.kind === 'target' ? target.path : '', path);
  }
});

test('a path of a rule that names a dot segment by escapes is reported, for no request has one, and what it may mean is not served', () => {
  const { rules, problems } = readPath('/%2e%2E/admin');
  const [path, ...others] = rules[0]?.paths ?? [];
  assert.deepEqual([path?.match.value, path?.backend.kind, others], ['/admin', 'unusable', []]);
  assert.deepEqual(
    problems.map(({ reason, field }) => [reason, field]),
    [['InvalidPath', 'spec.rules[0].http.paths[0].path']],
  );
});
