import type { SmartProxyConfigSpec } from '../api/generated/smart-proxy-config.ts';
import type { SmartProxyConfig } from '../api/objects.ts';
import type { ClosedListener } from './closed-listeners.ts';
import { checkConfig } from './config-check.ts';
import { settingsOfDefaults } from './config-defaults.ts';
import { HostRules } from './host-rules.ts';
import { messageFor, ProblemList, quote } from './problem-list.ts';
import { objectRef } from './read-metadata.ts';
import type { RouteSettings } from './route-settings.ts';
import type { ObjectRef, Problem } from './translation.ts';
import { fieldsOf } from './unknown-input.ts';
import { type UsableConfig, usableConfig, wholeConfig } from './usable-config.ts';

/** A SmartProxyConfig as far as it can be understood alone. */
export interface SmartProxyConfigReading {
  /** `namespace/name`. */
  readonly key: string;
  readonly ref: ObjectRef;
  /** `metadata.generation`; 0 when it has none. */
  readonly generation: number;
  /** Where it is not valid, its last valid one, else what of it is valid; undefined: nothing is. */
  readonly spec: SmartProxyConfigSpec | undefined;
  /** Where in the object, or in its last valid spec, each of its listeners stands. */
  readonly listenerPlaces: readonly number[];
  /** What routes inherit; undefined: nothing. */
  readonly defaults: RouteSettings | undefined;
  /** undefined: every host is for everybody. */
  readonly hostRules: HostRules | undefined;
  /** Nobody is let in: what can't be read may say who is. */
  readonly isClosed: boolean;
  /** Of its listeners, those that are for nobody: what can't be read says for whom. */
  readonly closedListeners: readonly ClosedListener[];
  readonly problems: readonly Problem[];
}

/**
 * @param key `namespace/name` in the snapshot
 * @param lastValid its `spec` when that was valid; undefined: it was not yet
 */
export function readSmartProxyConfig(key: string, object: SmartProxyConfig, lastValid?: SmartProxyConfigSpec): SmartProxyConfigReading {
  const ref = objectRef('smartproxy.dev/v1alpha1', 'SmartProxyConfig', key, object);
  const problems = new ProblemList(ref);
  const { spec, isClosed, listenerPlaces, closedListeners } = readSpec(ref, object.spec, lastValid, problems);
  const defaults = spec && settingsOfDefaults(ref, spec, problems);
  const { generation } = fieldsOf(object.metadata);
  return {
    key,
    ref,
    generation: typeof generation === 'number' ? generation : 0,
    spec,
    listenerPlaces,
    defaults,
    hostRules: spec && hostRulesOf(spec),
    isClosed,
    closedListeners,
    problems: problems.list(),
  };
}

/** What holds in place of an invalid spec is told first, then why, then who is not served. */
function readSpec(ref: ObjectRef, given: unknown, lastValid: SmartProxyConfigSpec | undefined, problems: ProblemList): UsableConfig {
  const { invalid, unknown } = checkConfig(given);
  const usable: UsableConfig =
    invalid.length === 0
      ? wholeConfig(given as SmartProxyConfigSpec)
      : lastValid === undefined
        ? usableConfig(given, invalid)
        : wholeConfig(lastValid);
  if (invalid.length > 0) {
    const reason = usable.spec === lastValid && lastValid !== undefined ? 'ConfigKept' : usable.isClosed ? 'ConfigClosed' : 'ConfigReduced';
    problems.add(reason, 'spec', messageFor(ref, 'spec', meanwhile[reason]));
  }
  for (const { reason, field, sentence } of invalid) problems.add(reason, field, messageFor(ref, field, sentence));
  for (const { field, name } of usable.closedListeners)
    problems.add('ListenerClosed', field, messageFor(ref, field, forNobody(name)), name);
  for (const { field, sentence } of unknown) problems.add('UnknownField', field, messageFor(ref, field, sentence));
  return usable;
}

const meanwhile = {
  ConfigKept: 'it is not valid, so the last one that was goes on to hold; correct it',
  ConfigReduced: 'it is not valid, so what of it is not is left out, and the options hold there; correct it',
  ConfigClosed: 'it is not valid where it says who is let in, so nobody is; correct it',
} as const;

function forNobody(name: string | undefined): string {
  if (name !== undefined) return `who is served on listener ${quote(name)} can not be read, so nobody is; correct it`;
  return 'which listener it is for can not be read, so nobody is served on those of the options that no other entry names; correct it';
}

function hostRulesOf(spec: SmartProxyConfigSpec): HostRules | undefined {
  return spec.hostClaims === undefined && spec.unclaimedHosts !== 'Oldest' ? undefined : new HostRules(spec);
}
