import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { smartRouteSchema } from '../../../src/api/generated/smart-route-schema.ts';
import { checkSchema } from '../../../src/api/schema-check.ts';
import { smartRouteFields } from '../../../tools/smart-route-fields.ts';
import { guideSections } from '../../../tools/smart-route-guide/guide-docs.ts';
import { specFields } from '../../../tools/spec-fields.ts';
import { unexercisedFields } from '../../tools/test-source.ts';

const crd = 'crds/smartproxy.dev_smartroutes.yaml';

test('every field of SmartRoute that holds a value has a default and a test that has the field', () => {
  const leaves = specFields(crd).filter(({ isLeaf }) => isLeaf);
  assert.deepEqual(Object.keys(smartRouteFields).sort(), leaves.map(({ path }) => path).sort());
  assert.deepEqual(unexercisedFields(smartRouteFields), []);
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

test('every example of SmartRoute is on the page of what people want to do, once', () => {
  const shown = guideSections.flatMap(({ entries }) => entries.flatMap(({ files }) => files));
  assert.deepEqual(
    shown.sort(),
    globSync('examples/smartroute/*.yaml')
      .map((path) => basename(path, '.yaml'))
      .sort(),
  );
});
