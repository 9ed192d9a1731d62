import { configFields } from './arguments.ts';
import type { Config } from './config.ts';
import { nearestName } from './nearest-name.ts';
import { options } from './options.ts';

const prefix = 'SMARTPROXY_';

/** What the environment says, not yet checked, with what looks like a mistake. */
export interface ParsedEnvironment {
  readonly texts: ReadonlyMap<keyof Config, readonly string[]>;
  readonly warnings: readonly string[];
}

/** The environment variable of an option: `--http-port` is `SMARTPROXY_HTTP_PORT`. */
export function environmentName(field: keyof Config): string {
  return prefix + options[field].flag.toUpperCase().replaceAll('-', '_');
}

const fieldOfName = new Map(configFields.map((field) => [environmentName(field), field]));

/**
 * Reads `SMARTPROXY_*`. Kubernetes puts variables of this form into a pod for every Service whose name begins with `smartproxy`
 * (`SMARTPROXY_HTTP_PORT=tcp://10.0.0.1:80`): those are not ours and are passed over, and an unknown name is a warning only. An empty
 * variable is one that is not set.
 */
export function parseEnvironment(env: Readonly<Record<string, string | undefined>>): ParsedEnvironment {
  const texts = new Map<keyof Config, readonly string[]>();
  const warnings: string[] = [];
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith(prefix) || value === undefined || value === '' || isServiceLink(name, value)) continue;
    const field = fieldOfName.get(name);
    if (field !== undefined) texts.set(field, [value]);
    else warnings.push(unknownName(name));
  }
  return { texts, warnings };
}

function isServiceLink(name: string, value: string): boolean {
  if (/^(tcp|udp|sctp):\/\//.test(value)) return true;
  return !fieldOfName.has(name) && /_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)_(ADDR|PORT|PROTO))$/.test(name);
}

function unknownName(name: string): string {
  const nearest = nearestName(name, fieldOfName.keys());
  return `Ignored ${name}: no option has this name${nearest === undefined ? '' : `; did you mean ${nearest}?`}`;
}
