import { SmartProxyError } from '../../errors.ts';
import type { RecordPlace } from '../../translate/acme-state.ts';

/** A TXT record that proves a name (RFC 8555, 8.4). Others may stand beside it under its name. */
export interface DnsRecord extends RecordPlace {
  readonly value: string;
}

/** Who writes records. Both may be asked again for what is done already. Both reject with a DnsError. */
export interface DnsProvider {
  /** Adds the record to those that are there. */
  present(record: DnsRecord, signal: AbortSignal): Promise<void>;
  /** Takes this record away, and no other. */
  cleanUp(record: DnsRecord, signal: AbortSignal): Promise<void>;
}

/** Lowest that providers take: an answer is read once. */
export const recordTtlSeconds = 60;

/** A record could not be looked up or written: code ACME_FAILED. */
export class DnsError extends SmartProxyError {
  /** A sentence without its end. */
  readonly reason: string;

  constructor(action: string, reason: string, cause?: unknown) {
    super('ACME_FAILED', `Cannot ${action}: ${reason}`, { cause });
    this.reason = reason;
  }
}
