import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HostRules } from '../../../src/translate/host-rules.ts';

const rules = new HostRules({
  hostClaims: [
    { hosts: ['**.example.com', 'exact.test'], namespaces: ['web'] },
    { hosts: ['admin.example.com'], namespaces: ['ops'] },
    { hosts: ['admin.example.com'], namespaces: ['root'] },
    { hosts: ['*.one.test'], namespaces: ['one'] },
    { hosts: ['nobody.test'], namespaces: [] },
  ],
});

const kind = (host: string, namespace: string): string => rules.judge(host, namespace).kind;

test('the most specific claim that covers a host decides, and claims of one host add up', () => {
  const rows: readonly (readonly [host: string, namespace: string, kind: string])[] = [
    ['exact.test', 'web', 'permitted'],
    ['exact.test', 'ops', 'refused'],
    ['a.exact.test', 'ops', 'unclaimed'],
    ['shop.example.com', 'web', 'permitted'],
    ['a.b.example.com', 'web', 'permitted'],
    ['a.b.example.com', 'ops', 'refused'],
    ['example.com', 'ops', 'unclaimed'],
    ['admin.example.com', 'web', 'refused'],
    ['admin.example.com', 'ops', 'permitted'],
    ['admin.example.com', 'root', 'permitted'],
    ['x.one.test', 'one', 'permitted'],
    ['x.one.test', 'web', 'refused'],
    ['x.y.one.test', 'web', 'unclaimed'],
    ['nobody.test', 'web', 'refused'],
    ['other.test', 'web', 'unclaimed'],
    ['*', 'anybody', 'permitted'],
  ];
  for (const [host, namespace, expected] of rows) assert.equal(kind(host, namespace), expected, `${host} of ${namespace}`);
});

test('a wildcard is covered by a claim that is as wide', () => {
  assert.equal(kind('*.example.com', 'web'), 'permitted');
  assert.equal(kind('**.sub.example.com', 'web'), 'permitted');
  assert.equal(kind('*.one.test', 'one'), 'permitted');
});

test('a wildcard that nobody claimed is refused where it takes in what is claimed for others', () => {
  assert.equal(kind('**.one.test', 'one'), 'unclaimed');
  assert.equal(kind('**.one.test', 'web'), 'refused');
  assert.equal(kind('*.test', 'web'), 'refused');
  assert.equal(kind('**.com', 'web'), 'refused');
  assert.equal(kind('**.org', 'web'), 'unclaimed');
});
