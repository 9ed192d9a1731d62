import type { Log } from '../../log.ts';
import type { Troubles } from '../troubles.ts';
import type { ApiClient } from './api-client.ts';
import { hasStatus } from './api-error.ts';
import { type ApiVerb, apiTrouble, isTerminating } from './api-trouble.ts';
import { type EventSubject, eventIdentity, seriesPatch, subjectKey, type WarningEvent, warningEvent } from './warning-event.ts';

export interface EventWriterOptions {
  readonly client: ApiClient;
  readonly log: Log;
  readonly troubles: Troubles;
  /** Name of this pod. */
  readonly instance: string;
  /** A problem is reported when it lasted so long: one that a second `kubectl apply` ends is none. @default 3,000 */
  readonly settleMs?: number;
  /** A problem that lasts is repeated after so long, well within the hour that an API server keeps Events. @default 600,000 */
  readonly repeatMs?: number;
  /** Least time between two writes, whatever they are about. @default 100 */
  readonly minWriteIntervalMs?: number;
  /** After a failed write. @default 30,000 */
  readonly retryMs?: number;
}

/** A problem that lasts. */
interface Entry {
  readonly problem: EventSubject;
  /** Monotonic milliseconds of its next write. */
  dueMs: number;
  /** How often its Event says that it was seen; undefined: we do not know of an Event. */
  count: number | undefined;
}

/** Name of this part in troubles. */
export const eventsPart = 'events';

const maxPerObject = 10;
const maxEntries = 500;

/**
 * Tells users of problems in their objects by Warning Events, while active: once when a problem settled, then as a series while it
 * lasts. Bounded: the first 10 problems of an object, 500 in all, one write at a time; `/debug/problems` has the rest.
 */
export class EventWriter {
  readonly #options: EventWriterOptions;
  readonly #closing = new AbortController();
  readonly #entries = new Map<string, Entry>();
  #problems: readonly EventSubject[] = [];
  #isActive = false;
  #timer: NodeJS.Timeout | undefined;
  #nextWriteMs = 0;
  /** What was asked for last, for the words on its failure. */
  #asked: readonly [ApiVerb, string] = ['create', ''];
  #writing: Promise<void> | undefined;

  constructor(options: EventWriterOptions) {
    this.#options = options;
  }

  /** Whether we may write: leadership. Gaining it reports every problem that lasts; losing it forgets them. */
  set active(isActive: boolean) {
    this.#isActive = isActive && !this.#closing.signal.aborted;
    if (this.#isActive) this.update(this.#problems);
    else this.#entries.clear();
    this.#schedule();
  }

  /** These are all the problems that there are. */
  update(problems: readonly EventSubject[]): void {
    this.#problems = problems;
    if (!this.#isActive) return;
    const wanted = reportable(problems);
    for (const key of [...this.#entries.keys()]) if (!wanted.has(key)) this.#entries.delete(key);
    const dueMs = performance.now() + (this.#options.settleMs ?? 3000);
    for (const [key, problem] of wanted) {
      if (!this.#entries.has(key)) this.#entries.set(key, { problem, dueMs, count: undefined });
    }
    this.#schedule();
  }

  async close(): Promise<void> {
    this.#isActive = false;
    this.#entries.clear();
    clearTimeout(this.#timer);
    this.#closing.abort(new Error('the event writer was closed'));
    await this.#writing;
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    const next = this.#nextEntry();
    if (next === undefined || this.#writing !== undefined || this.#closing.signal.aborted) return;
    const delayMs = Math.max(next.dueMs, this.#nextWriteMs) - performance.now();
    this.#timer = setTimeout(() => this.#writeNext(next), Math.max(0, delayMs));
    this.#timer.unref();
  }

  #nextEntry(): Entry | undefined {
    let next: Entry | undefined;
    for (const entry of this.#entries.values()) if (next === undefined || entry.dueMs < next.dueMs) next = entry;
    return next;
  }

  #writeNext(entry: Entry): void {
    const { minWriteIntervalMs = 100 } = this.#options;
    this.#writing = this.#write(entry).finally(() => {
      this.#writing = undefined;
      this.#nextWriteMs = performance.now() + minWriteIntervalMs;
      this.#schedule();
    });
  }

  async #write(entry: Entry): Promise<void> {
    const { log, troubles, repeatMs = 600_000, retryMs = 30_000 } = this.#options;
    try {
      entry.count = entry.count === undefined ? await this.#create(entry.problem) : await this.#repeat(entry.problem, entry.count + 1);
      entry.dueMs = performance.now() + repeatMs;
      troubles.clear(eventsPart);
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      const { kind, namespace, name } = entry.problem.object;
      log.debug({ object: `${kind} ${namespace}/${name}`, err: error }, 'writing an Event failed: trying again');
      // An Event that is gone (they expire) is written anew, everything else again later.
      if (hasStatus(error, 404) && entry.count !== undefined) {
        entry.count = undefined;
        return;
      }
      entry.dueMs = performance.now() + retryMs;
      if (!isTerminating(error)) troubles.report(eventsPart, apiTrouble(error, ...this.#asked));
    }
  }

  /** Creates the Event, or goes on with the one that another leader, or we before a restart, created; gives its count. */
  async #create(problem: EventSubject): Promise<number> {
    const { client, instance } = this.#options;
    const { signal } = this.#closing;
    this.#asked = ['create', collection(problem)];
    try {
      await client.json({ method: 'POST', path: collection(problem), body: warningEvent(problem, instance, Date.now()), signal });
      return 1;
    } catch (error) {
      if (!hasStatus(error, 409)) throw error;
      this.#asked = ['get', pathOf(problem)];
      const present = await client.json<WarningEvent>({ path: pathOf(problem), signal });
      return this.#repeat(problem, (present.series?.count ?? 1) + 1);
    }
  }

  async #repeat(problem: EventSubject, count: number): Promise<number> {
    const { client } = this.#options;
    const body = seriesPatch(count, Date.now());
    this.#asked = ['patch', pathOf(problem)];
    await client.json({ method: 'PATCH', path: pathOf(problem), body, signal: this.#closing.signal });
    return count;
  }
}

/** By key: the first problems of each object, up to the limits. */
function reportable(problems: readonly EventSubject[]): ReadonlyMap<string, EventSubject> {
  const wanted = new Map<string, EventSubject>();
  const perObject = new Map<string, number>();
  for (const problem of problems) {
    if (wanted.size >= maxEntries) break;
    const key = subjectKey(problem);
    const count = perObject.get(problem.object.uid) ?? 0;
    if (count >= maxPerObject || wanted.has(key)) continue;
    perObject.set(problem.object.uid, count + 1);
    wanted.set(key, problem);
  }
  return wanted;
}

function collection(problem: EventSubject): string {
  return `/apis/events.k8s.io/v1/namespaces/${eventIdentity(problem).namespace}/events`;
}

function pathOf(problem: EventSubject): string {
  return `${collection(problem)}/${eventIdentity(problem).name}`;
}
