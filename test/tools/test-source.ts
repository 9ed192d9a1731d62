import { readFileSync } from 'node:fs';
import type { FieldFacts } from '../../tools/field-rows.ts';

/** What tests make their objects with, beside what is in their own file; of two of a name the last. */
const sharedHelpers = ['test/tools/acme/program-kit.ts', 'test/tools/manifests.ts'];

/** Of which fields the test that is named is not there, or does not have every part of the field's path, and which. */
export function unexercisedFields(facts: Readonly<Record<string, FieldFacts>>): readonly string[] {
  const tests = Object.entries(facts).flatMap(([path, { test, httpTest }]) =>
    [test, ...(httpTest ? [httpTest] : [])].map((one) => ({ path, test: one })),
  );
  return tests.flatMap(({ path, test }) => {
    const code = testSource(...test);
    if (code === undefined) return [`${path}: there is no test ${test.join(' ')}`];
    const missing = path
      .replaceAll('[]', '')
      .split('.')
      .filter((part) => !new RegExp(`\\b${part}\\b`).test(code));
    return missing.length === 0 ? [] : [`${path}: ${test.join(' ')} has no ${missing.join(', ')}`];
  });
}

/**
 * The code of the test of `file` (below `test/`) whose name begins with `name`, and of all functions and constants that it is made with, in
 * its file or in those of `sharedHelpers`; undefined: there is no such test.
 */
function testSource(file: string, name: string): string | undefined {
  const text = readFileSync(`test/${file}`, 'utf8');
  const test = statementFrom(text, new RegExp(`^ *(?:it|test)\\(\\s*'${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`, 'm'));
  if (test === undefined) return undefined;
  const helpers = new Map([...sharedHelpers.map((path) => readFileSync(path, 'utf8')), text].flatMap((code) => [...declarations(code)]));
  const used = new Set<string>();
  const follow = (code: string): string =>
    [...new Set(code.match(/\w+/g))].reduce((all, word) => {
      const helper = helpers.get(word);
      if (helper === undefined || used.has(word)) return all;
      used.add(word);
      return all + follow(helper);
    }, code);
  return follow(test);
}

/** What is declared at the top of a file, or of a `describe`, by name. */
function declarations(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { 0: start, 1: name = '', index } of text.matchAll(/^(?: {2})?(?:export )?(?:async )?(?:function|const|class) (\w+)/gm))
    found.set(name, statementFrom(text.slice(index), new RegExp(`^${start}`)) ?? '');
  return found;
}

/** From the line that matches `start` to the end of its statement, by the indentation that the formatter gives. */
function statementFrom(text: string, start: RegExp): string | undefined {
  const found = start.exec(text);
  if (found === null) return undefined;
  const [first = '', ...rest] = text.slice(found.index).split('\n');
  const indentation = /^ */.exec(first)?.[0].length ?? 0;
  const lines = [first];
  for (const line of rest) {
    const isInside = line === '' || line.search(/\S/) > indentation;
    if (!isInside && !/^ *[})\]]/.test(line)) break;
    lines.push(line);
    if (!isInside && !/[{([>]$/.test(line)) break;
  }
  return lines.join('\n');
}
