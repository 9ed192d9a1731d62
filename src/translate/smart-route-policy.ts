import { durationValue, sizeValue, type ValueType } from '../api/annotation-values.ts';
import type { SmartRouteForward, SmartRoutePolicy } from '../api/generated/smart-route.ts';
import type { RouteSettings } from './route-settings.ts';

/** What a policy of a SmartRoute, or of a rule of it, sets. */
export function settingsOfPolicy({ redirectToHttps, timeouts = {}, maxRequestBody, retries, backend }: SmartRoutePolicy): RouteSettings {
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
  };
}

/** What a forward action sets by itself. */
export function settingsOfForward({ loadBalancing }: SmartRouteForward): RouteSettings {
  return { loadBalancing: loadBalancing === undefined ? undefined : loadBalancers[loadBalancing.type] };
}

const duration = durationValue(0);
const protocols = { HTTP: 'http', HTTPS: 'https', H2C: 'h2c', H2: 'h2' } as const;
const loadBalancers = { RoundRobin: 'round-robin', LeastRequest: 'least-request' } as const;

/** The schema has let through only what can be read. */
function readAs<T>(type: ValueType<T>, text: string | undefined): T | undefined {
  const parsed = text === undefined ? undefined : type.parse(text);
  return parsed?.kind === 'value' ? parsed.value : undefined;
}
