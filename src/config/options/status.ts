import type { OptionsOf } from '../option-spec.ts';
import { hostOrAddress, list, namespacedName, objectName, onOff, optional, text } from '../value-types.ts';

/** What is written back to the cluster, and by whom. */
export const statusOptions: OptionsOf<
  'status' | 'publishService' | 'publishAddresses' | 'leaderElection' | 'leaseName' | 'podNamespace' | 'podName' | 'podUid' | 'zone'
> = {
  status: {
    flag: 'status',
    group: 'Status',
    value: onOff,
    default: () => true,
    doc: 'Write status.loadBalancer of Ingresses, and the status of our own kinds. --no-status lets another controller keep it.',
  },
  publishService: {
    flag: 'publish-service',
    group: 'Status',
    value: optional(namespacedName, 'none'),
    default: () => undefined,
    doc: 'Service whose addresses are written to the status of Ingresses and SmartRoutes.',
  },
  publishAddresses: {
    flag: 'publish-address',
    group: 'Status',
    value: list(hostOrAddress),
    default: () => [],
    doc: 'Addresses or host names to write there instead.',
  },
  leaderElection: {
    flag: 'leader-election',
    group: 'Status',
    value: onOff,
    default: () => true,
    doc: 'Only the holder of the Lease writes statuses and Events.',
  },
  leaseName: {
    flag: 'lease-name',
    group: 'Status',
    value: objectName,
    default: () => 'smartproxy-ingress-leader',
    doc: "Name of that Lease, in the pod's namespace.",
  },
  podNamespace: {
    flag: 'pod-namespace',
    group: 'Status',
    value: objectName,
    default: ({ system }) => system.env.POD_NAMESPACE ?? system.podNamespace ?? 'default',
    defaultText: "$POD_NAMESPACE, else the service account's",
    doc: 'Namespace of this pod.',
  },
  podName: {
    flag: 'pod-name',
    group: 'Status',
    value: text('NAME', 'a name', /^[A-Za-z0-9._-]+$/),
    default: ({ system }) => system.env.POD_NAME ?? system.hostname,
    defaultText: '$POD_NAME, else the host name',
    doc: 'Name of this pod: its identity in the Lease.',
  },
  podUid: {
    flag: 'pod-uid',
    group: 'Status',
    value: optional(text('UID', 'a UID', /^[A-Za-z0-9-]+$/), 'none'),
    default: ({ system }) => system.env.POD_UID,
    defaultText: '$POD_UID, else none',
    doc: 'UID of this pod. With it, what does not work here is told as Warning Events on the pod.',
  },
  zone: {
    flag: 'zone',
    group: 'Status',
    value: optional(text('ZONE', 'a zone name', /^[A-Za-z0-9._-]+$/), 'none'),
    default: () => undefined,
    doc: 'Zone of this pod: EndpointSlice hints for it are followed.',
  },
};
