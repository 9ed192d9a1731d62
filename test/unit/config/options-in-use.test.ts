import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { options } from '../../../src/config/options.ts';

const readers = globSync('src/**/*.ts')
  .filter((file) => !file.startsWith('src/config/'))
  .map((file) => readFileSync(file, 'utf8'))
  .join('\n');

test('every option of the program is read by something: none is only declared', () => {
  const unread = Object.keys(options).filter((name) => !new RegExp(`\\b${name}\\b`).test(readers));
  assert.deepEqual(unread, []);
});
