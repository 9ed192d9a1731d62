import type { SmartProxyConfigSpec } from '../api/generated/smart-proxy-config.ts';
import { smartProxyConfigSchema } from '../api/generated/smart-proxy-config-schema.ts';
import type { SmartProxyConfig } from '../api/objects.ts';
import { checkSchema } from '../api/schema-check.ts';
import { settingsOfDefaults } from './config-defaults.ts';
import { HostRules } from './host-rules.ts';
import { messageFor, ProblemList } from './problem-list.ts';
import { objectRef } from './read-metadata.ts';
import type { RouteSettings } from './route-settings.ts';
import type { ObjectRef, Problem } from './translation.ts';
import { fieldsOf } from './unknown-input.ts';
import { type UsableConfig, usableConfig } from './usable-config.ts';

/** A SmartProxyConfig as far as it can be understood alone. */
export interface SmartProxyConfigReading {
  /** `namespace/name`. */
  readonly key: string;
  readonly ref: ObjectRef;
  /** `metadata.generation`; 0 when it has none. */
  readonly generation: number;
  /** Where it breaks the schema, its last valid one, else what of it is valid; undefined: nothing is. */
  readonly spec: SmartProxyConfigSpec | undefined;
  /** What routes inherit; undefined: nothing. */
  readonly defaults: RouteSettings | undefined;
  /** undefined: every host is for everybody. */
  readonly hostRules: HostRules | undefined;
  /** Nobody is let in: what can't be read may say who is. */
  readonly isClosed: boolean;
  readonly problems: readonly Problem[];
}

/**
 * @param key `namespace/name` in the snapshot
 * @param lastValid its `spec` when that was as the schema has it; undefined: it was not yet
 */
export function readSmartProxyConfig(key: string, object: SmartProxyConfig, lastValid?: SmartProxyConfigSpec): SmartProxyConfigReading {
  const ref = objectRef('smartproxy.dev/v1alpha1', 'SmartProxyConfig', key, object);
  const problems = new ProblemList(ref);
  const { spec, isClosed } = readSpec(ref, object.spec, lastValid, problems);
  const defaults = spec && settingsOfDefaults(ref, spec, problems);
  const { generation } = fieldsOf(object.metadata);
  return {
    key,
    ref,
    generation: typeof generation === 'number' ? generation : 0,
    spec,
    defaults,
    hostRules: spec && hostRulesOf(spec),
    isClosed,
    problems: problems.list(),
  };
}

/** What holds in place of an invalid spec is told first, then why. */
function readSpec(ref: ObjectRef, given: unknown, lastValid: SmartProxyConfigSpec | undefined, problems: ProblemList): UsableConfig {
  const { invalid, unknown } = checkSchema(smartProxyConfigSchema, given, 'spec');
  const usable: UsableConfig =
    invalid.length === 0
      ? { spec: given as SmartProxyConfigSpec, isClosed: false }
      : lastValid === undefined
        ? usableConfig(given, invalid)
        : { spec: lastValid, isClosed: false };
  if (invalid.length > 0) {
    const reason = usable.spec === lastValid && lastValid !== undefined ? 'ConfigKept' : usable.isClosed ? 'ConfigClosed' : 'ConfigReduced';
    problems.add(reason, 'spec', messageFor(ref, 'spec', meanwhile[reason]));
  }
  for (const { field, sentence } of invalid) problems.add('InvalidObject', field, messageFor(ref, field, sentence));
  for (const { field, sentence } of unknown) problems.add('UnknownField', field, messageFor(ref, field, sentence));
  return usable;
}

const meanwhile = {
  ConfigKept: 'it is not valid, so the last one that was goes on to hold; correct it',
  ConfigReduced: 'it is not valid, so what of it is not is left out, and the options hold there; correct it',
  ConfigClosed: 'it is not valid where it says who is let in, so nobody is; correct it',
} as const;

function hostRulesOf(spec: SmartProxyConfigSpec): HostRules | undefined {
  return spec.hostClaims === undefined && spec.unclaimedHosts !== 'Oldest' ? undefined : new HostRules(spec);
}
