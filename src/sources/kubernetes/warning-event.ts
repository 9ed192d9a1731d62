import { createHash } from 'node:crypto';
import type { ObjectRef } from '../../translate/translation.ts';
import { microTime } from './lease.ts';

/** What an Event can be about: a problem of a user's object, a trouble of our own Pod. */
export interface EventSubject {
  readonly object: ObjectRef;
  /** CamelCase. */
  readonly reason: string;
  readonly field: string;
  readonly message: string;
}

/** The part of an events.k8s.io/v1 Event that we write. */
export interface WarningEvent {
  readonly apiVersion: 'events.k8s.io/v1';
  readonly kind: 'Event';
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly eventTime: string;
  readonly reportingController: string;
  readonly reportingInstance: string;
  readonly action: string;
  readonly reason: string;
  readonly type: 'Warning';
  readonly regarding: ObjectRef;
  readonly note: string;
  readonly series?: { readonly count: number; readonly lastObservedTime: string };
}

const reportingController = 'smartproxy.dev/ingress-controller';
const maxNoteBytes = 1024;
const maxInstanceBytes = 128;

/** What makes two subjects one: the same object, reason, place and text. */
export function subjectKey({ object, reason, field, message }: EventSubject): string {
  return JSON.stringify([object.uid, reason, field, message]);
}

/** The first Event about a problem. Its name follows from the problem, so that the next leader goes on with it instead of adding one. */
export function warningEvent(problem: EventSubject, instance: string, nowMs: number): WarningEvent {
  const { object, reason, message } = problem;
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: eventIdentity(problem),
    eventTime: microTime(nowMs),
    reportingController,
    reportingInstance: cutToBytes(instance, maxInstanceBytes),
    action: object.kind === 'Pod' ? 'Run' : 'Translate',
    reason,
    type: 'Warning',
    regarding: object,
    note: cutToBytes(message, maxNoteBytes),
  };
}

/** Name and namespace of the Event about a problem. */
export function eventIdentity(problem: EventSubject): WarningEvent['metadata'] {
  const hash = createHash('sha256').update(subjectKey(problem)).digest('hex').slice(0, 16);
  const stem = problem.object.name.slice(0, 200).replace(/[^a-z0-9]+$/, '');
  return { name: `${stem}.${hash}`, namespace: problem.object.namespace || 'default' };
}

/** The change that says "still so, seen `count` times": a series begins with the second sighting. */
export function seriesPatch(count: number, nowMs: number): Pick<WarningEvent, 'series'> {
  return { series: { count: Math.max(2, count), lastObservedTime: microTime(nowMs) } };
}

/** At most `limit` bytes of UTF-8, without half a character at the end. */
function cutToBytes(text: string, limit: number): string {
  const bytes = Buffer.from(text);
  return bytes.length <= limit
    ? text
    : bytes
        .subarray(0, limit)
        .toString('utf8')
        .replace(/\uFFFD+$/, '');
}
