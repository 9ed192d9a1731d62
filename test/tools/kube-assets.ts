import { builtPrograms, type GoBuild, missingPrograms, readGoBuild } from './go-build.ts';

const build = readGoBuild('kube');

/** All of a cluster's programs, of the same modules and in the same folder of the cache. */
const clusterBuild: GoBuild = {
  ...build,
  programs: {
    ...build.programs,
    ...Object.fromEntries(
      ['kube-controller-manager', 'kube-scheduler', 'kubelet', 'kube-proxy'].map((name) => [name, `k8s.io/kubernetes/cmd/${name}`]),
    ),
  },
};

/**
 * The folder with kube-apiserver, etcd and kubectl: KUBEBUILDER_ASSETS when set, else built once from the pinned Go modules into the
 * user's cache (kube-apiserver takes several minutes).
 */
export async function kubeAssets(): Promise<string> {
  const given = process.env.KUBEBUILDER_ASSETS;
  if (given === undefined || given === '') return await builtPrograms(build);
  const missing = missingPrograms(build, given);
  if (missing.length > 0) throw new Error(`Cannot start a control plane: ${given} lacks ${missing.join(', ')}`);
  return given;
}

/** The folder with every program of a cluster, of one version, built once into the user's cache; KUBEBUILDER_ASSETS may hold another one. */
export function clusterPrograms(): Promise<string> {
  return builtPrograms(clusterBuild);
}
