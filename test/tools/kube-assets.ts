import { builtPrograms, missingPrograms, readGoBuild } from './go-build.ts';

const build = readGoBuild('kube');

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
