import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { commandsOfPage, documentedCommands, questionOf } from '../../tools/documented-commands.ts';
import { allPages } from '../../tools/pages.ts';

const pages = allPages();
const commands = pages.flatMap(commandsOfPage);

test('documented commands: each has a row that says how it is run', () => {
  assert.ok(commands.length > 30);
  const unknown = commands.filter(({ command }) => !documentedCommands.has(command) && questionOf(command) === undefined);
  assert.deepEqual(unknown, [], 'add them to test/tools/documented-commands.ts');
});

test('documented commands: each row is in a page', () => {
  const written = new Set(commands.map(({ command }) => command));
  assert.deepEqual(
    [...documentedCommands.keys()].filter((command) => !written.has(command)),
    [],
  );
});

test('documented commands: what another file runs is there, in its words', () => {
  for (const [command, drive] of documentedCommands) {
    if (drive.kind !== 'elsewhere') continue;
    assert.ok(readFileSync(drive.file, 'utf8').includes(drive.says), `${command}: ${drive.file} does not say ${drive.says}`);
  }
});

test('documented commands: they are in blocks marked sh, and in no others', () => {
  assert.ok(pages.flatMap((page) => textBlocks(readFileSync(page, 'utf8'))).length > 70);
  for (const page of pages) {
    const fences = [...readFileSync(page, 'utf8').matchAll(/^```(.*)$/gm)].map(([, language = '']) => language);
    assert.deepEqual(
      fences.filter((language) => /^(bash|shell|console|zsh)/.test(language)),
      [],
      page,
    );
    for (const block of textBlocks(readFileSync(page, 'utf8')))
      assert.doesNotMatch(block, /^(?:\$ |npm |npx |curl |kubectl |helm |docker |smartproxy-ingress [a-z])/m, page);
  }
});

/** Blocks without a language, or marked `text`. Blocks are read in pairs of fences: one that closes opens nothing. */
function textBlocks(page: string): readonly string[] {
  return [...page.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].flatMap(([, language = '', block = '']) =>
    language === '' || language === 'text' ? [block] : [],
  );
}
