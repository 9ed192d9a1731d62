import type { ActiveLimit } from '../routes/policy.ts';

const none: readonly ActiveLimit[] = [];

/**
 * The limits of an object's connections or sessions, in all and by address.
 * @param most 0 or undefined: no limit
 */
export function objectLimits(scope: string, most: number | undefined, mostPerAddress: number | undefined): readonly ActiveLimit[] {
  if (!most && !mostPerAddress) return none;
  const limit = (number: number | undefined, per: ActiveLimit['per']): readonly ActiveLimit[] =>
    number === undefined || number === 0 ? none : [{ scope, most: number, per, exempt: [] }];
  return [...limit(most, 'route'), ...limit(mostPerAddress, 'address')];
}
