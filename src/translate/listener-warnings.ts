import { messageFor } from './problem-list.ts';
import type { SmartProxyConfigStatusContent } from './smart-proxy-config-statuses.ts';
import type { ObjectRef } from './translation.ts';

/** What is to be told of a listener whose port could not be had. */
export interface ListenerWarning {
  readonly object: ObjectRef;
  /** As in its condition. */
  readonly reason: string;
  readonly field: string;
  readonly message: string;
}

/** Reasons of `Programmed` that only the machine knows: all others are problems of translate. */
const ofTheMachine: ReadonlySet<string> = new Set(['AddressInUse', 'AddressUnavailable']);

/** A warning for each listener whose port could not be had. */
export function listenerWarnings(configs: readonly SmartProxyConfigStatusContent[]): readonly ListenerWarning[] {
  return configs.flatMap(({ object, listeners }) =>
    listeners.flatMap(({ field: listener, conditions }) =>
      conditions
        .filter(({ type, status, reason }) => type === 'Programmed' && status === 'False' && ofTheMachine.has(reason))
        .map(({ reason, message }) => {
          const field = `${listener}.port`;
          const sentence = `${message.replace(/\.$/, '')}; free the port or use another, it is tried again every second`;
          return { object, reason, field, message: messageFor(object, field, sentence) };
        }),
    ),
  );
}
