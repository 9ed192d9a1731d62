import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject, ObjectKind } from '../../../src/api/objects.ts';
import { maxProblemsPerObject } from '../../../src/translate/problem-list.ts';
import { translate } from '../../../src/translate/translate.ts';
import type { Translation } from '../../../src/translate/translation.ts';
import { defaultOptions } from '../../golden/default-options.ts';
import { certificateSecret } from './certificate-secrets.ts';

const path = { path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } };
const good = { spec: { ingressClassName: 'smartproxy', rules: [{ host: 'good.example.com', http: { paths: [path] } }] } };

/** Translates an odd Ingress beside a good one, which must be served whatever happens. */
function beside(odd: object, others: Partial<Record<ObjectKind, Record<string, object>>> = {}): Translation {
  const kinds = new Map<string, ReadonlyMap<string, KubeObject>>(
    Object.entries(others).map(([kind, objects]) => [kind, new Map(Object.entries(objects)) as unknown as ReadonlyMap<string, KubeObject>]),
  );
  const ingresses = { 'shop/good': good, 'shop/odd': odd };
  kinds.set('Ingress', new Map(Object.entries(ingresses)) as unknown as ReadonlyMap<string, KubeObject>);
  const translation = translate({ of: (kind) => (kinds.get(kind) ?? new Map()) as never }, defaultOptions);
  assert.ok(translation.routeTable.hosts.has('good.example.com'));
  for (const { message, field } of translation.problems) assert.ok(message.length <= 1000 && field.length <= 300);
  return translation;
}

function oddProblems(translation: Translation): Translation['problems'] {
  return translation.problems.filter(({ object }) => object.name === 'odd');
}

test('translate reports a 1 MB annotation without repeating it', () => {
  const value = 'x'.repeat(1_048_576);
  const translation = beside({
    ...good,
    metadata: { annotations: { 'smartproxy.dev/read-timeout': value, [`smartproxy.dev/${value}`]: value } },
  });
  assert.deepEqual(
    oddProblems(translation)
      .map(({ reason }) => reason)
      .sort(),
    ['InvalidAnnotation', 'PathConflict', 'ServiceNotFound', 'UnknownAnnotation'],
  );
});

test('translate serves a 64 KB host list', () => {
  const hosts = Array.from({ length: 3000 }, (_, index) => `host-${index}.example.com`);
  const rules = hosts.map((host) => ({ host, http: { paths: [path] } }));
  const { routeTable } = beside({ spec: { ingressClassName: 'smartproxy', rules, tls: [{ hosts, secretName: 'none' }] } });
  assert.equal(routeTable.hosts.size, 3001);
});

test('translate bounds the problems of one object and says how many there are more', () => {
  const rules = Array.from({ length: 5000 }, () => ({ host: 'Not A Host' }));
  const problems = oddProblems(beside({ spec: { ingressClassName: 'smartproxy', rules } }));
  assert.equal(problems.length, maxProblemsPerObject);
  assert.equal(problems.at(-1)?.reason, 'TooLarge');
  assert.match(problems.at(-1)?.message ?? '', /has 4951 more problems that are not listed/);
});

test('translate counts what is not listed over all steps in which it finds problems', () => {
  const annotations = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`smartproxy.dev/none-${index}`, 'x']));
  const problems = oddProblems(beside({ ...good, metadata: { annotations } }));
  assert.equal(problems.length, maxProblemsPerObject);
  assert.match(problems.at(-1)?.message ?? '', /has 13 more problems/, '11 annotations, a missing Service and the path of another');
});

test('translate refuses a host of 64 KB and keeps control characters out of messages', () => {
  const rules = [{ host: `a${'b'.repeat(65_536)}.example.com` }, { host: 'a\u0000\u001b[31m.example.com' }];
  const problems = oddProblems(beside({ spec: { ingressClassName: 'smartproxy', rules } }));
  assert.deepEqual(
    problems.map(({ reason }) => reason),
    ['InvalidHost', 'InvalidHost'],
  );
  for (const { message } of problems) assert.doesNotMatch(message, /[\u0000-\u001f]/);
});

test('translate never puts anything of a private key into a problem', () => {
  const secret = certificateSecret('mismatch');
  const key = Buffer.from(secret.data?.['tls.key'] ?? '', 'base64').toString();
  const tls = [{ hosts: ['odd.example.com'], secretName: 'tls' }];
  const translation = beside(
    { spec: { ingressClassName: 'smartproxy', rules: [{ host: 'odd.example.com', http: { paths: [path] } }], tls } },
    { Secret: { 'shop/tls': secret } },
  );
  const text = JSON.stringify(translation.problems);
  assert.match(text, /does not belong/);
  for (const line of key.split('\n').filter((part) => part.length > 20 && !part.startsWith('-----'))) assert.ok(!text.includes(line));
});

test('translate takes a prototype name for what it is: a name', () => {
  const rules = [{ host: 'constructor', http: { paths: [{ ...path, path: '/__proto__' }] } }];
  const { routeTable } = beside({
    metadata: { annotations: { 'smartproxy.dev/constructor': 'x' } },
    spec: { ingressClassName: 'smartproxy', rules },
  });
  assert.ok(routeTable.hosts.has('constructor'));
});
