import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { AcmeCertificate, PresentCertificate } from '../translate/acme-certificate.ts';
import { foreignSecret } from '../translate/acme-ownership.ts';
import { acmeStateType } from '../translate/acme-state.ts';
import { presentCertificate } from '../translate/present-certificate.ts';
import { readCertificate } from '../translate/read-certificate.ts';
import type { AcmeClock } from './acme-clock.ts';
import { type AcmeSecrets, Superseded } from './acme-secrets.ts';
import { failureOf } from './back-off.ts';
import type { CaAccounts } from './ca-accounts.ts';
import { CaError } from './ca-error.ts';
import { certificateId } from './certificate-id.ts';
import { type NextAttempt, nextAttempt } from './next-attempt.ts';
import { type CleanUp, type Confirm, OrderRun } from './order-run.ts';
import { keptRenewal, renewalTime } from './renewal-time.ts';
import { StateKeeper } from './state-keeper.ts';

export interface CertificateManagerOptions {
  readonly secrets: AcmeSecrets;
  readonly accounts: CaAccounts;
  /** Of the Secrets with states. */
  readonly namespace: string;
  readonly clock: AcmeClock;
  readonly log: Log;
  /** As in OrderRunOptions. */
  readonly confirm: Confirm;
  /** As in OrderRunOptions. @default nothing: answers are in no place of their own */
  readonly cleanUp?: CleanUp;
  /** Told of what keeps Secrets from being read and written; undefined: nothing. */
  readonly report: (error: unknown) => void;
  /** 0 up to 1. @default Math.random */
  readonly random?: () => number;
}

/** What came of attempts since the start of the process. */
export interface AcmeCounts {
  issued: number;
  failed: number;
}

const attemptsAtOnce = 4;
/** Objects that we wrote take a moment to come back: an attempt that finds nothing to do is not repeated at once. */
const settleMs = 2000;
/** After Secrets could not be read or written. */
const storeRetryMs = 15_000;
const sweepMs = 3_600_000;

/**
 * Orders and renews certificates while active, which the leader alone is: each when it is due, a few at once, one order at a time for
 * one set of names. What it does about a certificate depends on the Secrets as they are then, and on nothing that it remembers.
 */
export class CertificateManager {
  readonly counts: AcmeCounts = { issued: 0, failed: 0 };
  readonly #options: CertificateManagerOptions;
  #certificates: ReadonlyMap<string, AcmeCertificate> = new Map();
  /** By `namespace/name` of the certificate's Secret. */
  readonly #running = new Map<string, Promise<void>>();
  readonly #runningNames = new Set<string>();
  readonly #heldUntilMs = new Map<string, number>();
  #active: AbortController | undefined;
  #cancelTimer = () => {};
  #sweptMs = Number.NEGATIVE_INFINITY;

  constructor(options: CertificateManagerOptions) {
    this.#options = options;
  }

  /** Whether we may order: leadership. Losing it ends what is under way; the next leader goes on with it. */
  set active(isActive: boolean) {
    if (isActive === (this.#active !== undefined)) return;
    this.#active?.abort(new Error('this replica does not lead any more'));
    this.#active = isActive ? new AbortController() : undefined;
    this.#heldUntilMs.clear();
    this.#schedule();
  }

  /** These are all certificates that are wanted. */
  update(certificates: readonly AcmeCertificate[]): void {
    this.#certificates = new Map(certificates.map((certificate) => [certificate.secret, certificate]));
    this.#schedule();
  }

  /** When the next thing is due for each certificate, for people and metrics. */
  due(): ReadonlyMap<AcmeCertificate, NextAttempt> {
    const nowMs = this.#options.clock.now();
    return new Map([...this.#certificates.values()].map((certificate) => [certificate, nextAttempt(certificate, nowMs)]));
  }

  async close(): Promise<void> {
    this.active = false;
    await Promise.all(this.#running.values());
  }

  #schedule(): void {
    this.#cancelTimer();
    if (this.#active === undefined) return;
    const { clock } = this.#options;
    const nowMs = clock.now();
    this.#sweepIfDue(nowMs, this.#active.signal);
    let nextMs = this.#sweptMs + sweepMs;
    for (const [key, certificate] of this.#certificates) {
      if (this.#running.has(key)) continue;
      const atMs = Math.max(nextAttempt(certificate, nowMs).atMs, this.#heldUntilMs.get(key) ?? 0);
      if (atMs > nowMs) nextMs = Math.min(nextMs, atMs);
      else if (this.#running.size < attemptsAtOnce) this.#start(certificate, this.#active.signal);
    }
    this.#cancelTimer = clock.after(nextMs - nowMs, () => this.#schedule());
  }

  #start(certificate: AcmeCertificate, signal: AbortSignal): void {
    const { clock } = this.#options;
    const names = `${certificate.issuer.directory} ${certificate.names.join()}`;
    if (this.#runningNames.has(names)) return;
    this.#runningNames.add(names);
    const attempt = this.#attempt(certificate, signal)
      .then(
        () => settleMs,
        (error) => this.#failed(certificate, error, signal),
      )
      .then((holdMs) => {
        this.#heldUntilMs.set(certificate.secret, clock.now() + holdMs);
        this.#running.delete(certificate.secret);
        this.#runningNames.delete(names);
        this.#schedule();
      });
    this.#running.set(certificate.secret, attempt);
  }

  /** Secrets could not be read or written, or another process wrote them; gives how long to wait. */
  #failed({ secret }: AcmeCertificate, error: unknown, signal: AbortSignal): number {
    if (signal.aborted) return 0;
    const { log, report } = this.#options;
    log.debug({ secret, err: error }, 'an attempt at a certificate was broken off');
    if (error instanceof Superseded) return settleMs;
    report(error);
    return storeRetryMs;
  }

  async #attempt(seen: AcmeCertificate, signal: AbortSignal): Promise<void> {
    const { clock, secrets, report } = this.#options;
    const keeper = await StateKeeper.open(secrets, seen);
    const present = await this.#present(seen.secret);
    if (present === 'foreign') return;
    const certificate = { ...seen, state: keeper.state, present };
    const { kind, atMs } = nextAttempt(certificate, clock.now());
    report(undefined);
    if (atMs > clock.now()) return;
    try {
      if (kind === 'order') await this.#order(certificate, keeper, signal);
      else if (present !== undefined) await this.#askWhenToRenew(certificate, present, keeper);
    } catch (error) {
      if (signal.aborted || error instanceof Superseded) throw error;
      await this.#keepFailure(certificate, keeper, error);
    }
  }

  async #order(certificate: AcmeCertificate, keeper: StateKeeper, signal: AbortSignal): Promise<void> {
    const { accounts, secrets, clock, confirm, cleanUp = async () => {}, log } = this.#options;
    const { secret, names, issuer } = certificate;
    const run = async () => {
      const ca = await accounts.open(issuer);
      await new OrderRun({ certificate, ca, keeper, secrets, clock, confirm, cleanUp, signal }).run();
    };
    try {
      await run();
    } catch (error) {
      if (!(error instanceof CaError) || error.type !== 'accountDoesNotExist') throw error;
      await accounts.forget(issuer);
      await run();
    }
    this.counts.issued++;
    log.info({ secret, names, issuer: issuer.name }, 'certificate issued');
  }

  /** A CA that does not answer here is asked again later: the certificate's age decides meanwhile. */
  async #askWhenToRenew({ issuer, state }: AcmeCertificate, present: PresentCertificate, keeper: StateKeeper): Promise<void> {
    const { accounts, clock, log, random = Math.random } = this.#options;
    const id = await certificateId(present.chain);
    const window = await (async () => {
      if (id === undefined) return undefined;
      try {
        return await (await accounts.open(issuer)).renewalWindow(id);
      } catch (error) {
        if (!(error instanceof CaError)) throw error;
        log.debug({ issuer: issuer.name, err: error }, 'asking when to renew failed: the age of the certificate decides');
        return undefined;
      }
    })();
    await keeper.save({ renewal: keptRenewal(state.renewal, renewalTime(present, window, clock.now(), random()), window) });
  }

  async #keepFailure({ secret, names, issuer }: AcmeCertificate, keeper: StateKeeper, error: unknown): Promise<void> {
    const { clock, log, random = Math.random } = this.#options;
    this.counts.failed++;
    const failure = failureOf(error, keeper.state.failure, clock.now(), random());
    log.warn({ secret, names, issuer: issuer.name, reason: failure.message, tries: failure.count }, 'no certificate: trying again later');
    await keeper.save({ failure, lastAttemptMs: clock.now() });
  }

  async #present(key: string): Promise<PresentCertificate | 'foreign' | undefined> {
    const secret = await this.#options.secrets.read(key);
    if (secret === undefined) return undefined;
    if (foreignSecret(secret) !== undefined) return 'foreign';
    return presentCertificate(secret, readCertificate(key, secret));
  }

  /** States of certificates that nobody wants any more go; the certificates stay. */
  #sweepIfDue(nowMs: number, signal: AbortSignal): void {
    if (nowMs - this.#sweptMs < sweepMs) return;
    const isFirst = this.#sweptMs === Number.NEGATIVE_INFINITY;
    this.#sweptMs = nowMs;
    // At the start what is wanted may not be known yet.
    if (!isFirst) void this.#sweep(signal);
  }

  async #sweep(signal: AbortSignal): Promise<void> {
    const { secrets, namespace, log } = this.#options;
    try {
      const wanted = new Set([...this.#certificates.values()].map(({ stateSecret }) => stateSecret));
      for (const { metadata } of await secrets.list(namespace, acmeStateType)) {
        const key = `${namespace}/${metadata.name}`;
        if (!wanted.has(key) && !signal.aborted) await secrets.remove(key);
      }
    } catch (error) {
      log.debug({ reason: messageOf(error) }, 'removing states of certificates that nobody wants failed: trying again later');
    }
  }
}
