import { SmartProxyError } from '../../errors.ts';
import { isPort } from '../ask-pod.ts';

/** Which pod is asked, and what. */
export interface PluginArguments {
  readonly namespace: string;
  /** Flags of kubectl that say which cluster is meant, as they are passed on. */
  readonly cluster: readonly string[];
  /** undefined: the leader, or any that is ready. */
  readonly pod: string | undefined;
  readonly adminPort: string;
  /** The first of the plugin's own flags, as it was given; undefined: there is none. */
  readonly ownFlag: string | undefined;
  /** The command and its own flags. */
  readonly command: readonly string[];
}

type Name = 'namespace' | 'context' | 'kubeconfig' | 'pod' | 'admin-port';

const shortNames: Readonly<Record<string, Name>> = { '-n': 'namespace' };
const names: readonly Name[] = ['namespace', 'context', 'kubeconfig', 'pod', 'admin-port'];

/** Takes the plugin's own flags out of a command line, wherever they stand; the rest is the command's. Throws CONFIG_INVALID. */
export function pluginArguments(args: readonly string[]): PluginArguments {
  const given = new Map<Name, string>();
  const command: string[] = [];
  let first: string | undefined;
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] as string;
    const { name, value } = ownFlag(arg);
    if (name === undefined) {
      command.push(arg);
      continue;
    }
    first ??= arg;
    given.set(name, value ?? args[++index] ?? missing(arg));
  }
  const adminPort = given.get('admin-port') ?? '10255';
  if (!/^\d{1,5}$/.test(adminPort) || !isPort(Number(adminPort)))
    throw new SmartProxyError('CONFIG_INVALID', `Cannot use --admin-port '${adminPort.slice(0, 100)}': expected a port from 1 to 65535`);
  return {
    namespace: given.get('namespace') ?? 'smartproxy-ingress',
    cluster: (['context', 'kubeconfig'] as const).flatMap((name) => {
      const value = given.get(name);
      return value === undefined ? [] : [`--${name}=${value}`];
    }),
    pod: given.get('pod'),
    adminPort,
    ownFlag: first,
    command,
  };
}

/** `-n NS`, `-nNS`, `--namespace NS`, `--namespace=NS`. */
function ownFlag(arg: string): { readonly name?: Name; readonly value?: string } {
  const short = shortNames[arg.slice(0, 2)];
  if (short !== undefined) return arg.length === 2 ? { name: short } : { name: short, value: arg.slice(2).replace(/^=/, '') };
  const [, long, value] = /^--([a-z-]+)(?:=(.*))?$/s.exec(arg) ?? [];
  const name = names.find((each) => each === long);
  if (name === undefined) return {};
  return value === undefined ? { name } : { name, value };
}

function missing(flag: string): never {
  throw new SmartProxyError('CONFIG_INVALID', `Cannot use ${flag} without a value`);
}
