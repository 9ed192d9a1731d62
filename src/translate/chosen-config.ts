import type { SmartProxyConfigSpec } from '../api/generated/smart-proxy-config.ts';
import type { IngressClass, SmartProxyConfig } from '../api/objects.ts';
import { describe, messageFor, quote } from './problem-list.ts';
import { objectRef } from './read-metadata.ts';
import { readSmartProxyConfig, type SmartProxyConfigReading } from './smart-proxy-config-reading.ts';
import type { TranslateDefaults } from './translate-options.ts';
import type { ObjectRef, Problem } from './translation.ts';
import { fieldsOf, textOf } from './unknown-input.ts';

/** Which SmartProxyConfig is this installation's. */
export interface ChosenConfig {
  /** undefined: the options alone hold. */
  readonly chosen: SmartProxyConfigReading | undefined;
  /** Those that are meant for this installation and are not used, each with one of `problems`. */
  readonly unused: readonly SmartProxyConfigReading[];
  /** Of classes, of the chosen one itself, and of those that are not used. */
  readonly problems: readonly Problem[];
}

/** Specs of SmartProxyConfigs by `namespace/name`, each the last that was valid. */
export type LastValidConfigs = ReadonlyMap<string, SmartProxyConfigSpec>;

/** A class of this installation, with the key of the config that it names. */
interface Naming {
  readonly className: string;
  readonly config: string;
}

/**
 * The SmartProxyConfig that an IngressClass of ours names: that of `--ingress-class` before the others, which go by name. It is read in
 * the installation's own namespace alone. With Roles alone classes can't be read: then it is the one that is called as the class.
 */
export function chooseConfig(
  classes: ReadonlyMap<string, IngressClass>,
  configs: ReadonlyMap<string, SmartProxyConfig>,
  options: TranslateDefaults,
  lastValid: LastValidConfigs,
): ChosenConfig {
  const problems: Problem[] = [];
  const namings = options.namespaced ? ownNaming(options) : namingsOf(classes, options, problems);
  const winner = namings.find(({ config }) => configs.has(config));
  const winnerObject = winner === undefined ? undefined : configs.get(winner.config);
  const chosen =
    winner === undefined || winnerObject === undefined
      ? undefined
      : readSmartProxyConfig(winner.config, winnerObject, lastValid.get(winner.config));
  if (chosen !== undefined) problems.push(...chosen.problems);
  const unused: SmartProxyConfigReading[] = [];
  if (options.namespaced) return { chosen, unused, problems };
  const elsewhere = namedByOthers(classes, options);
  for (const [key, object] of [...configs].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (key === winner?.config) continue;
    const isNamed = namings.some(({ config }) => config === key);
    if (!isNamed && elsewhere.has(key)) continue;
    const reading = readSmartProxyConfig(key, object);
    unused.push(reading);
    problems.push(isNamed && chosen !== undefined && winner !== undefined ? lost(reading.ref, chosen.ref, winner) : notNamed(reading.ref));
  }
  return { chosen, unused, problems };
}

function ownNaming({ configNamespace, ingressClass }: TranslateDefaults): readonly Naming[] {
  return [{ className: ingressClass, config: `${configNamespace}/${ingressClass}` }];
}

/** In order of precedence. */
function namingsOf(classes: ReadonlyMap<string, IngressClass>, options: TranslateDefaults, problems: Problem[]): readonly Naming[] {
  const namings: Naming[] = [];
  for (const [className, object] of classes) {
    const { controller, parameters } = fieldsOf(object.spec);
    if (controller !== options.controllerClass || parameters === undefined || parameters === null) continue;
    const config = configOf(parameters);
    const wrong = config === undefined ? 'names no SmartProxyConfig of a namespace' : wrongNamespace(config, options);
    if (config !== undefined && wrong === undefined) namings.push({ className, config });
    else problems.push(badParameters(className, object, `it ${wrong}, so the options alone hold`));
  }
  const rank = (naming: Naming): string => (naming.className === options.ingressClass ? '' : naming.className);
  return namings.sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
}

function wrongNamespace(config: string, { configNamespace }: TranslateDefaults): string | undefined {
  if (configNamespace === undefined || config.startsWith(`${configNamespace}/`)) return undefined;
  return `names ${quote(config)}, and only those of the namespace ${quote(configNamespace)} of the controller are read`;
}

/** `namespace/name` when the parameters name a SmartProxyConfig. */
function configOf(parameters: unknown): string | undefined {
  const { apiGroup, kind, name, namespace, scope } = fieldsOf(parameters);
  if (apiGroup !== 'smartproxy.dev' || kind !== 'SmartProxyConfig' || scope !== 'Namespace') return undefined;
  const [space, own] = [textOf(namespace), textOf(name)];
  return space === undefined || own === undefined ? undefined : `${space}/${own}`;
}

function namedByOthers(classes: ReadonlyMap<string, IngressClass>, { controllerClass }: TranslateDefaults): ReadonlySet<string> {
  const named = new Set<string>();
  for (const { spec } of classes.values()) {
    const { controller, parameters } = fieldsOf(spec);
    const config = controller === controllerClass ? undefined : configOf(parameters);
    if (config !== undefined) named.add(config);
  }
  return named;
}

function badParameters(className: string, object: IngressClass, sentence: string): Problem {
  const ref = { ...objectRef('networking.k8s.io/v1', 'IngressClass', className, object), namespace: '', name: className };
  const field = 'spec.parameters';
  return { object: ref, reason: 'InvalidParameters', field, message: messageFor(ref, field, sentence) };
}

function lost(object: ObjectRef, winner: ObjectRef, { className }: Naming): Problem {
  const sentence = `${describe(winner)}, which IngressClass ${quote(className)} names, is that of the installation; an installation has one`;
  return { object, reason: 'ConfigConflict', field: 'metadata.name', message: messageFor(object, 'metadata.name', sentence) };
}

function notNamed(object: ObjectRef): Problem {
  const sentence = 'no IngressClass names it in spec.parameters, so nothing of it holds';
  return { object, reason: 'NotReferenced', field: 'metadata.name', message: messageFor(object, 'metadata.name', sentence) };
}
