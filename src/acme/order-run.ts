import type { Secret } from '../api/objects.ts';
import { SmartProxyError } from '../errors.ts';
import type { Redacted } from '../redacted.ts';
import { type AcmeCertificate, challengeTypeFor } from '../translate/acme-certificate.ts';
import { withOwners } from '../translate/acme-owners.ts';
import { acmeDirectoryAnnotation, foreignSecret, managedByLabel } from '../translate/acme-ownership.ts';
import type { AcmeChallenge, AcmeOrder, AcmeState, RecordPlace } from '../translate/acme-state.ts';
import type { ObjectRef } from '../translate/translation.ts';
import { type AcmeClock, sleepOn } from './acme-clock.ts';
import { type AcmeSecrets, nameOfKey, SecretsError } from './acme-secrets.ts';
import { acmeTlsCertificate } from './acme-tls-certificate.ts';
import type { Ca, CaChallenge, CaOrder } from './ca.ts';
import { CaError, isOutage } from './ca-error.ts';
import { certificateId } from './certificate-id.ts';
import { certificateRequest, makeKey } from './certificate-request.ts';
import type { KeepPlaces } from './dns/dns-answers.ts';
import { issuedCertificate } from './issued-certificate.ts';
import { leftBehind, withPlaces } from './left-records.ts';
import { sameNames } from './next-attempt.ts';
import { nextStep } from './order-step.ts';
import type { RecordRemoval } from './record-removal.ts';
import { selfCheckProbes } from './self-check-probes.ts';
import type { StateKeeper } from './state-keeper.ts';

export interface OrderRunOptions {
  readonly certificate: AcmeCertificate;
  readonly ca: Ca;
  readonly keeper: StateKeeper;
  readonly secrets: AcmeSecrets;
  readonly clock: AcmeClock;
  /** Resolves when every replica gives these answers; else with why not, as a sentence without its end. */
  readonly confirm: Confirm;
  /** Of what it wrote to DNS. */
  readonly removal: RecordRemoval;
  /** Of a Secret that is made, as they are then. */
  readonly owners: () => readonly ObjectRef[];
  readonly signal: AbortSignal;
}

/**
 * @param certificate what they are for, with its state
 * @param keep where those in DNS are written, before they are
 */
export type Confirm = (
  challenges: readonly AcmeChallenge[],
  signal: AbortSignal,
  certificate: AcmeCertificate,
  keep: KeepPlaces,
) => Promise<string | undefined>;

/** How long one attempt waits for a CA that is at it; the next attempt goes on with the order. */
const patienceMs = 600_000;
const firstPollMs = 1000;
const mostPollMs = 10_000;
/** The longest that an attempt waits because the CA says so (`Retry-After`; RFC 8555, 7.4). */
const longWaitMs = 60_000;
/** Writes of the Secret that somebody else writes at the same time. */
const maxWrites = 5;

/**
 * Brings one order to its end: from the state that is kept and from what the CA says, whoever began it. Rejects with what went wrong; the
 * order is kept when it can still become a certificate.
 */
export class OrderRun {
  readonly #options: OrderRunOptions;

  constructor(options: OrderRunOptions) {
    this.#options = options;
  }

  async run(): Promise<void> {
    try {
      await this.#run();
    } catch (error) {
      if (!this.#options.signal.aborted && endsOrder(error)) {
        await this.#options.keeper.save(await this.#ended());
      }
      throw error;
    }
  }

  async #run(): Promise<void> {
    const { ca, clock, keeper, certificate, signal } = this.#options;
    let order = (await this.#continued()) ?? (await this.#begin());
    // Asked for once: from when the CA was told to look, the order itself says how it went. Those of an order that failed say why.
    let open = order.status === 'pending' ? await ca.authorizations(order) : [];
    const endsMs = clock.now() + patienceMs;
    let pollMs = firstPollMs;
    for (;;) {
      signal.throwIfAborted();
      const kept = keeper.state.order as AcmeOrder;
      const authorizations = order.status === 'invalid' ? await ca.authorizations(order) : open;
      const step = nextStep(kept, order, authorizations, (name) => challengeTypeFor(certificate.issuer, name));
      switch (step.kind) {
        case 'publish':
          await keeper.save({ order: { ...kept, challenges: await this.#complete(kept.privateKey, step.challenges) } });
          continue;
        case 'answer':
          await this.#answer(kept.challenges, step.challenges);
          open = [];
          break;
        case 'finalize':
          order = await ca.finalize(order, await certificateRequest(kept.privateKey, kept.names));
          continue;
        case 'download':
          await this.#finish(await ca.download(order), kept);
          return;
        case 'failed':
          throw new CaError(`order a certificate for ${certificate.names.join(', ')}`, step.why, { status: 403, type: step.type });
        case 'poll':
          if (clock.now() > endsMs) throw new CaError('wait for the CA', 'the CA did not decide within 10 minutes', { status: 504 });
          pollMs = Math.max(pollMs, pauseOf(order));
          break;
      }
      await sleepOn(clock, pollMs, signal);
      pollMs = Math.min(mostPollMs, pollMs * 1.5);
      order = await ca.find(order.url);
    }
  }

  /** The order that is kept, when it is for what is wanted now and the CA still knows it. */
  async #continued(): Promise<CaOrder | undefined> {
    const { ca, keeper, certificate } = this.#options;
    const kept = keeper.state.order;
    if (kept?.url === undefined) return undefined;
    if (kept.directory !== certificate.issuer.directory || !sameNames(kept.names, certificate.names)) return undefined;
    try {
      return await ca.find(kept.url);
    } catch (error) {
      if (error instanceof CaError && error.status >= 400 && error.status < 500 && error.status !== 429) return undefined;
      throw error;
    }
  }

  async #begin(): Promise<CaOrder> {
    const { keeper, clock, certificate } = this.#options;
    const { names, issuer } = certificate;
    await this.#probe();
    // Who is superseded, or may not keep what comes of it, makes no order.
    await keeper.save({ ...(await this.#ended()), lastAttemptMs: clock.now() });
    const privateKey = await makeKey(issuer.keyType);
    const kept = { issuer: issuer.name, directory: issuer.directory, names, privateKey };
    const probes = await this.#complete(privateKey, selfCheckProbes(names, issuer));
    if (probes.length > 0) {
      await keeper.save({ order: { ...kept, url: undefined, challenges: probes }, lastAttemptMs: clock.now() });
      await this.#confirmed(probes);
    }
    const order = await this.#order();
    await keeper.save({ order: { ...kept, url: order.url, challenges: [] }, lastAttemptMs: clock.now() });
    return order;
  }

  /** CAs count orders: none is made for a certificate that could not be put where it is wanted. */
  async #probe(): Promise<void> {
    const { secrets, certificate, owners } = this.#options;
    const { secret: key, issuer } = certificate;
    const present = await secrets.read(key);
    if (present?.immutable === true) {
      const message = `Secret ${key} is immutable, so no new certificate can be put there; delete it, and it is made anew`;
      throw new SecretsError({ reason: 'forbidden', message }, undefined);
    }
    await secrets.probe(present ?? certificateSecret(key, undefined, { 'tls.crt': '', 'tls.key': '' }, issuer.directory, owners()));
  }

  async #order(): Promise<CaOrder> {
    const { ca, certificate } = this.#options;
    const { names, issuer, present } = certificate;
    const { profile } = issuer;
    const replaces = present?.directory === issuer.directory ? await certificateId(present.chain) : undefined;
    if (replaces === undefined) return ca.order({ names, profile, replaces });
    try {
      return await ca.order({ names, profile, replaces });
    } catch (error) {
      // A CA that knows the certificate no more or as replaced already, or fails over it, takes an order that does not speak of it.
      if (!isProblem(error) || error.status === 429 || error.status === 503) throw error;
      return ca.order({ names, profile, replaces: undefined });
    }
  }

  /** With what is made for answers over TLS. */
  #complete(privateKey: Redacted, challenges: readonly AcmeChallenge[]): Promise<readonly AcmeChallenge[]> {
    const nowMs = this.#options.clock.now();
    return Promise.all(
      challenges.map(async (challenge) => {
        if (challenge.type !== 'tls-alpn-01') return challenge;
        const { name, keyAuthorization } = challenge;
        return { ...challenge, certificate: await acmeTlsCertificate(privateKey, name, keyAuthorization, nowMs) };
      }),
    );
  }

  /** What is kept when the order is over. */
  #ended(): Promise<Pick<AcmeState, 'order' | 'left'>> {
    const { keeper, removal, certificate } = this.#options;
    return removal.ended(certificate.secret, keeper.state);
  }

  async #answer(kept: readonly AcmeChallenge[], asked: readonly CaChallenge[]): Promise<void> {
    await this.#confirmed(kept);
    for (const { url } of asked) await this.#options.ca.answer(url);
  }

  async #confirmed(answers: readonly AcmeChallenge[]): Promise<void> {
    const { confirm, certificate, signal } = this.#options;
    const why = await confirm(answers, signal, certificate, (places) => this.#keepPlaces(places));
    if (why !== undefined) throw new CaError('have the answers of the challenges confirmed', why);
  }

  /** Records that stand elsewhere, where their names led before, are left behind. */
  async #keepPlaces(places: ReadonlyMap<AcmeChallenge, RecordPlace>): Promise<void> {
    const { keeper, clock } = this.#options;
    const { order, left } = keeper.state;
    const placed = order && withPlaces(order, places);
    if (order === undefined || placed === undefined || placed === order) return;
    await keeper.save({ order: placed, left: leftBehind(left, order, placed, clock.now()) });
  }

  async #finish(chain: string, { names, privateKey }: AcmeOrder): Promise<void> {
    const { keeper, clock } = this.#options;
    const issued = issuedCertificate(chain, { names, privateKey }, clock.now());
    await this.#deliver(chain, privateKey);
    await keeper.save({ ...(await this.#ended()), issued, failure: undefined, renewal: undefined });
  }

  /**
   * Writes the certificate where it is wanted, if that is still ours to write. The state is written between reading what is there and
   * replacing it: who was paused and superseded finds another version of the one or of the other, and overwrites nothing.
   */
  async #deliver(chain: string, privateKey: Redacted): Promise<void> {
    const { secrets, keeper, clock, certificate, owners } = this.#options;
    const { secret: key, issuer } = certificate;
    const pair = { 'tls.crt': encoded(chain), 'tls.key': encoded(privateKey.reveal()) };
    for (let writes = 0; writes < maxWrites; writes++) {
      const present = await secrets.read(key);
      const foreign = present && foreignSecret(present);
      if (foreign !== undefined)
        throw new SmartProxyError('ACME_FAILED', `Secret ${key} ${foreign} meanwhile, so the certificate is not put there`);
      await keeper.save({ lastAttemptMs: clock.now() });
      if ((await secrets.write(certificateSecret(key, present, pair, issuer.directory, owners()))) !== undefined) return;
    }
    throw new SmartProxyError('ACME_FAILED', `Secret ${key} is changed all the time by somebody else`);
  }
}

/** @param owners of a Secret that is not there yet; those of one that is are seen to apart from renewals */
function certificateSecret(
  key: string,
  present: Secret | undefined,
  pair: Record<string, string>,
  directory: string,
  owners: readonly ObjectRef[],
): Secret {
  const before = present?.metadata ?? withOwners({ ...nameOfKey(key), labels: managedByLabel }, owners);
  const metadata = { ...before, annotations: { ...before.annotations, [acmeDirectoryAnnotation]: directory } };
  return { kind: 'Secret', type: present?.type ?? 'kubernetes.io/tls', metadata, data: { ...present?.data, ...pair } };
}

/** The pause that the CA asks for. Throws when it is a long one: others have the place meanwhile, and the next attempt goes on. */
function pauseOf({ retryAfterMs }: CaOrder): number {
  if (retryAfterMs <= longWaitMs) return retryAfterMs;
  throw new CaError('wait for the CA', 'the CA is still at it, and wants to be asked again later', { status: 504, retryAfterMs });
}

/** Whether it is a problem document of the CA (RFC 8555, 6.7), whatever its status. */
function isProblem(error: unknown): error is CaError {
  return error instanceof CaError && error.type !== undefined;
}

/** Whether the CA has decided: the order will not become a certificate, whoever goes on with it. */
function endsOrder(error: unknown): boolean {
  return error instanceof CaError && error.status !== 429 && !isOutage(error);
}

function encoded(text: string): string {
  return Buffer.from(text).toString('base64');
}
