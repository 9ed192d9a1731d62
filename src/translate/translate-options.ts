import type { Listener } from '../routes/route-table.ts';

/** What translate needs to know besides the objects. Part of the Config, resolved for this installation. */
export interface TranslateOptions {
  readonly listeners: readonly Listener[];
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
  /** The time that certificates' expiry is judged by, milliseconds since 1970: an argument, so that translate has no clock. */
  readonly nowMs: number;
}

/** The options that do not change while the program runs. */
export type TranslateDefaults = Omit<TranslateOptions, 'nowMs'>;
