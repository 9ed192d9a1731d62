import type { RouteSource } from '../routes/route.ts';
import type { HistogramData } from './counters/histogram.ts';
import type { OverloadLevel } from './counters/overload.ts';
import type { FleetTotals } from './fleet-totals.ts';
import type { ProcessFacts } from './process-probe.ts';

/** Everything that a scrape reads, gathered at one moment. */
export interface MetricSource {
  readonly fleet: FleetTotals;
  readonly workers: readonly WorkerFacts[];
  readonly controller: ControllerFacts;
  readonly program: ProgramFacts;
  /** Undefined: the kernel forwards nothing for us. */
  readonly kernel?: KernelFacts | undefined;
  /** Undefined: no certificates are ordered. */
  readonly acme?: AcmeFacts | undefined;
}

/** Certificates that are ordered from CAs. */
interface AcmeFacts {
  /** Attempts of this replica. */
  readonly issued: number;
  readonly failed: number;
  /** Those that are due soonest. */
  readonly certificates: readonly AcmeCertificateFacts[];
}

/** Times in milliseconds since 1970. */
interface AcmeCertificateFacts {
  /** `namespace/secret`. */
  readonly key: string;
  readonly nextAttemptMs: number;
  /** Undefined: there was none. */
  readonly lastAttemptMs: number | undefined;
  /** In a row. */
  readonly failures: number;
}

/** What the kernel forwards by itself. */
interface KernelFacts {
  /** Its rules are what they should be, for all routes. */
  readonly programmed: boolean;
  /** Routes that are left out, since they need what this kernel can't do. */
  readonly refused: number;
  readonly transactions: number;
  readonly repairs: number;
  readonly failures: number;
  readonly routes: readonly KernelRouteFacts[];
}

/** One route that the kernel forwards, on one listener. */
export interface KernelRouteFacts {
  readonly source: RouteSource;
  readonly listener: string;
  /** Name of the Service; '': there are several, and the kernel counts them together. */
  readonly service: string;
  readonly connections: PacketCount;
  readonly received: PacketCount;
  readonly sent: PacketCount;
  readonly refused: PacketCount;
  readonly limited: PacketCount;
  readonly crowded: PacketCount;
  readonly clientCrowded: PacketCount;
  /** Undefined: the kernel does not show them. */
  readonly open: number | undefined;
}

interface PacketCount {
  readonly packets: number;
  readonly bytes: number;
}

/** What runs and what it was told. */
interface ProgramFacts {
  readonly version: string;
  readonly nodeVersion: string;
  readonly podNamespace: string;
  readonly podName: string;
  readonly ingressClass: string;
  readonly controllerClass: string;
  readonly source: 'cluster' | 'manifests';
  readonly transport: 'handoff' | 'loopback';
  readonly writesStatus: boolean;
  /** By flag, without dashes in front; 0: none. */
  readonly limits: Readonly<Record<string, number>>;
  /** Of the main process. */
  readonly process: ProcessFacts;
}

/** One worker slot. */
interface WorkerFacts {
  readonly slot: number;
  readonly serving: boolean;
  readonly generation: number;
  readonly restarts: number;
  /** Undefined: no sign of life yet. */
  readonly vitals: WorkerVitals | undefined;
  readonly overloadLevel: OverloadLevel;
}

interface WorkerVitals {
  readonly eventLoopDelayMs: number;
  /** Shares of the limits in use, 0 to 1. */
  readonly memoryShare: number;
  readonly heapShare: number;
  readonly process: ProcessFacts;
}

/** The main process's own facts. */
interface ControllerFacts {
  /** Tables that were published; 0: none. */
  readonly tableGeneration: number;
  /** Since the last table was published; undefined: there is none. */
  readonly tableAgeMs: number | undefined;
  /** Seconds, with the bounds that the owner uses. */
  readonly translateDurations: BoundedHistogram;
  readonly publishDurations: BoundedHistogram;
  readonly applyDurations: BoundedHistogram;
  /** Runs that ended without a table that may be served. */
  readonly failures: number;
  /** Problems in users' objects now, by reason; every reason, zeros too. */
  readonly problems: Readonly<Record<string, number>>;
  /** Sizes of the published table's parts. */
  readonly tableEntries: Readonly<Record<string, number>>;
  /** Those that expire soonest. */
  readonly certificates: readonly CertificateFacts[];
  /** Milliseconds since 1970; undefined: no snapshot is kept, or none was written yet. */
  readonly snapshotWrittenAtMs: number | undefined;
  readonly snapshotFailures: number;
  /** Known objects by kind; every kind, zeros too. */
  readonly objects: Readonly<Record<string, number>>;
  readonly sources: readonly SourceFacts[];
  readonly leader: boolean;
  readonly statusWrites: { readonly ok: number; readonly failed: number };
  /** 99th percentile since the last scrape. */
  readonly eventLoopDelayMs: number;
}

interface CertificateFacts {
  readonly key: string;
  readonly notAfterMs: number;
}

interface SourceFacts {
  readonly resource: string;
  readonly healthy: boolean;
  readonly restarts: number;
  /** Milliseconds since 1970; 0: never. */
  readonly lastEventMs: number;
}

export interface BoundedHistogram extends HistogramData {
  readonly bounds: readonly number[];
}
