import type { AcmeCertificate, AcmeIssuer } from '../translate/acme-certificate.ts';
import type { AcmeChallenge, LeftRecord } from '../translate/acme-state.ts';
import type { DnsAnswers, KeepPlaces } from './dns/dns-answers.ts';
import type { ReplicaCheck } from './replica-check.ts';
import { type PublishedPort, selfCheck } from './self-check.ts';

export interface AnswersOptions {
  readonly replicas: ReplicaCheck;
  readonly dns: DnsAnswers;
  readonly publishedPort: PublishedPort;
}

/** Sees to it that whoever a CA asks answers: every replica, and DNS. */
export class Answers {
  readonly #options: AnswersOptions;

  constructor(options: AnswersOptions) {
    this.#options = options;
  }

  /** Resolves when the CA may look; else with why not, as a sentence without its end. @param keep as in `present` of DnsAnswers */
  async confirm(
    challenges: readonly AcmeChallenge[],
    signal: AbortSignal,
    certificate: AcmeCertificate,
    keep: KeepPlaces,
  ): Promise<string | undefined> {
    const { replicas, dns, publishedPort } = this.#options;
    return (
      (await replicas.confirm(challenges, signal)) ??
      (await selfCheck(challenges, certificate, publishedPort)) ??
      (await dns.present(challenges, certificate, signal, keep))
    );
  }

  /** As `remove` of DnsAnswers. */
  remove(records: readonly LeftRecord[], issuerOf: (name: string) => AcmeIssuer | undefined): Promise<ReadonlyMap<LeftRecord, string>> {
    return this.#options.dns.remove(records, issuerOf);
  }
}
