import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config/config.ts';
import { Controller } from '../controller/controller.ts';
import type { Log } from '../log.ts';
import { Translator } from '../translate/translate.ts';
import { WorkerSupervisor } from '../workers/worker-supervisor.ts';
import { AcmeOrders } from './acme-orders.ts';
import { reportConfiguredObjects } from './configured-objects.ts';
import { drainTimes } from './drain-times.ts';
import { KernelForwarding } from './kernel-forwarding.ts';
import { listenersOf, withBoundPorts } from './listeners.ts';
import { openLocalCa } from './open-local-ca.ts';
import { openSnapshot } from './open-snapshot.ts';
import { openSource } from './open-source.ts';
import { ProgrammedObjects } from './programmed-objects.ts';
import { Readiness } from './readiness.ts';
import { reportObjects } from './report-objects.ts';
import { serveSnapshotWithoutSource } from './serve-snapshot.ts';
import { startSharedTicketKeys } from './shared-ticket-keys.ts';
import { startManifests } from './start-manifests.ts';
import { startServers } from './start-servers.ts';
import { translateOptionsOf } from './translate-options.ts';

export interface ApplicationOptions {
  readonly config: Config;
  readonly log: Log;
  readonly print: (text: string) => void;
  /** The script that worker processes are started from, with the argument `worker`. */
  readonly script: string;
}

/** A running program. */
export interface Application {
  /** Rejects when it can't go on; never resolves. */
  readonly failed: Promise<never>;
  /** Says that it is going, goes on accepting for a while, lets connections finish, and ends everything. */
  stop(): Promise<void>;
}

/**
 * Puts all parts together and starts them, in the order in which they need each other. They are ended in the opposite order, also
 * when a later one can't start. Throws SmartProxyError.
 */
export async function startApplication({ config, log, print, script }: ApplicationOptions): Promise<Application> {
  await using parts = new AsyncDisposableStack();
  const failed = Promise.withResolvers<never>();
  let stopping = false;
  let portsChanged = (): void => {};

  const localCa = await openLocalCa(config, log);

  // Workers, with their ports bound: a port that is taken ends the start before anything else happens.
  const wanted = listenersOf(config);
  // A worker that reads the bundle's source map holds 40 MiB more; its stack traces name functions without one.
  const execArgv = process.execArgv.filter((argument) => argument !== '--enable-source-maps');
  const entry = { script, args: ['worker'], execArgv };
  const supervisor = new WorkerSupervisor({ config, listeners: wanted, log, entry, onPorts: () => portsChanged() });
  parts.defer(() => supervisor.close());
  const bound = await supervisor.start();
  for (const { listener, address, port } of bound) log.info({ listener, address, port }, 'listening');

  // From objects to tables.
  const listeners = withBoundPorts(wanted, bound);
  const translator = new Translator(translateOptionsOf(config, listeners));
  const opened = await openSource(config, log, (objects) => translator.translate(objects, Date.now()).referencedSecrets);
  const { troubles } = opened;
  parts.defer(() => troubles.close());
  const snapshot = openSnapshot(config, troubles);
  const cluster = opened.kind === 'cluster' ? opened : undefined;
  const hasTable = (): boolean => supervisor.generation > 0;
  const kernel = new KernelForwarding({ config, log, troubles, table: () => supervisor.table, hasTable, onChange: () => portsChanged() });
  parts.defer(() => kernel.close());
  const objects =
    cluster &&
    new ProgrammedObjects({
      applied: async () => {
        await supervisor.applied();
        await kernel.settled();
      },
      report: (translation, isProgrammed) =>
        reportObjects(
          translation,
          { listeners: supervisor.listenerTroubles, kernel: (object) => kernel.problemOf(object) },
          isProgrammed,
          cluster.status,
        ),
    });
  parts.defer(() => objects?.close());
  const acme = await AcmeOrders.open({ config, log, opened, table: () => supervisor.table, applied: () => supervisor.applied() });
  const controller = new Controller({
    source: opened.source,
    translator,
    publisher: {
      publish(table) {
        supervisor.publish(table);
        kernel.update();
        snapshot?.save(table);
      },
    },
    log,
    // A folder has all its Secrets at once; only an API server delivers them later than what refers to them.
    ...(cluster === undefined ? { secretGraceMs: 0 } : {}),
    certificatesFor: (hosts) => localCa.certificatesFor(cluster === undefined ? hosts : []),
    onTranslation(translation) {
      cluster?.status.update(translation);
      objects?.update(translation);
      acme?.update(translation);
      reportConfiguredObjects(config, translation, troubles);
    },
  });
  parts.defer(() => snapshot?.close());
  parts.defer(() => controller.close());
  portsChanged = () => {
    const closed = [...supervisor.listenerTroubles].map(([key, { message }]) => ({ where: `listener ${key}`, message }));
    opened.source.store.setProblems('listeners', closed);
    if (controller.translation !== undefined) objects?.update(controller.translation);
  };
  controller.start();

  // What machines and people look at.
  const readiness = new Readiness({
    isStopping: () => stopping,
    hasTable,
    isServing: () => supervisor.serving,
    health: () => opened.source.health(),
    troubles: () => troubles.current,
  });
  await startServers({ config, log, controller, supervisor, kernel, acme, opened, snapshot, readiness }, parts);

  // Objects flow.
  parts.defer(() => opened.source.close());
  if (opened.kind === 'manifests') {
    await startManifests({ config, log, print, controller, supervisor, source: opened.source, localCa }, parts);
  } else {
    parts.defer(() => opened.status.close());
    opened.status.start();
    opened.source.start().catch(failed.reject);
    if (snapshot !== undefined) parts.defer(serveSnapshotWithoutSource({ snapshot, listeners, controller, supervisor, log }));
  }
  parts.defer(() => acme?.close());
  const tickets = startSharedTicketKeys(config, log, opened, supervisor);
  parts.defer(() => tickets?.close());

  const running = parts.move();
  return {
    failed: failed.promise,
    async stop() {
      stopping = true;
      const { delayMs, timeoutMs } = drainTimes(config, supervisor.table);
      log.info({ drainDelayMs: delayMs, drainTimeoutMs: timeoutMs }, 'draining');
      await sleep(delayMs);
      await supervisor.drain(timeoutMs);
      await running.disposeAsync();
    },
  };
}
