import { literalPrefix } from '../routes/literal-prefix.ts';

/**
 * How everything begins that a path of an Ingress may mean as a pattern, as ingress-nginx has them: a pattern of plain text for each
 * alternative. Empty where that is everything.
 */
export function patternBeginnings(pattern: string): readonly string[] {
  const beginnings = new Set(alternativesOf(pattern).map(beginningOf));
  return beginnings.has('') || beginnings.has('/') ? [] : [...beginnings].map((text) => text.replace(/[\\.*+?()[\]{}^$]/g, '\\$&'));
}

/** What stands between the `|` that are in no group. */
function alternativesOf(pattern: string): readonly string[] {
  const alternatives = [''];
  let depth = 0;
  for (const [token] of pattern.matchAll(/\\.|\[[^\]]*\]?|./gs)) {
    if (token === '(') depth++;
    else if (token === ')') depth--;
    if (token === '|' && depth <= 0) alternatives.push('');
    else alternatives.push(`${alternatives.pop() ?? ''}${token}`);
  }
  return alternatives;
}

/** What stands before the first group; a `|` that is escaped is no plain beginning to `literalPrefix`. */
function beginningOf(alternative: string): string {
  const [plain = ''] = alternative.split(/[(|]/, 1);
  return literalPrefix(plain);
}
