import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tableText } from '../../../src/ask/table-text.ts';
import { bytesText, durationText } from '../../../src/ask/units.ts';

test('times and sizes for people', () => {
  const times: readonly (readonly [number, string])[] = [
    [0, '0 ms'],
    [850.4, '850 ms'],
    [12_900, '12 s'],
    [200_000, '3 m 20 s'],
    [18_120_000, '5 h 2 m'],
    [273_600_000, '3 d 4 h'],
  ];
  for (const [ms, text] of times) assert.equal(durationText(ms), text);
  const sizes: readonly (readonly [number, string])[] = [
    [0, '0 B'],
    [1023, '1023 B'],
    [1536, '1.5 KiB'],
    [150 * 1024 ** 2, '150 MiB'],
    [3 * 1024 ** 5, '3072 TiB'],
  ];
  for (const [bytes, text] of sizes) assert.equal(bytesText(bytes), text);
});

test('what somebody else wrote moves no cursor and begins no line', () => {
  assert.equal(tableText(['A'], [['\u001b[2J\nx']]), 'A\n\\x1b[2J x');
});
