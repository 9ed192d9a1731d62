import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Ask, Asked } from './ask.ts';

const execute = promisify(execFile);

/** The network namespace of a process on this machine: programs run in it see its addresses, and this machine's files. */
export class InsideNetwork {
  readonly #pid: number;

  constructor(pid: number) {
    this.#pid = pid;
  }

  /** Arguments of a command that runs `command` inside. */
  command(...command: readonly string[]): readonly [string, ...string[]] {
    return ['nsenter', `--net=/proc/${this.#pid}/ns/net`, '--', ...command];
  }

  /** One request from inside, by a process of its own. */
  async ask(ask: Ask): Promise<Asked> {
    return JSON.parse(await this.run(process.execPath, join(import.meta.dirname, 'ask-main.ts'), JSON.stringify(ask))) as Asked;
  }

  /** The answer to a datagram from inside, which is sent again until there is one. */
  async send(address: string, port: number, text: string): Promise<string> {
    return await this.run(process.execPath, join(import.meta.dirname, 'send-datagram-main.ts'), address, String(port), text);
  }

  /** Runs a program inside to its end; its standard output. Rejects with what it said. */
  async run(...command: readonly string[]): Promise<string> {
    const [program, ...args] = this.command(...command);
    return (await execute(program, args, { maxBuffer: 64 * 1024 * 1024 })).stdout;
  }

  /** A process inside, with its standard input and output as pipes. */
  spawn(...command: readonly string[]) {
    const [program, ...args] = this.command(...command);
    return spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  }
}
