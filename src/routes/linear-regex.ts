import { RE2JS, RE2Set } from 're2js';
import { literalPrefix } from './literal-prefix.ts';
import { patternWork } from './pattern-work.ts';

/** The largest program that a pattern may compile to, in RE2's instructions; about one a character, and one more for each repetition. */
const maxProgramSize = 64;
/**
 * What one text may cost, in characters times steps of the pattern: 512 characters for the largest patterns, some thousands for most. Nothing
 * else of a worker goes on meanwhile: the worst patterns take about 30 ns of each, so about 1 ms ("match, worst pattern" of the bench).
 */
export const maxTextWork = 512 * maxProgramSize;
/**
 * What a pattern's automaton may grow to before it begins anew; the library's own limit is 8 MiB. Patterns of real life need a few KiB, and
 * the worst ones make a state for every character, which costs less the fewer of them are kept.
 */
const maxBytes = 32 * 1024;

/** A user's pattern in RE2 syntax, matched in time linear in the text, whatever both are. */
export class LinearRegex {
  readonly #set: RE2Set;
  /** In RE2's instructions. */
  readonly #size: number;
  readonly #prefix: string;

  private constructor(set: RE2Set, size: number, prefix: string) {
    this.#set = set;
    this.#size = size;
    this.#prefix = prefix;
  }

  /** The pattern, or why it can't be used, as the end of a sentence ("the pattern ..."). */
  static compile(pattern: string): LinearRegex | string {
    const set = new RE2Set(RE2Set.ANCHOR_BOTH, 0, maxBytes);
    let size: number;
    try {
      size = RE2JS.compile(pattern).programSize();
      set.add(pattern);
      set.compile();
    } catch (error) {
      return `is no regular expression in RE2 syntax: ${reasonOf(error)}`;
    }
    if (size > maxProgramSize) return `is too large: ${size} steps, where ${maxProgramSize} are the most`;
    return new LinearRegex(set, size, literalPrefix(pattern));
  }

  /** How many groups the pattern has, or why it can't be used. */
  static groups(pattern: string): number | string {
    const compiled = LinearRegex.compile(pattern);
    return typeof compiled === 'string' ? compiled : RE2JS.compile(pattern).groupCount();
  }

  /** Whether it matches the whole of a text; undefined: to find out would cost too much. Spends pattern work. */
  matches(text: string): boolean | undefined {
    if (!text.startsWith(this.#prefix)) return false;
    const work = text.length * this.#size;
    if (work > maxTextWork || !patternWork.spend(work)) return undefined;
    return this.#set.match(text).length > 0;
  }
}

/** The library says what is wrong, and quotes the pattern after a colon. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/^error parsing regexp: /, '').slice(0, 200);
}
