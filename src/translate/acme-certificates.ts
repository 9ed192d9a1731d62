import type { Secret } from '../api/objects.ts';
import { acmeTlsKey } from '../routes/acme-tls.ts';
import type { Certificate, Challenge } from '../routes/route-table.ts';
import type { AcmeAsk, AcmeCertificate, AcmeIssuer } from './acme-certificate.ts';
import type { ReadIssuers } from './acme-issuers.ts';
import { ownersBySecret, withOwners } from './acme-owners.ts';
import { foreignSecret } from './acme-ownership.ts';
import { type AcmeFailure, acmeStateName } from './acme-state.ts';
import { isoTime } from './certificate-dates.ts';
import type { CertificateReader } from './certificate-reader.ts';
import { keepEntries } from './keep-map.ts';
import { presentCertificate } from './present-certificate.ts';
import { messageFor, quote } from './problem-list.ts';
import { readAcmeState } from './read-acme-state.ts';
import { readCertificate } from './read-certificate.ts';
import type { ResolvedObject } from './resolved-object.ts';
import { sameItems } from './same-items.ts';
import { tlsHostsOf } from './tls-certificates.ts';
import type { ObjectRef, Problem, ProblemReason } from './translation.ts';

/** What is ordered, and what that changes of the objects that ask for it. */
export interface OrderedCertificates {
  /** The objects with what is wrong in their asking, and without what is wrong only until the first certificate is there. */
  readonly objects: readonly ResolvedObject[];
  readonly certificates: readonly AcmeCertificate[];
  readonly challenges: ReadonlyMap<string, Challenge>;
  /** What is shown to CAs that look over TLS, by the keys of `acmeTlsKey`. */
  readonly answers: ReadonlyMap<string, Certificate>;
  /** Keys of the Secrets with the states of orders. */
  readonly secrets: readonly string[];
}

/** A certificate as the objects together want it. */
interface Wish {
  readonly secret: string;
  /** Of the oldest object. */
  readonly issuerName: string;
  readonly issuer: AcmeIssuer;
  readonly owner: ResolvedObject;
  readonly names: Set<string>;
}

const nothing: ReadonlyMap<string, never> = new Map<string, never>();

/** Puts together which certificates are to be ordered, by the Secrets that they go into. */
export class AcmeCertificates {
  readonly #namespace: string | undefined;
  readonly #reader: CertificateReader;
  readonly #withProblems = new WeakMap<ResolvedObject, ResolvedObject>();
  #inputs: readonly unknown[] = [];
  #result: OrderedCertificates = { objects: [], certificates: [], challenges: nothing, answers: nothing, secrets: [] };

  /** @param namespace of the Secrets with the states of orders; undefined: nothing is ordered */
  constructor(namespace: string | undefined, reader: CertificateReader) {
    this.#namespace = namespace;
    this.#reader = reader;
  }

  /** @param objects oldest first */
  order(objects: readonly ResolvedObject[], issuers: ReadIssuers, secrets: ReadonlyMap<string, Secret>): OrderedCertificates {
    const inputs = [objects, issuers, secrets];
    if (sameItems(this.#inputs, inputs)) return this.#result;
    this.#inputs = inputs;
    const hasDefault = issuers.byDefault !== undefined;
    const asking = objects.filter(({ acme }) => acme?.some(({ issuer }) => hasDefault || issuer !== undefined) === true);
    if (asking.length === 0) this.#result = { objects, certificates: [], challenges: nothing, answers: nothing, secrets: [] };
    else this.#result = this.#order(objects, asking, issuers, secrets);
    return this.#result;
  }

  #order(
    objects: readonly ResolvedObject[],
    asking: readonly ResolvedObject[],
    issuers: ReadIssuers,
    secrets: ReadonlyMap<string, Secret>,
  ): OrderedCertificates {
    const wishes = new Map<string, Wish>();
    const told = new Map<ResolvedObject, Problem[]>();
    // Who names an issuer comes before who leaves it to the installation.
    for (const object of asking) told.set(object, problemsOf(object, named, wishes, issuers, secrets));
    for (const object of asking) told.get(object)?.push(...problemsOf(object, unnamed, wishes, issuers, secrets));
    const owners = ownersBySecret(objects);
    const certificates = [...wishes.values()].flatMap((wish) => {
      return wish.names.size === 0 ? [] : [this.#certificate(wish, secrets, owners.get(wish.secret) ?? [])];
    });
    const bySecret = new Map(certificates.map((certificate) => [certificate.secret, certificate]));
    const changed = new Map(asking.map((object) => [object, this.#objectWith(object, told.get(object) ?? [], bySecret)]));
    const after = objects.map((object) => changed.get(object) ?? object);
    return {
      objects: sameItems(after, this.#result.objects) ? this.#result.objects : after,
      certificates,
      challenges: keepEntries(this.#result.challenges, challengesOf(certificates)),
      answers: keepEntries(this.#result.answers, answersOf(certificates)),
      secrets: certificates.map(({ stateSecret }) => stateSecret),
    };
  }

  #certificate({ secret, issuer, names }: Wish, secrets: ReadonlyMap<string, Secret>, namedBy: readonly ObjectRef[]): AcmeCertificate {
    const stateSecret = `${this.#namespace}/${acmeStateName(secret)}`;
    const present = secrets.get(secret);
    const owners = issuer.reclaimPolicy === 'Delete' ? namedBy : [];
    return {
      secret,
      names: [...names].sort(),
      issuer,
      stateSecret,
      state: readAcmeState(secrets.get(stateSecret)),
      present: present && presentCertificate(present, this.#reader.read(secret, present)),
      owners,
      hasOtherOwners: present !== undefined && withOwners(present.metadata, owners) !== present.metadata,
    };
  }

  /** The object with these problems; one that is as before keeps its reference, for hosts are merged by it. */
  #objectWith(object: ResolvedObject, told: readonly Problem[], ordered: ReadonlyMap<string, AcmeCertificate>): ResolvedObject {
    const problems = [...told];
    const expected = new Set<string>();
    for (const { secret, secretField } of object.acme ?? []) {
      const certificate = ordered.get(secret);
      if (certificate === undefined) continue;
      expected.add(secretField);
      const { failure } = certificate.state;
      if (failure !== undefined)
        problems.push(problemOf(object, 'CertificateNotIssued', secretField, failureSentence(certificate, failure)));
    }
    const kept = object.problems.filter(({ reason, field }) => reason !== 'SecretNotFound' || !expected.has(field));
    if (problems.length === 0 && kept.length === object.problems.length) return object;
    const all = [...kept, ...problems];
    const before = this.#withProblems.get(object);
    if (before !== undefined && before.problems.length === all.length && before.problems.every((known, i) => isSame(known, all[i])))
      return before;
    const after = { ...object, problems: all };
    this.#withProblems.set(object, after);
    return after;
  }
}

function failureSentence({ issuer, present }: AcmeCertificate, { message, nextAttemptMs }: AcmeFailure): string {
  const what =
    present === undefined
      ? `no certificate from issuer ${quote(issuer.name)}`
      : `no new certificate from issuer ${quote(issuer.name)}, and the old one, valid until ${isoTime(present.notAfterMs)}, stays`;
  return `${what}: ${message}; the next try is at ${isoTime(nextAttemptMs)}`;
}

function named({ issuer }: AcmeAsk): boolean {
  return issuer !== undefined;
}

function unnamed({ issuer }: AcmeAsk): boolean {
  return issuer === undefined;
}

/** Adds what an object wants to the wishes, of its asks those that `isMeant`; gives what is wrong with it. */
function problemsOf(
  object: ResolvedObject,
  isMeant: (ask: AcmeAsk) => boolean,
  wishes: Map<string, Wish>,
  issuers: ReadIssuers,
  secrets: ReadonlyMap<string, Secret>,
): Problem[] {
  const problems: Problem[] = [];
  const report = (reason: ProblemReason, field: string, sentence: string): void => {
    problems.push(problemOf(object, reason, field, sentence));
  };
  const spoken = new Set(object.claims.flatMap(({ host }) => tlsHostsOf(host)));
  for (const ask of (object.acme ?? []).filter(isMeant)) {
    const wish = wishes.get(ask.secret) ?? newWish(object, ask, issuers, secrets, report);
    if (wish === undefined) continue;
    wishes.set(ask.secret, wish);
    if (ask.issuer !== undefined && wish.issuerName !== ask.issuer) {
      const { ref } = wish.owner.reading;
      const sentence = `${ref.kind} ${ref.namespace}/${ref.name} orders the certificate of Secret ${ask.secret} from issuer ${quote(wish.issuerName)} already; use one issuer, or another Secret`;
      report('CertificateConflict', ask.issuerField, sentence);
      continue;
    }
    const hosts = ask.hosts.filter((host) => spoken.has(host));
    const refused = hosts.filter((host) => !canBeOrdered(host, wish.issuer));
    for (const host of hosts) if (!refused.includes(host)) wish.names.add(host);
    if (refused.length > 0) {
      const why =
        wish.issuer.dns === undefined
          ? 'CAs prove wildcards by DNS alone, and the issuer has no provider of it (dns)'
          : 'a certificate has one label in place of a *, and something after it';
      const sentence = `${refused.map(quote).join(', ')} can not be ordered: ${why}; bring a certificate of your own for it`;
      report('Unsupported', ask.secretField, sentence);
    }
  }
  return problems;
}

function canBeOrdered(host: string, { dns }: AcmeIssuer): boolean {
  return !host.startsWith('*') || (dns !== undefined && host.startsWith('*.'));
}

function newWish(
  owner: ResolvedObject,
  ask: AcmeAsk,
  { byName, byDefault }: ReadIssuers,
  secrets: ReadonlyMap<string, Secret>,
  report: (reason: ProblemReason, field: string, sentence: string) => void,
): Wish | undefined {
  const issuerName = ask.issuer ?? byDefault;
  if (issuerName === undefined) return undefined;
  const reading = byName.get(issuerName) ?? { why: 'is not among the issuers of the SmartProxyConfig (acme.issuers)' };
  if ('why' in reading) {
    report('IssuerNotFound', ask.issuerField, `issuer ${quote(issuerName)} ${reading.why}, so no certificate is ordered`);
    return undefined;
  }
  const secret = secrets.get(ask.secret);
  const foreign = secret && foreignSecret(secret);
  // Who asks for nothing gets nothing for a certificate that is there.
  if (foreign !== undefined && ask.issuer === undefined) return undefined;
  if (foreign !== undefined) {
    const sentence = `Secret ${ask.secret} ${foreign}, so no certificate is put there; name another Secret, or delete this one`;
    report('SecretNotOwned', ask.secretField, sentence);
    return undefined;
  }
  return { secret: ask.secret, issuerName, issuer: reading.issuer, owner, names: new Set() };
}

function challengesOf(certificates: readonly AcmeCertificate[]): ReadonlyMap<string, Challenge> {
  const challenges = new Map<string, Challenge>();
  for (const { state } of certificates)
    for (const { type, token, keyAuthorization } of state.order?.challenges ?? [])
      if (type === 'http-01') challenges.set(token, { token, keyAuthorization });
  return challenges;
}

function answersOf(certificates: readonly AcmeCertificate[]): ReadonlyMap<string, Certificate> {
  const answers = new Map<string, Certificate>();
  for (const { stateSecret, state } of certificates) {
    const { challenges = [], privateKey } = state.order ?? {};
    for (const { name, certificate } of challenges) {
      if (certificate === undefined || privateKey === undefined) continue;
      const data = { 'tls.crt': encoded(certificate), 'tls.key': encoded(privateKey.reveal()) };
      const reading = readCertificate(acmeTlsKey(name), { kind: 'Secret', metadata: { name: stateSecret }, data });
      if (reading.kind === 'certificate') answers.set(reading.certificate.key, reading.certificate);
    }
  }
  return answers;
}

function encoded(text: string): string {
  return Buffer.from(text).toString('base64');
}

function problemOf({ reading: { ref } }: ResolvedObject, reason: ProblemReason, field: string, sentence: string): Problem {
  return { object: ref, reason, field, message: messageFor(ref, field, sentence) };
}

function isSame(a: Problem, b: Problem | undefined): boolean {
  return a.reason === b?.reason && a.field === b.field && a.message === b.message;
}
