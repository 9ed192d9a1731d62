/** A condition in the status of an object of ours, without the times that its writer adds. */
export interface Condition {
  readonly type: 'Accepted' | 'ResolvedRefs' | 'Programmed' | 'Published';
  readonly status: 'True' | 'False';
  /** The type of a condition that holds, `Pending`, or the reason of a problem. */
  readonly reason: string;
  readonly message: string;
}

const maxMessageLength = 2000;

/** Holds while nothing is wrong; otherwise the first fault gives the reason, and all of them the message. */
export function conditionOf(
  type: Condition['type'],
  fine: string,
  faults: readonly { readonly reason: string; readonly message: string }[],
): Condition {
  const [first] = faults;
  if (first === undefined) return { type, status: 'True', reason: type, message: fine };
  const message = faults.map((fault) => fault.message).join(' ');
  return {
    type,
    status: 'False',
    reason: first.reason,
    message: message.length > maxMessageLength ? `${message.slice(0, maxMessageLength - 1)}\u2026` : message,
  };
}
