import { configFields } from './arguments.ts';
import type { Config } from './config.ts';
import type { OptionGroup, OptionSpec } from './option-spec.ts';
import { options } from './options.ts';

/** The options of a group, in the order of the table. */
export function fieldsOf(group: OptionGroup): (keyof Config)[] {
  return configFields.filter((field) => options[field].group === group);
}

/** The default as texts show it: the same on every machine. */
export function defaultOf<Field extends keyof Config>(field: Field): string {
  const spec = options[field] as OptionSpec<Config[Field]>;
  if (spec.defaultText !== undefined) return spec.defaultText;
  const nowhere = { env: {}, inPod: false, hostname: '', home: '', hasIpv6: true, podNamespace: undefined };
  return spec.value.format(spec.default({ system: nowhere, manifests: false }));
}
