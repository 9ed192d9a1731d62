import { pickWeightedByHash, seedOfService } from '../balancing/pick-weighted-by-hash.ts';
import type { RequestSeries, RequestSeriesTable } from '../observability/counters/request-series.ts';
import { backendsOn, differByListener } from '../routes/backends-on.ts';
import type { CompiledRoute } from '../routes/compiled-table.ts';
import type { Route, RouteSource, WeightedBackend } from '../routes/route.ts';
import type { RouteTable } from '../routes/route-table.ts';
import { AnswerMarker } from './answer-marker.ts';
import { Compression } from './compression/compression.ts';
import { ErrorPages } from './error-pages.ts';
import { type Filter, filtersOf } from './filters/filter-table.ts';
import { Mirror } from './mirror/mirrors.ts';
import { RequestHash } from './request-hash.ts';
import { RequestRewriter } from './request-rewriter.ts';
import { StickySessions } from './session-cookie.ts';

/** One backend of a route with the series that its requests count in. */
export interface Target {
  /** undefined: it can't be served. */
  readonly service: string | undefined;
  readonly weight: number;
  /** Its part in consistent hashing: equal for every variant of one Service port. */
  readonly seed: number;
  readonly series: RequestSeries;
}

/** What requests need of a route, looked up once for each CompiledRoute. */
export interface RouteRuntime {
  readonly compiled: CompiledRoute;
  readonly filters: readonly Filter[];
  readonly targets: readonly Target[];
  readonly totalWeight: number;
  /** By key of the listener, where it has other targets on each; undefined: it has the same on all. */
  readonly byListener: Map<string, RouteRuntime> | undefined;
  /** undefined: requests go on as they are. */
  readonly rewriter: RequestRewriter | undefined;
  /** undefined: nothing of a request decides where it goes. */
  readonly hash: RequestHash | undefined;
  /** undefined: clients are not kept with their endpoints. */
  readonly sessions: StickySessions | undefined;
  /** undefined: answers go on as they are. */
  readonly marker: AnswerMarker | undefined;
  /** Bodies of answers go through something on their way. */
  readonly hasStages: boolean;
  /** Requests wait for their bodies, so large at most, before a backend is looked for; 0: they do not. */
  readonly requestBufferBytes: number;
  readonly answerBufferBytes: number;
  /** undefined: answers are not compressed. */
  readonly compression: Compression | undefined;
  /** undefined: errors go on as they are. */
  readonly errorPages: ErrorPages | undefined;
  /** undefined: requests are not copied. */
  readonly mirror: Mirror | undefined;
  /** For answers that reach no backend. */
  readonly series: RequestSeries;
}

/** The runtime of every route that had a request. It is let go with its CompiledRoute. */
export class RouteRuntimes {
  readonly #runtimes = new WeakMap<CompiledRoute, RouteRuntime>();
  readonly #series: RequestSeriesTable;

  constructor(series: RequestSeriesTable) {
    this.#series = series;
  }

  /** @param listener key of the one where the request came in */
  get(compiled: CompiledRoute, table: RouteTable, listener: string): RouteRuntime {
    let runtime = this.#runtimes.get(compiled);
    if (runtime === undefined) {
      runtime = this.#make(compiled, table);
      this.#runtimes.set(compiled, runtime);
    }
    return runtime.byListener === undefined ? runtime : this.#onListener(runtime, runtime.byListener, table, listener);
  }

  #onListener(runtime: RouteRuntime, known: Map<string, RouteRuntime>, table: RouteTable, listener: string): RouteRuntime {
    let own = known.get(listener);
    if (own === undefined) {
      const { route } = runtime.compiled;
      const targets = this.#targets(route, backendsOn(backendsOf(route), listener), table);
      own = { ...runtime, targets, totalWeight: weightOf(targets), series: targets[0]?.series ?? runtime.series };
      known.set(listener, own);
    }
    return own;
  }

  #targets({ source }: Route, backends: readonly WeightedBackend[], table: RouteTable): readonly Target[] {
    return backends.map(({ service, weight }) => ({
      service,
      weight,
      seed: seedOfService(service),
      series: this.#series.get({ ...labelsOf(source), service: (service && table.services.get(service)?.name) ?? '' }),
    }));
  }

  #make(compiled: CompiledRoute, table: RouteTable): RouteRuntime {
    const { source } = compiled.route;
    const backends = backendsOf(compiled.route);
    const targets = this.#targets(compiled.route, backends, table);
    return {
      compiled,
      filters: filtersOf(compiled),
      targets,
      rewriter: RequestRewriter.of(compiled),
      hash: RequestHash.of(compiled),
      sessions: StickySessions.of(compiled.route),
      marker: AnswerMarker.of(compiled.policy),
      hasStages: compiled.policy.compression !== undefined || (compiled.policy.buffering?.answerBytes ?? 0) > 0,
      answerBufferBytes: compiled.policy.buffering?.answerBytes ?? 0,
      requestBufferBytes: compiled.policy.buffering?.requestBytes ?? 0,
      errorPages: ErrorPages.of(compiled.policy),
      mirror: Mirror.of(compiled.policy),
      compression: compiled.policy.compression && new Compression(compiled.policy.compression),
      totalWeight: weightOf(targets),
      byListener: differByListener(backends) ? new Map() : undefined,
      series: targets[0]?.series ?? this.#series.get({ ...labelsOf(source), service: '' }),
    };
  }
}

function backendsOf({ action }: Route): readonly WeightedBackend[] {
  return action.kind === 'forward' ? action.backends : [];
}

function labelsOf({ kind, namespace, name }: RouteSource) {
  return { routeKind: kind, routeNamespace: namespace, route: name };
}

function weightOf(targets: readonly Target[]): number {
  return targets.reduce((sum, { weight }) => sum + weight, 0);
}

/**
 * Picks a target by weight.
 * @param random from 0 up to, not including, 1
 * @param hash decides in place of chance, so that equal requests meet again; undefined: chance
 */
export function pickTarget(runtime: RouteRuntime, random: () => number, hash: number | undefined): Target | undefined {
  const { targets } = runtime;
  if (targets.length < 2) return targets[0];
  if (hash !== undefined) return pickWeightedByHash(targets, hash);
  let point = random() * runtime.totalWeight;
  for (const target of targets) {
    point -= target.weight;
    if (point < 0) return target;
  }
  return undefined;
}
