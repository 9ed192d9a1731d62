import { messageOf } from '../../errors.ts';
import type { AcmeCertificate, AcmeIssuer } from '../../translate/acme-certificate.ts';
import type { AcmeChallenge, LeftRecord } from '../../translate/acme-state.ts';
import type { AcmeClock } from '../acme-clock.ts';
import { holdsBack } from '../self-check-policy.ts';
import { DnsError, type DnsProvider, type DnsRecord } from './dns-provider.ts';
import { DnsView } from './dns-view.ts';
import { openDnsProvider } from './open-dns-provider.ts';
import { propagated } from './propagation.ts';

export interface DnsAnswersOptions {
  readonly clock: AcmeClock;
  /** @default the one of its kind */
  readonly open?: (dns: NonNullable<AcmeIssuer['dns']>) => Promise<DnsProvider>;
}

const removalTimeoutMs = 15_000;

/** Answers that are records in DNS: writes them, waits until they are seen, and takes them away. */
export class DnsAnswers {
  readonly #options: DnsAnswersOptions;

  constructor(options: DnsAnswersOptions) {
    this.#options = options;
  }

  /** Resolves when the records of these challenges can be seen; else with why not, as a sentence without its end. */
  async present(
    challenges: readonly AcmeChallenge[],
    { issuer, state }: AcmeCertificate,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const inDns = challenges.filter(({ type }) => type === 'dns-01');
    if (inDns.length === 0) return undefined;
    try {
      const view = new DnsView(issuer.resolvers);
      const provider = await this.#open(issuer);
      const records: DnsRecord[] = [];
      for (const challenge of inDns) {
        const record = await recordOf(view, challenge.name, challenge.keyAuthorization);
        await provider.present(record, signal);
        records.push(record);
      }
      if (issuer.selfCheck === 'Off') return undefined;
      for (const record of records) {
        const seen = await propagated(view, record, this.#options.clock, signal);
        if (seen.kind !== 'there' && holdsBack(issuer.selfCheck, seen.kind === 'missing', state.failure)) return seen.why;
      }
      return undefined;
    } catch (error) {
      if (signal.aborted || !(error instanceof DnsError)) throw error;
      return error.reason;
    }
  }

  /**
   * Takes records away. Gives those that may still be there, each with why, a sentence without its end. Never rejects.
   * @param issuerOf by name; undefined: there is none any more
   */
  async remove(
    records: readonly LeftRecord[],
    issuerOf: (name: string) => AcmeIssuer | undefined,
  ): Promise<ReadonlyMap<LeftRecord, string>> {
    const signal = AbortSignal.timeout(removalTimeoutMs);
    const failed = new Map<LeftRecord, string>();
    for (const record of records) {
      try {
        signal.throwIfAborted();
        const issuer = issuerOf(record.issuer);
        if (issuer === undefined) throw new DnsError('remove a record', `there is no issuer ${record.issuer} any more`);
        const found = await recordOf(new DnsView(issuer.resolvers), record.name, record.value);
        await (await this.#open(issuer)).cleanUp(found, signal);
      } catch (error) {
        failed.set(record, error instanceof DnsError ? error.reason : messageOf(error));
      }
    }
    return failed;
  }

  async #open({ name, dns }: AcmeIssuer): Promise<DnsProvider> {
    if (dns === undefined) throw new DnsError('write records', `issuer ${name} has no provider of DNS (dns) any more`);
    return (this.#options.open ?? openDnsProvider)(dns);
  }
}

async function recordOf(view: DnsView, of: string, value: string): Promise<DnsRecord> {
  const name = await view.written(`_acme-challenge.${of}`);
  return { name, zone: await view.zoneOf(name), value };
}
