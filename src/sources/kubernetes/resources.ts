import { clusterScopedKinds, type ObjectKind } from '../../api/objects.ts';

/** Where the API server keeps a kind. */
export interface ResourceType {
  readonly kind: ObjectKind;
  /** `/api/v1` or `/apis/<group>/<version>`. */
  readonly groupPath: string;
  /** Plural, lower case: as in RBAC. */
  readonly plural: string;
}

export const ingressType: ResourceType = { kind: 'Ingress', groupPath: '/apis/networking.k8s.io/v1', plural: 'ingresses' };
export const serviceType: ResourceType = { kind: 'Service', groupPath: '/api/v1', plural: 'services' };
export const secretType: ResourceType = { kind: 'Secret', groupPath: '/api/v1', plural: 'secrets' };

export const endpointSliceType: ResourceType = {
  kind: 'EndpointSlice',
  groupPath: '/apis/discovery.k8s.io/v1',
  plural: 'endpointslices',
};

export const smartRouteType: ResourceType = { kind: 'SmartRoute', groupPath: '/apis/smartproxy.dev/v1alpha1', plural: 'smartroutes' };

export const smartProxyConfigType: ResourceType = {
  kind: 'SmartProxyConfig',
  groupPath: '/apis/smartproxy.dev/v1alpha1',
  plural: 'smartproxyconfigs',
};

/** A kind that the cluster may not have. */
export interface OptionalResourceType {
  readonly kind: ObjectKind;
  /** Group versions that are read alike, the one to use first. */
  readonly groupPaths: readonly string[];
  readonly plural: string;
  /** It is read in the controller's own namespace alone, whatever else is watched. */
  readonly isOwn?: true;
  /** Only those of these labels. */
  readonly labelSelector?: string;
}

/** What is watched as a whole where its CRD is installed, and what nothing else waits for where it may not be read. */
export const optionalTypes: readonly OptionalResourceType[] = [
  { kind: 'SmartRoute', groupPaths: [smartRouteType.groupPath], plural: smartRouteType.plural },
  { kind: 'SmartProxyConfig', groupPaths: [smartProxyConfigType.groupPath], plural: smartProxyConfigType.plural, isOwn: true },
  {
    kind: 'ReferenceGrant',
    groupPaths: ['/apis/gateway.networking.k8s.io/v1', '/apis/gateway.networking.k8s.io/v1beta1'],
    plural: 'referencegrants',
  },
  // Of all that a cluster has of them, those that were made for us.
  { kind: 'ConfigMap', groupPaths: ['/api/v1'], plural: 'configmaps', labelSelector: 'smartproxy.dev/error-pages=true' },
];

/** What is watched as a whole. Secrets are watched apart, without their data. */
export const watchedTypes: readonly ResourceType[] = [
  ingressType,
  { kind: 'IngressClass', groupPath: '/apis/networking.k8s.io/v1', plural: 'ingressclasses' },
  serviceType,
  endpointSliceType,
  { kind: 'Namespace', groupPath: '/api/v1', plural: 'namespaces' },
];

export function isClusterScoped({ kind }: ResourceType): boolean {
  return clusterScopedKinds.has(kind);
}

/** Path of a collection: in one namespace, or everywhere. */
export function collectionPath(type: ResourceType, namespace?: string): string {
  const { groupPath, plural } = type;
  return namespace === undefined ? `${groupPath}/${plural}` : `${groupPath}/namespaces/${namespace}/${plural}`;
}

/** How a collection is called in logs and health: `services`, `services in shop`, `secret shop/tls`. */
export function resourceName(type: ResourceType, namespace?: string, name?: string): string {
  if (name !== undefined) return `${type.kind.toLowerCase()} ${namespace}/${name}`;
  return namespace === undefined ? type.plural : `${type.plural} in ${namespace}`;
}
