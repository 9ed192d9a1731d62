/** Endpoints that share a weight between them. */
export interface WeightedGroup<T> {
  readonly weight: number;
  readonly members: readonly T[];
}

/** Above this many slots shares are rounded: far more than any difference that could be seen. */
const maxSlots = 1_000_000;

/**
 * Gives each member its number of slots, so that groups get connections by weight and the members of one group alike. As few slots as are
 * exact; rounded, but never to none, where that would take more than a million. Groups without weight or members get nothing.
 */
export function slotsOf<T>(groups: readonly WeightedGroup<T>[]): readonly { readonly member: T; readonly slots: number }[] {
  const used = groups.filter(({ weight, members }) => weight > 0 && members.length > 0);
  const exact = exactScale(used);
  const shares = used.map(({ weight, members }) => weight / members.length);
  const sum = used.reduce((total, { weight }) => total + weight, 0);
  const scale = exact ?? maxSlots / sum;
  const slots = shares.map((share) => Math.max(1, Math.round(share * scale)));
  const divisor = slots.reduce(greatestCommonDivisor, 0);
  return used.flatMap(({ members }, index) => members.map((member) => ({ member, slots: (slots[index] as number) / divisor })));
}

/** What makes every share a whole number; undefined: too much. */
function exactScale<T>(groups: readonly WeightedGroup<T>[]): number | undefined {
  let scale = 1;
  for (const { members } of groups) scale *= members.length / greatestCommonDivisor(scale, members.length);
  const total = groups.reduce((sum, { weight }) => sum + weight * scale, 0);
  return total <= maxSlots ? scale : undefined;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
