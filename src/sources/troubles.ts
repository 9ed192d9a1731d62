import type { Log } from '../log.ts';
import type { ObjectStore } from './object-store.ts';

/**
 * Why a part of the program does not work as it was asked to. The words stand in `/readyz`, `/debug/problems` and the log, and as
 * CamelCase in Events; docs/operations.md says of each what to do.
 */
export const troubleReasons = [
  'unreachable', // the API server gives no answer
  'certificate-refused', // its TLS certificate is not the one that we were told to trust
  'unauthorized', // it does not know our credentials
  'forbidden', // RBAC or admission does not allow it
  'not-served', // it has no such kind
  'missing', // an object that an option names does not exist
  'invalid', // it exists and cannot be used
  'no-endpoints', // nobody is there to answer for it
  'kernel-refused', // the kernel does not forward: nft or a module is missing, it may not change rules, or forwarding is switched off
  'unusable', // a folder or file of ours cannot be read or written
  'failed', // anything else
] as const;
export type TroubleReason = (typeof troubleReasons)[number];

/** What is the matter with a part. It is tried again for ever: what can't heal ends the start with an exit status instead. */
export interface Trouble {
  readonly reason: TroubleReason;
  /** One sentence that names verb, object and what to do; no secret in it. */
  readonly message: string;
}

export interface TroublesOptions {
  /** Shows them to people: `problems()`. */
  readonly store: ObjectStore;
  readonly log: Log;
  /** Troubles that come this close together are one line. @default 300 */
  readonly gatherMs?: number;
  /** A part has to work for so long before the log says so. @default 5,000 */
  readonly calmMs?: number;
  /** A trouble that lasts is logged again after so long. @default 600,000 */
  readonly repeatMs?: number;
  /** Monotonic milliseconds. @default performance.now */
  readonly now?: () => number;
}

/** About the whole API server: one line, however many parts feel it. */
const ofTheServer: ReadonlySet<TroubleReason> = new Set(['unreachable', 'certificate-refused', 'unauthorized']);
/** Somebody has to do something; the others often pass by themselves. */
const needsSomebody: ReadonlySet<TroubleReason> = new Set([
  'certificate-refused',
  'unauthorized',
  'forbidden',
  'not-served',
  'missing',
  'kernel-refused',
]);
/** As many parts are named in one line. */
const maxNamed = 20;

/**
 * The parts that do not work now, by name (`ingresses in shop`, `secret shop/tls`, `lease`, `snapshot`). Whoever tries reports every
 * failure and every success; here that becomes entries of the store's problems and few lines of the log: one when troubles begin,
 * naming all parts that share the reason, one when the last of them works again, one every ten minutes while they last.
 */
export class Troubles {
  readonly #options: TroublesOptions;
  readonly #now: () => number;
  readonly #current = new Map<string, Trouble>();
  /** By topic, when it was logged last. */
  readonly #loggedMs = new Map<string, number>();
  readonly #untold = new Map<TroubleReason, Map<string, Trouble>>();
  readonly #calm = new Map<TroubleReason, NodeJS.Timeout>();
  #telling: NodeJS.Timeout | undefined;

  constructor(options: TroublesOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  get current(): ReadonlyMap<string, Trouble> {
    return this.#current;
  }

  /** A part does not work. While the reason stays, so does the first message: texts that change at every attempt help nobody. */
  report(part: string, trouble: Trouble): void {
    const before = this.#current.get(part);
    if (before?.reason !== trouble.reason) {
      this.#current.set(part, trouble);
      this.#options.store.setProblems(part, [{ where: part, ...trouble }]);
      if (before !== undefined) this.#endOf(part, before.reason);
    }
    clearTimeout(this.#calm.get(trouble.reason));
    this.#calm.delete(trouble.reason);
    this.#tell(part, this.#current.get(part) ?? trouble);
  }

  /** A part works, or is not needed any more. */
  clear(part: string): void {
    const trouble = this.#current.get(part);
    if (trouble === undefined) return;
    this.#current.delete(part);
    this.#options.store.setProblems(part, []);
    this.#endOf(part, trouble.reason);
  }

  /** Logs nothing from now on. */
  close(): void {
    clearTimeout(this.#telling);
    for (const timer of this.#calm.values()) clearTimeout(timer);
    this.#calm.clear();
    this.#untold.clear();
  }

  #tell(part: string, trouble: Trouble): void {
    const { gatherMs = 300, repeatMs = 600_000 } = this.#options;
    const topic = topicOf(part, trouble.reason);
    if (this.#now() - (this.#loggedMs.get(topic) ?? Number.NEGATIVE_INFINITY) < repeatMs) return;
    let parts = this.#untold.get(trouble.reason);
    if (parts === undefined) this.#untold.set(trouble.reason, (parts = new Map()));
    parts.set(part, trouble);
    this.#telling ??= setTimeout(() => this.#write(), gatherMs).unref();
  }

  #write(): void {
    const { log } = this.#options;
    this.#telling = undefined;
    for (const [reason, parts] of this.#untold) {
      const [first] = parts.values();
      if (first === undefined) continue;
      for (const part of parts.keys()) this.#loggedMs.set(topicOf(part, reason), this.#now());
      const level = needsSomebody.has(reason) ? 'error' : 'warn';
      const named = [...parts.keys()].slice(0, maxNamed);
      const more = parts.size > maxNamed ? { more: parts.size - maxNamed } : {};
      log[level]({ reason, parts: named, ...more, detail: first.message }, 'not everything works: trying again');
    }
    this.#untold.clear();
  }

  /** When nothing has this reason any more, and it stays so, that is worth a line if the trouble was. */
  #endOf(part: string, reason: TroubleReason): void {
    this.#untold.get(reason)?.delete(part);
    if (this.#calm.has(reason) || [...this.#current.values()].some((other) => other.reason === reason)) return;
    const timer = setTimeout(() => {
      this.#calm.delete(reason);
      const topics = [...this.#loggedMs.keys()].filter((topic) => topic === reason || topic.startsWith(`${reason} `));
      for (const topic of topics) this.#loggedMs.delete(topic);
      if (topics.length > 0) this.#options.log.info({ reason }, 'it works again');
    }, this.#options.calmMs ?? 5000);
    this.#calm.set(reason, timer.unref());
  }
}

function topicOf(part: string, reason: TroubleReason): string {
  return ofTheServer.has(reason) ? reason : `${reason} ${part}`;
}
