import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ground, mayImport } from '../../../tools/import-rules.ts';

const page = readFileSync('docs/architecture.md', 'utf8');

/** The arrows of the drawing, by the room that they leave. */
function drawnArrows(): Readonly<Record<string, readonly string[]>> {
  const [, drawing = ''] = /```mermaid\n([\s\S]*?)```/.exec(page) ?? [];
  const lines = [...drawing.matchAll(/^ {2}(\S+) --> (.+)$/gm)];
  return Object.fromEntries(lines.map(([, from = '', targets = '']) => [from, targets.split(' & ')]));
}

test('architecture: the arrows are those that the check enforces, neither more nor less', () => {
  const drawn = Object.fromEntries(Object.entries(mayImport).filter(([, targets]) => targets.length > 0 && !targets.includes('*')));
  assert.deepEqual(drawnArrows(), drawn);
});

test('architecture: rooms with every arrow, with none, and the ground are named as such', () => {
  const [, none = '', floor = ''] =
    /together\. (.*?) import nothing but the ground, which is\s(.*?), and imports nothing/s.exec(page) ?? [];
  const named = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, room]) => room);
  assert.deepEqual(
    named(none),
    Object.keys(mayImport)
      .filter((room) => mayImport[room]?.length === 0)
      .sort(),
  );
  assert.deepEqual(named(floor), [...ground]);
  assert.deepEqual(
    Object.keys(mayImport).filter((room) => mayImport[room]?.includes('*')),
    ['main', 'cli'],
  );
});

test('architecture: every room of src is drawn or named', () => {
  const rooms = readdirSync('src').map((name) => name.replace(/\.ts$/, ''));
  const known = new Set([...Object.keys(mayImport), ...ground]);
  assert.deepEqual(
    rooms.filter((room) => !known.has(room)),
    [],
  );
  for (const room of rooms) assert.match(page, new RegExp(`\\b${room}\\b`), room);
});

test('architecture: every file that it names exists', () => {
  const files = [...page.matchAll(/`((?:src|tools)\/[\w/.-]+\.ts)`/g)].map(([, file = '']) => file);
  assert.ok(files.length > 15);
  assert.deepEqual(
    files.filter((file) => !existsSync(file)),
    [],
  );
});
