import { isDeepStrictEqual } from 'node:util';
import type { SmartRouteCondition, SmartRouteStatus } from '../../api/generated/smart-route.ts';
import type { SmartRoute } from '../../api/objects.ts';
import { messageOf } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { RouteCondition, SmartRouteStatusContent } from '../../translate/smart-route-statuses.ts';
import type { ObjectStore } from '../object-store.ts';
import type { ApiClient } from './api-client.ts';
import { hasStatus } from './api-error.ts';
import { type PacedWrite, PacedWriter, type PacedWriterOptions } from './paced-writer.ts';
import { collectionPath, smartRouteType } from './resources.ts';

export interface RouteStatusWriterOptions extends Omit<PacedWriterOptions, 'needed'> {
  readonly client: ApiClient;
  readonly store: ObjectStore;
  readonly log: Log;
}

/**
 * Writes the statuses of SmartRoutes, while active: what differs from what the store has, one object at most once in 30 s. A status that
 * we wrote is taken back when its object is no longer ours. Times of conditions are added here, because translate knows none.
 */
export class RouteStatusWriter {
  readonly #options: RouteStatusWriterOptions;
  readonly #writer: PacedWriter;
  /** Objects that carry what we wrote, by uid. */
  readonly #written = new Set<string>();
  #statuses: readonly SmartRouteStatusContent[] = [];

  constructor(options: RouteStatusWriterOptions) {
    this.#options = options;
    this.#writer = new PacedWriter({ ...options, needed: () => [...this.#changes(), ...this.#withdrawals()] });
  }

  /** Whether we may write: leadership. */
  set active(isActive: boolean) {
    if (!isActive) this.#written.clear();
    this.#writer.active = isActive;
  }

  update(statuses: readonly SmartRouteStatusContent[]): void {
    this.#statuses = statuses;
    this.#writer.changed();
  }

  close(): Promise<void> {
    return this.#writer.close();
  }

  #changes(): readonly PacedWrite[] {
    const now = new Date().toISOString();
    return this.#statuses.flatMap((content) => {
      const { namespace, name, uid } = content.object;
      const route = this.#options.store.get('SmartRoute', `${namespace}/${name}`);
      if (route?.metadata.uid !== uid) return [];
      const status = withTimes(content, route.status, now);
      return isDeepStrictEqual(status, route.status) ? [] : [{ uid, perform: (signal) => this.#write(route, status, signal) }];
    });
  }

  #withdrawals(): readonly PacedWrite[] {
    if (this.#written.size === 0) return [];
    const ours = new Set(this.#statuses.map(({ object }) => object.uid));
    const lost = new Set([...this.#written].filter((uid) => !ours.has(uid)));
    if (lost.size === 0) return [];
    const writes: PacedWrite[] = [];
    for (const route of this.#options.store.snapshot().of('SmartRoute').values()) {
      const { uid = '' } = route.metadata;
      if (!lost.delete(uid) || route.status === undefined) continue;
      writes.push({ uid, perform: (signal) => this.#write(route, null, signal) });
    }
    for (const uid of lost) this.#written.delete(uid);
    return writes;
  }

  /** @param status null: none any more */
  async #write(route: SmartRoute, status: SmartRouteStatus | null, signal: AbortSignal): Promise<void> {
    const { client, log } = this.#options;
    const { namespace, name, uid = '' } = route.metadata;
    const path = `${collectionPath(smartRouteType, namespace)}/${name}/status`;
    try {
      // The uid makes the server refuse the write when another object took the name.
      await client.json({ method: 'PATCH', path, body: { metadata: { uid }, status }, signal });
      if (status === null) this.#written.delete(uid);
      else this.#written.add(uid);
      log.debug({ route: `${namespace}/${name}` }, 'wrote the status of a SmartRoute');
    } catch (error) {
      if (signal.aborted || hasStatus(error, 404)) return;
      log.warn({ route: `${namespace}/${name}`, reason: messageOf(error) }, 'writing the status of a SmartRoute failed: trying again');
      throw error;
    }
  }
}

/** As the API server holds it. A condition whose status is as before keeps its time. */
function withTimes(
  { generation, hosts, backends, conditions, rules }: SmartRouteStatusContent,
  present: SmartRouteStatus | undefined,
  now: string,
): SmartRouteStatus {
  const timed = (wanted: readonly RouteCondition[], before: readonly SmartRouteCondition[] = []) =>
    wanted.map((condition): SmartRouteCondition => {
      const same = before.find(({ type, status }) => type === condition.type && status === condition.status);
      return { ...condition, observedGeneration: generation, lastTransitionTime: same?.lastTransitionTime ?? now };
    });
  return {
    hosts,
    backends,
    conditions: timed(conditions, present?.conditions),
    rules: rules.map(({ name, conditions: ofRule }) => {
      const before = present?.rules?.find((rule) => rule.name === name);
      return { name, conditions: timed(ofRule, before?.conditions) };
    }),
  };
}
