/** Which connections are meant: those with all that is given. Plain data, for the worker protocol. */
export interface ConnectionFilter {
  readonly id?: string;
  /** The whole key of a route, or the beginning of it up to a space: all routes of one object. */
  readonly route?: string;
  /** `address:port`. */
  readonly endpoint?: string;
  readonly listener?: string;
  readonly state?: string;
  readonly remoteAddress?: string;
  readonly serverName?: string;
}

/** The names of what can be asked for. */
export const connectionFilterFields = ['id', 'route', 'endpoint', 'listener', 'state', 'remoteAddress', 'serverName'] as const;

/** What is known of a connection that a filter looks at. */
type Filtered = { readonly [F in (typeof connectionFilterFields)[number]]: string | undefined };

export function isMeant(filter: ConnectionFilter, connection: Filtered): boolean {
  for (const field of connectionFilterFields) {
    const wanted = filter[field];
    if (wanted === undefined) continue;
    const value = connection[field];
    if (value === wanted) continue;
    if (field !== 'route' || value?.startsWith(`${wanted} `) !== true) return false;
  }
  return true;
}
