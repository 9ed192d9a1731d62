import { type HostPattern, hostPattern } from './host-name.ts';
import type { PathMatch, Route } from './route.ts';

/**
 * Precedence, complete, in the order in which it is decided. A request goes to the first route in this order that matches it.
 *
 * 0. ACME challenges (`/.well-known/acme-challenge/<token>` with a token in `challenges`) come before every route; they are a part of
 *    the table of their own and no route.
 * 1. Host (`compareHostKeys`): exact name, then wildcards with the longer one first, then `*`. When no route of a host matches, the
 *    next host that covers the name is tried, because a rule without a host applies to all traffic.
 *
 * Then, between the routes of one host (`compareRoutes`):
 *
 * 2. the higher explicit priority;
 * 3. a route for certain listeners before one for any, then one for certain clients: both are known before anything is asked;
 * 4. Exact path before Prefix before Regex, and the prefix `/`, which says nothing of a path, after all of them (ADR 005);
 * 5. the longer path, in characters without trailing slashes, which for two prefixes of one request is also the one with more elements;
 *    between patterns the longer text, as ingress-nginx has it;
 * 6. a route for certain methods before one for any;
 * 7. more header matches;
 * 8. more query matches;
 * 9. the oldest object; one without a known age comes last;
 * 10. `namespace/name` of the object by code units;
 * 11. the place in the object, where the order written decides (SmartRoute);
 * 12. the route's own key, so that no two routes are equal.
 */
export function compareRoutes(a: Route, b: Route): number {
  for (const { compare } of steps) {
    const order = compare(a, b);
    if (order !== 0) return order;
  }
  return 0;
}

/** Which step of the order decides between two routes of one host; undefined: they are the same. */
export function decidingStep(a: Route, b: Route): PrecedenceStep | undefined {
  return steps.find(({ compare }) => compare(a, b) !== 0)?.name;
}

/** Steps 2 to 12, by name. */
export type PrecedenceStep =
  | 'priority'
  | 'listeners'
  | 'clients'
  | 'path-kind'
  | 'path-length'
  | 'methods'
  | 'headers'
  | 'query'
  | 'age'
  | 'name'
  | 'order'
  | 'key';

const steps: readonly { readonly name: PrecedenceStep; readonly compare: (a: Route, b: Route) => number }[] = [
  { name: 'priority', compare: (a, b) => b.priority - a.priority },
  { name: 'listeners', compare: ({ match: a }, { match: b }) => Number(b.listeners !== undefined) - Number(a.listeners !== undefined) },
  { name: 'clients', compare: ({ match: a }, { match: b }) => Number(b.clients !== undefined) - Number(a.clients !== undefined) },
  { name: 'path-kind', compare: (a, b) => pathKindRank(a.match.path) - pathKindRank(b.match.path) },
  { name: 'path-length', compare: (a, b) => pathLength(b.match.path) - pathLength(a.match.path) },
  { name: 'methods', compare: (a, b) => Number(b.match.methods.length > 0) - Number(a.match.methods.length > 0) },
  { name: 'headers', compare: (a, b) => b.match.headers.length - a.match.headers.length },
  { name: 'query', compare: (a, b) => b.match.query.length - a.match.query.length },
  { name: 'age', compare: (a, b) => compareAge(a.createdAtMs, b.createdAtMs) },
  {
    name: 'name',
    compare: ({ source: a }, { source: b }) => compareText(`${a.namespace}/${a.name}`, `${b.namespace}/${b.name}`),
  },
  { name: 'order', compare: (a, b) => (a.order ?? 0) - (b.order ?? 0) },
  { name: 'key', compare: (a, b) => compareText(a.key, b.key) },
];

/** Step 1: the more specific host key first; `*.x` (one label) before `**.x` (any number). Keys of one rank go by code units. */
export function compareHostKeys(a: string, b: string): number {
  const left = hostPattern(a);
  const right = hostPattern(b);
  return (
    hostRank(left) - hostRank(right) ||
    suffixLength(right) - suffixLength(left) ||
    Number(left.kind === 'many-labels') - Number(right.kind === 'many-labels') ||
    compareText(a, b)
  );
}

/** The elements that a prefix compares: trailing slashes say nothing (`/foo/` matches `/foo`), so `/` is ''. */
export function prefixElements(value: string): string {
  let end = value.length;
  while (end > 0 && value.charCodeAt(end - 1) === 47) end--;
  return value.slice(0, end);
}

const pathKindRanks = { exact: 0, prefix: 1, regex: 2, 'unusable-regex': 2 } as const;

function pathKindRank(path: PathMatch): number {
  return path.kind === 'prefix' && prefixElements(path.value) === '' ? 3 : pathKindRanks[path.kind];
}

function pathLength(path: PathMatch): number {
  return path.kind === 'prefix' ? prefixElements(path.value).length : path.value.length;
}

function compareAge(a: number, b: number): number {
  return (a === 0 ? Number.MAX_SAFE_INTEGER : a) - (b === 0 ? Number.MAX_SAFE_INTEGER : b);
}

/** By UTF-16 code units: the same on every machine, unlike `localeCompare`. */
function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function hostRank({ kind }: HostPattern): number {
  if (kind === 'exact') return 0;
  return kind === 'any' ? 2 : 1;
}

function suffixLength(pattern: HostPattern): number {
  return 'suffix' in pattern ? pattern.suffix.length : 0;
}
