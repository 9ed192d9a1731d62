import { messageOf } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { AcmeCertificate, AcmeIssuer } from '../../translate/acme-certificate.ts';
import type { AcmeChallenge } from '../../translate/acme-state.ts';
import type { AcmeClock } from '../acme-clock.ts';
import { holdsBack } from '../self-check-policy.ts';
import { DnsError, type DnsProvider, type DnsRecord } from './dns-provider.ts';
import { DnsView } from './dns-view.ts';
import { openDnsProvider } from './open-dns-provider.ts';
import { propagated } from './propagation.ts';

export interface DnsAnswersOptions {
  readonly clock: AcmeClock;
  readonly log: Log;
  /** @default the one of its kind */
  readonly open?: (dns: NonNullable<AcmeIssuer['dns']>) => Promise<DnsProvider>;
}

const cleanUpTimeoutMs = 15_000;

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
        const record = await recordOf(view, challenge);
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

  /** Never rejects: what can not be taken away is told in the log, and stands without harm. */
  async cleanUp(challenges: readonly AcmeChallenge[], { issuer, secret }: AcmeCertificate): Promise<void> {
    const inDns = challenges.filter(({ type }) => type === 'dns-01');
    if (inDns.length === 0) return;
    const signal = AbortSignal.timeout(cleanUpTimeoutMs);
    const view = new DnsView(issuer.resolvers);
    for (const challenge of inDns) {
      try {
        const record = await recordOf(view, challenge);
        await (await this.#open(issuer)).cleanUp(record, signal);
      } catch (error) {
        const { log } = this.#options;
        log.warn({ secret, name: recordName(challenge), reason: messageOf(error) }, 'a record that proved a name was not removed from DNS');
      }
    }
  }

  async #open({ name, dns }: AcmeIssuer): Promise<DnsProvider> {
    if (dns === undefined) throw new DnsError('write records', `issuer ${name} has no provider of DNS (dns) any more`);
    return (this.#options.open ?? openDnsProvider)(dns);
  }
}

function recordName({ name }: AcmeChallenge): string {
  return `_acme-challenge.${name}`;
}

async function recordOf(view: DnsView, challenge: AcmeChallenge): Promise<DnsRecord> {
  const name = await view.written(recordName(challenge));
  return { name, zone: await view.zoneOf(name), value: challenge.keyAuthorization };
}
