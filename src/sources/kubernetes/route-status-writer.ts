import { isDeepStrictEqual } from 'node:util';
import type { SmartRouteCondition, SmartRouteStatus } from '../../api/generated/smart-route.ts';
import type { SmartRoute } from '../../api/objects.ts';
import type { RouteCondition, SmartRouteStatusContent } from '../../translate/smart-route-statuses.ts';
import { type PacedWrite, PacedWriter, type PacedWriterOptions, type StatusWrites } from './paced-writer.ts';
import { collectionPath, smartRouteType } from './resources.ts';

export type RouteStatusWriterOptions = Omit<PacedWriterOptions, 'needed' | 'part'>;

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
    const needed = () => [...this.#changes(), ...this.#withdrawals()];
    this.#writer = new PacedWriter({ ...options, part: 'smartroutes/status', needed });
  }

  /** Writes of statuses that came to an end. */
  get writes(): StatusWrites {
    return this.#writer.writes;
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
      return isDeepStrictEqual(status, route.status) ? [] : [this.#write(route, status)];
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
      writes.push(this.#write(route, null));
    }
    for (const uid of lost) this.#written.delete(uid);
    return writes;
  }

  /** @param status null: none any more */
  #write(route: SmartRoute, status: SmartRouteStatus | null): PacedWrite {
    const { namespace, name, uid = '' } = route.metadata;
    return {
      uid,
      path: `${collectionPath(smartRouteType, namespace)}/${name}/status`,
      status,
      begin: () => {
        if (status !== null) this.#written.add(uid);
      },
      done: () => {
        if (status === null) this.#written.delete(uid);
        this.#options.log.debug({ route: `${namespace}/${name}` }, 'wrote the status of a SmartRoute');
      },
    };
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
