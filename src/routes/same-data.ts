import { Redacted } from '../redacted.ts';

/**
 * Whether two values of a route table say the same: plain data, arrays and `Redacted`. A missing property is the same as an undefined
 * one. (`isDeepStrictEqual` finds any two secrets equal, because it can't see private fields.)
 */
export function sameData(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof Redacted || b instanceof Redacted) return a instanceof Redacted && b instanceof Redacted && a.equals(b);
  if (Array.isArray(a) || Array.isArray(b)) return Array.isArray(a) && Array.isArray(b) && sameItems(a, b);
  return hasAllOf(a, b) && namesAllOf(a, b);
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => sameData(item, b[index]));
}

function hasAllOf(a: object, b: object): boolean {
  const fields = b as Readonly<Record<string, unknown>>;
  return Object.entries(a).every(([name, value]) => value === undefined || (Object.hasOwn(b, name) && sameData(value, fields[name])));
}

/** Whether `a` has a value for all that `b` has one for: `hasAllOf` has compared them, and doing so again would double at each depth. */
function namesAllOf(a: object, b: object): boolean {
  const fields = a as Readonly<Record<string, unknown>>;
  return Object.entries(b).every(([name, value]) => value === undefined || (Object.hasOwn(a, name) && fields[name] !== undefined));
}
