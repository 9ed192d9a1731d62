import assert from 'node:assert/strict';
import { test } from 'node:test';
import { edgeFilters, filtersOf, filterTable } from '../../../src/networkproxy/filters/filter-table.ts';
import type { CompiledRoute } from '../../../src/routes/compiled-table.ts';
import { CompiledTable } from '../../../src/routes/compiled-table.ts';
import type { TestRoute } from '../../feature/networkproxy/harness.ts';
import { tableOf } from '../../feature/networkproxy/harness.ts';

function compiled(route: TestRoute): CompiledRoute {
  const result = CompiledTable.compile(tableOf({ routes: [route] })).match({ host: 'a', method: 'GET', path: '/', query: '', headers: [] });
  assert.equal(result.kind, 'route');
  return (result as { route: CompiledRoute }).route;
}

test('a plain route needs no filter at all', () => {
  assert.deepEqual(filtersOf(compiled({})), []);
});

test('a route gets the filters that its policy and action ask for, in the order of the table', () => {
  const names = filtersOf(
    compiled({ policy: { redirectToHttps: true, maxRequestBodyBytes: 1 }, action: { kind: 'fail', status: 503, reason: 'x' } }),
  ).map((filter) => filter.name);
  assert.deepEqual(names, ['redirect_https', 'body_limit', 'route_action']);
  assert.deepEqual(
    filtersOf(compiled({ policy: { maxRequestBodyBytes: 1 } })).map((filter) => filter.name),
    ['body_limit'],
  );
});

test('every row of the table gives its reason, and names are unique', () => {
  const rows = [...edgeFilters, ...filterTable];
  for (const row of rows) assert.ok(row.reason.length > 20, row.name);
  assert.equal(new Set(rows.map((row) => row.name)).size, rows.length);
});
