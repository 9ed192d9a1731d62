import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryFolder } from '../running-command.ts';

/** An `nft` to find before the real one, which it runs: it lacks something until the gate is opened. */
export class NftGate {
  /** Folders to look for programs in. */
  readonly path: string;
  /** The program itself. */
  readonly command: string;
  readonly #open: string;

  private constructor(folder: string) {
    this.path = `${folder}:${process.env.PATH}`;
    this.command = join(folder, 'nft');
    this.#open = join(folder, 'open');
  }

  /** Without the capability that it takes. */
  static async closed(t: TestContext): Promise<NftGate> {
    return await NftGate.#make(t, () => [`exec '${join(import.meta.dirname, 'nft-without-privilege.sh')}' "$@"`]);
  }

  /** On a kernel that lacks the module of an expression, in the words of a kernel. @param expression as JSON has it: `"ct count"` */
  static async closedTo(t: TestContext, expression: string): Promise<NftGate> {
    return await NftGate.#make(t, (folder) => [
      'case " $* " in *" -f "*) ;; *) exec nft "$@" ;; esac',
      `input='${folder}'/input.$$`,
      'cat > "$input"',
      `if grep -q '${expression}' "$input"; then`,
      '  rm "$input"',
      "  echo 'internal:0:0-0: Error: Could not process rule: No such file or directory' >&2",
      '  exit 1',
      'fi',
      'nft "$@" < "$input"; code=$?',
      'rm "$input"',
      'exit $code',
    ]);
  }

  static async #make(t: TestContext, whileClosed: (folder: string) => readonly string[]): Promise<NftGate> {
    const folder = await temporaryFolder(t);
    const gate = new NftGate(folder);
    const lines = ['#!/bin/sh', `PATH='${process.env.PATH}'`, `test -e '${gate.#open}' && exec nft "$@"`, ...whileClosed(folder)];
    await writeFile(gate.command, `${lines.join('\n')}\n`, { mode: 0o755 });
    return gate;
  }

  async open(): Promise<void> {
    await writeFile(this.#open, '');
  }
}
