import type { Config } from '../config/config.ts';
import type { Log } from '../log.ts';
import type { KubernetesSource } from '../sources/kubernetes/kubernetes-source.ts';
import type { KubernetesStatus } from '../sources/kubernetes/kubernetes-status.ts';
import type { ManifestSource } from '../sources/manifests/manifest-source.ts';
import type { Snapshot } from '../sources/object-store.ts';
import { Troubles } from '../sources/troubles.ts';

/** The source that the configuration names, with what only its kind has. */
export type OpenedSource =
  | { readonly kind: 'manifests'; readonly source: ManifestSource; readonly troubles: Troubles }
  | { readonly kind: 'cluster'; readonly source: KubernetesSource; readonly status: KubernetesStatus; readonly troubles: Troubles };

/** Makes the source, not yet started. Each kind's code is loaded only when it is used. Throws KUBECONFIG_INVALID. */
export async function openSource(
  config: Config,
  log: Log,
  referencedSecrets: (snapshot: Snapshot) => readonly string[],
): Promise<OpenedSource> {
  if (config.manifests === undefined) {
    const { createKubernetesSource } = await import('../sources/kubernetes/create-kubernetes-source.ts');
    const { KubernetesStatus } = await import('../sources/kubernetes/kubernetes-status.ts');
    const source = createKubernetesSource(config, log, referencedSecrets);
    const { client, store, troubles } = source;
    return { kind: 'cluster', source, troubles, status: new KubernetesStatus({ client, store, troubles, config, log }) };
  }
  if (config.manifests === '-') {
    const { ManifestInput } = await import('../sources/manifests/manifest-input.ts');
    return withTroubles(new ManifestInput(process.stdin), log);
  }
  const { ManifestFolder } = await import('../sources/manifests/manifest-folder.ts');
  return withTroubles(new ManifestFolder(config.manifests), log);
}

function withTroubles(source: ManifestSource, log: Log): OpenedSource {
  return { kind: 'manifests', source, troubles: new Troubles({ store: source.store, log }) };
}
