import type { EndpointRuntime } from './endpoint-runtime.ts';
import { mixHash } from './stable-hash.ts';

/**
 * The endpoint that scores highest with this hash (rendezvous hashing): who comes or goes moves its own share and nobody else's, and every
 * worker and replica with the same endpoints picks the same. One that is out is picked when all are, one with `maxActive` requests when
 * no other has less.
 * @param endpoints at least two
 * @param avoid never picked
 * @param nowMs on the balancers' clock; Infinity: none is out
 */
export function pickByHash(
  endpoints: readonly EndpointRuntime[],
  hash: number,
  avoid: EndpointRuntime | undefined,
  nowMs: number,
  maxActive: number,
): EndpointRuntime | undefined {
  let best: EndpointRuntime | undefined;
  let bestRank = -1;
  let bestScore = 0;
  for (let i = 0; i < endpoints.length; i++) {
    const endpoint = endpoints[i] as EndpointRuntime;
    // As a signed number, which V8 keeps as a small integer.
    const score = mixHash(hash ^ endpoint.seed) | 0;
    if ((bestRank === 2 && score <= bestScore) || endpoint === avoid) continue;
    const rank = endpoint.isOut(nowMs) ? 0 : endpoint.active < maxActive ? 2 : 1;
    if (rank < bestRank || (rank === bestRank && score < bestScore)) continue;
    best = endpoint;
    bestRank = rank;
    bestScore = score;
  }
  return best;
}

/** How many requests under way one endpoint may have when one more comes: `percent` of what each has if all have the same. */
export function boundedLoad(endpoints: readonly EndpointRuntime[], percent: number | undefined): number {
  if (percent === undefined) return Number.POSITIVE_INFINITY;
  let active = 1;
  for (let i = 0; i < endpoints.length; i++) active += (endpoints[i] as EndpointRuntime).active;
  return Math.ceil((active * percent) / (100 * endpoints.length));
}
