import type { Config } from './config.ts';
import type { OptionsOf } from './option-spec.ts';
import { connectionsOptions } from './options/connections.ts';
import { ingressesOptions } from './options/ingresses.ts';
import { listenersOptions } from './options/listeners.ts';
import { observabilityOptions } from './options/observability.ts';
import { processesOptions } from './options/processes.ts';
import { sourceOptions } from './options/source.ts';
import { statusOptions } from './options/status.ts';
import { trafficOptions } from './options/traffic.ts';

/** The option table: one entry for each field of the Config. Parsing, `--help` and docs/configuration.md come from here. */
export const options: OptionsOf<keyof Config> = {
  ...sourceOptions,
  ...ingressesOptions,
  ...listenersOptions,
  ...processesOptions,
  ...statusOptions,
  ...trafficOptions,
  ...connectionsOptions,
  ...observabilityOptions,
};
