import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { promisify } from 'node:util';

const folder = 'test/tools/run-test-files';

test('a test file that a process keeps alive is given up and killed, and the next is run', {
  skip: existsSync('/proc/self/cmdline') ? false : 'there is no /proc',
}, async () => {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const files = ['keeps-a-process-main.ts', 'ends-main.ts'].map((name) => `${folder}/${name}`);
  const { stdout } = await promisify(execFile)(process.execPath, [`${folder}/run-main.ts`, ...files], { env, timeout: 30_000 });
  const lines = stdout.trim().split('\n');
  assert.ok(lines.includes(`overdue: ${folder}/keeps-a-process-main.ts`), stdout);
  assert.ok(lines.includes('passed: it ends'), stdout);
  assert.ok(!lines.includes(`overdue: ${folder}/ends-main.ts`), stdout);
});
