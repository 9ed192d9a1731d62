import type { RequestLogEntry } from './request-log-entry.ts';

/** Who looks at finished requests for a while. */
export interface RequestTap {
  /** Whether it takes this one; asked before an entry is made of it. @param route key; undefined: nothing matched */
  wants(host: string, route: string | undefined, status: number): boolean;
  /** Called when it wants it, at once after that. */
  take(entry: RequestLogEntry): void;
}
