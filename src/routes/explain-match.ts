import type { Steps } from '../steps.ts';
import { compareHostKeys, decidingStep, type PrecedenceStep } from './compare-routes.ts';
import { CompiledTable, type MatchResult } from './compiled-table.ts';
import { hostKeyCovers } from './host-name.ts';
import { keeperOf } from './kept-listeners.ts';
import { type FailedCondition, MatchConditions } from './match-conditions.ts';
import type { MatchRequest } from './match-request.ts';
import type { Route } from './route.ts';
import { anyHost, type Host, type RouteTable } from './route-table.ts';

/** Why a request goes where it goes. */
export interface MatchExplanation {
  /** What the data plane does, from its own matcher. */
  readonly result: MatchResult;
  /** Keys of the hosts that cover the name, the most specific first. */
  readonly hosts: readonly string[];
  /** Routes of those hosts in the order in which they count, the winner among them. */
  readonly verdicts: readonly RouteVerdict[];
  /** How many more routes there are, not looked at one by one. */
  readonly omitted: number;
}

/** What becomes of one route. */
export interface RouteVerdict {
  readonly host: string;
  readonly route: Route;
  readonly outcome: RouteOutcome;
}

export type RouteOutcome =
  | { readonly kind: 'wins' }
  /** It is for other requests. `fitsPath` undefined: whether its pattern fits would cost too much to find out. */
  | { readonly kind: 'differs'; readonly fitsPath: boolean | undefined; readonly failed: readonly FailedCondition[] }
  /** It is for such requests, and another is before it: by its host (undefined), or by this step of the order. */
  | { readonly kind: 'outranked'; readonly step: PrecedenceStep | undefined }
  /** Whether it is for such requests would cost too much to find out, so nothing behind it is asked. */
  | { readonly kind: 'too-costly' };

/** Most routes that are looked at one by one: each may have a pattern to compile. */
const maxVerdicts = 1000;

/**
 * Matches `request` as the data plane does, and says of each route that could have had it what became of it: the same index decides for
 * every route once by itself, with a pause after each, since one with patterns may take milliseconds. So nothing here has an opinion of its own on what fits. Only hosts that cover the name are compiled.
 */
export function* explainMatch(table: RouteTable, request: MatchRequest): Steps<MatchExplanation> {
  const hosts = [...table.hosts.values()]
    .filter(({ key }) => hostKeyCovers(key, request.host))
    .sort((a, b) => compareHostKeys(a.key, b.key));
  const result = compile(table, hosts).match(request);
  const winner = result.kind === 'route' ? result.route : undefined;
  const candidates = hosts.flatMap((host) => host.routes.map((route) => ({ host, route })));
  const considered = candidates.filter(({ route }, place) => place < maxVerdicts || route === winner?.route);
  const verdicts: RouteVerdict[] = [];
  for (const { host, route } of considered) {
    if (route === winner?.route) {
      verdicts.push({ host: host.key, route, outcome: { kind: 'wins' } });
      continue;
    }
    yield;
    const step = winner?.host.key === host.key ? decidingStep(winner.route, route) : undefined;
    verdicts.push({ host: host.key, route, outcome: outcomeOf(table, host, route, request, step) });
  }
  return { result, hosts: hosts.map(({ key }) => key), verdicts, omitted: candidates.length - considered.length };
}

function outcomeOf(table: RouteTable, host: Host, route: Route, request: MatchRequest, step: PrecedenceStep | undefined): RouteOutcome {
  const alone = matchAlone(table, host, route, request);
  if (alone === 'route') return { kind: 'outranked', step };
  if (alone === 'patterns_too_costly') return { kind: 'too-costly' };
  const { path } = route.match;
  const pathAlone = { ...route, match: { path, methods: [], headers: [], query: [] } };
  // Without listeners, none is kept for the routes of others.
  const byPath = matchAlone({ ...table, listeners: new Map() }, host, pathAlone, request);
  const failed: FailedCondition[] = [];
  const keeper = keeperOf(route.source);
  const only = table.listeners.get(request.listener)?.namespaces;
  if (only !== undefined && keeper !== undefined && !only.includes(keeper)) failed.push({ kind: 'namespace', wanted: only });
  MatchConditions.compile(route, table.policies.get(route.policy) ?? {})?.hold(request, failed);
  return { kind: 'differs', fitsPath: byPath === 'patterns_too_costly' ? undefined : byPath === 'route', failed };
}

/** A compiled table with only those hosts that cover one of `names`: for these it answers as that of the whole table. */
export function compileForNames(table: RouteTable, names: readonly string[]): CompiledTable {
  return compile(
    table,
    [...table.hosts.values()].filter(({ key }) => key === anyHost || names.some((name) => hostKeyCovers(key, name))),
  );
}

/** What the matcher says of a host that has this route and no other. */
function matchAlone(table: RouteTable, host: Host, route: Route, request: MatchRequest): MatchResult['kind'] {
  return compile(table, [{ ...host, routes: [route] }]).match(request).kind;
}

function compile(table: RouteTable, hosts: readonly Host[]): CompiledTable {
  return CompiledTable.compile({ ...table, hosts: new Map(hosts.map((host) => [host.key, host])) });
}
