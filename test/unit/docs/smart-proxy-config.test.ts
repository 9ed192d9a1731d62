import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { smartProxyConfigSchema } from '../../../src/api/generated/smart-proxy-config-schema.ts';
import { checkSchema } from '../../../src/api/schema-check.ts';
import { inheritableFields, sharedFields, smartProxyConfigFields, waysOfAsking } from '../../../tools/smart-proxy-config-fields.ts';
import { specFields } from '../../../tools/spec-fields.ts';
import { defaultCases } from '../../tools/defaults/all-cases.ts';
import { fieldsOf } from '../../tools/defaults/default-case.ts';
import { unexercisedFields } from '../../tools/test-source.ts';

const crd = 'crds/smartproxy.dev_smartproxyconfigs.yaml';

test('every field of SmartProxyConfig that holds a value has a default and a test that has the field', () => {
  const leaves = specFields(crd, sharedFields).filter(({ isLeaf }) => isLeaf);
  assert.deepEqual(Object.keys(smartProxyConfigFields).sort(), leaves.map(({ path }) => path).sort());
  assert.deepEqual(unexercisedFields(smartProxyConfigFields), []);
});

test('every default that may be set has a case that looks at what it does, and the others are refused', () => {
  const wholes = defaultCases.flatMap(fieldsOf).map((field) => waysOfAsking.find((way) => field.startsWith(`${way}.`)) ?? field);
  assert.deepEqual([...new Set(wholes)].sort(), [...inheritableFields(crd)].sort());
  assert.equal(checkSchema(smartProxyConfigSchema, { defaults: { policy: { auth: { none: {} } } } }, 'spec').invalid.length, 1);
});

test('every field of SmartProxyConfig has a description', () => {
  assert.deepEqual(
    specFields(crd).filter(({ description }) => description === ''),
    [],
  );
});

test('the example is one that the CRD allows', () => {
  const { spec } = parse(readFileSync('examples/smartproxyconfig/config.yaml', 'utf8')) as { spec: unknown };
  assert.deepEqual(checkSchema(smartProxyConfigSchema, spec, 'spec'), { invalid: [], unknown: [] });
});

test('the example on the page is one that the CRD allows', () => {
  const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(readFileSync('docs/smartproxyconfig.md', 'utf8')) ?? [];
  const [first] = parseAllDocuments(yaml).map((document) => document.toJS() as { spec: unknown });
  assert.deepEqual(checkSchema(smartProxyConfigSchema, first?.spec, 'spec'), { invalid: [], unknown: [] });
});
