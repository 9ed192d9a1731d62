import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { smartProxyConfigSchema } from '../../../src/api/generated/smart-proxy-config-schema.ts';
import { smartRouteSchema } from '../../../src/api/generated/smart-route-schema.ts';
import { checkSchema } from '../../../src/api/schema-check.ts';
import { allPages } from '../../tools/pages.ts';

interface Shown {
  readonly page: string;
  readonly kind?: string;
  readonly spec?: Readonly<Record<string, unknown>>;
}

const schemas = new Map([
  ['SmartRoute', smartRouteSchema],
  ['SmartProxyConfig', smartProxyConfigSchema],
]);

/** What blocks that begin with `spec` are parts of, by their page. */
const kindOfParts = new Map([
  ['docs/smartroute.md', 'SmartRoute'],
  ['docs/smartproxyconfig.md', 'SmartProxyConfig'],
]);

const objects: readonly Shown[] = allPages().flatMap((page) => {
  const blocks = [...readFileSync(page, 'utf8').matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, block = '']) => block);
  return blocks.flatMap((block) =>
    parseAllDocuments(block).map((document): Shown => {
      assert.deepEqual(document.errors, [], `${page}\n${block}`);
      return { page, ...(document.toJS() as object) };
    }),
  );
});

test('every object of ours that a page shows as a whole is one that its CRD allows', () => {
  const whole = objects.filter(({ kind }) => schemas.has(kind ?? ''));
  assert.ok(whole.length > 4);
  for (const { page, kind = '', spec } of whole) {
    const schema = schemas.get(kind);
    if (schema !== undefined) assert.deepEqual(checkSchema(schema, spec, 'spec'), { invalid: [], unknown: [] }, page);
  }
});

test('every part of such an object that a page shows has fields that there are', () => {
  const parts = objects.filter(({ page, kind, spec }) => kind === undefined && spec !== undefined && kindOfParts.has(page));
  assert.ok(parts.length > 3);
  for (const { page, spec } of parts) {
    const schema = schemas.get(kindOfParts.get(page) ?? '');
    if (schema !== undefined) assert.deepEqual(checkSchema(schema, spec, 'spec').unknown, [], page);
  }
});
