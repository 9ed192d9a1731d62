import { RE2JS, RE2Set } from 're2js';

/** The largest program that a pattern may compile to, in RE2's instructions; about one a character, and one more for each repetition. */
const maxProgramSize = 64;
/**
 * Longer texts match no pattern. Nothing else of a worker goes on while one is matched: the worst pattern of that size takes about 2 µs a
 * character, so about 1 ms ("match, worst pattern" of the bench).
 */
export const maxPatternText = 512;
/**
 * What a pattern's automaton may grow to before it begins anew; the library's own limit is 8 MiB. Patterns of real life need a few KiB, and
 * the worst ones make a state for every character, which costs less the fewer of them are kept.
 */
const maxBytes = 32 * 1024;

/** A user's pattern in RE2 syntax, matched in time linear in the text, whatever both are. */
export class LinearRegex {
  readonly #set: RE2Set;

  private constructor(set: RE2Set) {
    this.#set = set;
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
    return size > maxProgramSize ? `is too large: ${size} steps, where ${maxProgramSize} are the most` : new LinearRegex(set);
  }

  /** How many groups the pattern has, or why it can't be used. */
  static groups(pattern: string): number | string {
    const compiled = LinearRegex.compile(pattern);
    return typeof compiled === 'string' ? compiled : RE2JS.compile(pattern).groupCount();
  }

  /** Whether it matches the whole of a text. */
  matches(text: string): boolean {
    return text.length <= maxPatternText && this.#set.match(text).length > 0;
  }
}

/** The library says what is wrong, and quotes the pattern after a colon. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/^error parsing regexp: /, '').slice(0, 200);
}
