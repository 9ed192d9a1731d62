import type { V1ConfigMap, V1Ingress, V1IngressClass, V1Namespace, V1ObjectMeta, V1Secret, V1Service } from '@kubernetes/client-node';
import type { SmartProxyConfigSpec, SmartProxyConfigStatus } from './generated/smart-proxy-config.ts';
import type { SmartRouteSpec, SmartRouteStatus } from './generated/smart-route.ts';

/** Metadata with what every object of ours has: a name. `managedFields` are dropped on arrival. */
export type Metadata = Omit<V1ObjectMeta, 'name' | 'creationTimestamp' | 'deletionTimestamp' | 'managedFields'> & {
  readonly name: string;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
};

/** An object with its kind, narrowed so that `kind` tells the type. Times stay RFC 3339 strings as on the wire (no `Date`). */
type Typed<T, K extends string> = Omit<T, 'kind' | 'metadata'> & { readonly kind: K; readonly metadata: Metadata };

export type Ingress = Typed<V1Ingress, 'Ingress'>;
export type IngressClass = Typed<V1IngressClass, 'IngressClass'>;
export type Service = Typed<V1Service, 'Service'>;
export type Secret = Typed<V1Secret, 'Secret'>;
export type ConfigMap = Typed<V1ConfigMap, 'ConfigMap'>;
export type Namespace = Typed<V1Namespace, 'Namespace'>;

/** discovery.k8s.io/v1 EndpointSlice, written out because the wire form is simpler than the client's model. */
export interface EndpointSlice {
  readonly kind: 'EndpointSlice';
  readonly metadata: Metadata;
  readonly addressType: 'IPv4' | 'IPv6' | 'FQDN';
  readonly endpoints?: readonly SliceEndpoint[] | null;
  readonly ports?: readonly SlicePort[] | null;
}

export interface SliceEndpoint {
  readonly addresses: readonly string[];
  readonly conditions?: { readonly ready?: boolean | null; readonly serving?: boolean | null; readonly terminating?: boolean | null };
  readonly zone?: string;
  readonly nodeName?: string;
  readonly hints?: { readonly forZones?: readonly { readonly name: string }[] };
  readonly targetRef?: { readonly kind?: string; readonly namespace?: string; readonly name?: string; readonly uid?: string };
}

export interface SlicePort {
  readonly name?: string | null;
  readonly port?: number | null;
  readonly protocol?: string | null;
  readonly appProtocol?: string | null;
}

/** smartproxy.dev/v1alpha1 SmartRoute; the types of its parts come from the CRD. */
export interface SmartRoute {
  readonly kind: 'SmartRoute';
  readonly metadata: Metadata;
  readonly spec: SmartRouteSpec;
  readonly status?: SmartRouteStatus;
}

/** smartproxy.dev/v1alpha1 SmartProxyConfig: settings of an installation, named by its IngressClass. */
export interface SmartProxyConfig {
  readonly kind: 'SmartProxyConfig';
  readonly metadata: Metadata;
  readonly spec: SmartProxyConfigSpec;
  readonly status?: SmartProxyConfigStatus;
}

/** gateway.networking.k8s.io ReferenceGrant: its namespace lets objects of other namespaces refer to its own. */
export interface ReferenceGrant {
  readonly kind: 'ReferenceGrant';
  readonly metadata: Metadata;
  readonly spec: {
    readonly from: readonly { readonly group: string; readonly kind: string; readonly namespace: string }[];
    readonly to: readonly { readonly group: string; readonly kind: string; readonly name?: string }[];
  };
}

export type KubeObject =
  | Ingress
  | IngressClass
  | Service
  | EndpointSlice
  | Secret
  | ConfigMap
  | Namespace
  | SmartRoute
  | SmartProxyConfig
  | ReferenceGrant;
export type ObjectKind = KubeObject['kind'];

/** Kinds that have no namespace. */
export const clusterScopedKinds: ReadonlySet<ObjectKind> = new Set(['IngressClass', 'Namespace']);

/** `namespace/name`, or `name` for cluster-scoped kinds: the key in a snapshot. */
export function objectKey(object: {
  readonly kind: ObjectKind;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}): string {
  const { name, namespace } = object.metadata;
  return clusterScopedKinds.has(object.kind) ? name : `${namespace ?? 'default'}/${name}`;
}
