import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const results = readFileSync('bench/RESULTS.md', 'utf8');
const [, table = ''] = /^## Sizing\n([\s\S]*?)\n## /m.exec(readFileSync('docs/operations.md', 'utf8')) ?? [];
const rows = [...table.matchAll(/^\| (.+?) \| ([\d.]+) (µs of CPU|ms|MiB|KiB) \| ([\w-]+) \|$/gm)];

/** The lines about us in the section of a case: of peers and figures, or of figures of our own. */
function ourLines(name: string): readonly string[] {
  const [, section = ''] = new RegExp(`^### ${name}(?: .*)?\\n([\\s\\S]*?)(?=\\n### |$(?![\\s\\S]))`, 'm').exec(results) ?? [];
  const lines = section.split('\n').filter((line) => line.startsWith('| '));
  return lines.some((line) => line.startsWith('| smartproxy')) ? lines.filter((line) => line.startsWith('| smartproxy')) : lines;
}

test('sizing: every figure is one of the results of the bench', () => {
  assert.ok(rows.length >= 15, `${rows.length} rows`);
  for (const [, what, figure = '', unit, name = ''] of rows) {
    const cells = ourLines(name).flatMap((line) => line.split('|').map((cell) => cell.trim()));
    const wanted = unit === 'µs of CPU' ? figure : `${figure} ${unit}`;
    assert.ok(cells.includes(wanted), `${what}: ${wanted} is not in the case ${name} of bench/RESULTS.md`);
  }
});
