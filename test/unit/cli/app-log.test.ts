import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { type TestContext, test } from 'node:test';

const appLog = new URL('../../../src/cli/app-log.ts', import.meta.url).href;
const lines = 5000;

/** A process that writes a line to its log now and then, and says on standard output how far it got. */
function startLogging(t: TestContext, stderr: number | 'pipe'): ChildProcess {
  const script = `
    import { createLog } from '${appLog}';
    process.stderr.on('error', () => {});
    const log = createLog('info');
    for (let line = 0; line < ${lines}; line++) log.info({ line, text: 'x'.repeat(200) }, 'a line');
    console.log('alive');
    process.stdin.once('data', () => { log.info({}, 'the last'); process.exit(0); });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', stderr] });
  t.after(() => child.kill('SIGKILL'));
  return child;
}

async function textOf(stream: AsyncIterable<Buffer> | null): Promise<string> {
  let text = '';
  for await (const chunk of stream ?? []) text += String(chunk);
  return text;
}

test('the log costs lines when its disk is full, and not the process', async (t) => {
  const full = openSync('/dev/full', 'w');
  const child = startLogging(t, full);
  closeSync(full);
  child.stdin?.end('go');
  assert.equal(await textOf(child.stdout), 'alive\n');
});

test('the log waits for nobody to read it; the lines that there is room for come when somebody does', async (t) => {
  const child = startLogging(t, 'pipe');
  const [alive] = (await child.stdout?.iterator().next())?.value ?? [];
  assert.equal(alive, 'a'.charCodeAt(0), 'it went on with nobody reading');
  const read = textOf(child.stderr);
  child.stdin?.end('go');
  const got = (await read).trimEnd().split('\n');
  assert.ok(got.length > 100 && got.length < lines, `${got.length} lines`);
  for (const [index, line] of got.entries()) if (index < 100) assert.equal(JSON.parse(line).line, index);
});
