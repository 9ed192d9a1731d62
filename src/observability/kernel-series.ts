import { connectionOffset, requestSeriesWidth } from './counters/request-series.ts';
import { emptyReport, type WorkerReport } from './fleet-totals.ts';
import type { KernelRouteFacts } from './metric-source.ts';
import type { RequestSeriesIndex } from './request-series-index.ts';

/** What one route was seen to have counted. */
interface Counted {
  readonly index: number;
  readonly opened: number;
  readonly received: number;
  readonly sent: number;
  /** undefined: the kernel does not show them. */
  readonly open: number | undefined;
}

/** What routes counted that the kernel no longer has, or has begun to count anew. */
interface Past {
  opened: number;
  received: number;
  sent: number;
}

/**
 * The connections that the kernel forwards, in the series of routes beside those of workers. The kernel forgets what it has counted together with
 * a route; here it stays, as counters only grow.
 */
export class KernelSeries {
  readonly #index: RequestSeriesIndex;
  /** By route and listener: those that were there at the last look. */
  #present = new Map<string, Counted>();
  /** By index of the series. */
  readonly #past = new Map<number, Past>();

  constructor(index: RequestSeriesIndex) {
    this.#index = index;
  }

  /** @param routes what the kernel shows now @returns all that it was ever seen to count, as if a worker had */
  report(routes: readonly KernelRouteFacts[]): WorkerReport {
    const present = new Map<string, Counted>();
    for (const route of routes) {
      const { kind, namespace, name } = route.source;
      const key = [kind, namespace, name, route.service, route.listener].join('\0');
      present.set(key, this.#counted(route, this.#present.get(key)));
    }
    for (const [key, counted] of this.#present) if (!present.has(key)) this.#keep(counted);
    this.#present = present;
    return this.#block();
  }

  #counted({ source, service, connections, received, sent, open }: KernelRouteFacts, before: Counted | undefined): Counted {
    const { kind: routeKind, namespace: routeNamespace, name: route } = source;
    const index = before?.index ?? this.#index.indexOf({ routeKind, routeNamespace, route, service });
    const now = { index, opened: connections.packets, received: received.bytes, sent: sent.bytes, open };
    if (before !== undefined && (now.opened < before.opened || now.received < before.received || now.sent < before.sent))
      this.#keep(before);
    return now;
  }

  #keep({ index, opened, received, sent }: Counted): void {
    const past = this.#past.get(index) ?? { opened: 0, received: 0, sent: 0 };
    past.opened += opened;
    past.received += received;
    past.sent += sent;
    this.#past.set(index, past);
  }

  #block(): WorkerReport {
    const rows = [...[...this.#past].map(([index, past]) => ({ index, ...past, open: 0 })), ...this.#present.values()];
    const requestValues = new Float64Array(rows.length * requestSeriesWidth);
    rows.forEach(({ opened, received, sent, open = 0 }, row) => {
      requestValues.set([opened, opened - open, received, sent], row * requestSeriesWidth + connectionOffset);
    });
    const openUnknown = rows.filter(({ open }) => open === undefined).map(({ index }) => index);
    return { ...emptyReport(), requestValues, requestIndexes: rows.map(({ index }) => index), openUnknown };
  }
}
