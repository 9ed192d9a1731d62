import type { AnnotationValues } from '../api/annotations.ts';
import type { ActiveLimit, ClientAccess, Policy, RetryRules } from '../routes/policy.ts';
import type { BackendProtocol, HealthCheck, OutlierDetection, Service, ServiceLimits } from '../routes/service.ts';
import { activeLimitsOfAnnotations } from './active-limits.ts';
import { balancingOfAnnotations } from './annotated-balancing.ts';
import { type AuthSettings, authOfAnnotations } from './auth-settings.ts';
import type { BalancingSettings } from './balancing-settings.ts';
import { compressionWith } from './compression-policy.ts';
import { corsOfAnnotations } from './cors-settings.ts';
import { type ErrorPageSetting, errorPagesOfAnnotations } from './error-page-settings.ts';
import { mirrorOfAnnotations } from './mirror-setting.ts';
import type { PolicyBackend } from './policy-services.ts';
import { rateLimitsOfAnnotations } from './rate-limits.ts';
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
  /** In place of `maxRequestBodyBytes` for all messages of a gRPC call together, where that is inherited. */
  readonly maxCallBytes?: number | undefined;
  /** `option`: as many as the option says, whatever is inherited. */
  readonly retries?: number | 'option' | undefined;
  readonly retryRules?: RetryRules | undefined;
  /** 0 = no limit. */
  readonly requestTimeoutMs?: number | undefined;
  readonly balancing?: BalancingSettings | undefined;
  readonly healthCheck?: HealthCheck | undefined;
  readonly outlierDetection?: OutlierDetection | undefined;
  readonly serviceLimits?: ServiceLimits | undefined;
  /** undefined everywhere: the Service port's `appProtocol` decides. */
  readonly backendProtocol?: BackendProtocol | undefined;
  readonly backendProxyProtocol?: Service['proxyProtocol'];
  readonly backendTlsServerName?: string | undefined;
  /** Name of a Secret with a `ca.crt`. */
  readonly backendTlsCaSecret?: SecretName | undefined;
  /** Name of a TLS Secret. */
  readonly backendTlsClientSecret?: SecretName | undefined;
  /** Each of these is inherited or replaced as a whole. */
  readonly requestHeaders?: Policy['requestHeaders'];
  readonly responseHeaders?: Policy['responseHeaders'];
  /** `false`: none, whatever the outer one says. */
  readonly cors?: Policy['cors'] | false;
  readonly clients?: Policy['clients'];
  /** `cookieName` of a login that can't be had at the moment. */
  readonly sessionCookie?: string | undefined;
  /** What of `clients.allow` and `auth` lets a request in. */
  readonly satisfy?: 'all' | 'any' | undefined;
  readonly connectionIdleMs?: number | undefined;
  readonly connectionLifetimeMs?: number | undefined;
  readonly firstDataMs?: number | undefined;
  readonly keepAlive?: 'standard' | 'extended' | 'immortal' | undefined;
  readonly whenRemoved?: 'cut' | 'drain' | undefined;
  /** 0 = no limit. */
  readonly maxConnections?: number | undefined;
  readonly maxConnectionsPerAddress?: number | undefined;
  readonly udpIdleMs?: number | undefined;
  /** 0 = no limit. */
  readonly maxUdpSessions?: number | undefined;
  readonly maxUdpSessionsPerAddress?: number | undefined;
  /** Of an object with rules for requests; nothing of the installation is inherited. */
  readonly clientConnection?: ClientConnectionSettings | undefined;
  readonly rateLimits?: Policy['rateLimits'];
  /** Of requests under way; `most` 0 = no limit. */
  readonly requestLimit?: ActiveLimit | undefined;
  /** The same of one address. */
  readonly addressLimit?: ActiveLimit | undefined;
  /** Without algorithms: off. */
  readonly compression?: Policy['compression'];
  readonly mirror?: MirrorSetting | undefined;
  readonly accessLog?: boolean | undefined;
  readonly errorPages?: readonly ErrorPageSetting[] | undefined;
  readonly bufferRequests?: boolean | undefined;
  readonly maxBufferedRequestBytes?: number | undefined;
  readonly bufferAnswers?: boolean | undefined;
  readonly maxBufferedAnswerBytes?: number | undefined;
  readonly maxRequestHeadBytes?: number | undefined;
  /** `false`: none, whatever the outer one says. */
  readonly maintenance?: Policy['maintenance'] | false;
  readonly auth?: AuthSettings | undefined;
  /** What `auth` has become: nobody writes it, resolving adds it. */
  readonly authPolicy?: Policy['auth'];
}

/** What an object says of the connections that bring its requests. Times in milliseconds, 0 = none. */
export interface ClientConnectionSettings {
  readonly idleMs: number | undefined;
  readonly lifetimeMs: number | undefined;
  readonly keepAlive: RouteSettings['keepAlive'];
  readonly whenRemoved: RouteSettings['whenRemoved'];
}

/** In the namespace of the object; or that of the installation's `defaults`, which is read once for all that inherit it. */
export type SecretName = string | typeof ofInstallation;

/** Stands in inherited settings for what `InstallationGuards` have of them. */
export const ofInstallation = Symbol('of the installation');

/** Where copies of requests go. */
export interface MirrorSetting {
  readonly backend: PolicyBackend;
  /** The key of the Service when it has been looked up and is there. */
  readonly service: string | undefined;
  /** 0: none. */
  readonly percent: number;
  readonly maxBodyBytes: number;
}

/** The one rule of inheritance: field by field, what the inner one sets comes before the outer one. */
export function mergeSettings(outer: RouteSettings, inner: RouteSettings): RouteSettings {
  const merged: Record<string, unknown> = { ...outer };
  for (const [name, value] of Object.entries(inner)) if (value !== undefined) merged[name] = value;
  return merged;
}

/** What of an Ingress its settings come from. */
export interface AnnotatedObject {
  readonly annotations: AnnotationValues;
  /** Fields that are missing in `annotations` because they can't be read, and whose default would be less safe. */
  readonly unsafeAnnotations: ReadonlySet<keyof AnnotationValues>;
  /** What the installation sets where no annotation does. */
  readonly inherited?: RouteSettings;
}

/** What an Ingress's annotations set. @param scope names the object: `Ingress shop/shop` */
export function settingsOfAnnotations(
  { annotations: values, unsafeAnnotations, inherited }: AnnotatedObject,
  scope: string,
): RouteSettings {
  return {
    redirectToHttps: values.sslRedirect,
    connectTimeoutMs: values.connectTimeout,
    readTimeoutMs: values.readTimeout,
    sendTimeoutMs: values.sendTimeout,
    tunnelIdleTimeoutMs: values.tunnelIdleTimeout,
    maxRequestBodyBytes: values.maxBodySize,
    retries: values.nextUpstream === 'off' ? 0 : values.retries,
    retryRules:
      values.nextUpstream === 'off' ? undefined : values.nextUpstream && { perTryTimeoutMs: 0, backOffMs: 0, ...values.nextUpstream },
    requestTimeoutMs: values.requestTimeout,
    balancing: balancingOfAnnotations(values),
    clients: clientsOfAnnotations(values, inherited?.clients),
    cors: corsOfAnnotations(values, unsafeAnnotations),
    satisfy: values.satisfy,
    backendProtocol: values.backendProtocol,
    backendTlsServerName: values.backendTlsServerName,
    backendTlsCaSecret: values.backendTlsCaSecret,
    backendTlsClientSecret: values.backendTlsClientSecret,
    rateLimits: rateLimitsOfAnnotations(values, scope),
    ...activeLimitsOfAnnotations(values, scope),
    maxConnectionsPerAddress: values.limitConnections,
    mirror: mirrorOfAnnotations(values),
    accessLog: values.enableAccessLog,
    errorPages: errorPagesOfAnnotations(values),
    bufferRequests: values.requestBuffering === undefined ? undefined : values.requestBuffering === 'on',
    bufferAnswers: values.responseBuffering === undefined ? undefined : values.responseBuffering === 'on',
    compression: values.compression && compressionWith(values.compression),
    auth: authOfAnnotations(values),
  };
}

/** Who denies more lets nobody in for it: the lists of the installation hold beside a denylist, until an allowlist takes their place. */
function clientsOfAnnotations(
  { allowlistSourceRange, denylistSourceRange = [] }: AnnotationValues,
  { allow, deny }: ClientAccess = { allow: [], deny: [] },
): Policy['clients'] {
  if (allowlistSourceRange !== undefined) return { allow: allowlistSourceRange, deny: denylistSourceRange };
  return denylistSourceRange.length === 0 ? undefined : { allow, deny: [...deny, ...denylistSourceRange] };
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
    balancing: { type: options.loadBalancing },
  };
}
