import assert from 'node:assert/strict';
import { parseArguments } from '../../src/config/arguments.ts';
import { type Resolved, resolveConfig } from '../../src/config/resolve.ts';
import type { AnyObject } from './objects.ts';

/** What tests read of a pod. */
export interface PodTemplate {
  readonly labels: Readonly<Record<string, string>>;
  readonly terminationGracePeriodSeconds: number;
  readonly hostNetwork?: boolean;
  readonly topologySpreadConstraints?: readonly { readonly topologyKey: string }[];
  readonly containers: readonly {
    readonly name: string;
    readonly args?: readonly string[];
    readonly ports?: readonly { readonly name: string; readonly containerPort: number; readonly hostPort?: number }[];
  }[];
}

/** The pod of the one Deployment or DaemonSet among `objects`. */
export function podTemplateOf(objects: readonly AnyObject[]): PodTemplate {
  const workloads = objects.filter(({ kind }) => kind === 'Deployment' || kind === 'DaemonSet');
  assert.equal(workloads.length, 1);
  const { template } = workloads[0]!.spec as {
    template: { metadata: { labels: PodTemplate['labels'] }; spec: Omit<PodTemplate, 'labels'> };
  };
  return { ...template.spec, labels: template.metadata.labels };
}

export function argsOf(pod: PodTemplate): readonly string[] {
  return pod.containers[0]?.args ?? [];
}

/** What the program makes of the pod's arguments, as it does in a cluster. Throws what it would end with. */
export function configOf(pod: PodTemplate): Resolved {
  const [command, ...flags] = argsOf(pod);
  assert.equal(command, 'run');
  const { texts } = parseArguments(flags);
  return resolveConfig(texts, { env: {}, inPod: true, hostname: 'pod', home: '/', hasIpv6: true, podNamespace: 'smartproxy-ingress' });
}
