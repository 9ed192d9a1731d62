import { runToEnd, type Steps } from '../steps.ts';
import { CompiledHost, type RouteMatched, type TooCostly } from './compiled-host.ts';
import { hostPattern, maxHostNameLength } from './host-name.ts';
import { type KeptListeners, keeperOf, keptListeners } from './kept-listeners.ts';
import { MapEdit } from './map-edit.ts';
import type { MatchRequest } from './match-request.ts';
import { patternWork } from './pattern-work.ts';
import type { RouteSource } from './route.ts';
import type { Host, RouteTable } from './route-table.ts';
import { changedKeys, type TableDelta } from './table-delta.ts';

export type { CompiledRoute } from './compiled-host.ts';
export type { MatchRequest } from './match-request.ts';

/**
 * What a request meets. `no_host`: no host key covers the name. `no_path`: some host does, and none of its routes, nor of the less
 * specific hosts', matches. `patterns_too_costly`: the first that might match has patterns that would cost too much to try.
 */
export type MatchResult = RouteMatched | TooCostly | { readonly kind: 'no_host' | 'no_path' };

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
  readonly #kept: KeptListeners;

  private constructor(table: RouteTable, generation: number, hosts: HostIndex) {
    this.table = table;
    this.generation = generation;
    this.#hosts = hosts;
    this.#kept = keptListeners(table.listeners);
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

  /**
   * As `compile`, for the table that `delta` makes of that of `previous`: hosts that it does not name are not looked at, unless it changes
   * or removes policies.
   */
  static recompile(table: RouteTable, previous: CompiledTable, delta: TableDelta): CompiledTable {
    const { policies } = previous.table;
    if (changedKeys(delta.policies).some((key) => policies.has(key))) return CompiledTable.compile(table, previous);
    const changed = changedKeys(delta.hosts);
    const hosts = changed.length === 0 ? previous.#hosts : reindexHosts(table, previous.#hosts, changed);
    return new CompiledTable(table, previous.generation + 1, hosts);
  }

  /** Whether the listener serves what comes of `source`: what is kept for some namespaces is for their routes alone, named or not. */
  isServedOn(listener: string, source: RouteSource): boolean {
    const only = this.#kept?.get(listener);
    const keeper = keeperOf(source);
    return only === undefined || keeper === undefined || only.has(keeper);
  }

  /** The most specific host that covers `name` (normalised): exact, then the longest wildcard, then `*`. It may be one without routes. */
  findHost(name: string): Host | undefined {
    const { exact, wildcards, any } = this.#hosts;
    const found = exact.get(name) ?? (wildcards === undefined ? any : (coveringWildcards(wildcards, name)[0] ?? any));
    return found?.host;
  }

  /** The first route in precedence order that matches; the most specific host with a match wins. */
  match(request: MatchRequest): MatchResult {
    patternWork.begin();
    return this.#match(request);
  }

  /**
   * `cookieName` of each login at a route that requests for `name` (normalised) may come to: cookies are a host's, not a route's. undefined:
   * there is none.
   */
  sessionCookies(name: string): readonly string[] | undefined {
    const { exact, wildcards, any, withSessions } = this.#hosts;
    if (withSessions.size === 0) return undefined;
    let names = exact.get(name)?.sessionCookies ?? none;
    if (wildcards !== undefined) for (const host of coveringWildcards(wildcards, name)) names = joined(names, host.sessionCookies);
    if (any !== undefined) names = joined(names, any.sessionCookies);
    return names.length === 0 ? undefined : names;
  }

  #match(request: MatchRequest): MatchResult {
    const { exact, wildcards, any } = this.#hosts;
    const only = this.#kept?.get(request.listener);
    const exactHost = exact.get(request.host);
    const matched = exactHost?.match(request, only);
    if (matched !== undefined) return matched;
    let known = exactHost !== undefined || any !== undefined;
    if (wildcards !== undefined) {
      for (const host of coveringWildcards(wildcards, request.host)) {
        const wildcardMatched = host.match(request, only);
        if (wildcardMatched !== undefined) return wildcardMatched;
        known = true;
      }
    }
    return any?.match(request, only) ?? (known ? noPath : noHost);
  }
}

/** Compiled hosts by what a name is looked up with. */
interface HostIndex {
  readonly exact: ReadonlyMap<string, CompiledHost>;
  /** undefined: the table has no wildcard host. */
  readonly wildcards: WildcardIndex | undefined;
  readonly any: CompiledHost | undefined;
  /** Those with a login at some route, by their keys. */
  readonly withSessions: ReadonlyMap<string, CompiledHost>;
}

const noHosts: ReadonlyMap<string, CompiledHost> = new Map();
const noIndex: HostIndex = { exact: noHosts, wildcards: undefined, any: undefined, withSessions: noHosts };

/** Wildcard hosts by their suffix. */
interface WildcardIndex {
  readonly oneLabel: ReadonlyMap<string, CompiledHost>;
  readonly manyLabels: ReadonlyMap<string, CompiledHost>;
}

/** A host index in the making. */
class IndexEdit {
  readonly #exact: MapEdit<CompiledHost>;
  readonly #oneLabel: MapEdit<CompiledHost>;
  readonly #manyLabels: MapEdit<CompiledHost>;
  readonly #withSessions: MapEdit<CompiledHost>;
  #any: CompiledHost | undefined;

  /** @param base stays as it is */
  constructor({ exact, wildcards, any, withSessions }: HostIndex) {
    this.#exact = new MapEdit(exact);
    this.#oneLabel = new MapEdit(wildcards?.oneLabel ?? noHosts);
    this.#manyLabels = new MapEdit(wildcards?.manyLabels ?? noHosts);
    this.#withSessions = new MapEdit(withSessions);
    this.#any = any;
  }

  set(key: string, compiled: CompiledHost): void {
    if (compiled.sessionCookies.length > 0) this.#withSessions.set(key, compiled);
    else this.#withSessions.delete(key);
    const pattern = hostPattern(key);
    if (pattern.kind === 'exact') this.#exact.set(pattern.name, compiled);
    else if (pattern.kind === 'one-label') this.#oneLabel.set(pattern.suffix, compiled);
    else if (pattern.kind === 'many-labels') this.#manyLabels.set(pattern.suffix, compiled);
    else this.#any = compiled;
  }

  delete(key: string): void {
    this.#withSessions.delete(key);
    const pattern = hostPattern(key);
    if (pattern.kind === 'exact') this.#exact.delete(pattern.name);
    else if (pattern.kind === 'one-label') this.#oneLabel.delete(pattern.suffix);
    else if (pattern.kind === 'many-labels') this.#manyLabels.delete(pattern.suffix);
    else this.#any = undefined;
  }

  /** Nothing may be changed any more. */
  finish(): HostIndex {
    const oneLabel = this.#oneLabel.finish();
    const manyLabels = this.#manyLabels.finish();
    const wildcards = oneLabel.size + manyLabels.size > 0 ? { oneLabel, manyLabels } : undefined;
    return { exact: this.#exact.finish(), wildcards, any: this.#any, withSessions: this.#withSessions.finish() };
  }
}

function* indexHosts(table: RouteTable, reuse: (host: Host) => CompiledHost | undefined): Steps<HostIndex> {
  const edit = new IndexEdit(noIndex);
  let cost = 0;
  for (const host of table.hosts.values()) {
    const known = reuse(host);
    cost += known === undefined ? 1 + host.routes.length : reuseCost;
    if (cost > stepCost) {
      yield;
      cost = 0;
    }
    edit.set(host.key, known ?? new CompiledHost(host, table.policies));
  }
  return edit.finish();
}

function reindexHosts(table: RouteTable, previous: HostIndex, changed: readonly string[]): HostIndex {
  const edit = new IndexEdit(previous);
  for (const key of changed) {
    const host = table.hosts.get(key);
    if (host === undefined) edit.delete(key);
    else edit.set(key, new CompiledHost(host, table.policies));
  }
  return edit.finish();
}

const none: readonly string[] = [];

function joined(names: readonly string[], more: readonly string[]): readonly string[] {
  return more.length === 0 ? names : names.length === 0 ? more : [...new Set([...names, ...more])];
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
