import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { applyDelta } from '../../../src/routes/apply-delta.ts';
import { compareHostKeys, compareRoutes } from '../../../src/routes/compare-routes.ts';
import { CompiledTable, type MatchRequest } from '../../../src/routes/compiled-table.ts';
import { cutDelta } from '../../../src/routes/cut-delta.ts';
import { diffTables } from '../../../src/routes/diff-tables.ts';
import { decodeDelta, encodeDelta } from '../../../src/routes/encode-delta.ts';
import { hostKeyCovers, hostKeyProblem } from '../../../src/routes/host-name.ts';
import { emptyRouteTable, type RouteTable, tableParts } from '../../../src/routes/route-table.ts';
import { sameData } from '../../../src/routes/same-data.ts';
import { StagedTable } from '../../../src/routes/staged-table.ts';
import { dumpTable } from '../../../src/routes/table-dump.ts';
import { validateTable } from '../../../src/routes/validate-table.ts';
import { hostileRequest, matchRequest, routeTable, tableHistory } from './arbitrary-table.ts';
import { naiveCovers, naiveMatch } from './naive-match.ts';

function matchedBy(table: CompiledTable, request: MatchRequest): string {
  const result = table.match(request);
  return result.kind === 'route' ? `${result.route.host.key} ${result.route.route.key}` : result.kind;
}

/** Maps with the same content, whatever their order. */
function assertSameTable(actual: RouteTable, expected: RouteTable): void {
  for (const part of tableParts) {
    assert.deepEqual([...actual[part].keys()].sort(), [...expected[part].keys()].sort());
    for (const [key, entry] of expected[part]) assert.ok(sameData(actual[part].get(key), entry), `${part} ${key}`);
  }
}

test('the compiled table matches as the naive reading of the rules does', () => {
  let matched = 0;
  fc.assert(
    fc.property(routeTable, fc.array(matchRequest, { minLength: 10, maxLength: 10 }), (table, requests) => {
      const compiled = CompiledTable.compile(table);
      for (const request of requests) {
        const expected = naiveMatch(table, request);
        if (expected.includes(' ')) matched++;
        assert.equal(matchedBy(compiled, request), expected);
      }
    }),
    { numRuns: 800 },
  );
  assert.ok(matched > 400, `only ${matched} requests met a route, so this says little`);
});

test('findHost returns the first host in the order of host keys that covers the name', () => {
  fc.assert(
    fc.property(routeTable, matchRequest, (table, { host }) => {
      const [expected] = [...table.hosts.keys()].filter((key) => naiveCovers(key, host)).sort(compareHostKeys);
      assert.equal(CompiledTable.compile(table).findHost(host)?.key, expected);
    }),
  );
});

test('hostKeyCovers is the naive rule', () => {
  fc.assert(
    fc.property(routeTable, matchRequest, (table, { host }) => {
      for (const key of table.hosts.keys()) assert.equal(hostKeyCovers(key, host), naiveCovers(key, host), `${key} ${host}`);
    }),
  );
});

test('compiling step by step through any history gives the same as from scratch', () => {
  fc.assert(
    fc.property(tableHistory, fc.array(matchRequest, { minLength: 5, maxLength: 5 }), (tables, requests) => {
      let compiled: CompiledTable | undefined;
      for (const table of tables) {
        compiled = CompiledTable.compile(table, compiled);
        const scratch = CompiledTable.compile(table);
        for (const request of requests) {
          assert.equal(matchedBy(compiled, request), matchedBy(scratch, request));
          const result = compiled.match(request);
          if (result.kind === 'route') assert.equal(result.route.policy, table.policies.get(result.route.route.policy));
        }
      }
      assert.equal(compiled?.generation, tables.length - 1);
    }),
    { numRuns: 200 },
  );
});

test('compiling the changed hosts alone through any history gives the same as from scratch', () => {
  fc.assert(
    fc.property(tableHistory, fc.array(matchRequest, { minLength: 5, maxLength: 5 }), (tables, requests) => {
      let compiled = CompiledTable.compile(emptyRouteTable);
      for (const table of tables) {
        const delta = diffTables(compiled.table, table) ?? {};
        const before = requests.map((request) => matchedBy(compiled, request));
        const previous = compiled;
        compiled = CompiledTable.recompile(applyDelta(previous.table, delta), previous, delta);
        const scratch = CompiledTable.compile(table);
        for (const [index, request] of requests.entries()) {
          assert.equal(matchedBy(previous, request), before[index], 'requests that began with the table before keep it');
          assert.equal(matchedBy(compiled, request), matchedBy(scratch, request));
          const result = compiled.match(request);
          if (result.kind === 'route') assert.equal(result.route.policy, compiled.table.policies.get(result.route.route.policy));
        }
      }
    }),
    { numRuns: 200 },
  );
});

test('a table with the difference to another applied is that other table', () => {
  fc.assert(
    fc.property(routeTable, routeTable, (a, b) => {
      const delta = diffTables(a, b);
      assertSameTable(delta === undefined ? a : applyDelta(a, delta), b);
    }),
    { numRuns: 200 },
  );
});

test('a worker that follows deltas over the wire has the table of the main process at every step', () => {
  fc.assert(
    fc.property(tableHistory, (tables) => {
      let published = emptyRouteTable;
      let received = emptyRouteTable;
      for (const table of tables) {
        const delta = diffTables(published, table);
        published = table;
        if (delta !== undefined) received = applyDelta(received, decodeDelta(structuredClone(encodeDelta(delta))));
        assertSameTable(received, table);
      }
    }),
    { numRuns: 100 },
  );
});

test('the pieces of a delta, of any size, make the same table as the whole of it', () => {
  fc.assert(
    fc.property(routeTable, routeTable, fc.integer({ min: 1, max: 5 }), (a, b, limit) => {
      const staged = new StagedTable(a);
      for (const piece of cutDelta(diffTables(a, b) ?? {}, limit)) staged.apply(piece);
      assertSameTable(staged.finish(), b);
    }),
    { numRuns: 200 },
  );
});

test('a table does not differ from a copy of itself', () => {
  fc.assert(
    fc.property(routeTable, (table) => {
      const delta = diffTables(emptyRouteTable, table);
      assert.ok(delta !== undefined);
      assert.equal(diffTables(table, applyDelta(emptyRouteTable, decodeDelta(structuredClone(encodeDelta(delta))))), undefined);
    }),
    { numRuns: 100 },
  );
});

test('applying a delta keeps the reference of everything it does not name', () => {
  fc.assert(
    fc.property(routeTable, routeTable, (a, b) => {
      const delta = diffTables(a, b);
      if (delta === undefined) return;
      const next = applyDelta(a, delta);
      for (const part of tableParts) {
        if (delta[part] === undefined) assert.equal(next[part], a[part]);
        const named: ReadonlySet<unknown> = new Set<unknown>(delta[part]?.set as readonly unknown[] | undefined);
        const entries: ReadonlyMap<string, unknown> = next[part];
        for (const [key, entry] of entries) if (!named.has(entry)) assert.equal(entry, a[part].get(key));
      }
    }),
    { numRuns: 100 },
  );
});

test('no secret is in a dump or in the JSON of a table, and every secret is on the wire', () => {
  fc.assert(
    fc.property(routeTable, (table) => {
      const delta = diffTables(emptyRouteTable, table);
      assert.ok(delta !== undefined);
      assert.doesNotMatch(JSON.stringify(dumpTable(table)), /secret key/);
      assert.doesNotMatch(JSON.stringify(delta), /secret key/);
      assert.match(JSON.stringify(encodeDelta(delta)), /secret key/);
    }),
    { numRuns: 50 },
  );
});

test('a dump does not depend on the order of the table', () => {
  fc.assert(
    fc.property(routeTable, (table) => {
      const reversed = { ...table, hosts: new Map([...table.hosts].reverse()), policies: new Map([...table.policies].reverse()) };
      assert.equal(JSON.stringify(dumpTable(reversed)), JSON.stringify(dumpTable(table)));
    }),
    { numRuns: 50 },
  );
});

test('a table whose references resolve is valid', () => {
  fc.assert(
    fc.property(routeTable, (table) => {
      assert.deepEqual(validateTable({ ...table, l4: new Map() }), []);
    }),
    { numRuns: 100 },
  );
});

test('compareRoutes is a strict total order', () => {
  fc.assert(
    fc.property(routeTable, (table) => {
      const routes = [...table.hosts.values()].flatMap((host) => host.routes);
      for (const a of routes) {
        for (const b of routes) {
          assert.equal(Math.sign(compareRoutes(a, b)) + Math.sign(compareRoutes(b, a)), 0);
          if (a !== b) assert.notEqual(compareRoutes(a, b), 0);
          for (const c of routes) if (compareRoutes(a, b) < 0 && compareRoutes(b, c) < 0) assert.ok(compareRoutes(a, c) < 0);
        }
      }
    }),
    { numRuns: 50 },
  );
});

test('no request and no host text makes the matcher or the host rules throw', () => {
  fc.assert(
    fc.property(routeTable, hostileRequest, (table, request) => {
      const compiled = CompiledTable.compile(table);
      compiled.match(request);
      compiled.findHost(request.host);
      hostKeyProblem(request.host);
      hostKeyCovers(request.host, request.path);
    }),
    { numRuns: 300 },
  );
});
