import type { EndpointSet } from '../routes/service.ts';
import { type Condition, conditionOf } from './conditions.ts';
import { hasUsableEndpoint } from './endpoint-index.ts';
import type { MergedHost } from './merged-host.ts';
import type { MergedL4 } from './merged-l4.ts';
import type { ResolvedObject } from './resolved-object.ts';
import { resolvedRefs } from './resolved-refs.ts';
import { l4Of } from './smart-route-l4.ts';
import type { SmartRouteReading } from './smart-route-reading.ts';
import type { ObjectRef, Problem, ProblemReason } from './translation.ts';

/** What translate says of one SmartRoute. */
export interface SmartRouteState {
  readonly object: ObjectRef;
  /** The generation that it speaks of. */
  readonly generation: number;
  /** Whether something of it is served, so that addresses are published on it. */
  readonly publish: boolean;
  /** The hosts, joined; `*` for all. */
  readonly hosts: string;
  readonly conditions: readonly Condition[];
  readonly rules: readonly SmartRouteRuleState[];
  /** Keys of the services that it forwards to, each once; undefined for each that can't be served. */
  readonly backends: readonly (string | undefined)[];
  /** It is not valid: what it claims is kept from others, and fails. */
  readonly isHeld: boolean;
  /** The kernel forwards it. */
  readonly inKernel: boolean;
}

/** What translate says of one rule. */
export interface SmartRouteRuleState {
  readonly name: string;
  readonly conditions: readonly Condition[];
  /** Whether some request may come to it. */
  readonly isServed: boolean;
}

/** What the status writer should bring about on one SmartRoute: all but times. */
export interface SmartRouteStatusContent extends Omit<SmartRouteState, 'backends' | 'inKernel' | 'isHeld' | 'rules'> {
  readonly rules: readonly Omit<SmartRouteRuleState, 'isServed'>[];
  /** Backends with a ready endpoint, of all: `2/3`. */
  readonly backends: string;
}

/** Problems that mean that a part of the object is not taken. */
const refusals: ReadonlySet<ProblemReason> = new Set([
  'InvalidObject',
  'InvalidRule',
  'InvalidPath',
  'InvalidRegex',
  'InvalidAddress',
  'DuplicatePath',
  'PathConflict',
  'PassthroughConflict',
  'CertificateConflict',
  'ListenerMismatch',
  'ListenerConflict',
  'ListenerNotPermitted',
  'HostNotPermitted',
  'Unsupported',
  'TlsPolicyConflict',
  'CallbackNotMatched',
  'InvalidBackend',
  'EngineUnavailable',
]);

/** Problems that mean that a field is there and nobody reads it: said after what weighs more. */
const ignored: ReadonlySet<ProblemReason> = new Set(['UnknownField', 'NoEffect']);

/** One state for each SmartRoute of ours, in the order of `readings`. @param isFronted whether the Service in front is known */
export function smartRouteStates(
  readings: readonly SmartRouteReading[],
  resolved: readonly ResolvedObject[],
  merged: readonly MergedHost[],
  l4: MergedL4,
  isFronted: boolean,
): readonly SmartRouteState[] {
  if (readings.length === 0) return [];
  const resolvedByReading = new Map(resolved.map((object) => [object.reading, object]));
  const lost = new Map<string, Problem[]>();
  for (const { problems } of [...merged, l4]) {
    for (const problem of problems) {
      if (problem.object.kind !== 'SmartRoute') continue;
      const key = keyOf(problem.object);
      const known = lost.get(key);
      if (known === undefined) lost.set(key, [problem]);
      else known.push(problem);
    }
  }
  const served = servedRules(merged, l4);
  return readings.map((reading) => {
    const object = resolvedByReading.get(reading);
    const problems = [...reading.problems, ...(object?.problems ?? []), ...(lost.get(reading.key) ?? [])];
    return stateOf(reading, object?.backends ?? [], problems, served.get(reading.key), isFronted);
  });
}

/**
 * The state with what workers serve and which endpoints are ready: the second step, pure as the first.
 * @param isProgrammed whether the workers serve the table that the state was made with
 * @param kernelProblem why the kernel does not forward what it should; undefined: it does
 */
export function statusOf(
  { backends, conditions, inKernel, isHeld, rules, ...state }: SmartRouteState,
  endpoints: ReadonlyMap<string, EndpointSet>,
  isProgrammed: boolean,
  kernelProblem?: string | undefined,
): SmartRouteStatusContent {
  const ready = backends.filter((key) => key !== undefined && hasUsableEndpoint(endpoints.get(key)?.endpoints ?? []));
  const fault = state.publish ? undefined : conditions.find(({ type, status }) => type !== 'Published' && status === 'False');
  const held = isHeld ? conditions.find(isFalse) : undefined;
  const whole = programmed(held ?? fault, held ? failing : 'Nothing of it is served.', isProgrammed, inKernel ? kernelProblem : undefined);
  return {
    ...state,
    rules: rules.map(({ name, conditions: ofRule, isServed }) => {
      const invalid = ofRule.find(({ reason }) => reason === 'InvalidRule' || reason === 'InvalidObject');
      const missing = isServed ? undefined : (ofRule.find(isFalse) ?? fault);
      const message = invalid === undefined ? 'Nothing of it is served.' : failing;
      return { name, conditions: [...ofRule, programmed(invalid ?? missing, message, isProgrammed, undefined)] };
    }),
    backends: `${ready.length}/${backends.length}`,
    conditions: [...conditions, whole],
  };
}

const failing = 'What it matches is answered 503.';

/** An object or rule of which nothing is valid is nowhere, whatever workers and kernel do. @param fault why nothing of it is served */
function programmed(fault: Condition | undefined, message: string, isProgrammed: boolean, kernelProblem: string | undefined): Condition {
  const type = 'Programmed';
  if (fault !== undefined) return { type, status: 'False', reason: fault.reason, message };
  if (kernelProblem !== undefined) return { type, status: 'False', reason: 'KernelNotProgrammed', message: kernelProblem };
  return isProgrammed
    ? { type, status: 'True', reason: 'Programmed', message: 'The workers serve what is valid of it.' }
    : { type, status: 'False', reason: 'Pending', message: 'Some worker does not serve it yet.' };
}

function isFalse({ status }: Condition): boolean {
  return status === 'False';
}

/**
 * SmartRoutes of which something is in the table, by key, with the names of their rules that are. What was merged may speak of an earlier
 * reading of an object that has changed nowhere but in its status.
 */
function servedRules(merged: readonly MergedHost[], l4: MergedL4): ReadonlyMap<string, ReadonlySet<string>> {
  const rules = new Map<string, Set<string>>();
  for (const { served } of [...merged, l4]) {
    for (const { ref } of served) if (ref.kind === 'SmartRoute' && !rules.has(keyOf(ref))) rules.set(keyOf(ref), new Set());
  }
  for (const { servedRules: ofHost } of merged)
    for (const { from, rule } of ofHost) if (from.ref.kind === 'SmartRoute') rules.get(keyOf(from.ref))?.add(rule);
  return rules;
}

function keyOf({ namespace, name }: ObjectRef): string {
  return `${namespace}/${name}`;
}

/** @param served names of the rules that are in the table; undefined: nothing of it is */
function stateOf(
  reading: SmartRouteReading,
  backends: SmartRouteState['backends'],
  problems: readonly Problem[],
  served: ReadonlySet<string> | undefined,
  isFronted: boolean,
): SmartRouteState {
  const { ref, generation, spec, broken, hosts, rules } = reading;
  const isOf = (rule: string, problem: Problem): boolean =>
    problem.rule === rule || (broken !== undefined && problem.reason === 'InvalidObject');
  return {
    object: ref,
    generation,
    publish: served !== undefined,
    hosts: spec === undefined ? '' : hosts.join(','),
    conditions: [...conditionsOf(problems), ...(isFronted && spec?.listeners !== undefined ? [publication(problems)] : [])],
    rules: rules.map(({ name }) => ({
      name,
      conditions: conditionsOf(problems.filter((problem) => isOf(name, problem))),
      isServed: served?.has(name) === true,
    })),
    backends,
    isHeld: broken !== undefined,
    inKernel: spec !== undefined && l4Of(spec, {})?.kernel !== undefined,
  };
}

/** Of the listeners that it names. */
function publication(problems: readonly Problem[]): Condition {
  return conditionOf(
    'Published',
    'The Service in front carries its listeners.',
    problems.filter(({ reason }) => reason === 'NotPublished'),
  );
}

function conditionsOf(problems: readonly Problem[]): readonly Condition[] {
  return [
    conditionOf('Accepted', 'Valid, and nothing else has its place.', [
      ...problems.filter(({ reason }) => refusals.has(reason)),
      ...problems.filter(({ reason }) => ignored.has(reason)),
    ]),
    resolvedRefs(problems),
  ];
}
