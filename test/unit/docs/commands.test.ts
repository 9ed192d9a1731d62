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
  for (const page of pages) {
    const fences = [...readFileSync(page, 'utf8').matchAll(/^```(.*)$/gm)].map(([, language = '']) => language);
    assert.deepEqual(
      fences.filter((language) => /^(bash|shell|console|zsh)/.test(language)),
      [],
      page,
    );
    const unmarked = [...readFileSync(page, 'utf8').matchAll(/^```(?:text)?\n([\s\S]*?)^```/gm)].map(([, block = '']) => block);
    for (const block of unmarked) assert.doesNotMatch(block, /^(?:\$ |npm |npx |curl |kubectl |helm |docker )/m, page);
  }
});
