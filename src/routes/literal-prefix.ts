/**
 * What every text begins with that a pattern in RE2 syntax fits as a whole; '' where that isn't plain to see. Most patterns for paths begin
 * with some elements as they are (`/users/\d+`), and comparing those costs next to nothing.
 */
export function literalPrefix(pattern: string): string {
  if (pattern.includes('|')) return '';
  let prefix = '';
  let index = pattern.startsWith('^') ? 1 : 0;
  while (index < pattern.length) {
    const literal = /^(?:\\([!-/:-@[-`{-~])|([!-~]))/.exec(pattern.slice(index, index + 2));
    const character = literal?.[1] ?? literal?.[2];
    if (literal === null || character === undefined || (literal[2] !== undefined && special.has(character))) break;
    index += literal[0].length;
    if (repeats.has(pattern[index] ?? '')) break; // the character may come any number of times, or not at all
    prefix += character;
  }
  return prefix;
}

const special = new Set('.*+?()[]{}^$\\');
const repeats = new Set('*+?{');
