import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { smartRouteSchema } from '../../../src/api/generated/smart-route-schema.ts';
import { checkSchema } from '../../../src/api/schema-check.ts';
import { specFields } from '../../../tools/smart-route-docs.ts';
import { smartRouteFields } from '../../../tools/smart-route-fields.ts';

const crd = 'crds/smartproxy.dev_smartroutes.yaml';

test('every field of SmartRoute that holds a value has a default and a test that exists', () => {
  const leaves = specFields(crd).filter(({ isLeaf }) => isLeaf);
  assert.deepEqual(Object.keys(smartRouteFields).sort(), leaves.map(({ path }) => path).sort());
  for (const [path, { test: place }] of Object.entries(smartRouteFields)) {
    const text = readFileSync(`test/${place[0]}`, 'utf8');
    assert.match(
      text,
      new RegExp(`\\b(?:it|test)\\(\\s*'${place[1].replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`),
      `${path}: ${place.join(' ')}`,
    );
  }
});

test('every field of SmartRoute has a description', () => {
  const silent = specFields(crd).filter(({ description }) => description === '');
  assert.deepEqual(silent, []);
});

test('the example on the page is one that the CRD allows', () => {
  const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(readFileSync('docs/smartroute.md', 'utf8')) ?? [];
  const { spec } = parse(yaml) as { spec: unknown };
  assert.deepEqual(checkSchema(smartRouteSchema, spec, 'spec'), { invalid: [], unknown: [] });
});
