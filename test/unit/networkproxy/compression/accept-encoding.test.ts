import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Coding, chooseCoding } from '../../../../src/networkproxy/compression/accept-encoding.ts';

const all: readonly Coding[] = ['zstd', 'br', 'gzip'];

test('chooseCoding: what the client likes best, ours first among equals, and nothing that it did not ask for', () => {
  const cases: readonly (readonly [field: string | undefined, chosen: Coding | undefined])[] = [
    [undefined, undefined],
    ['', undefined],
    ['identity', undefined],
    ['gzip', 'gzip'],
    ['x-gzip', 'gzip'],
    ['GZIP', 'gzip'],
    ['gzip, br, zstd', 'zstd'],
    ['gzip;q=1.0, br;q=0.9', 'gzip'],
    ['gzip;q=0.5,br;q=0.5', 'br'],
    ['br;q=0, *', 'zstd'],
    ['br;q=0, zstd;q=0, *;q=0.1', 'gzip'],
    ['*', 'zstd'],
    ['*;q=0', undefined],
    ['gzip;q=0', undefined],
    ['gzip;q=0.000', undefined],
    ['gzip;q=0.001', 'gzip'],
    ['identity, gzip;q=0.5', undefined],
    ['identity;q=0.5, gzip;q=0.5', 'gzip'],
    ['gzip ; q=0.8 , deflate', 'gzip'],
    ['gzip;q=2', undefined],
    ['gzip;q=abc', undefined],
    ['gzip;level=9', undefined],
    [`${'x,'.repeat(10_000)}gzip`, undefined],
  ];
  for (const [field, chosen] of cases) assert.equal(chooseCoding(field, all), chosen, String(field).slice(0, 40));
  assert.equal(chooseCoding('gzip, br, zstd', ['gzip', 'br']), 'gzip');
  assert.equal(chooseCoding('zstd', ['gzip', 'br']), undefined);
});
