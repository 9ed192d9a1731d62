import type { EndpointSet } from '../routes/route-table.ts';
import { hasUsableEndpoint } from './endpoint-index.ts';
import type { MergedHost } from './merged-host.ts';
import type { ResolvedObject } from './resolved-object.ts';
import type { SmartRouteReading } from './smart-route-reading.ts';
import type { ObjectRef, Problem, ProblemReason } from './translation.ts';

/** A condition of a SmartRoute, without the times that its writer adds. */
export interface RouteCondition {
  readonly type: 'Accepted' | 'ResolvedRefs' | 'Programmed';
  readonly status: 'True' | 'False';
  /** `Accepted`, `ResolvedRefs`, `Programmed`, `Pending`, or the reason of a problem. */
  readonly reason: string;
  readonly message: string;
}

/** What translate says of one SmartRoute. */
export interface SmartRouteState {
  readonly object: ObjectRef;
  /** The generation that it speaks of. */
  readonly generation: number;
  /** The hosts, joined; `*` for all. */
  readonly hosts: string;
  readonly conditions: readonly RouteCondition[];
  readonly rules: readonly { readonly name: string; readonly conditions: readonly RouteCondition[] }[];
  /** Keys of the services that it forwards to, each once; undefined for each that can't be served. */
  readonly backends: readonly (string | undefined)[];
}

/** What the status writer should bring about on one SmartRoute: all but times. */
export interface SmartRouteStatusContent extends Omit<SmartRouteState, 'backends'> {
  /** Backends with a ready endpoint, of all: `2/3`. */
  readonly backends: string;
}

/** Problems that mean that a part of the object is not taken. */
const refusals: ReadonlySet<ProblemReason> = new Set([
  'InvalidObject',
  'InvalidPath',
  'InvalidRegex',
  'InvalidAddress',
  'DuplicatePath',
  'PathConflict',
  'PassthroughConflict',
  'CertificateConflict',
]);

/** Problems that mean that something referred to is not there, or not to be used. */
const brokenReferences: ReadonlySet<ProblemReason> = new Set([
  'ServiceNotFound',
  'ServicePortNotFound',
  'ExternalNameRefused',
  'SecretNotFound',
  'SecretInvalid',
  'CertificateHostMismatch',
  'RefNotPermitted',
]);

const maxMessageLength = 2000;

/** One state for each SmartRoute of ours, in the order of `readings`. */
export function smartRouteStates(
  readings: readonly SmartRouteReading[],
  resolved: readonly ResolvedObject[],
  merged: readonly MergedHost[],
): readonly SmartRouteState[] {
  if (readings.length === 0) return [];
  const resolvedByReading = new Map(resolved.map((object) => [object.reading, object]));
  const lost = new Map<string, Problem[]>();
  for (const { problems } of merged) {
    for (const problem of problems) {
      if (problem.object.kind !== 'SmartRoute') continue;
      const key = `${problem.object.namespace}/${problem.object.name}`;
      const known = lost.get(key);
      if (known === undefined) lost.set(key, [problem]);
      else known.push(problem);
    }
  }
  return readings.map((reading) => {
    const object = resolvedByReading.get(reading);
    return stateOf(reading, object?.backends ?? [], [...reading.problems, ...(object?.problems ?? []), ...(lost.get(reading.key) ?? [])]);
  });
}

/**
 * The state with what workers serve and which endpoints are ready: the second step, pure as the first.
 * @param isProgrammed whether the workers serve the table that the state was made with
 */
export function statusOf(
  { backends, conditions, ...state }: SmartRouteState,
  endpoints: ReadonlyMap<string, EndpointSet>,
  isProgrammed: boolean,
): SmartRouteStatusContent {
  const ready = backends.filter((key) => key !== undefined && hasUsableEndpoint(endpoints.get(key)?.endpoints ?? []));
  return {
    ...state,
    backends: `${ready.length}/${backends.length}`,
    conditions: [...conditions, programmed(conditions, isProgrammed)],
  };
}

/** An object of which nothing is valid is nowhere, whatever workers do. */
function programmed(conditions: readonly RouteCondition[], isProgrammed: boolean): RouteCondition {
  const type = 'Programmed';
  if (conditions.some(({ reason }) => reason === 'InvalidObject'))
    return { type, status: 'False', reason: 'InvalidObject', message: 'Nothing of it is served.' };
  return isProgrammed
    ? { type, status: 'True', reason: 'Programmed', message: 'The workers serve what is valid of it.' }
    : { type, status: 'False', reason: 'Pending', message: 'Some worker does not serve it yet.' };
}

function stateOf(reading: SmartRouteReading, backends: SmartRouteState['backends'], problems: readonly Problem[]): SmartRouteState {
  const { ref, generation, spec, hosts, rules } = reading;
  return {
    object: ref,
    generation,
    hosts: spec === undefined ? '' : hosts.join(','),
    conditions: conditionsOf(problems),
    rules: rules.map(({ name }) => ({ name, conditions: conditionsOf(problems.filter(({ rule }) => rule === name)) })),
    backends,
  };
}

function conditionsOf(problems: readonly Problem[]): readonly RouteCondition[] {
  return [
    conditionOf(
      'Accepted',
      'Valid, and nothing else has its place.',
      problems.filter(({ reason }) => refusals.has(reason)),
    ),
    conditionOf(
      'ResolvedRefs',
      'All that it refers to is there.',
      problems.filter(({ reason }) => brokenReferences.has(reason)),
    ),
  ];
}

/** The first problem gives the reason, all of them the message. */
function conditionOf(type: RouteCondition['type'], fine: string, problems: readonly Problem[]): RouteCondition {
  const [first] = problems;
  if (first === undefined) return { type, status: 'True', reason: type, message: fine };
  const message = problems.map((problem) => problem.message).join(' ');
  return {
    type,
    status: 'False',
    reason: first.reason,
    message: message.length > maxMessageLength ? `${message.slice(0, maxMessageLength - 1)}\u2026` : message,
  };
}
