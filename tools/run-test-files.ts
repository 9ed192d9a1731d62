// Runs test files, each within its time, whatever it leaves behind.
import { run } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { processTree } from '../bench/process-tree.ts';
import { argumentsOf, killTree } from '../test/tools/process-tree.ts';

export type TestStream = ReturnType<typeof run>;

export interface TestFileRuns {
  /** How many files may run at once. */
  readonly concurrency: number;
  readonly fileTimeoutMs: number;
  /** Gets the stream of each file as it begins. */
  begun(stream: TestStream): void;
  /** `file` took so long, to its end or until it was given up. */
  ended(file: string, ms: number): void;
  /** `file` was given up: it, or a process that it began and that holds its output, did not end in time. */
  overdue(file: string): void;
}

/**
 * Runs `files` and resolves when all have ended or were given up. The `timeout` of `run` is that of tests: a file whose tests have ended
 * while a process of theirs lives keeps the whole run for ever, so each file is a run of its own here, which we leave behind if need be.
 */
export async function runTestFiles(files: readonly string[], runs: TestFileRuns): Promise<void> {
  const waiting = [...files];
  const next = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const beganMs = performance.now();
      await runTestFile(file, runs);
      runs.ended(file, performance.now() - beganMs);
    }
  };
  await Promise.all(Array.from({ length: runs.concurrency }, next));
}

async function runTestFile(file: string, runs: TestFileRuns): Promise<void> {
  const stream = run({ files: [file], forceExit: false });
  runs.begun(stream);
  const ended = new Promise<true>((resolve) => stream.once('end', () => resolve(true)));
  if (await within(runs.fileTimeoutMs, ended)) return;
  runs.overdue(file);
  for (const pid of processTree(process.pid)) if (pid !== process.pid && isOf(file, pid)) killTree(pid);
  await within(settleMs, ended);
}

/** How long a file that was killed has to report the tests that it ran. */
const settleMs = 10_000;

async function within(ms: number, ended: Promise<true>): Promise<boolean> {
  const timer = new AbortController();
  const over = delay(ms, false, { signal: timer.signal }).catch(() => false);
  return Promise.race([ended, over]).finally(() => timer.abort());
}

function isOf(file: string, pid: number): boolean {
  return argumentsOf(pid).some((argument) => argument.endsWith(file));
}
