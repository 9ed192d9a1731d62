import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareRoutes, decidingStep } from '../../../src/routes/compare-routes.ts';
import { CompiledTable } from '../../../src/routes/compiled-table.ts';
import { explainMatch } from '../../../src/routes/explain-match.ts';
import { runToEnd } from '../../../src/steps.ts';
import { matchRequest, routeTable } from './arbitrary-table.ts';
import { isWithin, naiveMatch } from './naive-match.ts';

test('explainMatch: the winner is that of the data plane, and every loser is one for the reason that it gives', () => {
  let losers = 0;
  fc.assert(
    fc.property(routeTable, fc.array(matchRequest, { minLength: 5, maxLength: 5 }), (table, requests) => {
      const compiled = CompiledTable.compile(table);
      for (const request of requests) {
        const { result, verdicts, hosts } = runToEnd(explainMatch(table, request));
        const real = compiled.match(request);
        assert.equal(result.kind, real.kind);
        const winner = real.kind === 'route' ? real.route : undefined;
        assert.deepEqual(
          verdicts.filter(({ outcome }) => outcome.kind === 'wins').map(({ route }) => route),
          winner === undefined ? [] : [winner.route],
        );
        assert.equal(hosts.length === 0, real.kind === 'no_host');
        for (const { host, route, outcome } of verdicts) {
          if (outcome.kind === 'wins') continue;
          losers++;
          // Alone in the table, by the naive reading of the rules.
          const only = { ...table, hosts: new Map([[host, { key: host, routes: [route], tls: undefined }]]) };
          assert.equal(naiveMatch(only, request) === 'no_path', outcome.kind === 'differs', `${host} ${route.key}`);
          if (outcome.kind === 'differs') assert.ok(outcome.fitsPath !== true || outcome.failed.length > 0, 'it says what differs');
          if (outcome.kind === 'outranked' && outcome.step !== undefined) {
            assert.ok(winner !== undefined && compareRoutes(winner.route, route) < 0);
            assert.equal(outcome.step, decidingStep(winner.route, route));
          }
        }
      }
    }),
    { numRuns: 150 },
  );
  assert.ok(losers > 200, `only ${losers} losers, so this says little`);
});

test('explainMatch: what a route asks for and a request does not have is all named, not only the first', () => {
  fc.assert(
    fc.property(routeTable, matchRequest, (table, request) => {
      for (const { route, outcome } of runToEnd(explainMatch(table, request)).verdicts) {
        if (outcome.kind !== 'differs') continue;
        const { methods, listeners, clients } = route.match;
        const only = table.listeners.get(request.listener)?.namespaces;
        const kinds = outcome.failed.map(({ kind }) => kind);
        assert.equal(kinds.includes('method'), methods.length > 0 && !methods.includes(request.method));
        assert.equal(kinds.includes('listener'), listeners !== undefined && !listeners.includes(request.listener));
        assert.equal(kinds.includes('client'), clients !== undefined && !clients.some((network) => isWithin(network, request.client)));
        assert.equal(kinds.includes('namespace'), only !== undefined && !only.includes(route.source.namespace));
      }
    }),
    { numRuns: 150 },
  );
});
