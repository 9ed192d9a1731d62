import { isIP, type LookupFunction } from 'node:net';
import type { Transport } from '../../balancing/transport.ts';
import type { HealthCheck } from '../../routes/service.ts';

/** Where a probe goes and what it asks. */
export interface ProbePlan<Check extends HealthCheck = HealthCheck> {
  readonly check: Check;
  readonly address: string;
  readonly port: number;
  /** How the service is spoken to. */
  readonly transport: Transport;
  readonly lookup: LookupFunction | undefined;
  /** What the connection begins with; undefined: nothing. */
  readonly opening: Buffer | undefined;
}

/** Called once with what came of a probe: undefined when the endpoint is well, else what is wrong, for `/debug`. */
export type ProbeResult = (failure: string | undefined) => void;

/** Gives a probe up; its result is not told. Harmless after the result. */
export type CancelProbe = () => void;

/** What probes say of themselves to HTTP backends. */
export const probeUserAgent = 'smartproxy-health-check';

/** The authority of a request to an address: `10.0.0.1:8080`, `[::1]:80`. */
export function authorityOf({ address, port }: Pick<ProbePlan, 'address' | 'port'>): string {
  return isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Why a status is not that of a well endpoint; undefined: it is. */
export function statusProblem(status: number, statuses: readonly (readonly [from: number, to: number])[]): string | undefined {
  return statuses.some(([from, to]) => status >= from && status <= to) ? undefined : `status ${status}`;
}

/** A result that counts once, whatever comes after it; `release` lets go of what the probe holds. */
export function settleOnce(result: ProbeResult, release: () => void): { readonly settle: ProbeResult; readonly cancel: CancelProbe } {
  let open = true;
  const end = (): boolean => {
    if (!open) return false;
    open = false;
    release();
    return true;
  };
  return {
    settle: (failure) => {
      if (end()) result(failure);
    },
    cancel: end,
  };
}
