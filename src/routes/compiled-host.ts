import { SmartProxyError } from '../errors.ts';
import { prefixElements } from './compare-routes.ts';
import { compilePattern } from './compile-pattern.ts';
import type { LinearRegex } from './linear-regex.ts';
import { MatchConditions } from './match-conditions.ts';
import type { MatchRequest } from './match-request.ts';
import type { Host, Policy, Route } from './route-table.ts';

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

/**
 * One host's routes as an index: exact paths in a map, prefixes in a tree of path elements, patterns in a list. A lookup costs one step an
 * element of the request's path at most, and stops where the table has nothing deeper, so long hostile paths are cheap. Patterns are tried
 * one after the other, and only those that come before what was found.
 */
export class CompiledHost {
  readonly host: Host;
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
      else patterns.push({ candidate, regex: compilePattern(path.value, route.key) });
    });
    this.host = host;
    this.#policies = [...used];
    this.#exact = exact.size > 0 ? exact : undefined;
    this.#prefixes = prefixes;
    this.#patterns = patterns.length > 0 ? patterns : undefined;
  }

  /** Whether the policies that the routes were compiled with are those of another table too. */
  hasPoliciesOf(policies: ReadonlyMap<string, Policy>): boolean {
    return this.#policies.every((policy) => policies.get(policy.key) === policy);
  }

  /** The first route in the order of `host.routes` that matches. */
  match(request: MatchRequest): RouteMatched | undefined {
    const { path } = request;
    const exact = this.#exact?.get(path);
    let best = exact === undefined ? undefined : firstMatch(exact, request, undefined);
    if (path !== '' && path.charCodeAt(0) !== slashCode) return best?.matched;
    let node: PrefixNode | undefined = this.#prefixes;
    let end = 0; // the end of the elements that `node` stands for
    while (node !== undefined) {
      best = firstMatch(node.candidates, request, best);
      if (node.children === undefined || end >= path.length) break;
      const start = end + 1;
      end = path.indexOf('/', start);
      if (end === -1) end = path.length;
      node = node.children.get(path.slice(start, end));
    }
    if (this.#patterns !== undefined) best = firstPattern(this.#patterns, request, best);
    return best?.matched;
  }
}

/** A route in a bucket; `rank` is its place in the host's order, so the lowest one that matches wins. */
interface Candidate {
  readonly rank: number;
  /** undefined: the path is all that it asks for. */
  readonly conditions: MatchConditions | undefined;
  readonly matched: RouteMatched;
}

/** A route whose path is a pattern; in order of rank too. */
interface PatternCandidate {
  readonly candidate: Candidate;
  readonly regex: LinearRegex;
}

/** A node stands for a sequence of path elements. Candidates are in order of rank, because routes are added in that order. */
interface PrefixNode {
  readonly candidates: Candidate[];
  children: Map<string, PrefixNode> | undefined;
}

const slashCode = 47;

function makeCandidate(route: CompiledRoute, rank: number): Candidate {
  return { rank, conditions: MatchConditions.compile(route.route), matched: { kind: 'route', route } };
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

/** The better of `best` and the first candidate that matches. */
function firstMatch(candidates: readonly Candidate[], request: MatchRequest, best: Candidate | undefined): Candidate | undefined {
  for (let index = 0; index < candidates.length; index++) {
    const candidate = candidates[index] as Candidate;
    if (best !== undefined && candidate.rank > best.rank) return best;
    if (candidate.conditions === undefined || candidate.conditions.hold(request)) return candidate;
  }
  return best;
}

/** The better of `best` and the first pattern that matches, conditions first because they cost less. */
function firstPattern(patterns: readonly PatternCandidate[], request: MatchRequest, best: Candidate | undefined): Candidate | undefined {
  for (const { candidate, regex } of patterns) {
    if (best !== undefined && candidate.rank > best.rank) return best;
    if ((candidate.conditions === undefined || candidate.conditions.hold(request)) && regex.matches(request.path)) return candidate;
  }
  return best;
}
