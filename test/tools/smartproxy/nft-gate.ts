import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryFolder } from '../running-command.ts';

/** An `nft` to find before the real one, which it runs: without the capability that it takes until the gate is opened. */
export class NftGate {
  /** Folders to look for programs in. */
  readonly path: string;
  readonly #open: string;

  private constructor(folder: string) {
    this.path = `${folder}:${process.env.PATH}`;
    this.#open = join(folder, 'open');
  }

  static async closed(t: TestContext): Promise<NftGate> {
    const folder = await temporaryFolder(t);
    const gate = new NftGate(folder);
    const lines = [
      '#!/bin/sh',
      `PATH='${process.env.PATH}'`,
      `test -e '${gate.#open}' && exec nft "$@"`,
      `exec '${join(import.meta.dirname, 'nft-without-privilege.sh')}' "$@"`,
    ];
    await writeFile(join(folder, 'nft'), `${lines.join('\n')}\n`, { mode: 0o755 });
    return gate;
  }

  async open(): Promise<void> {
    await writeFile(this.#open, '');
  }
}
