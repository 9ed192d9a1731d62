import type { Config } from '../config/config.ts';
import type { Log } from '../log.ts';
import type { KubernetesSource } from '../sources/kubernetes/kubernetes-source.ts';
import type { KubernetesStatus } from '../sources/kubernetes/kubernetes-status.ts';
import type { ManifestSource } from '../sources/manifests/manifest-source.ts';
import type { Snapshot } from '../sources/object-store.ts';

/** The source that the configuration names, with what only its kind has. */
export type OpenedSource =
  | { readonly kind: 'manifests'; readonly source: ManifestSource }
  | { readonly kind: 'cluster'; readonly source: KubernetesSource; readonly status: KubernetesStatus };

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
    return { kind: 'cluster', source, status: new KubernetesStatus({ client: source.client, store: source.store, config, log }) };
  }
  if (config.manifests === '-') {
    const { ManifestInput } = await import('../sources/manifests/manifest-input.ts');
    return { kind: 'manifests', source: new ManifestInput(process.stdin) };
  }
  const { ManifestFolder } = await import('../sources/manifests/manifest-folder.ts');
  return { kind: 'manifests', source: new ManifestFolder(config.manifests) };
}
