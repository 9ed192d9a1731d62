import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

test('a worker begins without the modules of HTTP that only health checks and spans need: they cost megabytes each', () => {
  const worker = new URL('../../../src/workers/worker-main.ts', import.meta.url).href;
  const script = `await import(${JSON.stringify(worker)}); console.log(process.moduleLoadList.join('\\n')); process.exit(0);`;
  const loaded = execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' }).split('\n');
  assert.ok(loaded.includes('NativeModule net'));
  assert.deepEqual(
    loaded.filter((name) => /^NativeModule (http|https|http2)$/.test(name)),
    [],
  );
});
