import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { responseFlags } from '../../../src/observability/counters/response-flag.ts';
import { reasonOfSocketError, terminationReasons } from '../../../src/observability/counters/termination-reason.ts';
import { problemReasons } from '../../../src/translate/translation.ts';

/** Words of a closed list that no file but those that declare and explain them says. */
function unsaid(words: readonly string[], folders: readonly string[], ...declaredIn: readonly string[]): readonly string[] {
  const files = folders.flatMap((folder) => globSync(`src/${folder}/**/*.ts`)).filter((file) => !declaredIn.includes(file));
  const text = files.map((file) => readFileSync(file, 'utf8')).join('\n');
  return words.filter((word) => !new RegExp(`'${word}'|\\b${word}: [[{]`).test(text));
}

test('every termination reason is the reason of something: none is a label that stays 0', () => {
  const declaredIn = 'src/observability/counters/termination-reason.ts';
  // Those of socket errors are only said where errors are mapped to them.
  const words = terminationReasons.filter((reason) => reasonOfSocketError({ code: reason.toUpperCase() }) !== reason);
  assert.deepEqual(unsaid(words, ['smartproxy', 'networkproxy', 'observability'], declaredIn), []);
});

test('every response flag is the flag of something', () => {
  assert.deepEqual(unsaid(responseFlags, ['networkproxy'], 'src/observability/counters/response-flag.ts'), []);
});

test('every problem reason can be reported', () => {
  const declaredIn = ['src/translate/translation.ts', 'src/translate/problem-docs.ts'];
  assert.deepEqual(unsaid(problemReasons, ['translate'], ...declaredIn), []);
});
