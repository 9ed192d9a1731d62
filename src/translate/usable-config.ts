import type { SmartProxyConfigSpec } from '../api/generated/smart-proxy-config.ts';
import type { SmartProxyConfig } from '../api/objects.ts';
import type { SchemaProblem } from '../api/schema-check.ts';
import { type ClosedListener, closedListeners } from './closed-listeners.ts';
import { checkConfig } from './config-check.ts';
import { fieldsOf, isFields, itemsOf } from './unknown-input.ts';

/** What can be used of a `spec` that is not valid. */
export interface UsableConfig {
  /** undefined: nothing. */
  readonly spec: SmartProxyConfigSpec | undefined;
  /** What can't be read may say who is let in. */
  readonly isClosed: boolean;
  /** Where in the object each of the listeners of `spec` stands. */
  readonly listenerPlaces: readonly number[];
  /** What can't be read says who is served on these. */
  readonly closedListeners: readonly ClosedListener[];
}

/** The `spec` of an object, when all of it can be used. */
export function validConfigSpec({ spec }: SmartProxyConfig): SmartProxyConfigSpec | undefined {
  return checkConfig(spec).invalid.length === 0 ? (spec as SmartProxyConfigSpec) : undefined;
}

/** Of these, and what is below, the options of the controller would let more in. */
const guards: readonly string[] = [
  'hostClaims',
  'unclaimedHosts',
  'trustedProxies',
  'limits.clients',
  'tls.profile',
  'tls.minVersion',
  'defaults.policy.auth',
  'defaults.policy.backend.tls',
  'defaults.policy.clients',
  'defaults.policy.maintenance',
  'defaults.policy.rateLimits',
];

/** Leaves out what is not valid, in parts as small as mean something by themselves. @param invalid of the spec as it is */
export function usableConfig(spec: unknown, invalid: readonly SchemaProblem[]): UsableConfig {
  const parts = new Set(invalid.map(({ field }) => partOf(field)));
  const isClosed = [...parts].some((part) => guards.some((guard) => hasPart(spec, guard) && isWithin(part, guard)));
  let rest: unknown = spec;
  // The last of a list first, so that the others keep their places.
  for (const part of [...parts].sort(byPlace)) rest = without(rest, pathOf(part));
  if (checkConfig(rest).invalid.length > 0) {
    const isAnyGuarded = guards.some((guard) => hasPart(spec, guard));
    return { spec: undefined, isClosed: isAnyGuarded, listenerPlaces: [], closedListeners: closedListeners(spec, () => true) };
  }
  const isBroken = (part: string): boolean => parts.has(part) || parts.has('listeners');
  const places = itemsOf(fieldsOf(spec).listeners).map((_, index) => index);
  return {
    spec: rest as SmartProxyConfigSpec,
    isClosed,
    listenerPlaces: places.filter((index) => !isBroken(`listeners.${index}`)),
    closedListeners: closedListeners(spec, isBroken),
  };
}

/** All of a spec that is valid. */
export function wholeConfig(spec: SmartProxyConfigSpec): UsableConfig {
  return { spec, isClosed: false, listenerPlaces: (spec.listeners ?? []).map((_, index) => index), closedListeners: [] };
}

/** `limits.clients` of `spec.limits.clients.allow[0]`; '' for the whole. */
function partOf(field: string): string {
  const path = pathOf(field).slice(1);
  const isOfBackends = path[0] === 'defaults' && path[2] === 'backend';
  const depth = isOfBackends
    ? 4
    : path[0] === 'defaults'
      ? 3
      : path[0] === 'listeners' || path[0] === 'limits' || path[0] === 'tls'
        ? 2
        : 1;
  return path.slice(0, depth).join('.');
}

function pathOf(field: string): readonly string[] {
  return field === '' ? [] : field.replaceAll('[', '.').replaceAll(']', '').split('.');
}

/** Either holds the other. */
function isWithin(part: string, guard: string): boolean {
  return part === '' || part === guard || part.startsWith(`${guard}.`) || guard.startsWith(`${part}.`);
}

function hasPart(spec: unknown, part: string): boolean {
  let value = spec;
  for (const name of pathOf(part)) {
    // What is no object may be meant for one that holds it.
    if (!isFields(value)) return value !== undefined && value !== null;
    value = value[name];
  }
  return value !== undefined;
}

function byPlace(a: string, b: string): number {
  return Number(pathOf(b).at(-1)) - Number(pathOf(a).at(-1)) || 0;
}

function without(value: unknown, [name, ...rest]: readonly string[]): unknown {
  if (name === undefined) return undefined;
  if (Array.isArray(value)) return value.filter((_, index) => index !== Number(name));
  const fields = fieldsOf(value);
  if (rest.length > 0 && fields[name] !== undefined) return { ...fields, [name]: without(fields[name], rest) };
  const { [name]: _, ...others } = fields;
  return others;
}
