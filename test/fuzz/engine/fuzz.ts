import { randomInt } from 'node:crypto';
import { describe, it } from 'node:test';
import { Corpus } from './corpus.ts';
import { Coverage } from './coverage.ts';
import { mutateBytes, spliced } from './mutate.ts';
import { Random } from './random.ts';
import { Watchdog } from './watchdog.ts';

/** What is fuzzed, and how it shows that something is wrong. */
export interface FuzzTarget {
  /** Of its corpus too. */
  readonly name: string;
  /** Inputs are mostly text, and are written as such. */
  readonly isText: boolean;
  /** Inputs to begin with, beside those of the corpus. */
  readonly seeds: readonly Buffer[];
  /** What means something to the target, latin1. */
  readonly words: readonly string[];
  /** Throws when an oracle is broken; the same for the same input each time. */
  check(input: Buffer): void | Promise<void>;
  /** A changed copy of `input`, by what is known of its form; default: `mutateBytes` alone. */
  readonly mutate?: (random: Random, input: Buffer, other: Buffer) => Buffer;
}

/** How long each target is fuzzed: seconds in FUZZ_SECONDS. */
const budgetMs = 1000 * Number(process.env.FUZZ_SECONDS ?? 10);
/**
 * FUZZ_SEED makes the inputs those of an earlier run. With CI=true they are the same each time: what a change is judged by must not depend
 * on chance; new ground is for whoever runs the tests by hand.
 */
const seed = Number(process.env.FUZZ_SEED ?? (process.env.CI === 'true' ? 1 : randomInt(2 ** 31)));
/** FUZZ_KEEP=1 writes what the run has found to reach new code into the corpus, for committing. */
const keeps = process.env.FUZZ_KEEP === '1';

/** Begins with this module, before anything of the target has run. */
const coverage = new Coverage();

/** Inputs between two looks at the coverage, which costs more than an input does. */
const batchInputs = 16;

/** Tests of a target: its corpus, then new inputs for a while. An input that fails is made small, shown, and saved to be tried first. */
export function fuzz(target: FuzzTarget): void {
  const corpus = new Corpus(target.name, target.isText);

  describe(`fuzz ${target.name}`, () => {
    it('every input that failed once passes', async () => {
      for (const input of corpus.found) await target.check(input);
    });

    it('every input of the corpus passes', async () => {
      for (const input of [...target.seeds, ...corpus.saved]) await new Attempt(target, corpus).check(input);
    });

    it('new inputs pass', async (context) => {
      await using watchdog = new Watchdog(target.name, target.isText);
      const run = new Run(target, corpus, watchdog);
      await run.begin();
      const before = coverage.total;
      await run.explore(performance.now() + budgetMs);
      context.diagnostic(
        `FUZZ_SEED=${seed}: ${run.tried} inputs, ${run.pool.length} kept, ${coverage.total - before} characters reached anew`,
      );
      if (keeps) corpus.save(await run.smallestCover());
    });
  });
}

/** One input and what is done when it fails. */
class Attempt {
  readonly #target: FuzzTarget;
  readonly #corpus: Corpus;

  constructor(target: FuzzTarget, corpus: Corpus) {
    this.#target = target;
    this.#corpus = corpus;
  }

  async check(input: Buffer): Promise<void> {
    const failure = await this.#failureOf(input);
    if (failure === undefined) return;
    const small = await this.#shrink(input, placeOf(failure));
    const path = this.#corpus.addFound(small);
    const cause = (await this.#failureOf(small)) ?? failure;
    throw new Error(
      `Cannot let this input of ${this.#target.name} pass (FUZZ_SEED=${seed}, saved in ${path}): ${this.#corpus.lineOf(small)}`,
      { cause },
    );
  }

  async #failureOf(input: Buffer): Promise<unknown> {
    try {
      await this.#target.check(input);
      return undefined;
    } catch (error) {
      return error;
    }
  }

  /** Takes away what is not needed for a failure at the same place: halves first, then ever less. */
  async #shrink(input: Buffer, place: string): Promise<Buffer> {
    let small = input;
    const deadline = performance.now() + 5000;
    for (let size = Math.ceil(input.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let at = 0; at < small.length && performance.now() < deadline; ) {
        const without = spliced(small, at, size, Buffer.alloc(0));
        if (placeOf(await this.#failureOf(without)) !== place) at += size;
        else small = without;
      }
    }
    return small;
  }
}

/** Where an error was thrown; '' without one. */
function placeOf(error: unknown): string {
  return error instanceof Error ? (/^ +at .*$/m.exec(error.stack ?? '')?.[0] ?? error.message) : '';
}

/** One run over new inputs. */
class Run {
  readonly pool: Buffer[] = [];
  tried = 0;
  readonly #target: FuzzTarget;
  readonly #corpus: Corpus;
  readonly #watchdog: Watchdog;
  readonly #attempt: Attempt;
  readonly #random = new Random(seed);
  readonly #words: readonly Buffer[];

  constructor(target: FuzzTarget, corpus: Corpus, watchdog: Watchdog) {
    this.#target = target;
    this.#corpus = corpus;
    this.#watchdog = watchdog;
    this.#attempt = new Attempt(target, corpus);
    this.#words = target.words.map((word) => Buffer.from(word, 'latin1'));
  }

  /** What is known already is in the pool, and counts as reached. */
  async begin(): Promise<void> {
    this.pool.push(...this.#target.seeds.filter((input) => input.length <= 2048), ...this.#corpus.saved, ...this.#corpus.found);
    for (const input of this.pool) await this.#try(input);
    coverage.take();
  }

  async explore(deadline: number): Promise<void> {
    while (performance.now() < deadline) {
      const batch = Array.from({ length: batchInputs }, () => this.#newInput());
      for (const input of batch) await this.#try(input);
      if (coverage.peek() === 0) continue;
      for (const input of batch) {
        await this.#try(input);
        if (coverage.take() > 0) this.pool.push(input);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Few and small inputs that together reach what the pool reaches and the seeds do not. */
  async smallestCover(): Promise<readonly Buffer[]> {
    coverage.forget();
    for (const input of this.#target.seeds) await this.#target.check(input);
    coverage.take();
    const kept: Buffer[] = [];
    for (const input of [...this.pool].sort((a, b) => a.length - b.length)) {
      await this.#target.check(input);
      if (coverage.take() > 0) kept.push(input);
    }
    return kept;
  }

  #newInput(): Buffer {
    const input = this.#random.pick(this.pool);
    const other = this.#random.pick(this.pool);
    const { mutate } = this.#target;
    if (mutate !== undefined && !this.#random.once(4)) return mutate(this.#random, input, other);
    return mutateBytes(this.#random, input, other, this.#words);
  }

  async #try(input: Buffer): Promise<void> {
    this.tried++;
    this.#watchdog.begin(input);
    await this.#attempt.check(input);
  }
}
