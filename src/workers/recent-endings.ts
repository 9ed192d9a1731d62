import type { ConnectionLogEntry, SessionLogEntry } from '../observability/access-log-entry.ts';
import { type ConnectionFilter, isMeant } from '../smartproxy/connection-filter.ts';

/** A connection or UDP session that is over, and why. */
export interface RecentEnding extends Omit<ConnectionLogEntry, 'layer4' | 'reason'> {
  /** Milliseconds since 1970. */
  readonly endedAtMs: number;
  /** A termination reason, or an end reason of UDP sessions. */
  readonly reason: string | undefined;
}

type Entry = ConnectionLogEntry | SessionLogEntry;

/** How many are kept: about 400 KB when all are. */
const capacity = 1000;

/** The last connections and sessions that ended, in a ring of fixed size. Those that were refused never began, and are only counted. */
export class RecentEndings {
  readonly #entries: Entry[] = [];
  readonly #endedAtMs: number[] = [];
  #next = 0;

  /** @param endedAtMs milliseconds since 1970 */
  add(entry: Entry, endedAtMs: number): void {
    this.#entries[this.#next] = entry;
    this.#endedAtMs[this.#next] = endedAtMs;
    this.#next = (this.#next + 1) % capacity;
  }

  /** The last `limit` that the filter means, the latest first. */
  list(limit: number, filter: ConnectionFilter): readonly RecentEnding[] {
    const found: RecentEnding[] = [];
    const count = this.#entries.length;
    for (let back = 1; back <= count && found.length < limit; back++) {
      const place = (this.#next - back + count) % count;
      const ending = endingOf(this.#entries[place] as Entry, this.#endedAtMs[place] as number);
      if (isMeant(filter, { ...ending, state: 'closed', ageMs: ending.durationMs })) found.push(ending);
    }
    return found;
  }
}

function endingOf(entry: Entry, endedAtMs: number): RecentEnding {
  if (!('layer4' in entry)) return { ...entry, serverName: undefined, proxied: undefined, side: undefined, endedAtMs };
  const { layer4: _, ...shown } = entry;
  return { ...shown, endedAtMs };
}
