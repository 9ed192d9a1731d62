import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { AcmeCertificate, AcmeIssuer, PresentCertificate } from '../translate/acme-certificate.ts';
import { foreignSecret } from '../translate/acme-ownership.ts';
import { acmeStateType, type LeftRecord } from '../translate/acme-state.ts';
import { presentCertificate } from '../translate/present-certificate.ts';
import { acmeStateOwner, readAcmeState } from '../translate/read-acme-state.ts';
import { readCertificate } from '../translate/read-certificate.ts';
import type { ObjectRef } from '../translate/translation.ts';
import { AbandonedCertificates } from './abandoned-certificates.ts';
import type { AcmeClock } from './acme-clock.ts';
import { type AcmeSecrets, Superseded } from './acme-secrets.ts';
import { failureOf } from './back-off.ts';
import type { CaAccounts } from './ca-accounts.ts';
import { CaError } from './ca-error.ts';
import { certificateId } from './certificate-id.ts';
import { keepOwners } from './keep-owners.ts';
import { dueMs, type NextAttempt, nextAttempt } from './next-attempt.ts';
import { type Confirm, OrderRun } from './order-run.ts';
import { RecordRemoval } from './record-removal.ts';
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
  /** As `remove` of DnsAnswers. @default nothing: answers are in no place of their own */
  readonly remove?: (
    records: readonly LeftRecord[],
    issuerOf: (name: string) => AcmeIssuer | undefined,
  ) => Promise<ReadonlyMap<LeftRecord, string>>;
  /** Told of what keeps Secrets from being read and written; undefined: nothing. */
  readonly report: (error: unknown) => void;
  /** As `report` of RecordRemovalOptions. */
  readonly reportRecords: (secret: string, message: string | undefined) => void;
  /** 0 up to 1. @default Math.random */
  readonly random?: () => number;
}

/** What came of attempts since the start of the process. */
export interface AcmeCounts {
  issued: number;
  failed: number;
}

/** At one CA: one that does not answer keeps nobody from the certificates of another. */
const attemptsAtOnce = 4;
/** What is given up is no matter of a CA. */
const abandonedLane = '';
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
  readonly #removal: RecordRemoval;
  readonly #abandoned: AbandonedCertificates;
  /** undefined: not known yet. */
  #certificates: ReadonlyMap<string, AcmeCertificate> | undefined;
  #issuers: ReadonlyMap<string, AcmeIssuer> = new Map();
  /** By `namespace/name` of the certificate's Secret. */
  readonly #running = new Map<string, Running>();
  readonly #runningNames = new Set<string>();
  readonly #heldUntilMs = new Map<string, number>();
  #active: AbortController | undefined;
  #cancelTimer = () => {};
  #sweptMs = Number.NEGATIVE_INFINITY;

  constructor(options: CertificateManagerOptions) {
    this.#options = options;
    const { secrets, clock, log, random = Math.random, remove = async () => new Map(), reportRecords } = options;
    this.#removal = new RecordRemoval({
      remove: (records) => remove(records, (name) => this.#issuers.get(name)),
      clock,
      log,
      random,
      report: reportRecords,
    });
    this.#abandoned = new AbandonedCertificates({ secrets, removal: this.#removal, clock });
  }

  /** Whether we may order: leadership. Losing it ends what is under way; the next leader goes on with it. */
  set active(isActive: boolean) {
    if (isActive === (this.#active !== undefined)) return;
    this.#active?.abort(new Error('this replica does not lead any more'));
    this.#active = isActive ? new AbortController() : undefined;
    this.#heldUntilMs.clear();
    this.#abandoned.clear();
    this.#removal.tellNothing();
    this.#sweptMs = Number.NEGATIVE_INFINITY;
    this.#schedule();
  }

  /**
   * These are all certificates that are wanted.
   * @param issuers all that there are, for what is left of certificates that nobody wants any more. @default those of the certificates
   */
  update(certificates: readonly AcmeCertificate[], issuers = certificates.map(({ issuer }) => issuer)): void {
    const before = this.#certificates ?? new Map<string, AcmeCertificate>();
    const now = new Map(certificates.map((certificate) => [certificate.secret, certificate]));
    this.#certificates = now;
    this.#issuers = new Map(issuers.map((issuer) => [issuer.name, issuer]));
    for (const secret of now.keys()) this.#abandoned.delete(secret);
    for (const [secret, certificate] of before) if (!now.has(secret)) this.#abandoned.add(certificate);
    this.#schedule();
  }

  /** When the next thing is due for each certificate, for people and metrics. */
  due(): ReadonlyMap<AcmeCertificate, NextAttempt> {
    const nowMs = this.#options.clock.now();
    return new Map([...(this.#certificates?.values() ?? [])].map((certificate) => [certificate, nextAttempt(certificate, nowMs)]));
  }

  async close(): Promise<void> {
    this.active = false;
    await Promise.all([...this.#running.values()].map(({ ended }) => ended));
  }

  #schedule(): void {
    this.#cancelTimer();
    if (this.#active === undefined || this.#certificates === undefined) return;
    const { clock } = this.#options;
    const nowMs = clock.now();
    const { signal } = this.#active;
    this.#sweepIfDue(nowMs, signal);
    let nextMs = this.#sweptMs + sweepMs;
    const due: Due[] = [];
    const startWhenDue = (secret: string, lane: string, fromMs: number, start: () => void): void => {
      const heldMs = this.#heldUntilMs.get(secret) ?? 0;
      // Longer than that is nothing held: the clock has been set back since.
      const atMs = heldMs - nowMs > storeRetryMs ? fromMs : Math.max(fromMs, heldMs);
      if (atMs > nowMs) nextMs = Math.min(nextMs, atMs);
      else due.push({ lane, atMs, start });
    };
    for (const [secret, certificate] of this.#certificates) {
      if (this.#running.has(secret)) continue;
      startWhenDue(secret, certificate.issuer.directory, dueMs(certificate, nowMs), () => this.#startAttempt(certificate, signal));
    }
    for (const { certificate, atMs } of this.#abandoned.waiting) {
      const { secret } = certificate;
      const running = this.#running.get(secret);
      const giveUp = () => this.#start(secret, abandonedLane, this.#abandoned.giveUp(certificate), signal);
      if (running === undefined) startWhenDue(secret, abandonedLane, atMs, giveUp);
      else if (atMs > nowMs) nextMs = Math.min(nextMs, atMs);
      else running.ending?.abort(new Error('nobody wants the certificate any more'));
    }
    this.#startInTurn(due);
    this.#cancelTimer = clock.after(nextMs - nowMs, () => this.#schedule());
  }

  /** Who waits longest comes first, so that those that fail again and again do not keep others waiting. */
  #startInTurn(due: readonly Due[]): void {
    const free = new Map<string, number>();
    for (const { lane } of due) free.set(lane, attemptsAtOnce);
    for (const { lane } of this.#running.values()) free.set(lane, (free.get(lane) ?? 0) - 1);
    for (const { lane, start } of due.toSorted((a, b) => a.atMs - b.atMs)) {
      const places = free.get(lane) ?? 0;
      if (places <= 0) continue;
      const before = this.#running.size;
      start();
      // One of the same names as another waits for that, and takes no place.
      if (this.#running.size > before) free.set(lane, places - 1);
    }
  }

  #startAttempt(certificate: AcmeCertificate, active: AbortSignal): void {
    const names = `${certificate.issuer.directory} ${certificate.names.join()}`;
    if (this.#runningNames.has(names)) return;
    this.#runningNames.add(names);
    const ending = new AbortController();
    const signal = AbortSignal.any([active, ending.signal]);
    const attempt = this.#attempt(certificate, signal).finally(() => this.#runningNames.delete(names));
    this.#start(certificate.secret, certificate.issuer.directory, attempt, signal, ending);
  }

  #start(secret: string, lane: string, task: Promise<void>, signal: AbortSignal, ending?: AbortController): void {
    const ended = task
      .then(
        () => settleMs,
        (error) => this.#failed(secret, error, signal),
      )
      .then((holdMs) => {
        this.#heldUntilMs.set(secret, this.#options.clock.now() + holdMs);
        this.#running.delete(secret);
        this.#schedule();
      });
    this.#running.set(secret, { lane, ended, ending });
  }

  /** Secrets could not be read or written, or another process wrote them; gives how long to wait. */
  #failed(secret: string, error: unknown, signal: AbortSignal): number {
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
    const { left } = keeper.state;
    if (left !== undefined && left.nextAttemptMs <= clock.now())
      await keeper.save({ left: await this.#removal.retried(seen.secret, keeper.state) });
    const secret = await secrets.read(seen.secret);
    if (secret !== undefined && foreignSecret(secret) !== undefined) return;
    const present = secret && presentCertificate(secret, readCertificate(seen.secret, secret));
    const certificate = { ...seen, state: keeper.state, present };
    const { kind, atMs } = nextAttempt(certificate, clock.now());
    const isDue = atMs <= clock.now();
    if (!isDue && secret !== undefined) await keepOwners(secrets, secret, this.#ownersOf(seen));
    report(undefined);
    if (!isDue) return;
    try {
      if (kind === 'order') await this.#order(certificate, keeper, signal);
      else if (present !== undefined) await this.#askWhenToRenew(certificate, present, keeper);
    } catch (error) {
      if (signal.aborted || error instanceof Superseded) throw error;
      await this.#keepFailure(certificate, keeper, error);
    }
  }

  async #order(certificate: AcmeCertificate, keeper: StateKeeper, signal: AbortSignal): Promise<void> {
    const { accounts, secrets, clock, confirm, log } = this.#options;
    const { secret, names, issuer } = certificate;
    const run = async () => {
      const ca = await accounts.open(issuer);
      const owners = () => this.#ownersOf(certificate);
      await new OrderRun({ certificate, ca, keeper, secrets, clock, confirm, removal: this.#removal, owners, signal }).run();
    };
    try {
      await run();
    } catch (error) {
      accounts.reopen(issuer);
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

  async #keepFailure(certificate: AcmeCertificate, keeper: StateKeeper, error: unknown): Promise<void> {
    const { clock, log, random = Math.random } = this.#options;
    const { secret, names, issuer } = certificate;
    this.counts.failed++;
    const failure = failureOf(error, { ...certificate, state: keeper.state }, clock.now(), random());
    log.warn({ secret, names, issuer: issuer.name, reason: failure.message, tries: failure.count }, 'no certificate: trying again later');
    await keeper.save({ failure, lastAttemptMs: clock.now() });
  }

  /** As they are now: objects come and go while an order is under way. */
  #ownersOf(certificate: AcmeCertificate): readonly ObjectRef[] {
    return (this.#certificates?.get(certificate.secret) ?? certificate).owners;
  }

  #sweepIfDue(nowMs: number, signal: AbortSignal): void {
    if (nowMs >= this.#sweptMs && nowMs - this.#sweptMs < sweepMs) return;
    const isFirst = this.#sweptMs === Number.NEGATIVE_INFINITY;
    this.#sweptMs = nowMs;
    void this.#sweep(isFirst, signal);
  }

  /**
   * What nobody wants any more is given up, and its state goes with the next sweep; the certificate stays. The first shows what a
   * predecessor left behind.
   */
  async #sweep(isFirst: boolean, signal: AbortSignal): Promise<void> {
    const { secrets, namespace, clock, log } = this.#options;
    try {
      for (const state of await secrets.list(namespace, acmeStateType)) {
        if (signal.aborted) return;
        const stateSecret = `${namespace}/${state.metadata.name}`;
        const secret = acmeStateOwner(state);
        if (secret !== undefined && this.#certificates?.get(secret)?.stateSecret === stateSecret) continue;
        const { order, left } = readAcmeState(state);
        if (secret !== undefined && (order ?? left) !== undefined) this.#abandoned.add({ secret, stateSecret });
        else if (!isFirst) await secrets.remove(stateSecret);
      }
    } catch (error) {
      log.debug({ reason: messageOf(error) }, 'looking for certificates that nobody wants failed: trying again later');
      this.#sweptMs = clock.now() - sweepMs + storeRetryMs;
    }
    if (!signal.aborted) this.#schedule();
  }
}

/** What there is to do now. */
interface Due {
  /** As in Running. */
  readonly lane: string;
  /** Since when. */
  readonly atMs: number;
  readonly start: () => void;
}

/** What is done about a certificate now. */
interface Running {
  /** Directory of the CA, which is asked for a few certificates at once. */
  readonly lane: string;
  readonly ended: Promise<void>;
  /** Ends it when nobody wants the certificate any more; undefined: that is what is done. */
  readonly ending: AbortController | undefined;
}
