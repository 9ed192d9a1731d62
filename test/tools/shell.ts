import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

export interface ShellOptions {
  /** Where it runs. */
  readonly folder: string;
  /** Beside what this process has. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * A shell that runs `text` as somebody would type it and ends at the first failure. The text comes from standard input, so that no search
 * for a process finds the shell by it. It leads a group of processes, which can be ended together.
 */
export function startShell(text: string, { folder, env = {} }: ShellOptions): ChildProcess {
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env;
  const child = spawn('sh', ['-e'], { cwd: folder, env: { ...inherited, ...env }, detached: true });
  // One that ends without reading it says so by its status.
  child.stdin.on('error', () => {});
  child.stdin.end(`${text}\n`);
  return child;
}

/** Both outputs of a process, as they came. */
export function outputOf(child: ChildProcess): () => string {
  let output = '';
  child.stdout?.on('data', (chunk) => (output += chunk));
  child.stderr?.on('data', (chunk) => (output += chunk));
  return () => output;
}

/** Runs `text` to its end. */
export async function shell(text: string, options: ShellOptions): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = startShell(text, options);
  const output = outputOf(child);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output: output() };
}

/** Runs `text`, which has to end with 0 and to say something; gives that. */
export async function passingShell(text: string, options: ShellOptions): Promise<string> {
  const { code, output } = await shell(text, options);
  assert.equal(code, 0, `${text}\n${output.slice(-3000)}`);
  assert.notEqual(output.trim(), '', `${text} says nothing`);
  return output;
}
