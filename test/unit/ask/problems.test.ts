import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { hasErrors, type ProblemQuery, reportProblems } from '../../../src/ask/reports/problem-report.ts';
import { renderProblemReport } from '../../../src/ask/reports/render-problems.ts';
import type { Problem } from '../../../src/translate/translation.ts';

function problem(reason: Problem['reason'], name: string): Problem {
  const object = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', namespace: 'shop', name, uid: name };
  return { object, reason, field: 'spec', message: `Ingress shop/${name}, spec: it is wrong; mend it.` };
}

const problems = [problem('UnknownField', 'a'), problem('ClassNotFound', 'b'), problem('HostNotPermitted', 'c')];
const sources = [{ where: 'bad.yaml:3', message: 'not YAML' }];
const out = [{ service: 'shop/web:80', endpoint: '127.0.0.1:1', reason: 'errors', forMs: 1000, detail: undefined }] as const;

function report(query: Partial<ProblemQuery> = {}, given: Partial<Parameters<typeof reportProblems>[1]> = {}) {
  const locationOf = (_kind: string, key: string) => (key === 'shop/b' ? 'all.yaml:7' : undefined);
  return reportProblems({ limit: 100, ...query }, { sources, problems, out, locationOf, ...given });
}

suite('problems of a running program', () => {
  test('errors come before warnings, with level and location', () => {
    assert.deepEqual(
      report().objects.map(({ level, reason, location }) => [level, reason, location]),
      [
        ['error', 'ClassNotFound', 'all.yaml:7'],
        ['error', 'HostNotPermitted', undefined],
        ['warning', 'UnknownField', undefined],
      ],
    );
  });

  test('a limit cuts each list, and the totals say how many there are', () => {
    const few = report({ limit: 1 }, { sources: [...sources, ...sources] });
    assert.deepEqual([few.sources.length, few.objects.map(({ reason }) => reason), few.endpoints.length], [1, ['ClassNotFound'], 1]);
    assert.deepEqual(few.total, { sources: 2, objects: 3, endpoints: 1 });
    assert.match(renderProblemReport(few), /^\.\.\. and 3 more: --limit, or --search$/m);
  });

  test('a search leaves those with it in their object or reason', () => {
    const names = (search: string) => report({ search }).objects.map(({ object }) => object.name);
    assert.deepEqual([names('shop/c'), names('Unknown'), names('nothing')], [['c'], ['a'], []]);
  });

  test('an error of an object or source is one, a warning is none', () => {
    const warning = problems.slice(0, 1);
    const cases = [{}, { sources: [] }, { problems: [] }, { sources: [], problems: warning }, { sources: [], problems: [] }];
    assert.deepEqual(
      cases.map((given) => hasErrors(report({}, given))),
      [true, true, true, false, false],
    );
  });

  test('each is a line in the words of lint', () => {
    assert.equal(
      renderProblemReport(report()),
      [
        'bad.yaml:3: error: InvalidManifest: not YAML',
        'all.yaml:7: error: ClassNotFound: Ingress shop/b, spec: it is wrong; mend it.',
        'error: HostNotPermitted: Ingress shop/c, spec: it is wrong; mend it.',
        'warning: UnknownField: Ingress shop/a, spec: it is wrong; mend it.',
        '3 errors, 1 warning.',
        '1 endpoint out of rotation: smartproxy-ingress backends',
      ].join('\n'),
    );
    assert.equal(renderProblemReport(report({}, { sources: [], problems: [], out: [] })), 'Nothing found.');
  });
});
