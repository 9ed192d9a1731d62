import { messageOf } from '../../errors.ts';
import type { AcmeCertificate, AcmeIssuer } from '../../translate/acme-certificate.ts';
import type { AcmeChallenge, LeftRecord, RecordPlace } from '../../translate/acme-state.ts';
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

/** Keeps where records of challenges are about to be written, so that they are found there again. */
export type KeepPlaces = (places: ReadonlyMap<AcmeChallenge, RecordPlace>) => Promise<void>;

const removalTimeoutMs = 15_000;

/** Answers that are records in DNS: writes them, waits until they are seen, and takes them away. */
export class DnsAnswers {
  readonly #options: DnsAnswersOptions;

  constructor(options: DnsAnswersOptions) {
    this.#options = options;
  }

  /**
   * Resolves when the records of these challenges can be seen; else with why not, as a sentence without its end.
   * @param keep where they are written, before they are
   */
  async present(
    challenges: readonly AcmeChallenge[],
    { issuer, state }: AcmeCertificate,
    signal: AbortSignal,
    keep: KeepPlaces,
  ): Promise<string | undefined> {
    const inDns = challenges.filter(({ type }) => type === 'dns-01');
    if (inDns.length === 0) return undefined;
    try {
      const view = new DnsView(issuer.resolvers);
      const provider = await this.#open(issuer);
      const places = new Map<AcmeChallenge, RecordPlace>();
      for (const challenge of inDns) places.set(challenge, await placeOf(view, challenge.name));
      await keep(places);
      const records = [...places].map(([{ keyAuthorization: value }, place]): DnsRecord => ({ ...place, value }));
      for (const record of records) await provider.present(record, signal);
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
   * Takes records away where they were written, wherever their names lead by now. Gives those that may still be there, each with why, a
   * sentence without its end. Never rejects.
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
        const place = record.place ?? (await placeOf(new DnsView(issuer.resolvers), record.name));
        await (await this.#open(issuer)).cleanUp({ ...place, value: record.value }, signal);
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

async function placeOf(view: DnsView, of: string): Promise<RecordPlace> {
  const name = await view.written(`_acme-challenge.${of}`);
  return { name, zone: await view.zoneOf(name) };
}
