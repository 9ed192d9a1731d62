import type { AcmeClock } from './acme-clock.ts';
import type { AcmeSecrets } from './acme-secrets.ts';
import type { RecordRemoval } from './record-removal.ts';
import { type KeptCertificate, StateKeeper } from './state-keeper.ts';

/** Objects that are deleted and made anew at once go on with their orders. */
const graceMs = 5000;

export interface AbandonedCertificatesOptions {
  readonly secrets: AcmeSecrets;
  readonly removal: RecordRemoval;
  readonly clock: AcmeClock;
}

/** Certificates that nobody wants any more, with what there may be left to do: orders to give up, records to take out of DNS. */
export class AbandonedCertificates {
  readonly #options: AbandonedCertificatesOptions;
  /** By `namespace/name` of the certificate's Secret. */
  readonly #waiting = new Map<string, { readonly certificate: KeptCertificate; readonly atMs: number }>();

  constructor(options: AbandonedCertificatesOptions) {
    this.#options = options;
  }

  /** Each with when to give it up, or to try again. */
  get waiting(): Iterable<{ readonly certificate: KeptCertificate; readonly atMs: number }> {
    return this.#waiting.values();
  }

  add({ secret, stateSecret }: KeptCertificate): void {
    if (this.#waiting.has(secret)) return;
    this.#waiting.set(secret, { certificate: { secret, stateSecret }, atMs: this.#options.clock.now() + graceMs });
  }

  /** It is wanted after all. */
  delete(secret: string): void {
    this.#waiting.delete(secret);
  }

  clear(): void {
    this.#waiting.clear();
  }

  /** Ends its order, as far as that came. What stays in DNS is tried again later. Rejects when Secrets can not be read or written. */
  async giveUp(certificate: KeptCertificate): Promise<void> {
    const { secrets, removal, clock } = this.#options;
    const { secret } = certificate;
    const keeper = await StateKeeper.open(secrets, certificate);
    const { order, left } = keeper.state;
    if (order !== undefined || (left !== undefined && left.nextAttemptMs <= clock.now()))
      await keeper.save(await removal.ended(secret, keeper.state));
    const atMs = keeper.state.left?.nextAttemptMs;
    if (atMs === undefined) this.#waiting.delete(secret);
    else if (this.#waiting.has(secret)) this.#waiting.set(secret, { certificate, atMs });
  }
}
