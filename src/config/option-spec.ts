import type { Config } from './config.ts';
import type { System } from './system.ts';
import type { ValueType } from './value-types.ts';

/** The chapters of `--help` and of docs/configuration.md, in their order. */
export const optionGroups = ['Source', 'Ingresses', 'Listeners', 'Processes', 'Status', 'Traffic', 'Connections', 'Observability'] as const;
export type OptionGroup = (typeof optionGroups)[number];

/** What a default may depend on. */
export interface DefaultContext {
  readonly system: System;
  /** Objects come from manifests, not from an API server. */
  readonly manifests: boolean;
}

/** All that is known of one option. Its environment variable is `SMARTPROXY_` and the flag in upper case with underscores. */
export interface OptionSpec<T> {
  readonly flag: string;
  readonly group: OptionGroup;
  readonly value: ValueType<T>;
  readonly default: (context: DefaultContext) => T;
  /** The default in words, where it is not the same everywhere. */
  readonly defaultText?: string;
  readonly doc: string;
}

/** The options of some fields of the Config. */
export type OptionsOf<Fields extends keyof Config> = { readonly [Field in Fields]: OptionSpec<Config[Field]> };
