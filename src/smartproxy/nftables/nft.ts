import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, SmartProxyError } from '../../errors.ts';
import { type Program, runProgram } from './run-program.ts';

/** The nft program, run for one command at a time; it does nothing while nobody asks. */
export class Nft {
  readonly #folder: string;
  readonly #program: Program;

  /**
   * @param folder for the commands on their way: nft opens its standard input by name, which it can't when that is a pipe of Node's
   * @param command its name or path
   */
  constructor(folder: string, command = 'nft') {
    this.#folder = folder;
    this.#program = { command, timeoutMs: 10_000, maxOutputBytes: 32 * 1024 * 1024 };
  }

  /** Runs commands as one transaction. Throws KERNEL_REFUSED. */
  async apply(commands: object): Promise<void> {
    const stderr = await this.#transact('apply rules', commands, []);
    if (stderr !== undefined) throw refusal('apply rules', stderr);
  }

  /** Whether the kernel would take commands as one transaction. Changes nothing. Throws KERNEL_REFUSED where it can't be asked. */
  async takes(commands: object): Promise<boolean> {
    const stderr = await this.#transact('check rules', commands, ['-c']);
    if (stderr !== undefined && isForbidden(stderr)) throw refusal('check rules', stderr);
    return stderr === undefined;
  }

  /** What `nft -j list table inet NAME` says; undefined: there is no such table. Throws KERNEL_REFUSED. */
  async list(table: string): Promise<string | undefined> {
    const { code, stdout, stderr } = await this.#run('read rules', ['-j', 'list', 'table', 'inet', table]);
    if (code === 0) return stdout;
    if (stderr.includes('No such file or directory')) return undefined;
    throw refusal('read rules', stderr);
  }

  /** What nft says when commands are refused; undefined: they are not. */
  async #transact(what: string, commands: object, options: readonly string[]): Promise<string | undefined> {
    await using file = await this.#fileWith(JSON.stringify(commands));
    const { code, stderr } = await this.#run(what, [...options, '-j', '-f', '-'], file.fd);
    return code === 0 ? undefined : stderr;
  }

  /** A file without a name, so that none is left behind. */
  async #fileWith(text: string) {
    const path = join(this.#folder, `kernel-rules-${process.pid}.json`);
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      const file = await open(path, 'w+', 0o600);
      await rm(path);
      const bytes = Buffer.from(text);
      // At a position, so that whoever reads the descriptor itself begins at the start too.
      for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at, bytes.length - at, at)).bytesWritten;
      return file;
    } catch (error) {
      throw new SmartProxyError('KERNEL_REFUSED', `Cannot apply rules of the kernel: ${messageOf(error)}`, { cause: error });
    }
  }

  async #run(what: string, args: readonly string[], input?: number): ReturnType<typeof runProgram> {
    try {
      return await runProgram(this.#program, args, input);
    } catch (error) {
      const { command } = this.#program;
      const isMissing = error instanceof Error && (error as NodeJS.ErrnoException).code === 'ENOENT';
      const reason = isMissing ? `${command} is not installed; use an image that has it (docs/nftables.md)` : messageOf(error);
      throw new SmartProxyError('KERNEL_REFUSED', `Cannot ${what} of the kernel: ${reason}`, { cause: error });
    }
  }
}

function refusal(what: string, stderr: string): SmartProxyError {
  const reason = isForbidden(stderr) ? 'it takes the capability NET_ADMIN; give it to the container' : said(stderr);
  return new SmartProxyError('KERNEL_REFUSED', `Cannot ${what} of the kernel: ${reason}`);
}

function isForbidden(stderr: string): boolean {
  return stderr.includes('Operation not permitted');
}

/** The first lines of what a program complained of, as one. */
function said(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  return lines.length === 0 ? 'nft failed without a word' : lines.slice(0, 3).join('; ').slice(0, 500);
}
