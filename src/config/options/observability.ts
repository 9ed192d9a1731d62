import type { OptionsOf } from '../option-spec.ts';
import { choice, integer } from '../value-types.ts';

/** What is logged and counted. */
export const observabilityOptions: OptionsOf<'accessLog' | 'logLevel' | 'maxRouteSeries'> = {
  accessLog: {
    flag: 'access-log',
    group: 'Observability',
    value: choice('off', 'all', 'errors'),
    default: () => 'off',
    doc: 'One JSON line a request or L4 connection on standard output: none, all, or those that failed.',
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
