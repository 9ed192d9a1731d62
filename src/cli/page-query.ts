import { duration, invalid } from '../config/value-types.ts';
import { PageRefusal } from '../observability/admin-server.ts';
import { type ConnectionFilter, connectionFilterFields } from '../smartproxy/connection-filter.ts';

/** `?limit=N`; what is not a number is the default. */
export function limitOf(query: URLSearchParams, byDefault: number, most: number): number {
  const limit = Number(query.get('limit') ?? byDefault);
  return Number.isInteger(limit) && limit > 0 ? Math.min(limit, most) : byDefault;
}

/** `?route=...&endpoint=...&older=10m`: all that the query names. */
export function connectionFilterOf(query: URLSearchParams): ConnectionFilter | PageRefusal {
  const given = connectionFilterFields.flatMap((field) => {
    const value = query.get(field);
    return value === null ? [] : [[field, value] as const];
  });
  const filter: ConnectionFilter = Object.fromEntries(given);
  const older = query.get('older');
  if (older === null) return filter;
  const olderMs = duration.parse([older]);
  if (olderMs === invalid) return new PageRefusal(`older=${older.slice(0, 100)} is not allowed; expected ${duration.allowed}`);
  return { ...filter, olderMs };
}

/** What the query says under a name; undefined: nothing. */
export function textOf(query: URLSearchParams, name: string): string | undefined {
  return query.get(name) ?? undefined;
}
