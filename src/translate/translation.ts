import type { RouteTable } from '../routes/route-table.ts';
import type { AcmeCertificate } from './acme-certificate.ts';
import type { IssuerReading } from './acme-issuers.ts';
import type { SmartProxyConfigState } from './smart-proxy-config-statuses.ts';
import type { SmartRouteState } from './smart-route-statuses.ts';

/** The user's object that something is said of. */
export interface ObjectRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** Reasons of Warning Events and of entries in `/debug/problems`: CamelCase, a closed list, documented in docs/problems.md. */
export const problemReasons = [
  'InvalidHost',
  'InvalidPath',
  'DuplicatePath',
  'PathConflict',
  'InvalidBackend',
  'ResourceBackend',
  'ServiceNotFound',
  'ServicePortNotFound',
  'ExternalNameRefused',
  'NoEndpoints',
  'SecretNotFound',
  'SecretInvalid',
  'RevocationListExpired',
  'ConfigMapNotFound',
  'ConfigMapInvalid',
  'CertificateExpired',
  'CertificateHostMismatch',
  'CertificateConflict',
  'ClassNotFound',
  'InvalidAnnotation',
  'UnknownAnnotation',
  'PassthroughConflict',
  'TlsPolicyConflict',
  'CallbackNotMatched',
  'TooLarge',
  'Unsupported',
  'NoEffect',
  'EngineUnavailable',
  'InvalidObject',
  'InvalidRule',
  'ConfigKept',
  'ConfigReduced',
  'ConfigClosed',
  'ListenerClosed',
  'UnknownField',
  'InvalidRegex',
  'InvalidAddress',
  'RefNotPermitted',
  'InvalidParameters',
  'ConfigConflict',
  'NotReferenced',
  'PortConflict',
  'NotPublished',
  'ListenerNotFound',
  'ListenerMismatch',
  'ListenerNotPermitted',
  'ListenerConflict',
  'HostNotPermitted',
  'IssuerNotFound',
  'SecretNotOwned',
  'CertificateNotIssued',
] as const;
export type ProblemReason = (typeof problemReasons)[number];

/** Something in a user's object that does not work. Pure data: same input, same problems, in the same order. */
export interface Problem {
  readonly object: ObjectRef;
  readonly reason: ProblemReason;
  /** Where: `spec.rules[0].http.paths[1].backend.service.port`. */
  readonly field: string;
  /** One sentence that names object, field and fix; no secret in it; at most 1,000 characters. */
  readonly message: string;
  /** The rule of a SmartRoute, or the listener of a SmartProxyConfig, that it is about. */
  readonly rule?: string;
  /** It stands for so many that are not listed. */
  readonly omitted?: number;
}

/** What the status writer should bring about on one object. */
export interface IngressStatus {
  readonly object: ObjectRef;
  /** Whether it is ours and served at least in part, so that addresses are published on it. */
  readonly publish: boolean;
}

export interface Translation {
  readonly routeTable: RouteTable;
  readonly statuses: readonly IngressStatus[];
  /** One for each SmartRoute of ours, without what workers and endpoints say (`statusOf` adds that). */
  readonly smartRoutes: readonly SmartRouteState[];
  /** One for each SmartProxyConfig of ours, without what workers say (`configStatusOf` adds that). */
  readonly smartProxyConfigs: readonly SmartProxyConfigState[];
  readonly problems: readonly Problem[];
  /** `namespace/name` of every Secret that an object of ours refers to, so that the source fetches exactly these. */
  readonly referencedSecrets: readonly string[];
  /** When a certificate or list begins or ends, so that something else is to be said, milliseconds since 1970; infinity: never. */
  readonly holdsUntilMs: number;
  /** TLS hosts without any usable certificate, sorted: the local CA (manifest mode) makes one for each. */
  readonly hostsWithoutCertificate: readonly string[];
  /** Certificates that are to be ordered and renewed. */
  readonly acme: readonly AcmeCertificate[];
  /** The issuers of the installation, by name. */
  readonly acmeIssuers: ReadonlyMap<string, IssuerReading>;
}
