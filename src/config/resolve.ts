import { isIPv6 } from 'node:net';
import { SmartProxyError } from '../errors.ts';
import { configFields, type ParsedArguments } from './arguments.ts';
import type { Config } from './config.ts';
import { environmentName, parseEnvironment } from './environment.ts';
import type { DefaultContext, OptionSpec } from './option-spec.ts';
import { options } from './options.ts';
import type { System } from './system.ts';
import { invalid } from './value-types.ts';

export interface Resolved {
  readonly config: Config;
  /** Things that work but are probably not meant, one sentence each. */
  readonly warnings: readonly string[];
}

/** Flags over environment over defaults, checked one by one and together; throws CONFIG_INVALID with what is allowed. */
export function resolveConfig(args: ParsedArguments['texts'], system: System): Resolved {
  const environment = parseEnvironment(system.env);
  const given = <Field extends keyof Config>(field: Field, spec: OptionSpec<Config[Field]>): Config[Field] | undefined => {
    const flag = args.get(field);
    if (flag !== undefined) return parseValue(spec, flag, `--${spec.flag}`);
    const variable = environment.texts.get(field);
    return variable === undefined ? undefined : parseValue(spec, variable, environmentName(field));
  };
  const manifests = given('manifests', options.manifests);
  const context: DefaultContext = { system, manifests: manifests !== undefined };
  const isGiven = (field: keyof Config) => args.has(field) || environment.texts.has(field);
  const resolveField = <Field extends keyof Config>(field: Field): Config[Field] => {
    const spec = options[field] as OptionSpec<Config[Field]>;
    return isGiven(field) ? (given(field, spec) as Config[Field]) : spec.default(context);
  };
  const config = Object.fromEntries(configFields.map((field) => [field, resolveField(field)])) as unknown as Config;
  const usable = withUsableAddresses(config, system);
  checkSource(usable.config, system);
  checkPorts(usable.config);
  checkAcme(usable.config);
  const idle = withoutEffect(usable.config).filter(isGiven).map(effectWarning);
  const warnings = [...environment.warnings, ...usable.warnings, ...idle, ...outOfSight(usable.config)];
  return { config: Object.freeze(usable.config), warnings };
}

function parseValue<T>(spec: OptionSpec<T>, texts: readonly string[], name: string): T {
  const value = spec.value.parse(texts);
  if (value !== invalid) return value;
  const shown = (spec.value.repeatable ? texts.join(',') : (texts.at(-1) ?? '')).slice(0, 100);
  throw new SmartProxyError('CONFIG_INVALID', `Cannot use ${name} '${shown}': expected ${spec.value.allowed}`);
}

/** Each address once; without IPv6 on the machine, IPv6 addresses are left out as long as another one remains. */
function withUsableAddresses(config: Config, system: System): Resolved {
  const addresses = [...new Set(config.addresses)];
  const usable = addresses.filter((address) => system.hasIpv6 || !isIPv6(address));
  if (addresses.length === 0) throw new SmartProxyError('CONFIG_INVALID', 'Cannot use --address: at least one address is needed');
  if (usable.length === addresses.length || usable.length === 0) return { config: { ...config, addresses }, warnings: [] };
  return { config: { ...config, addresses: usable }, warnings: ['This machine has no IPv6: listening on IPv4 addresses only'] };
}

function checkSource(config: Config, system: System): void {
  if (config.manifests !== undefined && config.kubeconfig !== undefined) {
    throw new SmartProxyError('CONFIG_INVALID', 'Cannot use --manifests and --kubeconfig together: objects come from one source');
  }
  if (config.manifests === undefined && config.kubeconfig === undefined && !system.inPod) {
    throw new SmartProxyError('CONFIG_INVALID', 'Cannot find any objects: give --manifests DIR or --kubeconfig FILE (or run in a pod)');
  }
  if (config.echoBackends && config.manifests === undefined) {
    throw new SmartProxyError('CONFIG_INVALID', 'Cannot use --echo-backends without --manifests');
  }
}

/** Options that can't do anything beside the others that are set: probably a mistake, but no reason not to serve. */
function withoutEffect({ manifests, snapshot, snapshotKeyFile, status, leaderElection, acme, redisUrl }: Config): (keyof Config)[] {
  const idle: (keyof Config)[] = [];
  if (manifests !== undefined) idle.push(...clusterOnly);
  else if (!status) idle.push(...(acme ? [] : (['publishService'] as const)), 'publishAddresses');
  if (manifests === undefined && !leaderElection) idle.push('leaseName');
  if (!snapshot && snapshotKeyFile !== undefined) idle.push('snapshotKeyFile');
  if (redisUrl === undefined) idle.push('redisUsername', 'redisPasswordFile', 'redisTimeoutMs');
  if (redisUrl?.startsWith('rediss:') !== true) idle.push('redisCaFile');
  return idle;
}

/** Objects that options name where the program is told not to look: to it they do not exist. */
function outOfSight({ manifests, watchNamespaces, secretNames, defaultBackend, defaultCertificate }: Config): string[] {
  if (manifests !== undefined) return [];
  const isWatched = (name: string) => watchNamespaces.length === 0 || watchNamespaces.includes(name.split('/')[0] ?? '');
  const warnings: string[] = [];
  if (defaultBackend !== undefined && !isWatched(defaultBackend))
    warnings.push(`--default-backend ${defaultBackend} is in no namespace of --watch-namespace: it is not read`);
  if (defaultCertificate !== undefined && secretNames.length > 0 && !secretNames.includes(defaultCertificate))
    warnings.push(`--default-certificate ${defaultCertificate} is not in --secret-names: it is not read`);
  else if (defaultCertificate !== undefined && secretNames.length === 0 && !isWatched(defaultCertificate))
    warnings.push(`--default-certificate ${defaultCertificate} is in no namespace of --watch-namespace: it is not read`);
  return warnings;
}

/** What only an API server gives a meaning to. */
const clusterOnly = [
  'watchNamespaces',
  'secretNames',
  'status',
  'publishService',
  'publishAddresses',
  'leaderElection',
  'leaseName',
  'ticketKeySecret',
] as const;

function effectWarning(field: keyof Config): string {
  return `--${options[field].flag} has no effect beside the other options`;
}

/** Secrets that orders are kept in have names that nobody knows beforehand. */
function checkAcme({ acme, secretNames, manifests }: Config): void {
  if (!acme || manifests !== undefined || secretNames.length === 0) return;
  throw new SmartProxyError(
    'CONFIG_INVALID',
    'Cannot use --acme with --secret-names: it reads and writes Secrets of its own, by other names',
  );
}

/** Two of our own listeners may not ask for one port on one address. */
function checkPorts(config: Config): void {
  const wanted: { flag: string; port: number | undefined; addresses: readonly string[] }[] = [
    { flag: '--http-port', port: config.httpPort, addresses: config.addresses },
    { flag: '--https-port', port: config.httpsPort, addresses: config.addresses },
    { flag: '--status-port', port: config.statusPort, addresses: [config.statusAddress] },
    { flag: '--admin-port', port: config.adminPort, addresses: [config.adminAddress] },
  ];
  if (config.httpPort === undefined && config.httpsPort === undefined) {
    throw new SmartProxyError('CONFIG_INVALID', 'Cannot serve anything: --http-port and --https-port are both off');
  }
  for (const [index, a] of wanted.entries()) {
    for (const b of wanted.slice(index + 1)) {
      if (!a.port || a.port !== b.port || !a.addresses.some((address) => overlaps(address, b.addresses))) continue;
      throw new SmartProxyError('CONFIG_INVALID', `Cannot use ${a.flag} ${a.port}: ${b.flag} asks for the same port`);
    }
  }
}

function overlaps(address: string, others: readonly string[]): boolean {
  const takesAll = (one: string) => one === '::' || one === '0.0.0.0';
  return others.some((other) => other === address || takesAll(other) || takesAll(address));
}
