import type { ObjectRef } from '../../translate/translation.ts';
import type { ObjectStore } from '../object-store.ts';
import type { Troubles } from '../troubles.ts';
import { type EventWriter, eventsPart } from './event-writer.ts';
import type { EventSubject } from './warning-event.ts';

/**
 * Warning Events on our own Pod about what does not work in it, for `kubectl describe pod`: missing permissions, missing objects that
 * options name, a state folder that can't be written. Each replica writes about itself.
 */
export class PodEvents {
  readonly #pod: ObjectRef;
  readonly #store: ObjectStore;
  readonly #troubles: Troubles;
  readonly #writer: EventWriter;
  #unsubscribe = () => {};

  constructor(pod: ObjectRef, store: ObjectStore, troubles: Troubles, writer: EventWriter) {
    this.#pod = pod;
    this.#store = store;
    this.#troubles = troubles;
    this.#writer = writer;
  }

  start(): void {
    this.#unsubscribe = this.#store.subscribe(() => this.#update());
    this.#writer.active = true;
    this.#update();
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    await this.#writer.close();
  }

  #update(): void {
    this.#writer.update(podSubjects(this.#pod, this.#troubles.current));
  }
}

/** What to tell of a Pod, by the troubles in it; that Events can't be written is no Event. Pure. */
export function podSubjects(pod: ObjectRef, troubles: Troubles['current']): readonly EventSubject[] {
  return [...troubles].flatMap(([part, { reason, message }]) =>
    part === eventsPart ? [] : [{ object: pod, reason: camelCase(reason), field: part, message }],
  );
}

/** `not-served` as `NotServed`, as reasons of Events are written. */
function camelCase(words: string): string {
  return words.replaceAll(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
