import { SmartProxyError } from '../errors.ts';
import { LinearRegex } from './linear-regex.ts';

/** The pattern of a route in a valid table; throws TABLE_INVALID when it is none. */
export function compilePattern(pattern: string, routeKey: string): LinearRegex {
  const regex = LinearRegex.compile(pattern);
  if (typeof regex !== 'string') return regex;
  throw new SmartProxyError('TABLE_INVALID', `Cannot compile route ${routeKey}: the pattern ${regex}`);
}
