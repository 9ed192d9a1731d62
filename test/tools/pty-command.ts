import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

const checkout = fileURLToPath(new URL('../../bin/smartproxy-ingress.js', import.meta.url));

/** The command on a pseudo-terminal, made by `script`, with all that it wrote so far. */
export class PtyCommand {
  readonly child: ChildProcess;
  output = '';

  constructor(t: TestContext, args: readonly string[]) {
    const command = [process.execPath, checkout, ...args].map((word) => `'${word}'`).join(' ');
    // 30 lines of 120 columns.
    this.child = spawn('script', ['-qefc', `stty rows 30 cols 120; exec ${command}`, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.output += text;
    });
    t.after(() => this.child.kill('SIGKILL'));
  }

  /** As if they were typed. */
  type(keys: string): void {
    this.child.stdin?.write(keys);
  }

  /** The exit status of the command. */
  async exit(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
    return this.child.exitCode;
  }
}
