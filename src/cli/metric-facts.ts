import { monitorEventLoopDelay } from 'node:perf_hooks';
import packageJson from '../../package.json' with { type: 'json' };
import type { ObjectKind } from '../api/objects.ts';
import type { Config } from '../config/config.ts';
import { options } from '../config/options.ts';
import type { Controller } from '../controller/controller.ts';
import { translateDurationBounds } from '../controller/controller-stats.ts';
import type { MetricSource } from '../observability/metric-source.ts';
import { ProcessProbe } from '../observability/process-probe.ts';
import { SoonestCertificates } from '../observability/soonest-certificates.ts';
import { tableApplyBounds } from '../observability/table-durations.ts';
import { type InstallationSettings, installationKey, type RouteTable, tableParts } from '../routes/route-table.ts';
import type { TableSnapshot } from '../snapshot/table-snapshot.ts';
import type { WorkerSupervisor } from '../workers/worker-supervisor.ts';
import type { AcmeOrders } from './acme-orders.ts';
import type { KernelForwarding } from './kernel-forwarding.ts';
import type { OpenedSource } from './open-source.ts';

const delayResolutionMs = 50;

export interface MetricFactsOptions {
  readonly config: Config;
  readonly controller: Controller;
  readonly opened: OpenedSource;
  readonly supervisor: WorkerSupervisor;
  readonly kernel: KernelForwarding;
  readonly acme: AcmeOrders | undefined;
  /** Undefined: none is kept. */
  readonly snapshot: TableSnapshot | undefined;
}

/** Every kind there is, so that a kind without objects shows as 0. */
const objectKinds = Object.keys({
  Ingress: 0,
  IngressClass: 0,
  Service: 0,
  EndpointSlice: 0,
  Secret: 0,
  ConfigMap: 0,
  Namespace: 0,
  SmartRoute: 0,
  SmartProxyConfig: 0,
  ReferenceGrant: 0,
} satisfies Record<ObjectKind, 0>) as readonly ObjectKind[];

/** The limits that metrics are held against. */
const limitFields = [
  'maxConnections',
  'maxConnectionsPerIp',
  'maxUdpSessions',
  'maxConnectionsPerEndpoint',
  'maxHandshakes',
  'maxRouteSeries',
] as const;

/** Takes the picture that a scrape shows: workers, controller, source and this process. */
export class MetricFacts {
  readonly #options: MetricFactsOptions;
  readonly #loopDelay = monitorEventLoopDelay({ resolution: delayResolutionMs });
  readonly #probe = new ProcessProbe();
  readonly #certificates = new SoonestCertificates();

  constructor(options: MetricFactsOptions) {
    this.#options = options;
    this.#loopDelay.enable();
  }

  async gather(): Promise<MetricSource> {
    const { supervisor } = this.#options;
    const kernel = await this.#options.kernel.facts();
    const fleet = await supervisor.totals(kernel?.routes);
    return {
      fleet,
      kernel,
      acme: this.#options.acme?.facts(),
      workers: supervisor.workers,
      controller: this.#controllerFacts(),
      program: this.#programFacts(),
    };
  }

  close(): void {
    this.#loopDelay.disable();
  }

  #controllerFacts(): MetricSource['controller'] {
    const { controller, opened, supervisor, snapshot } = this.#options;
    const { publishedAtMs, translateDurations, publishDurations, failures, problems } = controller.stats;
    const { store } = opened.source;
    const status = opened.kind === 'cluster' ? opened.status : undefined;
    // A snapshot that was served first is the workers' table and not the controller's.
    const { table } = supervisor;
    return {
      // The workers' own count: a snapshot that was served first is in it, and a table that changed nothing for them is not.
      tableGeneration: supervisor.generation,
      tableAgeMs: publishedAtMs === undefined ? undefined : Date.now() - publishedAtMs,
      translateDurations: { ...translateDurations, bounds: translateDurationBounds },
      publishDurations: { ...publishDurations, bounds: translateDurationBounds },
      applyDurations: { ...supervisor.applyDurations, bounds: tableApplyBounds },
      failures,
      problems,
      tableEntries: Object.fromEntries(tableParts.map((part) => [part, table[part].size])),
      certificates: this.#certificates.in(table.certificates),
      snapshotWrittenAtMs: snapshot?.writtenAtMs,
      snapshotFailures: snapshot?.failures ?? 0,
      objects: Object.fromEntries(objectKinds.map((kind) => [kind, store.count(kind)])),
      sources: opened.source.health(),
      leader: status?.isLeader ?? false,
      statusWrites: status?.writes ?? { ok: 0, failed: 0 },
      eventLoopDelayMs: this.#eventLoopDelay(),
    };
  }

  #programFacts(): MetricSource['program'] {
    const { config, opened } = this.#options;
    return {
      version: packageJson.version,
      nodeVersion: process.versions.node,
      podNamespace: config.podNamespace,
      podName: config.podName,
      ingressClass: config.ingressClass,
      controllerClass: config.controllerClass,
      source: opened.kind,
      transport: config.networkProxyTransport,
      writesStatus: opened.kind === 'cluster' && config.status,
      limits: limitsOf(config, this.#options.supervisor.table),
      process: this.#probe.read(),
    };
  }

  /** 99th percentile since the last call; what the sampling itself waits is taken off. */
  #eventLoopDelay(): number {
    const delayMs = this.#loopDelay.count === 0 ? 0 : this.#loopDelay.percentile(99) / 1e6 - delayResolutionMs;
    this.#loopDelay.reset();
    return Math.max(0, delayMs);
  }
}

/** As they are now: the SmartProxyConfig comes before the options. */
function limitsOf(config: Config, { settings }: Pick<RouteTable, 'settings'>): Readonly<Record<string, number>> {
  const own: Partial<InstallationSettings> = settings.get(installationKey) ?? {};
  const set: Partial<Record<(typeof limitFields)[number], number | undefined>> = {
    maxConnections: own.maxConnections,
    maxConnectionsPerIp: own.maxConnectionsPerAddress,
    maxUdpSessions: own.maxUdpSessions,
    maxHandshakes: own.maxHandshakes,
  };
  return Object.fromEntries(limitFields.map((field) => [options[field].flag, set[field] ?? config[field]]));
}
