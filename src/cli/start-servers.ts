import packageJson from '../../package.json' with { type: 'json' };
import type { Config } from '../config/config.ts';
import type { Controller } from '../controller/controller.ts';
import type { Log } from '../log.ts';
import { AdminServer } from '../observability/admin-server.ts';
import { AdminToken } from '../observability/admin-token.ts';
import { Exposition } from '../observability/exposition.ts';
import { keptOnceMade } from '../observability/kept-once-made.ts';
import { StatusServer } from '../observability/status-server.ts';
import { loadUiAssets } from '../observability/ui/load-ui-assets.ts';
import type { TableSnapshot } from '../snapshot/table-snapshot.ts';
import type { WorkerSupervisor } from '../workers/worker-supervisor.ts';
import type { AcmeOrders } from './acme-orders.ts';
import { debugAdditions, debugRemovals } from './debug-changes.ts';
import { debugPages } from './debug-pages.ts';
import type { KernelForwarding } from './kernel-forwarding.ts';
import { MetricFacts } from './metric-facts.ts';
import type { OpenedSource } from './open-source.ts';
import type { Readiness } from './readiness.ts';

export interface ServersOptions {
  readonly config: Config;
  readonly log: Log;
  readonly controller: Controller;
  readonly supervisor: WorkerSupervisor;
  readonly kernel: KernelForwarding;
  /** undefined: no certificates are ordered. */
  readonly acme: AcmeOrders | undefined;
  readonly opened: OpenedSource;
  readonly snapshot: TableSnapshot | undefined;
  readonly readiness: Readiness;
}

/** Starts health, metrics and debug pages; `parts` ends them. Throws ADDRESS_IN_USE, ADDRESS_UNAVAILABLE or CONFIG_INVALID. */
export async function startServers(options: ServersOptions, parts: AsyncDisposableStack): Promise<void> {
  const { config, log, readiness } = options;
  const facts = new MetricFacts(options);
  parts.defer(() => facts.close());

  const exposition = new Exposition(() => facts.gather());
  const status = new StatusServer({
    address: config.statusAddress,
    port: config.statusPort,
    readiness: () => readiness.checks(),
    exposition,
    onError: (err) => log.error({ err }, 'scrape failed'),
  });
  const statusAddress = await status.start();
  parts.defer(() => status.close());
  log.info({ listener: 'status', ...statusAddress }, 'listening');

  const token = new AdminToken(config.adminTokenFile);
  const obstacle = config.adminTokenFile === undefined ? undefined : await token.obstacle();
  if (obstacle !== undefined) log.warn({ reason: obstacle }, 'the admin port refuses changes');
  const admin = new AdminServer({
    address: config.adminAddress,
    port: config.adminPort,
    pages: debugPages(options, token, exposition),
    token,
    removals: debugRemovals(options),
    additions: debugAdditions(options),
    assets: keptOnceMade(() => loadUiAssets(packageJson.version)),
    onError: (err) => log.error({ err }, 'debug page failed'),
  });
  const adminAddress = await admin.start();
  parts.defer(() => admin.close());
  log.info({ listener: 'admin', ...adminAddress }, 'listening');
}
