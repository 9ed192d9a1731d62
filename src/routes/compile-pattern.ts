import { SmartProxyError } from '../errors.ts';
import { LinearRegex } from './linear-regex.ts';
import { literalPrefix } from './literal-prefix.ts';

/** The pattern of a route in a valid table; throws TABLE_INVALID when it is none. */
export function compilePattern(pattern: string, routeKey: string): LinearRegex {
  const regex = LinearRegex.compile(pattern);
  if (typeof regex !== 'string') return regex;
  throw new SmartProxyError('TABLE_INVALID', `Cannot compile route ${routeKey}: the pattern ${regex}`);
}

/** What is left of a pattern that can't be used: how everything begins that it could mean. */
export class UnusablePattern {
  readonly #prefix: string;

  constructor(pattern: string) {
    this.#prefix = literalPrefix(pattern);
  }

  matches(text: string): boolean {
    return text.startsWith(this.#prefix);
  }
}
