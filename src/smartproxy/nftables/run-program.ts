import { spawn } from 'node:child_process';

/** A program and what it may cost. */
export interface Program {
  readonly command: string;
  readonly timeoutMs: number;
  /** Of standard output and standard error together. */
  readonly maxOutputBytes: number;
}

export interface ProgramResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end. Rejects when it can't be started, takes too long (it is killed) or says too much (the same).
 * @param input descriptor of a file; undefined: none
 */
export function runProgram(
  { command, timeoutMs, maxOutputBytes }: Program,
  args: readonly string[],
  input?: number,
): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    // Messages are matched, so they must not be translated; nothing else of our environment is its business.
    const child = spawn(command, args, { env: { PATH: process.env.PATH, LC_ALL: 'C' }, stdio: [input ?? 'ignore', 'pipe', 'pipe'] });
    const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    let bytes = 0;
    const giveUp = (reason: string): void => {
      child.kill('SIGKILL');
      reject(new Error(`${command} ${reason}`));
    };
    const timer = setTimeout(() => giveUp(`did not end within ${timeoutMs / 1000} s`), timeoutMs);
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]?.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > maxOutputBytes) giveUp(`said more than ${maxOutputBytes} bytes`);
        else output[name].push(chunk);
      });
    }
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code, stdout: Buffer.concat(output.stdout).toString(), stderr: Buffer.concat(output.stderr).toString() });
    });
  });
}
