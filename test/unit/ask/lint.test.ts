import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Finding, findingLevels, reaches } from '../../../src/ask/lint/finding.ts';
import { makeFindings } from '../../../src/ask/lint/make-findings.ts';
import { renderFindings } from '../../../src/ask/lint/render-findings.ts';
import { sarifLog } from '../../../src/ask/lint/sarif.ts';
import type { Problem } from '../../../src/translate/translation.ts';

const ref = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', namespace: 'shop', name: 'web', uid: 'u' };

function problem(reason: Problem['reason'], field = 'spec.rules[0].host', message = 'It is wrong; mend it.'): Problem {
  return { object: ref, reason, field, message };
}

function findings(
  problems: readonly Problem[],
  counts: Readonly<Partial<Record<'Secret' | 'EndpointSlice', number>>> = {},
): readonly Finding[] {
  return makeFindings({
    problems: problems.map((one) => ({ ...one, location: 'b.yaml:15' })),
    sourceProblems: [{ where: 'a.yaml:3', message: 'not YAML' }],
    counts: new Map(Object.entries(counts) as ['Secret', number][]),
    pathOf: (file) => `folder/${file}`,
  });
}

test('lint: findings have code, level, object, field, file and line, in the order of the files', () => {
  assert.deepEqual(findings([problem('InvalidHost')]), [
    { code: 'InvalidManifest', level: 'error', object: undefined, field: '', file: 'folder/a.yaml', line: 3, message: 'not YAML' },
    {
      code: 'InvalidHost',
      level: 'error',
      object: 'Ingress shop/web',
      field: 'spec.rules[0].host',
      file: 'folder/b.yaml',
      line: 15,
      message: 'It is wrong; mend it.',
    },
  ]);
});

test('lint: what a folder leaves to the cluster is a note, and an error or warning where the folder holds that kind', () => {
  const levels = (counts: Parameters<typeof findings>[1]) =>
    findings([problem('SecretNotFound'), problem('NoEndpoints')], counts)
      .filter(({ code }) => code !== 'InvalidManifest')
      .map(({ code, level }) => `${code} ${level}`)
      .sort();
  assert.deepEqual(levels({}), ['NoEndpoints note', 'SecretNotFound note']);
  assert.deepEqual(levels({ Secret: 1, EndpointSlice: 1 }), ['NoEndpoints warning', 'SecretNotFound error']);
});

test('lint: the threshold takes in what is as bad, or worse', () => {
  const [, warning] = findings([problem('UnknownField')]);
  const alone = [warning as Finding];
  assert.deepEqual(
    findingLevels.map((level) => reaches(alone, level)),
    [false, true, true],
  );
  assert.equal(reaches([], 'note'), false);
});

test('lint: text is one line a finding, whatever is in the object', () => {
  const text = renderFindings(findings([problem('InvalidHost', 'spec\u001b[2J', 'a\nb')]));
  assert.deepEqual(text.split('\n'), [
    'folder/a.yaml:3: error: InvalidManifest: not YAML',
    'folder/b.yaml:15: error: InvalidHost: Ingress shop/web spec\\x1b[2J: a b',
    '2 errors.',
  ]);
});

/** What SARIF 2.1.0 requires of the objects that we write (its schema's `required`, and the enumerations and minima of those properties). */
function assertSarif(log: unknown): void {
  const { version, runs } = log as { version: unknown; runs: unknown };
  assert.equal(version, '2.1.0');
  assert.ok(Array.isArray(runs));
  for (const run of runs) {
    const { driver } = (run as { tool: { driver: { name: unknown; rules: { id: unknown; shortDescription: { text: unknown } }[] } } }).tool;
    assert.equal(typeof driver.name, 'string');
    const ids = driver.rules.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length, 'rules are unique');
    for (const { id, shortDescription } of driver.rules) {
      assert.equal(typeof id, 'string');
      assert.equal(typeof shortDescription.text, 'string');
    }
    for (const result of (run as { results: SarifResult[] }).results) {
      assert.equal(typeof result.message.text, 'string');
      assert.ok(['none', 'note', 'warning', 'error'].includes(result.level));
      assert.equal(ids[result.ruleIndex], result.ruleId);
      for (const { physicalLocation } of result.locations) {
        if (physicalLocation === undefined) continue;
        assert.ok(physicalLocation.region.startLine >= 1);
        assert.match(physicalLocation.artifactLocation.uri, /^[\w%./:-]+$/);
      }
    }
  }
}

interface SarifResult {
  readonly ruleId: string;
  readonly ruleIndex: number;
  readonly level: string;
  readonly message: { readonly text: string };
  readonly locations: readonly {
    readonly physicalLocation?: { readonly artifactLocation: { readonly uri: string }; readonly region: { readonly startLine: number } };
  }[];
}

test('lint: SARIF has what its schema requires, each rule once, and a fingerprint that lines do not change', () => {
  const all = findings([problem('InvalidHost'), problem('InvalidHost', 'spec.rules[1].host'), problem('UnknownField')]);
  const log = sarifLog(all, '1.2.3', encodeURI);
  assertSarif(JSON.parse(JSON.stringify(log)));
  const [run] = log.runs;
  assert.deepEqual(
    run?.tool.driver.rules.map(({ id }) => id),
    ['InvalidManifest', 'InvalidHost', 'UnknownField'],
  );
  assert.equal(run?.results.length, 4);
  const moved = sarifLog(
    all.map((finding) => ({ ...finding, line: 99 })),
    '1.2.3',
    encodeURI,
  );
  assert.deepEqual(
    moved.runs[0]?.results.map(({ partialFingerprints }) => partialFingerprints),
    run?.results.map(({ partialFingerprints }) => partialFingerprints),
  );
  assertSarif(JSON.parse(JSON.stringify(sarifLog([], '1.2.3', encodeURI))));
});
