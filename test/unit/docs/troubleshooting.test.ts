import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';
import { errorTable } from '../../../src/networkproxy/error-table.ts';
import { responseFlags } from '../../../src/observability/counters/response-flag.ts';
import { terminationReasons } from '../../../src/observability/counters/termination-reason.ts';
import { problemReasons } from '../../../src/translate/translation.ts';

const page = readFileSync('docs/troubleshooting.md', 'utf8');
const entries = page.split(/^### /m).slice(1);
const codes = new Set([...page.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code));

test('troubleshooting: every entry says causes and what helps, and ends in one command', () => {
  assert.ok(entries.length > 20);
  for (const entry of entries) {
    const [title = ''] = entry.split('\n');
    assert.match(entry, /^\|.* What helps \|$/m, title);
    const own = entry.split(/^## /m)[0] ?? '';
    assert.match(own.trimEnd(), /```sh\nnpx smartproxy-ingress [^\n]+\n```(\n\n```text\n[^`]+```)?$/, title);
  }
});

test('troubleshooting: whatever we answer by ourselves is found by its flag, and errors by the text that clients see', () => {
  assert.deepEqual(
    responseFlags.filter((flag) => !codes.has(flag)),
    [],
  );
  const texts = new Set(
    Object.values(errorTable).flatMap(({ status, text }) => (status >= 500 || status === 404 || status === 421 ? [text] : [])),
  );
  assert.deepEqual(
    [...texts].filter((text) => text !== '' && !page.includes(text)),
    [],
  );
});

test('troubleshooting: reasons of problems and connections exist', () => {
  const known = new Set<string>([...problemReasons, ...terminationReasons, ...responseFlags]);
  const likeProblems = [...page.matchAll(/`([A-Z][a-z]+(?:[A-Z][a-z]+)+)`/g)].map(([, name = '']) => name);
  const conditions = new Set(['KernelNotProgrammed', 'AddressInUse', 'AddressUnavailable', 'SameSite']);
  assert.deepEqual(
    likeProblems.filter((name) => !known.has(name) && !conditions.has(name)),
    [],
  );
  const [, table = ''] = /### Connections are cut\n([\s\S]*?)\n### /.exec(page) ?? [];
  const reasons = [...table.matchAll(/^\| ((?:`\w+`(?:, )?)+)/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/\w+/g)].map(([name]) => name),
  );
  assert.ok(reasons.length > 10);
  assert.deepEqual(
    reasons.filter((name) => !known.has(name)),
    [],
  );
});

test('troubleshooting: every runbook is linked from a symptom', () => {
  assert.deepEqual(
    globSync('docs/runbooks/*.md').filter((runbook) => !page.includes(`(runbooks/${basename(runbook)})`)),
    [],
  );
});
