import type { Config } from '../../config/config.ts';
import type { Log } from '../../log.ts';
import type { Snapshot } from '../object-store.ts';
import { ApiClient } from './api-client.ts';
import { ClusterConfig } from './cluster-config.ts';
import { KubernetesSource } from './kubernetes-source.ts';

/**
 * The source that the Config describes, with its client. `referencedSecrets` lets it read certificates before it counts as synced.
 * Throws KUBECONFIG_INVALID.
 */
export function createKubernetesSource(
  config: Pick<Config, 'kubeconfig' | 'watchNamespaces' | 'secretNames' | 'publishService' | 'podNamespace' | 'acme'>,
  log: Log,
  referencedSecrets?: (snapshot: Snapshot) => readonly string[],
): KubernetesSource {
  const client = new ApiClient(new ClusterConfig({ kubeconfig: config.kubeconfig }));
  return new KubernetesSource({ client, config, log, referencedSecrets });
}
