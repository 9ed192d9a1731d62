import type { ConfigMap } from '../api/objects.ts';
import { readPage } from './page-text.ts';
import { messageFor } from './problem-list.ts';
import type { SmartProxyConfigReading } from './smart-proxy-config-reading.ts';
import type { Problem } from './translation.ts';

/** What is wrong with the error pages of `defaults`: told once, and not by every object that inherits them. */
export function installationPageProblems(
  config: SmartProxyConfigReading | undefined,
  configMaps: ReadonlyMap<string, ConfigMap>,
): readonly Problem[] {
  const problems: Problem[] = [];
  for (const [index, { content }] of (config?.defaults?.errorPages ?? []).entries()) {
    if (config === undefined || content.kind !== 'configMap') continue;
    const { name, key, namespace = config.ref.namespace } = content.configMap;
    const read = readPage(`${namespace}/${name}`, configMaps.get(`${namespace}/${name}`), key);
    if ('text' in read) continue;
    const field = `spec.defaults.policy.errorPages[${index}].configMapRef`;
    const message = messageFor(config.ref, field, `ConfigMap ${namespace}/${name} ${read.why}`);
    problems.push({ object: config.ref, reason: read.reason, field, message });
  }
  return problems;
}
