import { durationValue, sizeValue, type ValueType } from '../api/annotation-values.ts';
import type { SmartRouteCors, SmartRouteForward, SmartRoutePolicy, SmartRouteRequest } from '../api/generated/smart-route.ts';
import type { CorsPolicy, HeaderEdits } from '../routes/route-table.ts';
import type { RouteSettings } from './route-settings.ts';

/** What a policy of a SmartRoute, or of a rule of it, sets. */
export function settingsOfPolicy(policy: SmartRoutePolicy): RouteSettings {
  const { redirectToHttps, timeouts = {}, maxRequestBody, retries, backend, headers = {}, cors, clients } = policy;
  return {
    redirectToHttps,
    connectTimeoutMs: readAs(duration, timeouts.connect),
    readTimeoutMs: readAs(duration, timeouts.read),
    sendTimeoutMs: readAs(duration, timeouts.send),
    tunnelIdleTimeoutMs: readAs(duration, timeouts.tunnelIdle),
    maxRequestBodyBytes: readAs(sizeValue, maxRequestBody),
    retries: retries?.attempts,
    backendProtocol: backend?.protocol === undefined ? undefined : protocols[backend.protocol],
    backendTlsServerName: backend?.tls?.serverName,
    backendTlsCaSecret: backend?.tls?.caRef?.name,
    backendTlsClientSecret: backend?.tls?.clientCertificateRef?.name,
    requestHeaders: headers.request && editsOf(headers.request),
    responseHeaders: headers.response && editsOf(headers.response),
    cors: cors && corsOf(cors),
    clients: clients && { allow: clients.allow ?? [], deny: clients.deny ?? [] },
  };
}

/** What a forward action sets by itself. */
export function settingsOfForward({ loadBalancing }: SmartRouteForward): RouteSettings {
  return { loadBalancing: loadBalancing === undefined ? undefined : loadBalancers[loadBalancing.type] };
}

function editsOf({ set = [], add = [], remove = [] }: SmartRouteRequest): HeaderEdits {
  return { remove: remove.map((name) => name.toLowerCase()), set: flatHeaders(set), add: flatHeaders(add) };
}

/** Name, value, name, value ... with names in lower case. */
export function flatHeaders(headers: readonly { readonly name: string; readonly value: string }[]): readonly string[] {
  return headers.flatMap(({ name, value }) => [name.toLowerCase(), value]);
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

const duration = durationValue(0);
const protocols = { HTTP: 'http', HTTPS: 'https', H2C: 'h2c', H2: 'h2' } as const;
const loadBalancers = { RoundRobin: 'round-robin', LeastRequest: 'least-request' } as const;

/** The schema has let through only what can be read. */
function readAs<T>(type: ValueType<T>, text: string | undefined): T | undefined {
  const parsed = text === undefined ? undefined : type.parse(text);
  return parsed?.kind === 'value' ? parsed.value : undefined;
}
