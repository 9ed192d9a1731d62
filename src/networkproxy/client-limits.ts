import type { Config } from '../config/config.ts';
import type { InstallationSettings } from '../routes/route-table.ts';
import { renewalBytes } from './least-rate.ts';

/** What every client connection has time for, and how often; each is looked at when it is needed, so that a change holds from then on. */
export interface ClientLimits {
  readonly headerTimeoutMs: number;
  readonly bodyTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  /** Requests on one connection; 0: no limit. */
  readonly keepAliveRequests: number;
  /** Bytes that an answer, or a body of known length, must move for another `bodyTimeoutMs`. */
  readonly renewalBytes: number;
}

/** The options, and before them what the table says of the installation. */
export function clientLimits(config: Config, own: Partial<InstallationSettings> = {}): ClientLimits {
  const bodyTimeoutMs = own.bodyTimeoutMs ?? config.bodyTimeoutMs;
  return {
    headerTimeoutMs: own.headerTimeoutMs ?? config.headerTimeoutMs,
    bodyTimeoutMs,
    keepAliveTimeoutMs: own.keepAliveTimeoutMs ?? config.keepAliveTimeoutMs,
    keepAliveRequests: own.keepAliveRequests ?? config.keepAliveRequests,
    renewalBytes: renewalBytes(bodyTimeoutMs),
  };
}
