import { isDeepStrictEqual } from 'node:util';
import type { Policy } from '../routes/policy.ts';
import type { L4Route, WeightedBackend } from '../routes/route.ts';
import type { Claimant } from './host-claim.ts';
import { keepEntries } from './keep-map.ts';
import type { Policies } from './policies.ts';
import { describe, messageFor, quote } from './problem-list.ts';
import type { ResolvedObject } from './resolved-object.ts';
import type { RouteSettings } from './route-settings.ts';
import type { ServiceBinding } from './service-binding.ts';
import type { ServiceUse } from './service-use.ts';
import type { Problem } from './translation.ts';

/** What one object wants of one listener as a whole. */
export interface L4Claim {
  readonly from: Claimant;
  /** The higher one has the listener. */
  readonly priority: number;
  readonly listener: string;
  readonly protocol: L4Route['protocol'];
  readonly clients?: L4Route['clients'];
  /** Of UDP. */
  readonly limits: Pick<L4Route, 'idleTimeoutMs' | 'maxSessions' | 'maxSessionsPerAddress'>;
  readonly kernel?: L4Route['kernel'];
  readonly backends: readonly WeightedBackend[];
  /** Of the backends that can be served. */
  readonly bindings: readonly ServiceBinding[];
  readonly settings: RouteSettings;
  /** Where the listener is named. */
  readonly field: string;
}

/** The L4 routes of the table with all that they need in its other parts. */
export interface MergedL4 {
  readonly routes: ReadonlyMap<string, L4Route>;
  readonly policies: readonly Policy[];
  readonly uses: readonly ServiceUse[];
  /** Objects with something in it. */
  readonly served: readonly Claimant[];
  /** What lost against another object. */
  readonly problems: readonly Problem[];
}

/**
 * Keeps the L4 routes: for the same clients a listener is that of the highest priority, then of the oldest object, since nothing in the bytes could
 * tell two apart. Whether workers or the kernel forward makes no difference.
 */
export class MergedL4Routes {
  readonly #policies: Policies;
  #objects: readonly ResolvedObject[] | undefined;
  #result: MergedL4 = { routes: new Map(), policies: [], uses: [], served: [], problems: [] };

  constructor(policies: Policies) {
    this.#policies = policies;
  }

  /** @param objects oldest first. The answer keeps its reference while nothing in it changes. */
  merge(objects: readonly ResolvedObject[]): MergedL4 {
    if (objects === this.#objects) return this.#result;
    this.#objects = objects;
    const claims = objects.flatMap(({ l4 }) => l4 ?? []);
    const isEmpty = claims.length === 0 && this.#result.routes.size === 0 && this.#result.problems.length === 0;
    if (isEmpty) return this.#result;
    const merged = mergeClaims(claims, this.#policies);
    if (!isDeepStrictEqual(merged, this.#result)) this.#result = { ...merged, routes: keepEntries(this.#result.routes, merged.routes) };
    return this.#result;
  }
}

function mergeClaims(claims: readonly L4Claim[], policies: Policies): MergedL4 {
  const winners = new Map<string, L4Claim[]>();
  const problems: Problem[] = [];
  for (const claim of [...claims].sort((a, b) => b.priority - a.priority)) {
    const place = `${claim.listener} ${claim.protocol}`;
    const ofPlace = winners.get(place) ?? [];
    const winner = ofPlace.find((other) => !areApart(claim, other));
    if (winner === undefined) winners.set(place, [...ofPlace, claim]);
    else problems.push(lost(claim, winner));
  }
  const won = [...winners.values()].flatMap((ofPlace) =>
    ofPlace.map((claim, rank) => ({ claim, rank, policy: policies.policy(claim.settings, false, undefined, true) })),
  );
  const routes = won.map(({ claim, rank, policy }) => routeOf(claim, rank, policy.key));
  return {
    routes: new Map(routes.map((route) => [route.key, route])),
    policies: won.map(({ policy }) => policy),
    uses: won.flatMap(({ claim: { bindings, from, protocol } }) =>
      bindings.map((binding) => ({ binding, from, field: `spec.${protocol}.backends`, gets: 'connections' as const })),
    ),
    served: [...new Set(won.map(({ claim }) => claim.from))],
    problems,
  };
}

/** Whether two claims on a listener may stand side by side: they are for other clients. */
function areApart(a: L4Claim, b: L4Claim): boolean {
  return clientsKey(a) !== clientsKey(b);
}

function clientsKey({ clients }: L4Claim): string {
  return clients === undefined ? '' : [...clients].sort().join();
}

function routeOf({ from, listener, protocol, clients, backends, limits, kernel }: L4Claim, rank: number, policy: string): L4Route {
  const { kind, namespace, name } = from.ref;
  const key = `${kind} ${namespace}/${name} ${listener}`;
  const set = Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
  const narrow = clients === undefined ? {} : { clients, rank };
  const more = { ...narrow, ...set, ...(kernel === undefined ? {} : { kernel }) };
  return { key, listener, protocol, backends, policy, source: { kind, namespace, name }, ...more };
}

function lost({ from, listener, field, priority }: L4Claim, winner: L4Claim): Problem {
  const byAge = winner.from.createdAtMs === from.createdAtMs ? 'first by name' : 'older';
  const why = winner.priority === priority ? byAge : `priority ${winner.priority}`;
  const sentence = `listener ${quote(listener)} is that of ${describe(winner.from.ref)} (${why}), and connections have nothing to choose by; use another listener, or clientCIDRs`;
  return { object: from.ref, reason: 'ListenerConflict', field, message: messageFor(from.ref, field, sentence) };
}
