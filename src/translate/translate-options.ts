import type { Listener } from '../routes/route-table.ts';

/** What translate needs to know besides the objects. Part of the Config, resolved for this installation. */
export interface TranslateOptions {
  /** Those of the options; the SmartProxyConfig may add to them. */
  readonly listeners: readonly Listener[];
  /** Where listeners of the SmartProxyConfig are bound. */
  readonly addresses: readonly string[];
  /** Peers whose PROXY header listeners require that say nothing of it. */
  readonly proxyProtocolFrom: readonly string[];
  /** `namespace/name` of the Service in front. */
  readonly publishService: string | undefined;
  /** The one namespace whose SmartProxyConfigs count; undefined: any (manifests). */
  readonly configNamespace: string | undefined;
  readonly ingressClass: string;
  readonly controllerClass: string;
  /** With Roles alone IngressClass can't be read: `ingressClassName` is compared with `ingressClass` itself. */
  readonly namespaced: boolean;
  readonly watchIngressWithoutClass: boolean;
  readonly defaultBackend: string | undefined;
  readonly defaultCertificate: string | undefined;
  readonly httpsRedirect: boolean;
  readonly maxRequestBodyBytes: number;
  readonly connectTimeoutMs: number;
  readonly readTimeoutMs: number;
  readonly sendTimeoutMs: number;
  readonly tunnelIdleTimeoutMs: number;
  readonly retries: number;
  readonly loadBalancing: 'round-robin' | 'least-request';
  readonly allowLocalExternalNames: boolean;
  /** Whether the kernel forwards for this installation. */
  readonly nftables: boolean;
  /** Namespace of the Secrets that orders of certificates are kept in; undefined: none are ordered. */
  readonly acmeNamespace: string | undefined;
  /** Whether what has owners is deleted when they are gone: a cluster does it, and nobody does for a folder of manifests. */
  readonly garbageCollection: boolean;
  /** The time that certificates' expiry is judged by, milliseconds since 1970: an argument, so that translate has no clock. */
  readonly nowMs: number;
}

/** The options that do not change while the program runs. */
export type TranslateDefaults = Omit<TranslateOptions, 'nowMs'>;
