import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '../corpus');

/**
 * The saved inputs of one target, one a line: text as a JSON string of latin1, anything else in hex. `NAME.txt` holds inputs that reach
 * what no other one does, `NAME.found.txt` those that once failed.
 */
export class Corpus {
  readonly #name: string;
  readonly #isText: boolean;

  constructor(name: string, isText: boolean) {
    this.#name = name;
    this.#isText = isText;
  }

  get saved(): readonly Buffer[] {
    return read(this.#path(''));
  }

  /** Inputs that once failed. */
  get found(): readonly Buffer[] {
    return read(this.#path('.found'));
  }

  /** How the input is written in a file, and shown. */
  lineOf(input: Buffer): string {
    return this.#isText ? JSON.stringify(input.toString('latin1')) : input.toString('hex');
  }

  save(inputs: readonly Buffer[]): void {
    const lines = inputs.map((input) => this.lineOf(input)).sort();
    writeFileSync(this.#path(''), lines.map((line) => `${line}\n`).join(''));
  }

  /** Keeps an input that failed, so that it is the first to be tried from now on. Returns the file. */
  addFound(input: Buffer): string {
    const path = this.#path('.found');
    const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
    const kept = [...new Set([...lines, this.lineOf(input)])].filter((line) => line !== '');
    writeFileSync(path, kept.map((line) => `${line}\n`).join(''));
    return path;
  }

  #path(kind: string): string {
    return join(folder, `${this.#name}${kind}.txt`);
  }
}

function read(path: string): readonly Buffer[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => inputOf(line));
}

function inputOf(line: string): Buffer {
  return line.startsWith('"') ? Buffer.from(JSON.parse(line) as string, 'latin1') : Buffer.from(line, 'hex');
}
