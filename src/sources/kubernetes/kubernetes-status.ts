import { randomBytes } from 'node:crypto';
import type { Config } from '../../config/config.ts';
import type { Log } from '../../log.ts';
import { type ListenerWarning, listenerWarnings } from '../../translate/listener-warnings.ts';
import type { SmartProxyConfigStatusContent } from '../../translate/smart-proxy-config-statuses.ts';
import type { SmartRouteStatusContent } from '../../translate/smart-route-statuses.ts';
import type { Translation } from '../../translate/translation.ts';
import type { ObjectStore } from '../object-store.ts';
import type { Troubles } from '../troubles.ts';
import type { ApiClient } from './api-client.ts';
import { ConfigStatusWriter } from './config-status-writer.ts';
import { EventWriter } from './event-writer.ts';
import { LeaderElection } from './leader-election.ts';
import type { StatusWrites } from './paced-writer.ts';
import { PodEvents } from './pod-events.ts';
import { RouteStatusWriter } from './route-status-writer.ts';
import { StatusWriter } from './status-writer.ts';

export type KubernetesStatusConfig = Pick<
  Config,
  'status' | 'publishService' | 'publishAddresses' | 'leaderElection' | 'leaseName' | 'podNamespace' | 'podName' | 'podUid'
>;

export interface KubernetesStatusOptions {
  readonly client: ApiClient;
  /** Of the Kubernetes source: what statuses are compared with. */
  readonly store: ObjectStore;
  readonly config: KubernetesStatusConfig;
  readonly log: Log;
  readonly troubles: Troubles;
  /** For tests that cannot wait for a lease of 15 s and intervals of minutes. */
  readonly timings?: {
    readonly leaseMs?: number;
    readonly renewDeadlineMs?: number;
    readonly leaseRetryMs?: number;
    readonly statusIntervalMs?: number;
    readonly statusHoldOffMs?: number;
    readonly eventSettleMs?: number;
    readonly eventRepeatMs?: number;
  };
}

/**
 * Everything that this program writes to the API server: who leads (a Lease), and on the leader alone the addresses of Ingresses
 * and the statuses of SmartRoutes and SmartProxyConfigs (unless `status` is off) and Warning Events about problems; on every replica Warning Events about its
 * own Pod. Nothing that serves traffic waits for any of it.
 */
export class KubernetesStatus {
  readonly #election: LeaderElection | undefined;
  readonly #statuses: StatusWriter | undefined;
  readonly #routes: RouteStatusWriter | undefined;
  readonly #configs: ConfigStatusWriter | undefined;
  readonly #events: EventWriter;
  readonly #podEvents: PodEvents | undefined;
  #problems: Translation['problems'] = [];
  /** Listeners whose port could not be had. */
  #unopened: readonly ListenerWarning[] = [];
  #isActive = false;
  #onActive: (isActive: boolean) => void = () => {};

  constructor({ client, store, config, log, troubles, timings = {} }: KubernetesStatusOptions) {
    const { publishService, publishAddresses, podNamespace, podName, podUid, leaseName } = config;
    const eventOptions = {
      client,
      log,
      troubles,
      instance: podName,
      settleMs: timings.eventSettleMs,
      repeatMs: timings.eventRepeatMs,
    };
    this.#events = new EventWriter(eventOptions);
    if (podUid !== undefined) {
      const pod = { apiVersion: 'v1', kind: 'Pod', namespace: podNamespace, name: podName, uid: podUid };
      this.#podEvents = new PodEvents(pod, store, troubles, new EventWriter(eventOptions));
    }
    if (config.status) {
      const { statusIntervalMs: minWriteIntervalMs, statusHoldOffMs: holdOffMs } = timings;
      const common = { client, store, log, troubles, minWriteIntervalMs, holdOffMs };
      this.#statuses = new StatusWriter({ ...common, publishService, publishAddresses });
      this.#routes = new RouteStatusWriter({ ...common, publishService, publishAddresses });
      this.#configs = new ConfigStatusWriter(common);
    }
    if (!config.leaderElection) return;
    this.#election = new LeaderElection({
      client,
      log,
      troubles,
      namespace: podNamespace,
      name: leaseName,
      // A restarted container keeps its pod's name: it must not believe that it still leads.
      identity: `${podName}_${randomBytes(4).toString('hex')}`,
      onChange: (isLeader) => this.#activate(isLeader),
      leaseMs: timings.leaseMs,
      renewDeadlineMs: timings.renewDeadlineMs,
      retryMs: timings.leaseRetryMs,
    });
  }

  /** Whether this replica writes statuses and Events. */
  get isLeader(): boolean {
    return this.#isActive;
  }

  /** Is told now and at every change whether this replica is the one that writes. */
  set onActive(listener: (isActive: boolean) => void) {
    this.#onActive = listener;
    listener(this.#isActive);
  }

  /** Statuses that this replica wrote. */
  get writes(): StatusWrites {
    const writers = [this.#statuses?.writes, this.#routes?.writes, this.#configs?.writes];
    const sum = (result: keyof StatusWrites) => writers.reduce((total, writes) => total + (writes?.[result] ?? 0), 0);
    return { ok: sum('ok'), failed: sum('failed') };
  }

  start(): void {
    this.#podEvents?.start();
    if (this.#election === undefined) this.#activate(true);
    else this.#election.start();
  }

  /** What there is to write now. */
  update(translation: Pick<Translation, 'statuses' | 'problems'>): void {
    this.#statuses?.update(translation.statuses);
    this.#problems = translation.problems;
    this.#events.update([...this.#problems, ...this.#unopened]);
  }

  /** These are the statuses of all SmartRoutes and SmartProxyConfigs of ours. */
  updateObjects(routes: readonly SmartRouteStatusContent[], configs: readonly SmartProxyConfigStatusContent[]): void {
    this.#routes?.update(routes);
    this.#configs?.update(configs);
    this.#unopened = listenerWarnings(configs);
    this.#events.update([...this.#problems, ...this.#unopened]);
  }

  /** Stops writing, then lets go of the Lease. Addresses in statuses stay. */
  async close(): Promise<void> {
    const statuses = [this.#statuses?.close(), this.#routes?.close(), this.#configs?.close()];
    await Promise.all([...statuses, this.#events.close(), this.#podEvents?.close()]);
    await this.#election?.close();
    this.#isActive = false;
  }

  #activate(isActive: boolean): void {
    this.#isActive = isActive;
    if (this.#statuses !== undefined) this.#statuses.active = isActive;
    if (this.#routes !== undefined) this.#routes.active = isActive;
    if (this.#configs !== undefined) this.#configs.active = isActive;
    this.#events.active = isActive;
    this.#onActive(isActive);
  }
}
