import { sizeValue } from '../api/annotation-values.ts';
import type {
  SmartRouteConnection,
  SmartRouteCors,
  SmartRouteForward,
  SmartRouteLimits,
  SmartRouteMaintenance,
  SmartRouteOutlierDetection,
  SmartRoutePolicy,
  SmartRouteProxyProtocol,
  SmartRouteRequest,
  SmartRouteRetries,
  SmartRouteUdp,
} from '../api/generated/smart-route.ts';
import type { CorsPolicy, HeaderEdits, Maintenance, RetryRules } from '../routes/policy.ts';
import type { OutlierDetection, ServiceLimits } from '../routes/service.ts';
import { activeLimitsOf } from './active-limits.ts';
import { authOfPolicy } from './auth-settings.ts';
import { balancingOf } from './balancing-settings.ts';
import { compressionOf } from './compression-policy.ts';
import { errorPageSettings } from './error-page-settings.ts';
import { mirrorSetting } from './mirror-setting.ts';
import { rateLimitsOf } from './rate-limits.ts';
import type { RouteSettings } from './route-settings.ts';
import { duration, readAs } from './schema-values.ts';
import { healthCheckOf } from './smart-route-health-check.ts';

/** What a policy of a SmartRoute, or of a rule of it, sets. @param scope names where it is written: `SmartRoute shop/shop api` */
export function settingsOfPolicy(policy: SmartRoutePolicy, scope: string): RouteSettings {
  const {
    redirectToHttps,
    timeouts = {},
    maxRequestBody,
    retries,
    backend,
    headers = {},
    cors,
    clients,
    rateLimits,
    maxRequests,
    maxRequestsPerAddress,
    compression,
    mirror,
    buffering = {},
    maxRequestHeader,
    accessLog,
    errorPages,
    maintenance,
    auth,
    satisfy,
  } = policy;
  return {
    redirectToHttps,
    connectTimeoutMs: readAs(duration, timeouts.connect),
    readTimeoutMs: readAs(duration, timeouts.read),
    sendTimeoutMs: readAs(duration, timeouts.send),
    tunnelIdleTimeoutMs: readAs(duration, timeouts.tunnelIdle),
    maxRequestBodyBytes: readAs(sizeValue, maxRequestBody),
    requestTimeoutMs: readAs(duration, timeouts.request),
    retries: retries && (retries.attempts ?? 'option'),
    retryRules: retries && retryRulesOf(retries),
    backendProtocol: backend?.protocol === undefined ? undefined : protocols[backend.protocol],
    backendProxyProtocol: backend?.proxyProtocol && proxyHeaderOf(backend.proxyProtocol),
    backendTlsServerName: backend?.tls?.serverName,
    backendTlsCaSecret: backend?.tls?.caRef?.name,
    backendTlsClientSecret: backend?.tls?.clientCertificateRef?.name,
    healthCheck: backend?.healthCheck && healthCheckOf(backend.healthCheck),
    serviceLimits: backend?.limits && limitsOf(backend.limits),
    outlierDetection: backend?.outlierDetection && outlierDetectionOf(backend.outlierDetection),
    requestHeaders: headers.request && editsOf(headers.request),
    responseHeaders: headers.response && editsOf(headers.response),
    cors: cors && corsOf(cors),
    bufferRequests: buffering.request,
    maxBufferedRequestBytes: readAs(sizeValue, buffering.maxRequest),
    bufferAnswers: buffering.answer,
    maxBufferedAnswerBytes: readAs(sizeValue, buffering.maxAnswer),
    maxRequestHeadBytes: readAs(sizeValue, maxRequestHeader),
    errorPages: errorPages && errorPageSettings(errorPages),
    accessLog,
    mirror: mirror && mirrorSetting(mirror),
    compression: compression && compressionOf(compression),
    rateLimits: rateLimits && rateLimitsOf(rateLimits, scope),
    ...activeLimitsOf({ maxRequests, maxRequestsPerAddress }, scope),
    clients: clients && { allow: clients.allow ?? [], deny: clients.deny ?? [] },
    maintenance: maintenance && maintenanceOf(maintenance),
    auth: auth && authOfPolicy(auth, (text) => readAs(duration, text)),
    satisfy: satisfy && (satisfy === 'Any' ? 'any' : 'all'),
  };
}

/** What `connection` of a SmartRoute sets. */
export function settingsOfConnection(connection: SmartRouteConnection): RouteSettings {
  const { idleTimeout, maxLifetime, firstDataTimeout, keepAlive, whenRemoved, maxConnections, maxConnectionsPerAddress } = connection;
  return {
    connectionIdleMs: readAs(duration, idleTimeout),
    connectionLifetimeMs: readAs(duration, maxLifetime),
    firstDataMs: readAs(duration, firstDataTimeout),
    keepAlive: keepAlive && keepAlives[keepAlive],
    whenRemoved: whenRemoved && removals[whenRemoved],
    maxConnections,
    maxConnectionsPerAddress,
  };
}

/** What `udp` of a SmartRoute sets of its sessions. */
export function settingsOfUdp({ idleTimeout, maxSessions, maxSessionsPerAddress }: UdpSessions): RouteSettings {
  return {
    udpIdleMs: readAs(duration, idleTimeout),
    maxUdpSessions: maxSessions,
    maxUdpSessionsPerAddress: maxSessionsPerAddress,
  };
}

type UdpSessions = Pick<SmartRouteUdp, 'idleTimeout' | 'maxSessions' | 'maxSessionsPerAddress'>;

/** The same of one with rules for requests: what a policy says of silent WebSockets comes before it. */
export function settingsOfClientConnection({ idleTimeout, maxLifetime, keepAlive, whenRemoved }: SmartRouteConnection): RouteSettings {
  const idleMs = readAs(duration, idleTimeout);
  const clientConnection = {
    idleMs,
    lifetimeMs: readAs(duration, maxLifetime),
    keepAlive: keepAlive && keepAlives[keepAlive],
    whenRemoved: whenRemoved && removals[whenRemoved],
  };
  // What says nothing costs nothing where connections are served.
  const saysSomething = Object.values(clientConnection).some((value) => value !== undefined && value !== 'standard');
  return { tunnelIdleTimeoutMs: idleMs, ...(saysSomething && { clientConnection }) };
}

/** What a forward action sets by itself. */
export function settingsOfForward({ loadBalancing }: SmartRouteForward): RouteSettings {
  return { balancing: loadBalancing && balancingOf(loadBalancing) };
}

/** What a policy says of retries; it takes the place of all that an outer one says of them. */
function retryRulesOf({
  conditions = [],
  statuses = [],
  grpcStatuses = [],
  nonIdempotent = false,
  ...times
}: SmartRouteRetries): RetryRules {
  return {
    reset: conditions.includes('Reset'),
    timeout: conditions.includes('Timeout'),
    statuses,
    grpcStatuses: grpcStatuses.map((name) => grpcStatusCodes[name]),
    nonIdempotent,
    perTryTimeoutMs: readAs(duration, times.perTryTimeout) ?? 0,
    backOffMs: readAs(duration, times.backOff) ?? 0,
  };
}

/** grpc/doc/statuscodes.md. */
const grpcStatusCodes = { CANCELLED: '1', DEADLINE_EXCEEDED: '4', RESOURCE_EXHAUSTED: '8', INTERNAL: '13', UNAVAILABLE: '14' } as const;

function limitsOf({ connections = 0, pendingRequests = 0, requests = 0, retryPercent }: SmartRouteLimits): ServiceLimits {
  return { connections, pendingRequests, requests, retryPercent };
}

/** With the defaults that hold without it: there is nothing to inherit inside of it. */
function outlierDetectionOf(from: SmartRouteOutlierDetection): OutlierDetection {
  return {
    connectFailures: from.consecutiveConnectFailures ?? 5,
    errors: from.consecutiveErrors ?? 0,
    ejectionMs: readAs(duration, from.baseEjectionTime) ?? 30_000,
    maxEjectionMs: readAs(duration, from.maxEjectionTime) ?? 300_000,
    maxEjectedPercent: from.maxEjectionPercent ?? 50,
  };
}

function editsOf({ set = [], add = [], remove = [] }: SmartRouteRequest): HeaderEdits {
  return { remove: remove.map((name) => name.toLowerCase()), set: flatHeaders(set), add: flatHeaders(add) };
}

/** Name, value, name, value ... with names in lower case. */
export function flatHeaders(headers: readonly { readonly name: string; readonly value: string }[]): readonly string[] {
  return headers.flatMap(({ name, value }) => [name.toLowerCase(), value]);
}

function maintenanceOf({ enabled, ...settings }: SmartRouteMaintenance): Maintenance | false {
  if (!enabled) return false;
  const { allow = [], status = 503, retryAfter, contentType, body = 'Down for maintenance\n' } = settings;
  const retryMs = readAs(duration, retryAfter);
  const headers = [
    ...(retryMs === undefined ? [] : ['retry-after', String(Math.ceil(retryMs / 1000))]),
    ...(contentType === undefined ? [] : ['content-type', contentType]),
  ];
  return { allow, answer: { kind: 'respond', status, headers, body } };
}

function corsOf({
  allowOrigins,
  allowMethods,
  allowHeaders,
  exposeHeaders = [],
  allowCredentials = false,
  maxAge,
}: SmartRouteCors): CorsPolicy {
  const maxAgeMs = readAs(duration, maxAge);
  return {
    allowOrigins,
    allowMethods: allowMethods ?? ['GET', 'HEAD', 'POST'],
    allowHeaders,
    exposeHeaders,
    allowCredentials,
    maxAgeSeconds: maxAgeMs === undefined ? undefined : Math.floor(maxAgeMs / 1000),
  };
}

function proxyHeaderOf({ version, tlvs = [] }: SmartRouteProxyProtocol): RouteSettings['backendProxyProtocol'] {
  return { version: version === 'V1' ? 1 : 2, tlvs: tlvs.map((tlv) => tlvNames[tlv]).sort() };
}

const protocols = { HTTP: 'http', HTTPS: 'https', H2C: 'h2c', H2: 'h2' } as const;
const tlvNames = { ALPN: 'alpn', Authority: 'authority', UniqueId: 'unique-id', SSL: 'ssl', CRC32C: 'crc32c' } as const;
const keepAlives = { Standard: 'standard', Extended: 'extended', Immortal: 'immortal' } as const;
const removals = { Cut: 'cut', Drain: 'drain' } as const;
