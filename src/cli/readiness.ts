import type { ReadinessCheck } from '../observability/readiness.ts';
import type { ResourceHealth } from '../sources/object-store.ts';
import type { Trouble, TroubleReason } from '../sources/troubles.ts';
import { configuredParts } from './configured-objects.ts';

export interface ReadinessOptions {
  /** The signal to stop has come. */
  readonly isStopping: () => boolean;
  /** A table was published. */
  readonly hasTable: () => boolean;
  /** A worker serves one. */
  readonly isServing: () => boolean;
  readonly health: () => readonly ResourceHealth[];
  readonly troubles: () => ReadonlyMap<string, Trouble>;
  /** How long what somebody has to mend holds back a start. @default 30,000 */
  readonly holdMs?: number;
  /** Monotonic milliseconds. @default performance.now */
  readonly now?: () => number;
}

const brokenWatch: ReadonlySet<TroubleReason> = new Set(['forbidden', 'not-served']);
const namedObject: ReadonlySet<TroubleReason> = new Set(['missing', 'invalid']);

/**
 * What `/readyz` looks at. Ready means that a worker serves a table and no stop has begun; everything else that does not work is told
 * and costs no traffic, because what was served goes on being served. Only a start is held back by more, for 30 s at most: by watches
 * that are not allowed (of kinds that every cluster has) and by objects that options name and that are missing, so that a roll-out with such a mistake shows and waits;
 * no longer, because the missing Secret may be one that is got through this very proxy.
 */
export class Readiness {
  readonly #options: ReadinessOptions;
  readonly #now: () => number;
  #servingSinceMs: number | undefined;
  #wasReady = false;

  constructor(options: ReadinessOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  checks(): readonly ReadinessCheck[] {
    const { hasTable, isServing, isStopping, health, troubles } = this.#options;
    const serving = isServing();
    if (serving) this.#servingSinceMs ??= this.#now();
    const current = troubles();
    const watches = health().map((resource) => this.#watch(resource, current.get(resource.resource), serving));
    const watched = new Set(health().map(({ resource }) => resource));
    const others = [...current].filter(([part]) => !watched.has(part)).map(([part, trouble]) => this.#other(part, trouble));
    const checks = [
      hasTable() ? ok('table') : failed('table', 'waiting', 'no table is served yet; the lines of watches say what is missing'),
      serving || !hasTable() ? ok('workers') : failed('workers', 'waiting', 'no worker serves the table; the log says why'),
      ...watches,
      ...others,
      isStopping() ? failed('stop', 'stopping', 'the signal to stop has come; open requests may finish') : ok('stop'),
    ];
    if (checks.every(({ state }) => state !== 'failed')) this.#wasReady = true;
    return checks;
  }

  #watch({ resource, healthy, detail, optional = false }: ResourceHealth, trouble: Trouble | undefined, serving: boolean): ReadinessCheck {
    const name = `watch/${nameOf(resource)}`;
    if (healthy) return ok(name);
    const holds = !optional && trouble !== undefined && brokenWatch.has(trouble.reason) && this.#holdsBack();
    return { name, state: serving && !holds ? 'degraded' : 'failed', reason: trouble?.reason ?? 'waiting', message: detail };
  }

  #other(part: string, { reason, message }: Trouble): ReadinessCheck {
    const holds = configuredParts.has(part) && namedObject.has(reason) && this.#holdsBack();
    return { name: nameOf(part), state: holds ? 'failed' : 'degraded', reason, message };
  }

  /** Whether this is still a start. */
  #holdsBack(): boolean {
    const { holdMs = 30_000 } = this.#options;
    return !this.#wasReady && (this.#servingSinceMs === undefined || this.#now() - this.#servingSinceMs < holdMs);
  }
}

function ok(name: string): ReadinessCheck {
  return { name, state: 'ok', reason: '', message: '' };
}

function failed(name: string, reason: string, message: string): ReadinessCheck {
  return { name, state: 'failed', reason, message };
}

/** `ingresses in shop` as `ingresses-in-shop`: names have no white space. */
function nameOf(part: string): string {
  return part.replaceAll(' ', '-');
}
