import type { OptionsOf } from '../option-spec.ts';
import { choice, cidr, duration, integer, list, onOff, size } from '../value-types.ts';

/** What routes inherit that do not say otherwise. */
export const trafficOptions: OptionsOf<
  | 'httpsRedirect'
  | 'trustedProxies'
  | 'forwardedHeader'
  | 'traceContext'
  | 'maxRequestBodyBytes'
  | 'connectTimeoutMs'
  | 'upstreamReadTimeoutMs'
  | 'upstreamSendTimeoutMs'
  | 'tunnelIdleTimeoutMs'
  | 'retries'
  | 'loadBalancing'
  | 'allowLocalExternalNames'
> = {
  httpsRedirect: {
    flag: 'https-redirect',
    group: 'Traffic',
    value: onOff,
    default: () => true,
    doc: 'Answer plain HTTP for hosts with TLS with a 308 redirect. Ingresses can choose otherwise.',
  },
  trustedProxies: {
    flag: 'trusted-proxies',
    group: 'Traffic',
    value: list(cidr),
    default: () => [],
    doc: "Peers whose X-Forwarded-For, -Proto, -Host and -Port are believed and kept; anybody else's are replaced.",
  },
  forwardedHeader: {
    flag: 'forwarded-header',
    group: 'Traffic',
    value: onOff,
    default: () => false,
    doc: 'Send the Forwarded header (RFC 7239) to backends too.',
  },
  traceContext: {
    flag: 'trace-context',
    group: 'Traffic',
    value: onOff,
    default: () => false,
    doc: 'Begin a trace for requests that carry none (W3C Trace Context: traceparent), and log the trace id.',
  },
  maxRequestBodyBytes: {
    flag: 'max-request-body',
    group: 'Traffic',
    value: size,
    default: () => 1024 ** 2,
    doc: 'Largest request body; off: no limit.',
  },
  connectTimeoutMs: {
    flag: 'connect-timeout',
    group: 'Traffic',
    value: duration,
    default: () => 5000,
    doc: 'Time for connecting to a backend.',
  },
  upstreamReadTimeoutMs: {
    flag: 'upstream-read-timeout',
    group: 'Traffic',
    value: duration,
    default: () => 60_000,
    doc: "Time between two reads of a backend's answer, its first byte included.",
  },
  upstreamSendTimeoutMs: {
    flag: 'upstream-send-timeout',
    group: 'Traffic',
    value: duration,
    default: () => 60_000,
    doc: 'Time between two writes to a backend that make progress.',
  },
  tunnelIdleTimeoutMs: {
    flag: 'tunnel-idle-timeout',
    group: 'Traffic',
    value: duration,
    default: () => 3_600_000,
    doc: 'Time without a byte either way on WebSockets, other upgrades and TLS passthrough.',
  },
  retries: {
    flag: 'retries',
    group: 'Traffic',
    value: integer(0, 10),
    default: () => 2,
    doc: 'Further attempts for a request that never reached the application.',
  },
  loadBalancing: {
    flag: 'load-balancing',
    group: 'Traffic',
    value: choice('round-robin', 'least-request'),
    default: () => 'round-robin',
    doc: 'How an endpoint is chosen.',
  },
  allowLocalExternalNames: {
    flag: 'allow-local-external-names',
    group: 'Traffic',
    value: onOff,
    default: () => false,
    doc: 'Let ExternalName Services lead to loopback, link-local and metadata addresses.',
  },
};
