import { messageOf, SmartProxyError } from '../../errors.ts';
import { kubectlJson } from './kubectl.ts';
import type { PluginArguments } from './plugin-arguments.ts';

/** The pod that is asked. */
export interface ChosenPod {
  readonly name: string;
  /** Why this one: `the leader`. */
  readonly why: string;
}

interface PodItem {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

interface LeaseItem {
  readonly spec?: { readonly holderIdentity?: string };
}

const label = 'app.kubernetes.io/name=smartproxy-ingress';

/** The leader if it is ready, else any that is ready, else one that runs. Throws ADMIN_UNREACHABLE, with what to do, when there is none. */
export async function choosePod({ namespace, cluster, pod }: PluginArguments): Promise<ChosenPod> {
  if (pod !== undefined) return { name: pod, why: 'as told' };
  const pods = await kubectlJson<PodItem>([...cluster, '--namespace', namespace, 'get', 'pods', '--selector', label]).catch((error) => {
    throw new SmartProxyError(
      'ADMIN_UNREACHABLE',
      `Cannot list pods in ${namespace}: ${messageOf(error)}; it takes get and list of pods and create of pods/portforward there, or name one with --pod`,
    );
  });
  const running = pods.filter(({ metadata, status }) => metadata.deletionTimestamp === undefined && status?.phase === 'Running');
  const ready = running.filter(isReady);
  const leader = ready.length > 1 ? await leaderOf(ready, namespace, cluster) : undefined;
  if (leader !== undefined) return { name: leader.metadata.name, why: 'the leader' };
  const [any] = ready;
  if (any !== undefined) return { name: any.metadata.name, why: ready.length > 1 ? 'one that is ready' : 'the only one that is ready' };
  const [last] = running;
  if (last !== undefined) return { name: last.metadata.name, why: 'not ready, but running' };
  const seen = pods.length === 0 ? `there is none with the label ${label}` : `none of ${pods.length} runs`;
  throw new SmartProxyError(
    'ADMIN_UNREACHABLE',
    `Cannot find a pod in ${namespace}: ${seen}; is it another namespace (-n) or cluster (--context)?`,
  );
}

function isReady({ status }: PodItem): boolean {
  return status?.conditions?.some(({ type, status: state }) => type === 'Ready' && state === 'True') === true;
}

/** Holders are called after their pods. Who may not read Leases does without. */
async function leaderOf(pods: readonly PodItem[], namespace: string, cluster: readonly string[]): Promise<PodItem | undefined> {
  const leases = await kubectlJson<LeaseItem>([...cluster, '--namespace', namespace, 'get', 'leases.coordination.k8s.io']).catch(() => []);
  const holders = leases.map(({ spec }) => spec?.holderIdentity ?? '');
  return pods.find(({ metadata }) => holders.some((holder) => holder.replace(/_[0-9a-f]{8}$/, '') === metadata.name));
}
