import { runToEnd, type Steps } from '../steps.ts';
import { CompiledHost, type RouteMatched } from './compiled-host.ts';
import { hostPattern, maxHostNameLength } from './host-name.ts';
import type { MatchRequest } from './match-request.ts';
import type { Host, RouteTable } from './route-table.ts';

export type { CompiledRoute } from './compiled-host.ts';
export type { MatchRequest } from './match-request.ts';

/**
 * What a request meets. `no_host`: no host key covers the name. `no_path`: some host does, and none of its routes, nor of the less
 * specific hosts', matches.
 */
export type MatchResult = RouteMatched | { readonly kind: 'no_host' } | { readonly kind: 'no_path' };

/** Hosts and routes that are compiled without a pause. */
const stepCost = 1000;
/** What a host costs that is taken over, in hosts that are compiled. */
const reuseCost = 0.05;

const noHost: MatchResult = { kind: 'no_host' };
const noPath: MatchResult = { kind: 'no_path' };

/**
 * A route table with its hosts indexed: the one matcher of data plane, `explain` and goldens. Immutable; a request keeps the one that it
 * began with. The order between routes is that of `compareRoutes`, in which a valid table has them already.
 */
export class CompiledTable {
  readonly table: RouteTable;
  /** 0 for a table compiled without a previous one, then one more each time. */
  readonly generation: number;
  readonly #hosts: HostIndex;

  private constructor(table: RouteTable, generation: number, hosts: HostIndex) {
    this.table = table;
    this.generation = generation;
    this.#hosts = hosts;
  }

  /**
   * Indexes `table`. Hosts that `previous` has compiled from the same Host object and policies are taken over, so the cost is that of
   * what changed. Throws TABLE_INVALID when a route names a policy that is not in the table; then `previous` goes on serving.
   */
  static compile(table: RouteTable, previous?: CompiledTable): CompiledTable {
    return runToEnd(CompiledTable.compileInSteps(table, previous));
  }

  /** As `compile`, with a pause after every few hundred hosts: what a large table costs need not be spent in one turn. */
  static *compileInSteps(table: RouteTable, previous?: CompiledTable): Steps<CompiledTable> {
    if (previous === undefined) return new CompiledTable(table, 0, yield* indexHosts(table, never));
    const samePolicies = table.policies === previous.table.policies;
    if (samePolicies && table.hosts === previous.table.hosts) return new CompiledTable(table, previous.generation + 1, previous.#hosts);
    const reuse = (host: Host): CompiledHost | undefined => {
      const known = compiledUnder(previous.#hosts, host.key);
      if (known === undefined || known.host !== host) return undefined;
      return samePolicies || known.hasPoliciesOf(table.policies) ? known : undefined;
    };
    return new CompiledTable(table, previous.generation + 1, yield* indexHosts(table, reuse));
  }

  /** The most specific host that covers `name` (normalised): exact, then the longest wildcard, then `*`. It may be one without routes. */
  findHost(name: string): Host | undefined {
    const { exact, wildcards, any } = this.#hosts;
    const found = exact.get(name) ?? (wildcards === undefined ? any : (coveringWildcards(wildcards, name)[0] ?? any));
    return found?.host;
  }

  /** The first route in precedence order that matches; the most specific host with a match wins. */
  match(request: MatchRequest): MatchResult {
    const { exact, wildcards, any } = this.#hosts;
    const exactHost = exact.get(request.host);
    const matched = exactHost?.match(request);
    if (matched !== undefined) return matched;
    let known = exactHost !== undefined || any !== undefined;
    if (wildcards !== undefined) {
      for (const host of coveringWildcards(wildcards, request.host)) {
        const wildcardMatched = host.match(request);
        if (wildcardMatched !== undefined) return wildcardMatched;
        known = true;
      }
    }
    return any?.match(request) ?? (known ? noPath : noHost);
  }
}

/** Compiled hosts by what a name is looked up with. */
interface HostIndex {
  readonly exact: ReadonlyMap<string, CompiledHost>;
  /** undefined: the table has no wildcard host. */
  readonly wildcards: WildcardIndex | undefined;
  readonly any: CompiledHost | undefined;
}

/** Wildcard hosts by their suffix. */
interface WildcardIndex {
  readonly oneLabel: Map<string, CompiledHost>;
  readonly manyLabels: Map<string, CompiledHost>;
}

function* indexHosts(table: RouteTable, reuse: (host: Host) => CompiledHost | undefined): Steps<HostIndex> {
  const exact = new Map<string, CompiledHost>();
  const wildcards: WildcardIndex = { oneLabel: new Map(), manyLabels: new Map() };
  let any: CompiledHost | undefined;
  let cost = 0;
  for (const host of table.hosts.values()) {
    const known = reuse(host);
    cost += known === undefined ? 1 + host.routes.length : reuseCost;
    if (cost > stepCost) {
      yield;
      cost = 0;
    }
    const compiled = known ?? new CompiledHost(host, table.policies);
    const pattern = hostPattern(host.key);
    if (pattern.kind === 'exact') exact.set(pattern.name, compiled);
    else if (pattern.kind === 'one-label') wildcards.oneLabel.set(pattern.suffix, compiled);
    else if (pattern.kind === 'many-labels') wildcards.manyLabels.set(pattern.suffix, compiled);
    else any = compiled;
  }
  const hasWildcards = wildcards.oneLabel.size + wildcards.manyLabels.size > 0;
  return { exact, wildcards: hasWildcards ? wildcards : undefined, any };
}

function compiledUnder(index: HostIndex, key: string): CompiledHost | undefined {
  const pattern = hostPattern(key);
  if (pattern.kind === 'exact') return index.exact.get(pattern.name);
  if (pattern.kind === 'any') return index.any;
  return index.wildcards?.[pattern.kind === 'one-label' ? 'oneLabel' : 'manyLabels'].get(pattern.suffix);
}

/** The wildcard hosts that cover `name`, the longest suffix first, and one label before many for the same suffix. */
function coveringWildcards(wildcards: WildcardIndex, name: string): CompiledHost[] {
  const covering: CompiledHost[] = [];
  const firstDot = name.indexOf('.');
  // Longer than any DNS name: no key covers it, and walking its labels would cost the square of its length.
  if (firstDot < 1 || name.length > maxHostNameLength) return covering;
  const parent = name.slice(firstDot + 1);
  const oneLabel = wildcards.oneLabel.get(parent);
  if (oneLabel !== undefined) covering.push(oneLabel);
  if (wildcards.manyLabels.size === 0) return covering;
  for (let dot = firstDot; dot !== -1; dot = name.indexOf('.', dot + 1)) {
    const manyLabels = wildcards.manyLabels.get(name.slice(dot + 1));
    if (manyLabels !== undefined) covering.push(manyLabels);
  }
  return covering;
}

function never(): undefined {
  return undefined;
}
