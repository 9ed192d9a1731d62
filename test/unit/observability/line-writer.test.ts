import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { pbkdf2 } from 'node:crypto';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { LineWriter } from '../../../src/observability/line-writer.ts';
import { eventually } from '../../tools/eventually.ts';

const limits = { flushBytes: 1000, flushAfterMs: 600_000, maxBytes: 100_000, lastWriteMs: 600_000 };

function scratch(context: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'line-writer-'));
  context.after(() => rmSync(dir, { recursive: true }));
  return dir;
}

function scratchFile(context: TestContext): { fd: number; lines: () => string[] } {
  const file = join(scratch(context), 'log');
  const fd = openSync(file, 'a');
  context.after(() => closeSync(fd));
  return { fd, lines: () => readFileSync(file, 'utf8').split('\n').slice(0, -1) };
}

/** A pipe that nobody reads until `read` does. */
function stuckPipe(context: TestContext): { fd: number; read: () => string } {
  const file = join(scratch(context), 'pipe');
  execFileSync('mkfifo', [file]);
  const fd = openSync(file, constants.O_RDWR | constants.O_NONBLOCK);
  context.after(() => closeSync(fd));
  const buffer = Buffer.alloc(1 << 20);
  const read = (): string => {
    try {
      return buffer.toString('latin1', 0, readSync(fd, buffer));
    } catch {
      return '';
    }
  };
  return { fd, read };
}

test('LineWriter: small amounts wait for the timer', async (context) => {
  const { fd, lines } = scratchFile(context);
  const writer = new LineWriter(fd, { ...limits, flushAfterMs: 5 });
  writer.write('one');
  writer.write('two');
  assert.deepEqual(lines(), []);
  await eventually('both are written', () => lines().length === 2);
  assert.deepEqual(lines(), ['one', 'two']);
});

test('LineWriter: enough bytes are written at once', async (context) => {
  const { fd, lines } = scratchFile(context);
  const writer = new LineWriter(fd, limits);
  for (let line = 0; line < 30; line++) writer.write('x'.repeat(50));
  await eventually('the first 20 are written', () => lines().length >= 20);
});

test('LineWriter: close writes the rest, in order and whole', async (context) => {
  const { fd, lines } = scratchFile(context);
  const writer = new LineWriter(fd, limits);
  const expected = Array.from({ length: 3000 }, (_, line) => `line ${line} é`);
  for (const line of expected) writer.write(line);
  await writer.close(30_000);
  assert.deepEqual(lines(), expected);
  assert.equal(writer.dropped, 0);
});

test('LineWriter: when nobody reads, lines beyond the limit are dropped and counted, and the rest is kept', async (context) => {
  const { fd, read } = stuckPipe(context);
  const writer = new LineWriter(fd, { ...limits, maxBytes: 200_000 });
  let written = 0;
  while (writer.dropped < 10) {
    writer.write(`line ${written++} ${'x'.repeat(100)}`);
    if (written % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  let text = '';
  const closed = writer.close(30_000);
  await eventually('what was kept has come', () => {
    text += read();
    return text.split('\n').length - 1 === written - writer.dropped;
  });
  await closed;
  assert.match(text, /^(line \d+ x{100}\n)+$/);
});

test('LineWriter: close gives up on a stuck reader when its time is over', async (context) => {
  const { fd, read } = stuckPipe(context);
  const writer = new LineWriter(fd, { ...limits, maxBytes: 1_000_000 });
  for (let line = 0; line < 9000; line++) writer.write('x'.repeat(100));
  await writer.close(50);
  assert.ok(writer.dropped > 8000, 'what was not written is counted');
  const taken = read().length;
  await writer.close(50);
  assert.equal(read().length, 0, `nothing is written any more after the ${taken} bytes that the pipe had taken`);
});

test('LineWriter: a write that still waits for a thread when close gives up is over before close is', async (context) => {
  const { fd, read } = stuckPipe(context);
  const writer = new LineWriter(fd, limits);
  // Every thread that writes could be done by has something to do.
  const threads = Number(process.env.UV_THREADPOOL_SIZE ?? 4);
  const busy = Array.from({ length: threads }, () => promisify(pbkdf2)('password', 'salt', 50_000, 32, 'sha512'));
  for (let line = 0; line < 100; line++) writer.write('x'.repeat(100));
  await writer.close(1);
  const taken = read();
  await Promise.all(busy);
  await writer.close(1000);
  assert.equal(read(), '', `nothing is written any more after the ${taken.length} bytes that the pipe had taken`);
  assert.equal(taken.split('\n').length - 1 + writer.dropped, 100, 'each line was written or is counted');
});

test('LineWriter: lines whose timer ends while a slow write is under way are written after it', async (context) => {
  const file = join(scratch(context), 'pipe');
  execFileSync('mkfifo', [file]);
  const fd = openSync(file, constants.O_RDWR); // blocks in the thread pool while the pipe is full
  const reader = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  context.after(() => [fd, reader].forEach(closeSync));
  const writer = new LineWriter(fd, { ...limits, flushBytes: 1_000_000, flushAfterMs: 5, maxBytes: 1_000_000 });
  writer.write('x'.repeat(200_000));
  writer.flush();
  writer.write('last');
  writer.flush(); // as the timer does
  const buffer = Buffer.alloc(1 << 20);
  let received = '';
  await eventually('the last line is read', () => {
    try {
      received += buffer.toString('latin1', 0, readSync(reader, buffer));
    } catch {
      // nothing to read yet
    }
    return received.endsWith('last\n');
  });
});
