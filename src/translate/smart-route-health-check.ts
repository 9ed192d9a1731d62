import type { SmartRouteHealthCheck } from '../api/generated/smart-route.ts';
import type { HealthCheck } from '../routes/service.ts';
import { duration, readAs } from './schema-values.ts';

/** What a policy says of health checks, with defaults for all that it does not: there is nothing to inherit inside of it. */
export function healthCheckOf(from: SmartRouteHealthCheck): HealthCheck {
  const pace = {
    intervalMs: readAs(duration, from.interval) ?? 10_000,
    timeoutMs: readAs(duration, from.timeout) ?? 2000,
    unhealthyThreshold: from.unhealthyThreshold ?? 3,
    healthyThreshold: from.healthyThreshold ?? 2,
    port: from.port,
  };
  switch (from.type) {
    case 'TCP':
      return { kind: 'tcp', ...pace };
    case 'HTTP':
      return { kind: 'http', ...pace, path: from.path ?? '/', host: from.host, statuses: (from.statuses ?? ['200-399']).map(rangeOf) };
    case 'GRPC':
      return { kind: 'grpc', ...pace, host: from.host, service: from.service ?? '' };
  }
}

/** `200`, `200-399`. */
function rangeOf(text: string): readonly [from: number, to: number] {
  const [from = '', to = from] = text.split('-');
  return [Number(from), Number(to)];
}
