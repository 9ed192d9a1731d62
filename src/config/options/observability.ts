import type { OptionsOf } from '../option-spec.ts';
import { choice, integer, optional, ratio, text, url } from '../value-types.ts';

/** What is logged and counted. */
export const observabilityOptions: OptionsOf<
  'accessLog' | 'accessLogFormat' | 'otlpEndpoint' | 'otlpServiceName' | 'otlpSampleRatio' | 'logLevel' | 'maxRouteSeries'
> = {
  accessLog: {
    flag: 'access-log',
    group: 'Observability',
    value: choice('off', 'all', 'errors'),
    default: () => 'off',
    doc: 'One line a request or L4 connection on standard output: none, all, or those that failed.',
  },
  accessLogFormat: {
    flag: 'access-log-format',
    group: 'Observability',
    value: choice('json', 'ingress-nginx'),
    default: () => 'json',
    doc: 'Lines of the access log: JSON, or what ingress-nginx writes by default, paths with their query and user agents included.',
  },
  otlpEndpoint: {
    flag: 'otlp-endpoint',
    group: 'Observability',
    value: optional(url, 'none'),
    default: () => undefined,
    doc: 'Record a span for each sampled request and send them there, by OTLP over HTTP in JSON: http://collector:4318/v1/traces. Requests without a W3C trace begin one.',
  },
  otlpServiceName: {
    flag: 'otlp-service-name',
    group: 'Observability',
    value: text('NAME', 'a name'),
    default: () => 'smartproxy-ingress',
    doc: 'The attribute service.name of spans.',
  },
  otlpSampleRatio: {
    flag: 'otlp-sample-ratio',
    group: 'Observability',
    value: ratio,
    default: () => 1,
    doc: 'Share of the traces that begin here whose spans are recorded. Of traces that clients bring, their own flag decides.',
  },
  logLevel: {
    flag: 'log-level',
    group: 'Observability',
    value: choice('debug', 'info', 'warn', 'error'),
    default: () => 'info',
    doc: 'Least severity of what is logged on standard error.',
  },
  maxRouteSeries: {
    flag: 'max-route-series',
    group: 'Observability',
    value: integer(0, 1_000_000),
    default: () => 2000,
    doc: 'Most (route, service) pairs with request metrics of their own; further ones share an overflow series.',
  },
};
