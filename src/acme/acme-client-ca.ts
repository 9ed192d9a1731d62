import { type Authorization, axios, Client, type Order } from 'acme-client';
import { messageOf } from '../errors.ts';
import type { AcmeIssuer } from '../translate/acme-certificate.ts';
import { challengeTypes } from '../translate/acme-state.ts';
import type { CaAuthorization, CaChallenge, CaOrder, OrderWish, RenewalWindow } from './ca.ts';
import type { CaAccount, RegisteringCa } from './ca-accounts.ts';
import { CaError, isOutage, printable, problemText, problemType } from './ca-error.ts';
import { askCa, askedToWaitMs, inConversation, retryAfterMs } from './ca-transport.ts';
import { lookAtDirectory } from './failure-fix.ts';

// The library keeps one client for all: its requests go through ours, which knows of each conversation what to trust and when to stop.
axios.defaults.adapter = async (config) => {
  const { status, headers, text } = await askCa(config);
  return { status, statusText: '', headers, data: text, config };
};

const orderStatuses: ReadonlySet<unknown> = new Set<CaOrder['status']>(['pending', 'ready', 'processing', 'valid', 'invalid']);

/** The CA of an issuer, by the library acme-client, whose protocol it is. */
export class AcmeClientCa implements RegisteringCa {
  readonly #issuer: AcmeIssuer;
  readonly #client: Client;
  readonly #accountSecret: string;
  readonly #signal: AbortSignal;

  /** @param signal ends every request */
  constructor(issuer: AcmeIssuer, { secret, key, url }: CaAccount, signal: AbortSignal) {
    const { directory, externalAccount } = issuer;
    this.#issuer = issuer;
    this.#signal = signal;
    this.#accountSecret = secret;
    this.#client = new Client({
      directoryUrl: directory,
      accountKey: key.reveal(),
      ...(url !== undefined && { accountUrl: url }),
      ...(externalAccount && { externalAccountBinding: { kid: externalAccount.keyId, hmacKey: externalAccount.key.reveal() } }),
    });
  }

  register(): Promise<string> {
    return this.#talk(async () => {
      const { email } = this.#issuer;
      const contact = email === undefined ? [] : [`mailto:${email}`];
      await this.#client.createAccount({ termsOfServiceAgreed: true, contact }).catch((error) => {
        throw error instanceof CaError && error.type !== undefined && !isOutage(error) ? refusedAccount(error) : error;
      });
      return this.#client.getAccountUrl();
    });
  }

  order({ names, profile, replaces }: OrderWish): Promise<CaOrder> {
    const wish = {
      identifiers: names.map((value) => ({ type: 'dns', value })),
      ...(profile !== undefined && { profile }),
      ...(replaces !== undefined && { replaces }),
    };
    return this.#talk(async () => plainOrder(await this.#client.createOrder(wish)));
  }

  find(orderUrl: string): Promise<CaOrder> {
    return this.#talk(async () => plainOrder(await this.#client.getOrder({ url: orderUrl } as Order)));
  }

  authorizations({ url }: CaOrder): Promise<readonly CaAuthorization[]> {
    return this.#talk(async () => {
      const found = await this.#client.getAuthorizations(await this.#client.getOrder({ url } as Order));
      return Promise.all(found.map((authorization) => this.#authorization(authorization)));
    });
  }

  answer(challengeUrl: string): Promise<void> {
    return this.#talk(async () => {
      await this.#client.completeChallenge({ url: challengeUrl } as Authorization['challenges'][number]);
    });
  }

  finalize({ url }: CaOrder, request: string): Promise<CaOrder> {
    return this.#talk(async () => {
      const order = await this.#client.getOrder({ url } as Order);
      return plainOrder(await this.#client.finalizeOrder(order, request));
    });
  }

  download({ url }: CaOrder): Promise<string> {
    return this.#talk(async () => {
      const order = await this.#client.getOrder({ url } as Order);
      return this.#client.getCertificate(order, this.#issuer.preferredChain);
    });
  }

  renewalWindow(certificate: string): Promise<RenewalWindow | undefined> {
    return this.#talk(async () => {
      const { renewalInfo } = JSON.parse((await askCa({ url: this.#issuer.directory })).text) as { renewalInfo?: string };
      if (renewalInfo === undefined) return undefined;
      const { text, headers } = await askCa({ url: `${renewalInfo}/${certificate}` });
      const { suggestedWindow } = JSON.parse(text) as { suggestedWindow?: { start?: string; end?: string } };
      const [startMs, endMs] = [Date.parse(suggestedWindow?.start ?? ''), Date.parse(suggestedWindow?.end ?? '')];
      if (!(endMs > startMs)) return undefined;
      return { startMs, endMs, retryAfterMs: retryAfterMs(headers['retry-after'], Date.now()) };
    });
  }

  async #authorization({ identifier, status, wildcard, challenges }: Authorization): Promise<CaAuthorization> {
    if (typeof identifier?.value !== 'string' || !Array.isArray(challenges))
      throw new Error('an authorization has no name or no challenges');
    const name = wildcard === true ? `*.${identifier.value}` : identifier.value;
    const known = await Promise.all(challenges.map((challenge) => this.#challenge(challenge)));
    return { name, status, challenges: known.filter((challenge) => challenge !== undefined) };
  }

  async #challenge(challenge: Authorization['challenges'][number]): Promise<CaChallenge | undefined> {
    const type = challengeTypes.find((known) => known === challenge.type);
    if (type === undefined) return undefined;
    const keyAuthorization = await this.#client.getChallengeKeyAuthorization(challenge);
    const { url, token, status, error } = challenge;
    return { type, url, token, keyAuthorization, status, error: problemText(error), errorType: problemType(error) };
  }

  /** Of what we ask, and not of what a name showed: the account may not, or not any more. */
  #refused({ reason, type, status, retryAfterMs }: CaError): CaError {
    const fix = `ask the CA about the account, or delete Secret ${this.#accountSecret}, and another one is made`;
    return new CaError('use the account at the CA', reason, { type, status, retryAfterMs, fix });
  }

  async #talk<T>(talk: () => Promise<T>): Promise<T> {
    try {
      return await inConversation({ trusted: this.#issuer.ca, signal: this.#signal }, talk);
    } catch (error) {
      if (error instanceof CaError) throw error.type === 'unauthorized' && error.fix === undefined ? this.#refused(error) : error;
      const reason = `its answer is not as ACME has it, ${messageOf(error)}`;
      throw new CaError(`use the CA of issuer ${this.#issuer.name}`, reason, { fix: lookAtDirectory, cause: error });
    }
  }
}

/** The CA makes no account: it does not like who asks. */
function refusedAccount({ reason, type, status, retryAfterMs }: CaError): CaError {
  const fix = 'compare email and externalAccountBinding of the issuer, with its Secret, with what the CA gave out';
  return new CaError('make an account at the CA', `the CA refuses the account, ${reason}`, {
    type,
    status,
    retryAfterMs,
    ...(status !== 429 && { fix }),
  });
}

function plainOrder({ url, status, error }: Order): CaOrder {
  if (!orderStatuses.has(status)) throw new Error(`an order has the status ${printable(String(status))}`);
  return { url, status, error: problemText(error), retryAfterMs: askedToWaitMs() };
}
