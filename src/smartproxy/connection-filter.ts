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
  /** Open for at least so long, in milliseconds. */
  readonly olderMs?: number;
}

/** The names of what can be asked for by its text. */
export const connectionFilterFields = ['id', 'route', 'endpoint', 'listener', 'state', 'remoteAddress', 'serverName'] as const;

/** What is known of a connection that a filter looks at. */
export type FilteredConnection = { readonly [F in (typeof connectionFilterFields)[number]]: string | undefined } & {
  readonly ageMs: number;
};

export function isMeant(filter: ConnectionFilter, connection: FilteredConnection): boolean {
  if (filter.olderMs !== undefined && connection.ageMs < filter.olderMs) return false;
  for (const field of connectionFilterFields) {
    const wanted = filter[field];
    if (wanted === undefined) continue;
    if (field === 'route' ? !isRouteMeant(wanted, connection.route) : connection[field] !== wanted) return false;
  }
  return true;
}

/** @param wanted the whole key of a route, or the beginning of it up to a space */
export function isRouteMeant(wanted: string, route: string | undefined): boolean {
  return route === wanted || route?.startsWith(`${wanted} `) === true;
}
