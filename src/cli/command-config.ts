import { parseArguments } from '../config/arguments.ts';
import type { Config } from '../config/config.ts';
import { fieldsOf } from '../config/option-fields.ts';
import type { OptionGroup } from '../config/option-spec.ts';
import { options } from '../config/options.ts';
import { resolveConfig } from '../config/resolve.ts';
import { readSystem } from '../config/system.ts';
import type { CommandContext } from './command.ts';

/** Groups of options of `run` that say how a folder is read. */
const readingGroups: readonly OptionGroup[] = ['Ingresses', 'Listeners', 'Traffic'];

/** The configuration that `run` would have with these flags and this environment, for a folder. Throws CONFIG_INVALID. */
export async function configForFolder(flags: readonly string[], manifests: string, { env }: CommandContext): Promise<Config> {
  const given = parseArguments([...flags, `--manifests=${manifests}`]).texts;
  const system = await readSystem(env);
  return resolveConfig(given, { ...system, env: withoutSource(env) }).config;
}

/** Where objects come from is what the command was told. */
function withoutSource(env: CommandContext['env']): CommandContext['env'] {
  return { ...env, SMARTPROXY_KUBECONFIG: undefined, SMARTPROXY_MANIFESTS: undefined };
}

/** Names of the options of `run` that such a command takes too, for `--help`. */
export function renderSharedOptions(): string {
  const groups = readingGroups.map(
    (group) =>
      `  ${fieldsOf(group)
        .map((field) => `--${options[field].flag}`)
        .join(' ')}`,
  );
  return `Options of run say how a folder is read, by flag or environment (smartproxy-ingress run --help):\n${groups.map(wrap).join('\n')}`;
}

function wrap(line: string): string {
  return line.replaceAll(/(.{1,96})(?: |$)/g, '$1\n  ').trimEnd();
}
