import { SmartProxyError } from '../errors.ts';
import { prefixElements } from './compare-routes.ts';
import { compilePattern, UnusablePattern } from './compile-pattern.ts';
import { keeperOf } from './kept-listeners.ts';
import type { LinearRegex } from './linear-regex.ts';
import { MatchConditions } from './match-conditions.ts';
import type { MatchRequest } from './match-request.ts';
import type { Policy } from './policy.ts';
import type { Route } from './route.ts';
import type { Host } from './route-table.ts';

/** A route with what it refers to. One object a route; the data plane may hang memoised runtime on its identity. */
export interface CompiledRoute {
  readonly route: Route;
  readonly policy: Policy;
  readonly host: Host;
}

/** The answer for one route, made once so that a match allocates nothing. */
export interface RouteMatched {
  readonly kind: 'route';
  readonly route: CompiledRoute;
}

/** What a request meets may be a route whose patterns would cost too much to try, so nobody can say. */
export interface TooCostly {
  readonly kind: 'patterns_too_costly';
}

/**
 * One host's routes as an index: exact paths in a map, prefixes in a tree of path elements, patterns in a list. A lookup costs one step an
 * element of the request's path at most, and stops where the table has nothing deeper, so long hostile paths are cheap. Patterns are tried
 * one after the other, and only those that come before what was found.
 */
export class CompiledHost {
  readonly host: Host;
  /** `cookieName` of each login at one of its routes. */
  readonly sessionCookies: readonly string[];
  readonly #policies: readonly Policy[];
  readonly #exact: ReadonlyMap<string, Candidate[]> | undefined;
  readonly #prefixes: PrefixNode;
  readonly #patterns: readonly PatternCandidate[] | undefined;

  constructor(host: Host, policies: ReadonlyMap<string, Policy>) {
    const exact = new Map<string, Candidate[]>();
    const prefixes: PrefixNode = { candidates: [], children: undefined };
    const patterns: PatternCandidate[] = [];
    const used = new Set<Policy>();
    host.routes.forEach((route, rank) => {
      const policy = policyOf(route, policies);
      used.add(policy);
      const candidate = makeCandidate({ route, policy, host }, rank);
      const { path } = route.match;
      if (path.kind === 'exact') addExact(exact, path.value, candidate);
      else if (path.kind === 'prefix') prefixNode(prefixes, path.value).candidates.push(candidate);
      else patterns.push({ candidate, pattern: patternOf(path, route.key) });
    });
    this.host = host;
    this.#policies = [...used];
    this.sessionCookies = sessionCookiesOf(this.#policies);
    this.#exact = exact.size > 0 ? exact : undefined;
    this.#prefixes = prefixes;
    this.#patterns = patterns.length > 0 ? patterns : undefined;
  }

  /** Whether the policies that the routes were compiled with are those of another table too. */
  hasPoliciesOf(policies: ReadonlyMap<string, Policy>): boolean {
    return this.#policies.every((policy) => policies.get(policy.key) === policy);
  }

  /**
   * The first route in the order of `host.routes` that matches.
   * @param only namespaces whose routes the listener serves; undefined: all
   */
  match(request: MatchRequest, only: ReadonlySet<string> | undefined): RouteMatched | TooCostly | undefined {
    const { path } = request;
    const exact = this.#exact?.get(path);
    let best = exact === undefined ? undefined : firstMatch(exact, request, undefined, only);
    if (path !== '' && path.charCodeAt(0) !== slashCode) return best?.matched;
    let node: PrefixNode | undefined = this.#prefixes;
    let end = 0; // the end of the elements that `node` stands for
    while (node !== undefined) {
      best = firstMatch(node.candidates, request, best, only);
      if (node.children === undefined || end >= path.length) break;
      const start = end + 1;
      end = path.indexOf('/', start);
      if (end === -1) end = path.length;
      node = node.children.get(path.slice(start, end));
    }
    if (this.#patterns !== undefined) best = firstPattern(this.#patterns, request, best, only);
    return best?.matched;
  }
}

/** A route in a bucket; `rank` is its place in the host's order, so the lowest one that matches wins. */
interface Candidate {
  readonly rank: number;
  /** As `keeperOf` has it. */
  readonly keeper: string | undefined;
  /** undefined: the path is all that it asks for. */
  readonly conditions: MatchConditions | undefined;
  readonly matched: RouteMatched | TooCostly;
}

/** A route whose path is a pattern; in order of rank too. */
interface PatternCandidate {
  readonly candidate: Candidate;
  readonly pattern: LinearRegex | UnusablePattern;
}

/** A node stands for a sequence of path elements. Candidates are in order of rank, because routes are added in that order. */
interface PrefixNode {
  readonly candidates: Candidate[];
  children: Map<string, PrefixNode> | undefined;
}

const slashCode = 47;
const tooCostly: TooCostly = { kind: 'patterns_too_costly' };

/** Stands for a candidate of which nobody can say whether it matches: should none come before it, the request must not go to the next. */
function doubtful({ rank, keeper }: Candidate): Candidate {
  return { rank, keeper, conditions: undefined, matched: tooCostly };
}

const none: readonly string[] = [];

function sessionCookiesOf(policies: readonly Policy[]): readonly string[] {
  const names = policies.flatMap(({ auth, sessionCookie }) => (auth?.kind === 'oidc' ? auth.cookieName : (sessionCookie ?? [])));
  return names.length === 0 ? none : [...new Set(names)];
}

function makeCandidate(route: CompiledRoute, rank: number): Candidate {
  const keeper = keeperOf(route.route.source);
  return {
    rank,
    keeper,
    conditions: MatchConditions.compile(route.route, route.policy),
    matched: { kind: 'route', route },
  };
}

function patternOf({ kind, value }: Route['match']['path'], routeKey: string): PatternCandidate['pattern'] {
  return kind === 'unusable-regex' ? new UnusablePattern(value) : compilePattern(value, routeKey);
}

function policyOf(route: Route, policies: ReadonlyMap<string, Policy>): Policy {
  const policy = policies.get(route.policy);
  if (policy === undefined) throw new SmartProxyError('TABLE_INVALID', `Cannot compile route ${route.key}: no policy ${route.policy}`);
  return policy;
}

function addExact(exact: Map<string, Candidate[]>, path: string, candidate: Candidate): void {
  const bucket = exact.get(path);
  if (bucket === undefined) exact.set(path, [candidate]);
  else bucket.push(candidate);
}

/** The node for a prefix, made with everything above it. */
function prefixNode(root: PrefixNode, prefix: string): PrefixNode {
  let node = root;
  const elements = prefixElements(prefix);
  if (elements === '') return node;
  for (const element of elements.slice(1).split('/')) {
    node.children ??= new Map();
    let child = node.children.get(element);
    if (child === undefined) {
      child = { candidates: [], children: undefined };
      node.children.set(element, child);
    }
    node = child;
  }
  return node;
}

function isKeptFrom({ keeper }: Candidate, only: ReadonlySet<string>): boolean {
  return keeper !== undefined && !only.has(keeper);
}

/** The better of `best` and the first candidate that matches. */
function firstMatch(
  candidates: readonly Candidate[],
  request: MatchRequest,
  best: Candidate | undefined,
  only: ReadonlySet<string> | undefined,
): Candidate | undefined {
  for (let index = 0; index < candidates.length; index++) {
    const candidate = candidates[index] as Candidate;
    if (best !== undefined && candidate.rank > best.rank) return best;
    if (only !== undefined && isKeptFrom(candidate, only)) continue;
    if (candidate.conditions === undefined) return candidate;
    const holds = candidate.conditions.hold(request);
    if (holds !== false) return holds === true ? candidate : doubtful(candidate);
  }
  return best;
}

/** The better of `best` and the first pattern that matches, conditions first because they cost less. */
function firstPattern(
  patterns: readonly PatternCandidate[],
  request: MatchRequest,
  best: Candidate | undefined,
  only: ReadonlySet<string> | undefined,
): Candidate | undefined {
  for (const { candidate, pattern } of patterns) {
    if (best !== undefined && candidate.rank > best.rank) return best;
    if (only !== undefined && isKeptFrom(candidate, only)) continue;
    const holds = candidate.conditions === undefined ? true : candidate.conditions.hold(request);
    if (holds === false) continue;
    const fits = pattern.matches(request.path);
    if (fits !== false) return holds === true && fits === true ? candidate : doubtful(candidate);
  }
  return best;
}
