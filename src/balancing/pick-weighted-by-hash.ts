import { hashText, mixHash } from './stable-hash.ts';

/** Something with a share, and with a part of its own in consistent hashing. */
interface Weighted {
  readonly weight: number;
  /** See `seedOfService`. */
  readonly seed: number;
}

/** The part of a service in consistent hashing: equal for every variant of one Service port. */
export function seedOfService(serviceKey: string | undefined): number {
  return hashText(serviceKey?.replace(/#.*$/, '') ?? '');
}

/**
 * Weighted rendezvous hashing: a change of one weight moves no more than the difference, and only from it or to it. Undefined: all weights
 * are 0.
 */
export function pickWeightedByHash<T extends Weighted>(candidates: readonly T[], hash: number): T | undefined {
  let best: T | undefined;
  let bestScore = 0;
  for (const candidate of candidates) {
    // From 0 to 1, both excluded: the logarithm is finite and less than 0.
    const chance = (mixHash(hash ^ candidate.seed) + 0.5) / 0x1_0000_0000;
    const score = -candidate.weight / Math.log(chance);
    if (score <= bestScore) continue;
    best = candidate;
    bestScore = score;
  }
  return best;
}
