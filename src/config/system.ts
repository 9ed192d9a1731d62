import { readFile } from 'node:fs/promises';
import { homedir, hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';

/** What defaults depend on besides the options themselves: the machine, or the pod, that we run on. */
export interface System {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly inPod: boolean;
  readonly hostname: string;
  readonly home: string;
  readonly hasIpv6: boolean;
  /** The namespace of the pod's service account; undefined outside of a pod. */
  readonly podNamespace: string | undefined;
}

const namespaceFile = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';

/** Looks at this machine. */
export async function readSystem(env: Readonly<Record<string, string | undefined>>): Promise<System> {
  const inPod = env.KUBERNETES_SERVICE_HOST !== undefined;
  return {
    env,
    inPod,
    hostname: hostname(),
    home: homedir(),
    hasIpv6: Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ family }) => family === 'IPv6')),
    podNamespace: inPod
      ? await readFile(namespaceFile, 'utf8').then(
          (text) => text.trim(),
          () => undefined,
        )
      : undefined,
  };
}

/** Where state lives unless told otherwise: a folder of the image in a pod, else the user's state folder (XDG base directories). */
export function defaultStateDir(system: System): string {
  if (system.inPod) return '/var/lib/smartproxy-ingress';
  const base = system.env.XDG_STATE_HOME;
  return join(base === undefined || base === '' ? join(system.home, '.local', 'state') : base, 'smartproxy-ingress');
}
