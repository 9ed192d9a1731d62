import type { ObjectRef } from './translation.ts';
import { fieldsOf, textOf } from './unknown-input.ts';

/** Which object it is. @param key `namespace/name` in the snapshot, which is its name whatever its metadata holds */
export function objectRef(apiVersion: string, kind: string, key: string, object: { readonly metadata: unknown }): ObjectRef {
  const slash = key.indexOf('/');
  return {
    apiVersion,
    kind,
    namespace: key.slice(0, Math.max(slash, 0)),
    name: key.slice(slash + 1),
    uid: textOf(fieldsOf(object.metadata).uid) ?? '',
  };
}

/** Whether somebody deleted it already, and a finalizer keeps it. */
export function isBeingDeleted(object: { readonly metadata: unknown }): boolean {
  return fieldsOf(object.metadata).deletionTimestamp !== undefined;
}

/** Milliseconds since 1970 of an object's creation; 0 when unknown. */
export function createdAtMs(object: { readonly metadata: unknown }): number {
  const text = textOf(fieldsOf(object.metadata).creationTimestamp);
  const time = text === undefined || text.length > 40 ? Number.NaN : Date.parse(text);
  return Number.isFinite(time) && time > 0 ? time : 0;
}
