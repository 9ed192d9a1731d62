/**
 * How a worker answers to being short of memory or time, from the least to the most: the value of `networkproxy_overload_level` is the
 * index.
 */
export const overloadLevels = ['normal', 'shedding', 'refusing'] as const;
export type OverloadLevel = (typeof overloadLevels)[number];

/** What a worker can be short of, with what is measured: the `cause` label of `networkproxy_overload_actions_total`. */
export const overloadCauseMeanings = {
  memory:
    "the pod's memory, file cache that the kernel can drop taken off, against its limit; without a limit, the worker against its share of the machine",
  heap: "the worker's JavaScript heap against the size at which V8 ends the process",
  event_loop: "the worker's event loop: how late it came to its timers, in the median of a second",
} as const;
export type OverloadCause = keyof typeof overloadCauseMeanings;
export const overloadCauses = Object.keys(overloadCauseMeanings) as readonly OverloadCause[];

/** What was done about it: the `action` label. The order is the layout of the counters, so it is part of the worker protocol. */
export const overloadActionMeanings = {
  closed: 'a connection was ended, or asked to end, that could have served more requests',
  refused: 'a request was answered 503',
} as const;
export type OverloadAction = keyof typeof overloadActionMeanings;
export const overloadActions = Object.keys(overloadActionMeanings) as readonly OverloadAction[];

/** Index of (action, cause) in a flat counter array. */
export function overloadIndex(action: OverloadAction, cause: OverloadCause): number {
  return overloadActions.indexOf(action) * overloadCauses.length + overloadCauses.indexOf(cause);
}
