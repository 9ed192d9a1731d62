/** What a running program is and how it fares. Plain data without secrets, the same as JSON. */
export interface StatusReport {
  readonly version: string;
  readonly node: string;
  /** undefined: it serves manifests. */
  readonly pod?: { readonly namespace: string; readonly name: string };
  /** ISO 8601. */
  readonly startedAt: string;
  readonly uptimeSeconds: number;
  readonly ready: boolean;
  /** What keeps it from being ready, and what does not work beside; empty: all is well. */
  readonly troubles: readonly StatusTrouble[];
  readonly source: StatusSource;
  readonly table: {
    /** 0: none was published yet. */
    readonly generation: number;
    /** ISO 8601; undefined: none was published, or not by what the source delivered. */
    readonly publishedAt?: string;
    readonly routes: number;
    readonly hosts: number;
    readonly services: number;
    readonly endpoints: number;
    readonly certificates: number;
  };
  readonly listeners: readonly StatusListener[];
  readonly workers: readonly StatusWorker[];
  readonly totals: StatusTotals;
  /** In the users' objects; files and watches that can not be read are errors. */
  readonly problems: { readonly errors: number; readonly warnings: number };
  /** Whether PUT and DELETE are allowed to who has the admin token; false: to nobody. */
  readonly admin: { readonly canChange: boolean };
}

/** One part that does not work: as a line of `/readyz`. */
export interface StatusTrouble {
  readonly part: string;
  /** Traffic is kept away by it. */
  readonly keepsFromReady: boolean;
  readonly reason: string;
  readonly message: string;
}

/** Where objects come from. */
export type StatusSource =
  | { readonly kind: 'manifests'; readonly folder: string }
  | { readonly kind: 'cluster'; readonly ingressClass: string; readonly leader: boolean; readonly writesStatus: boolean };

/** A port that is open, or why it is not. */
export interface StatusListener {
  readonly listener: string;
  /** `address:port`; undefined: it could not be had. */
  readonly address?: string;
  readonly problem?: string;
}

/** A worker process. */
export interface StatusWorker {
  readonly id: number;
  /** undefined: between two processes. */
  readonly pid?: number;
  readonly state: 'serving' | 'starting' | 'gone';
  readonly generation: number;
  readonly restarts: number;
  readonly connections: number;
  /** As last told; undefined: not heard of yet. */
  readonly rssBytes?: number;
  readonly cpuSeconds?: number;
  /** 99th percentile over the last second. */
  readonly eventLoopDelayMs?: number;
  readonly overload: string;
}

/** Since the start, over all workers; rates are differences between two reads. */
export interface StatusTotals {
  readonly requests: number;
  readonly byStatusClass: Readonly<Record<string, number>>;
  readonly connectionsAccepted: number;
  readonly connectionsActive: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
}
