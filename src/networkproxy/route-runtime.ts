import type { RequestSeries, RequestSeriesTable } from '../observability/counters/request-series.ts';
import type { CompiledRoute } from '../routes/compiled-table.ts';
import type { RouteTable } from '../routes/route-table.ts';
import { AnswerMarker } from './answer-marker.ts';
import { type Filter, filtersOf } from './filters/filter-table.ts';
import { RequestRewriter } from './request-rewriter.ts';

/** One backend of a route with the series that its requests count in. */
export interface Target {
  /** undefined: it can't be served. */
  readonly service: string | undefined;
  readonly weight: number;
  readonly series: RequestSeries;
}

/** What requests need of a route, looked up once for each CompiledRoute. */
export interface RouteRuntime {
  readonly filters: readonly Filter[];
  readonly targets: readonly Target[];
  readonly totalWeight: number;
  /** undefined: requests go on as they are. */
  readonly rewriter: RequestRewriter | undefined;
  /** undefined: answers go on as they are. */
  readonly marker: AnswerMarker | undefined;
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
      series: this.#series.get({ ...labels, service: (backend.service && table.services.get(backend.service)?.name) ?? '' }),
    }));
    return {
      filters: filtersOf(compiled),
      targets,
      rewriter: RequestRewriter.of(compiled),
      marker: AnswerMarker.of(compiled.policy),
      totalWeight: targets.reduce((sum, target) => sum + target.weight, 0),
      series: targets[0]?.series ?? this.#series.get({ ...labels, service: '' }),
    };
  }
}

/** Picks a target by weight. @param random from 0 up to, not including, 1 */
export function pickTarget(runtime: RouteRuntime, random: () => number): Target | undefined {
  const { targets } = runtime;
  if (targets.length < 2) return targets[0];
  let point = random() * runtime.totalWeight;
  for (const target of targets) {
    point -= target.weight;
    if (point < 0) return target;
  }
  return undefined;
}
