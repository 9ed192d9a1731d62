import type { ChosenConfig } from './chosen-config.ts';
import { type Condition, conditionOf } from './conditions.ts';
import { resolvedRefs } from './resolved-refs.ts';
import type { SmartProxyConfigReading } from './smart-proxy-config-reading.ts';
import type { ObjectRef, Problem, ProblemReason } from './translation.ts';

/** What translate says of one SmartProxyConfig. */
export interface SmartProxyConfigState {
  readonly object: ObjectRef;
  /** The generation that it speaks of. */
  readonly generation: number;
  readonly conditions: readonly Condition[];
  /** In the order written; of one that is not used: none. */
  readonly listeners: readonly ListenerStatus[];
}

export interface ListenerStatus {
  readonly name: string;
  /** Where it stands in the object, or stood in its last valid spec: `spec.listeners[2]`. */
  readonly field: string;
  readonly conditions: readonly Condition[];
}

/** What the status writer should bring about on one SmartProxyConfig: all but times. */
export interface SmartProxyConfigStatusContent extends SmartProxyConfigState {
  /** Listeners whose port is open, of all: `2/3`. */
  readonly summary: string;
}

/** Why a listener's port is not open. */
export interface ListenerFailure {
  /** CamelCase. */
  readonly reason: string;
  readonly message: string;
}

/** Problems that mean that something of the object itself does not hold. */
const refusals: ReadonlySet<ProblemReason> = new Set([
  'ConfigKept',
  'ConfigReduced',
  'ConfigClosed',
  'ListenerClosed',
  'InvalidObject',
  'PortConflict',
  'InvalidAddress',
  'InvalidBackend',
  'NoEffect',
  'ConfigConflict',
  'NotReferenced',
  'UnknownField',
]);

/**
 * One state for the SmartProxyConfig in use, and for each that is meant to be.
 * @param problems all that are known of them
 * @param isFronted whether the Service in front is known
 */
export function smartProxyConfigStates(
  { chosen, unused, problems: own }: ChosenConfig,
  ofListeners: readonly Problem[],
  ofSettings: readonly Problem[],
  ofIssuers: readonly Problem[],
  isFronted: boolean,
): readonly SmartProxyConfigState[] {
  const problems = [...own, ...ofListeners, ...ofSettings, ...ofIssuers];
  // Not by identity: what is kept through a change of the object speaks of an earlier reading.
  const about = (ref: ObjectRef) => problems.filter(({ object }) => isSame(object, ref));
  const states = unused.map((reading) => stateOf(reading, about(reading.ref), undefined, false));
  return chosen === undefined ? states : [stateOf(chosen, about(chosen.ref), listenersOf(chosen), isFronted), ...states];
}

/**
 * The state with what workers serve: the second step, pure as the first.
 * @param failures why ports are not open, by listener
 * @param isProgrammed whether the workers serve the table that the state was made with
 */
export function configStatusOf(
  { object, generation, conditions, listeners }: SmartProxyConfigState,
  failures: ReadonlyMap<string, ListenerFailure>,
  isProgrammed: boolean,
): SmartProxyConfigStatusContent {
  const programmed = listeners.map(({ name, conditions: known }) => programmedListener(known, failures.get(name), isProgrammed));
  const open = programmed.filter(({ status }) => status === 'True').length;
  return {
    object,
    generation,
    summary: `${open}/${listeners.length}`,
    conditions: [...conditions, programmedAll(conditions, programmed, isProgrammed)],
    listeners: listeners.map(({ name, field, conditions: known }, index) => ({
      name,
      field,
      conditions: [...known, ...programmed.slice(index, index + 1)],
    })),
  };
}

type ListenerPlace = Pick<ListenerStatus, 'name' | 'field'>;

/** Those that can be used, then those that are for nobody. */
function listenersOf({ spec, listenerPlaces, closedListeners }: SmartProxyConfigReading): readonly ListenerPlace[] {
  const usable = (spec?.listeners ?? []).map(({ name }, index) => ({ name, field: `spec.listeners[${listenerPlaces[index]}]` }));
  const names = new Set(usable.map(({ name }) => name));
  const closed = closedListeners.flatMap(({ name, field }) => (name === undefined || names.has(name) ? [] : { name, field }));
  return [...usable, ...closed];
}

function isSame(a: ObjectRef, b: ObjectRef): boolean {
  return a.kind === b.kind && a.namespace === b.namespace && a.name === b.name;
}

/** @param listeners undefined: it is not in use, so nothing that it refers to is looked up */
function stateOf(
  { ref: object, generation }: SmartProxyConfigReading,
  problems: readonly Problem[],
  listeners: readonly ListenerPlace[] | undefined,
  isFronted: boolean,
): SmartProxyConfigState {
  const isInUse = listeners !== undefined;
  const published = (of: readonly Problem[]): readonly Condition[] => (isFronted ? [publication(of)] : []);
  return {
    object,
    generation,
    conditions: [acceptance(problems), ...(isInUse ? [resolvedRefs(problems)] : []), ...published(problems)],
    listeners: (listeners ?? []).map(({ name, field }) => {
      const of = problems.filter(({ rule }) => rule === name);
      return { name, field, conditions: [acceptance(of), ...published(of)] };
    }),
  };
}

function acceptance(problems: readonly Problem[]): Condition {
  return conditionOf(
    'Accepted',
    'Valid, and in use.',
    problems.filter(({ reason }) => refusals.has(reason)),
  );
}

function publication(problems: readonly Problem[]): Condition {
  return conditionOf(
    'Published',
    'The Service in front carries it.',
    problems.filter(({ reason }) => reason === 'NotPublished'),
  );
}

/** A listener that is left out is nowhere, whatever workers do. */
function programmedListener(known: readonly Condition[], failure: ListenerFailure | undefined, isProgrammed: boolean): Condition {
  const refused = known.find(({ type, status }) => type === 'Accepted' && status === 'False');
  const fault = refused ?? failure ?? (isProgrammed ? undefined : pending);
  return conditionOf('Programmed', 'The workers listen on it.', fault === undefined ? [] : [fault]);
}

function programmedAll(conditions: readonly Condition[], listeners: readonly Condition[], isProgrammed: boolean): Condition {
  const unused = conditions.find(({ reason }) => reason === 'InvalidObject' || reason === 'ConfigConflict' || reason === 'NotReferenced');
  const faults = listeners.filter(({ status }) => status === 'False');
  const all = unused !== undefined ? [unused] : faults.length > 0 ? faults : isProgrammed ? [] : [pending];
  return conditionOf('Programmed', 'The workers serve it.', all);
}

const pending: ListenerFailure = { reason: 'Pending', message: 'Some worker does not serve it yet.' };
