import type { Secret } from '../api/objects.ts';
import type { AcmeCertificate } from '../translate/acme-certificate.ts';
import { managedByLabel } from '../translate/acme-ownership.ts';
import { type AcmeState, acmeStateData, acmeStateType } from '../translate/acme-state.ts';
import { readAcmeState } from '../translate/read-acme-state.ts';
import { type AcmeSecrets, nameOfKey, writeSecret } from './acme-secrets.ts';

/** A certificate by its Secrets: its own, and that of its state. */
export type KeptCertificate = Pick<AcmeCertificate, 'secret' | 'stateSecret'>;

/**
 * The state of one certificate in its Secret, for one attempt. Every write finds the version of the read or write before it, or rejects
 * with Superseded: two leaders that both believe to lead can not both go on.
 */
export class StateKeeper {
  readonly #secrets: AcmeSecrets;
  readonly #certificate: KeptCertificate;
  #secret: Secret | undefined;
  #state: AcmeState;

  private constructor(secrets: AcmeSecrets, certificate: KeptCertificate, secret: Secret | undefined) {
    this.#secrets = secrets;
    this.#certificate = certificate;
    this.#secret = secret;
    this.#state = readAcmeState(secret);
  }

  static async open(secrets: AcmeSecrets, certificate: KeptCertificate): Promise<StateKeeper> {
    return new StateKeeper(secrets, certificate, await secrets.read(certificate.stateSecret));
  }

  get state(): AcmeState {
    return this.#state;
  }

  async save(change: Partial<AcmeState>): Promise<void> {
    const state = { ...this.#state, ...change };
    const { secret: key, stateSecret } = this.#certificate;
    const metadata = this.#secret?.metadata ?? { ...nameOfKey(stateSecret), labels: managedByLabel };
    this.#secret = await writeSecret(this.#secrets, { kind: 'Secret', type: acmeStateType, metadata, data: acmeStateData(key, state) });
    this.#state = state;
  }
}
