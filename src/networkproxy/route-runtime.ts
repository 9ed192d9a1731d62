import { pickWeightedByHash, seedOfService } from '../balancing/pick-weighted-by-hash.ts';
import type { RequestSeries, RequestSeriesTable } from '../observability/counters/request-series.ts';
import type { CompiledRoute } from '../routes/compiled-table.ts';
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

  get(compiled: CompiledRoute, table: RouteTable): RouteRuntime {
    const known = this.#runtimes.get(compiled);
    if (known !== undefined) return known;
    const made = this.#make(compiled, table);
    this.#runtimes.set(compiled, made);
    return made;
  }

  #make(compiled: CompiledRoute, table: RouteTable): RouteRuntime {
    const { source, action } = compiled.route;
    const labels = { routeKind: source.kind, routeNamespace: source.namespace, route: source.name };
    const backends = action.kind === 'forward' ? action.backends : [];
    const targets = backends.map((backend) => ({
      service: backend.service,
      weight: backend.weight,
      seed: seedOfService(backend.service),
      series: this.#series.get({ ...labels, service: (backend.service && table.services.get(backend.service)?.name) ?? '' }),
    }));
    return {
      compiled,
      filters: filtersOf(compiled),
      targets,
      rewriter: RequestRewriter.of(compiled),
      hash: RequestHash.of(action),
      sessions: StickySessions.of(compiled.route),
      marker: AnswerMarker.of(compiled.policy),
      hasStages: compiled.policy.compression !== undefined || (compiled.policy.buffering?.answerBytes ?? 0) > 0,
      answerBufferBytes: compiled.policy.buffering?.answerBytes ?? 0,
      requestBufferBytes: compiled.policy.buffering?.requestBytes ?? 0,
      errorPages: ErrorPages.of(compiled.policy),
      mirror: Mirror.of(compiled.policy),
      compression: compiled.policy.compression && new Compression(compiled.policy.compression),
      totalWeight: targets.reduce((sum, target) => sum + target.weight, 0),
      series: targets[0]?.series ?? this.#series.get({ ...labels, service: '' }),
    };
  }
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
