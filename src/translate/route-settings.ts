import type { AnnotationValues } from '../api/annotations.ts';
import type { BackendProtocol, Policy, Service } from '../routes/route-table.ts';
import type { TranslateDefaults } from './translate-options.ts';

/**
 * What may be set for a route: by an Ingress's annotations, by a `policy` of a SmartRoute or of one of its rules, and by the installation's
 * options, which are the outermost. A field that is undefined inherits. Times in milliseconds, 0 = none.
 */
export interface RouteSettings {
  readonly redirectToHttps?: boolean | undefined;
  readonly connectTimeoutMs?: number | undefined;
  readonly readTimeoutMs?: number | undefined;
  readonly sendTimeoutMs?: number | undefined;
  readonly tunnelIdleTimeoutMs?: number | undefined;
  /** 0 = no limit. */
  readonly maxRequestBodyBytes?: number | undefined;
  readonly retries?: number | undefined;
  readonly loadBalancing?: Service['loadBalancing'] | undefined;
  /** undefined everywhere: the Service port's `appProtocol` decides. */
  readonly backendProtocol?: BackendProtocol | undefined;
  readonly backendTlsServerName?: string | undefined;
  /** Name of a Secret with a `ca.crt`, in the namespace of the object. */
  readonly backendTlsCaSecret?: string | undefined;
  /** Name of a TLS Secret, in the namespace of the object. */
  readonly backendTlsClientSecret?: string | undefined;
  /** Each of these is inherited or replaced as a whole. */
  readonly requestHeaders?: Policy['requestHeaders'];
  readonly responseHeaders?: Policy['responseHeaders'];
  readonly cors?: Policy['cors'];
  readonly clients?: Policy['clients'];
}

/** The one rule of inheritance: field by field, what the inner one sets comes before the outer one. */
export function mergeSettings(outer: RouteSettings, inner: RouteSettings): RouteSettings {
  const merged: Record<string, unknown> = { ...outer };
  for (const [name, value] of Object.entries(inner)) if (value !== undefined) merged[name] = value;
  return merged;
}

/** What an Ingress's annotations set. */
export function settingsOfAnnotations(values: AnnotationValues): RouteSettings {
  return {
    redirectToHttps: values.sslRedirect,
    connectTimeoutMs: values.connectTimeout,
    readTimeoutMs: values.readTimeout,
    sendTimeoutMs: values.sendTimeout,
    tunnelIdleTimeoutMs: values.tunnelIdleTimeout,
    maxRequestBodyBytes: values.maxBodySize,
    retries: values.retries,
    loadBalancing: values.loadBalance,
    backendProtocol: values.backendProtocol,
    backendTlsServerName: values.backendTlsServerName,
    backendTlsCaSecret: values.backendTlsCaSecret,
    backendTlsClientSecret: values.backendTlsClientSecret,
  };
}

/** What every route inherits in the end. */
export function settingsOfOptions(options: TranslateDefaults): RouteSettings {
  return {
    redirectToHttps: options.httpsRedirect,
    connectTimeoutMs: options.connectTimeoutMs,
    readTimeoutMs: options.readTimeoutMs,
    sendTimeoutMs: options.sendTimeoutMs,
    tunnelIdleTimeoutMs: options.tunnelIdleTimeoutMs,
    maxRequestBodyBytes: options.maxRequestBodyBytes,
    retries: options.retries,
    loadBalancing: options.loadBalancing,
  };
}
