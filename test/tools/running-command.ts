import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { killTree } from './process-tree.ts';

const checkout = fileURLToPath(new URL('../../bin/smartproxy-ingress.js', import.meta.url));
const deadlineMs = 30_000;

/** A temporary folder that goes when the test is over. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'smartproxy-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The command as a child process, with all that it printed so far. */
export class RunningCommand {
  readonly child: ChildProcess;
  readonly log: Record<string, unknown>[] = [];
  /** Standard output, and lines of standard error that are not of the log. */
  output = '';
  #wake: (() => void)[] = [];

  /** @param command the script to run; that of this checkout unless told otherwise */
  constructor(t: TestContext, args: readonly string[], env: Readonly<Record<string, string>> = {}, command = checkout) {
    const { SMARTPROXY_INGRESS: _, ...inherited } = process.env;
    this.child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', command, ...args], {
      env: { ...inherited, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#read('stdout');
    this.#read('stderr');
    this.child.once('exit', () => this.#changed());
    t.after(() => this.#end());
  }

  /** With its workers: one that a test has stopped would keep our ends of its output open for ever. */
  #end(): void {
    const running = this.child.exitCode === null && this.child.signalCode === null;
    if (running && this.child.pid !== undefined) killTree(this.child.pid);
  }

  #read(name: 'stdout' | 'stderr'): void {
    const stream = this.child[name];
    if (stream === null) return;
    createInterface({ input: stream }).on('line', (line) => {
      if (line.startsWith('{"level"')) this.log.push(JSON.parse(line));
      else this.output += `${line}\n`;
      this.#changed();
    });
  }

  #changed(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }

  /** Waits until `condition` holds; it is looked at whenever the command says something, and now and then. */
  async until(condition: () => boolean | Promise<boolean>): Promise<void> {
    const endMs = Date.now() + deadlineMs;
    while (!(await condition())) {
      if (Date.now() > endMs) throw new Error(`not in time: ${this.output}\n${this.log.map((line) => JSON.stringify(line)).join('\n')}`);
      await new Promise<void>((resolve) => {
        this.#wake.push(resolve);
        setTimeout(resolve, 50).unref();
      });
    }
  }

  /** The port that a listener got, once workers serve it. */
  async port(listener: 'http' | 'https' | 'status' | 'admin'): Promise<number> {
    await this.until(() => this.log.some(({ msg }) => msg === 'worker serves'));
    return this.boundPort(listener);
  }

  /** The port that a listener got, whether or not there is a table to serve. */
  async boundPort(listener: 'http' | 'https' | 'status' | 'admin'): Promise<number> {
    const line = () => this.log.find(({ msg, listener: name }) => msg === 'listening' && name === listener);
    await this.until(() => line() !== undefined);
    return Number(line()?.port);
  }

  /** The exit status. */
  async exit(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
    return this.child.exitCode;
  }
}

/** `run` on free loopback ports, with one worker unless told otherwise. */
export async function startRun(
  t: TestContext,
  args: readonly string[],
  workers = 1,
  env: Readonly<Record<string, string>> = {},
): Promise<RunningCommand> {
  const ports = ['--http-port=0', '--https-port=0', '--status-port=0', '--admin-port=0'];
  const addresses = ['--address=127.0.0.1', '--status-address=127.0.0.1'];
  const state = ['--state-dir', join(await temporaryFolder(t), 'state')];
  return new RunningCommand(t, ['run', `--workers=${workers}`, ...addresses, ...ports, ...state, ...args], env);
}
