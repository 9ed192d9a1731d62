import { messageOf } from '../../errors.ts';
import { ApiError } from './api-error.ts';

/** What every listed or watched object has. */
export interface WatchedObject {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly resourceVersion?: string; readonly uid?: string };
}

export type WatchEvent<T> =
  | { readonly kind: 'apply'; readonly object: T; readonly resourceVersion: string }
  | { readonly kind: 'remove'; readonly object: T; readonly resourceVersion: string }
  | { readonly kind: 'bookmark'; readonly resourceVersion: string };

/** Reads one line of a watch. Throws ApiError for an ERROR event (with its HTTP status) and for what is no event at all. */
export function parseWatchEvent<T extends WatchedObject>(line: string, resource: string): WatchEvent<T> {
  const event = parseJson(line, resource);
  const object = event.object as (T & { code?: number; message?: string }) | undefined;
  if (event.type === 'ERROR')
    throw new ApiError(`watch ${resource}`, object?.message ?? 'the server sent an error', { status: object?.code });
  const resourceVersion = object?.metadata?.resourceVersion;
  if (object === undefined || resourceVersion === undefined) throw new ApiError(`watch ${resource}`, 'an event has no object');
  if (event.type === 'BOOKMARK') return { kind: 'bookmark', resourceVersion };
  if (typeof object.metadata.name !== 'string') throw new ApiError(`watch ${resource}`, 'an object has no name');
  if (event.type === 'ADDED' || event.type === 'MODIFIED') return { kind: 'apply', object, resourceVersion };
  if (event.type === 'DELETED') return { kind: 'remove', object, resourceVersion };
  throw new ApiError(`watch ${resource}`, `unknown event type ${String(event.type).slice(0, 40)}`);
}

function parseJson(line: string, resource: string): { readonly type?: unknown; readonly object?: unknown } {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null) return value;
  } catch (error) {
    throw new ApiError(`watch ${resource}`, `a line is no JSON (${messageOf(error).slice(0, 100)})`, { cause: error });
  }
  throw new ApiError(`watch ${resource}`, 'a line is no event');
}
