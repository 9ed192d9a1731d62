import type { KubeObject, ObjectKind } from '../../api/objects.ts';
import { clusterScopedKinds, objectKey } from '../../api/objects.ts';
import { nearestName } from '../../config/nearest-name.ts';

/** What one document of a manifest, or one item of a list, turned out to be. */
export type ReadObject =
  | { readonly kind: 'object'; readonly object: KubeObject }
  /** A kind that we do not read; `name` is `kind` with its API group. */
  | { readonly kind: 'skipped'; readonly name: string }
  | { readonly kind: 'problem'; readonly message: string };

type Fields = Readonly<Record<string, unknown>>;

/** The API versions of every kind that we read, the one to use first. */
const apiVersions: Readonly<Record<ObjectKind, readonly [string, ...string[]]>> = {
  Ingress: ['networking.k8s.io/v1'],
  IngressClass: ['networking.k8s.io/v1'],
  Service: ['v1'],
  EndpointSlice: ['discovery.k8s.io/v1'],
  Secret: ['v1'],
  ConfigMap: ['v1'],
  Namespace: ['v1'],
  SmartRoute: ['smartproxy.dev/v1alpha1'],
  SmartProxyConfig: ['smartproxy.dev/v1alpha1'],
  ReferenceGrant: ['gateway.networking.k8s.io/v1', 'gateway.networking.k8s.io/v1beta1'],
};

const objectKinds = Object.keys(apiVersions) as readonly ObjectKind[];
const ourGroup = 'smartproxy.dev';

/**
 * Checks what the API server would check before anybody sees the object (kind, version, name, texts where texts belong) and adds
 * what it would add: the namespace `default`, a uid, and a Secret's `stringData` inside `data`. The rest is left to translate.
 */
export function readObject(value: unknown): ReadObject {
  if (!isFields(value)) return problem('not an object with apiVersion, kind and metadata');
  const { kind, apiVersion, metadata } = value;
  if (typeof kind !== 'string' || kind === '') return problem('kind is missing');
  if (typeof apiVersion !== 'string' || apiVersion === '') return problem(`${kind}: apiVersion is missing`);
  if (!isKnownKind(kind)) return readUnknownKind(kind, apiVersion);
  if (!apiVersions[kind].includes(apiVersion)) return readOtherVersion(kind, apiVersion);
  if (!isFields(metadata)) return problem(`${kind}: metadata is missing`);
  const metadataProblem = checkMetadata(metadata);
  if (metadataProblem !== undefined) return problem(`${kind} ${nameOf(metadata)}: ${metadataProblem}`);
  const object = withDefaults(kind, value, metadata);
  if (object.kind !== 'Secret') return { kind: 'object', object };
  return readSecret(object);
}

/** Nobody but us defines kinds in our group; in another one, a name that is nearly one that we read is a mistake too. */
function readUnknownKind(kind: string, apiVersion: string): ReadObject {
  const group = groupOf(apiVersion);
  const siblings = objectKinds.filter((known) => groupOf(apiVersions[known][0]) === group);
  const nearest = nearestName(kind, siblings);
  if (nearest === undefined && group !== ourGroup) return { kind: 'skipped', name: `${kind}.${apiVersion}` };
  const advice = nearest === undefined ? `there are ${siblings.join(' and ')}` : `did you mean ${nearest}?`;
  return problem(`there is no kind ${kind.slice(0, 100)} of ${apiVersion.slice(0, 100)}; ${advice}`);
}

/** Another version of one of our API groups is a mistake to tell of; another group's kind of the same name is none of ours. */
function readOtherVersion(kind: ObjectKind, apiVersion: string): ReadObject {
  const [ours] = apiVersions[kind];
  const isOurs = groupOf(apiVersion) === groupOf(ours) || (kind === 'Ingress' && groupOf(apiVersion) === 'extensions');
  return isOurs ? problem(`${kind} of ${apiVersion} is not read: use ${ours}`) : { kind: 'skipped', name: `${kind}.${apiVersion}` };
}

function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
}

function checkMetadata(metadata: Fields): string | undefined {
  const { name, namespace, labels, annotations, creationTimestamp } = metadata;
  if (typeof name !== 'string' || name === '') return 'metadata.name is missing';
  if (!/^[a-z0-9A-Z]([-._a-z0-9A-Z:]{0,251}[a-z0-9A-Z])?$/.test(name)) return 'metadata.name is not a Kubernetes name';
  if (isPresent(namespace) && (typeof namespace !== 'string' || !/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(namespace))) {
    return 'metadata.namespace is not a Kubernetes name';
  }
  if (isPresent(creationTimestamp) && (typeof creationTimestamp !== 'string' || Number.isNaN(Date.parse(creationTimestamp)))) {
    return 'metadata.creationTimestamp is not a time such as 2026-01-31T12:00:00Z';
  }
  return checkTexts('metadata.labels', labels) ?? checkTexts('metadata.annotations', annotations);
}

function checkTexts(field: string, value: unknown): string | undefined {
  if (!isPresent(value)) return undefined;
  if (!isFields(value)) return `${field} is not a map`;
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') return `${field}[${key}] is not a text: put its value in quotes`;
  }
  return undefined;
}

/** Objects of a file have no creation time unless they name one: which file was read first decides nothing. */
function withDefaults(kind: ObjectKind, value: Fields, metadata: Fields): KubeObject {
  const { namespace, uid, ...rest } = metadata;
  const scope = clusterScopedKinds.has(kind) ? {} : { namespace: isPresent(namespace) ? namespace : 'default' };
  const object = { ...value, kind, metadata: { ...rest, ...scope } } as unknown as KubeObject;
  const stableUid = typeof uid === 'string' && uid !== '' ? uid : `manifest/${kind}/${objectKey(object)}`;
  return { ...object, metadata: { ...object.metadata, uid: stableUid } } as KubeObject;
}

function readSecret(secret: Extract<KubeObject, { kind: 'Secret' }>): ReadObject {
  const { stringData, data, ...rest } = secret;
  const wrong = checkTexts('data', data) ?? checkTexts('stringData', stringData);
  if (wrong !== undefined) return problem(`Secret ${nameOf(secret.metadata)}: ${wrong}`);
  const merged = { ...data };
  for (const [key, text] of Object.entries(stringData ?? {})) merged[key] = Buffer.from(text, 'utf8').toString('base64');
  return { kind: 'object', object: { ...rest, data: merged } };
}

function nameOf(metadata: Fields | { readonly name: string }): string {
  return typeof metadata.name === 'string' && metadata.name !== '' ? metadata.name : 'without a name';
}

function isKnownKind(kind: string): kind is ObjectKind {
  return Object.hasOwn(apiVersions, kind);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function problem(message: string): ReadObject {
  return { kind: 'problem', message };
}
