import type { WeightedBackend } from '../routes/route.ts';

/**
 * Picks a backend by weight; undefined when all weights are 0. Sums them up each time: for connections, of which there are fewer than
 * requests.
 * @param random from 0 up to, not including, 1
 */
export function pickBackend(backends: readonly WeightedBackend[], random: () => number): WeightedBackend | undefined {
  let point = 0;
  for (const { weight } of backends) point += weight;
  point *= random();
  for (const backend of backends) {
    point -= backend.weight;
    if (point < 0) return backend;
  }
  return undefined;
}
