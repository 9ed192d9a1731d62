import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SecretsError } from '../../../src/acme/acme-secrets.ts';
import { failureOf } from '../../../src/acme/back-off.ts';
import { CaError, problemText } from '../../../src/acme/ca-error.ts';
import { retryAfterMs } from '../../../src/acme/ca-transport.ts';
import { nextAttempt } from '../../../src/acme/next-attempt.ts';
import { keptRenewal, renewalTime } from '../../../src/acme/renewal-time.ts';
import { Redacted } from '../../../src/redacted.ts';
import type { AcmeCertificate, PresentCertificate } from '../../../src/translate/acme-certificate.ts';
import { type AcmeState, noAcmeState } from '../../../src/translate/acme-state.ts';
import { issuer } from '../../tools/acme/ordering.ts';

const dayMs = 86_400_000;
const nowMs = Date.UTC(2026, 5, 1);
const present: PresentCertificate = {
  fingerprint: 'f1',
  names: ['a.test'],
  notBeforeMs: nowMs,
  notAfterMs: nowMs + 90 * dayMs,
  chain: '',
  directory: 'https://ca.test/dir',
};
const certificate = (state: Partial<AcmeState> = {}, more: Partial<AcmeCertificate> = {}): AcmeCertificate => ({
  secret: 'shop/tls',
  names: ['a.test'],
  issuer: issuer('https://ca.test/dir'),
  stateSecret: 'own/state',
  state: { ...noAcmeState, ...state },
  present,
  owners: [],
  hasOtherOwners: false,
  ...more,
});

test('a certificate is ordered when there is none, when it is for other names, and when it is of another CA', () => {
  assert.deepEqual(nextAttempt(certificate({}, { present: undefined }), nowMs), { kind: 'order', atMs: 0 });
  assert.equal(nextAttempt(certificate({}, { names: ['a.test', 'b.test'] }), nowMs).kind, 'order');
  assert.equal(nextAttempt(certificate({}, { issuer: issuer('https://other.test/dir') }), nowMs).kind, 'order');
});

test('after a failure nothing is done before its time, also by a leader that knows of it from the Secret alone', () => {
  const failure = { count: 3, message: 'no', nextAttemptMs: nowMs + 1000 };
  assert.deepEqual(nextAttempt(certificate({ failure }, { present: undefined }), nowMs), { kind: 'order', atMs: nowMs + 1000 });
});

test('a clock that was set back since the last try holds nothing until then, as far as clocks of replicas do not differ', () => {
  const failure = { count: 3, message: 'no', nextAttemptMs: nowMs + 60_000 };
  const failed = certificate({ failure, lastAttemptMs: nowMs }, { present: undefined });
  assert.equal(nextAttempt(failed, nowMs - 30_000).atMs, failure.nextAttemptMs);
  assert.equal(nextAttempt(failed, nowMs - dayMs).atMs, 0);
});

test('who corrects what is wanted waits for no pause of what was wanted before, but for those that the CA asks for', () => {
  const refusal = new CaError('order', 'no', { status: 403, type: 'externalAccountRequired' });
  const before = certificate({}, { present: undefined });
  const failed = { ...before, state: { ...before.state, failure: failureOf(refusal, before, nowMs, 0) } };
  const externalAccount = { keyId: 'k', key: new Redacted('a') };
  const bound = { ...failed, issuer: { ...failed.issuer, externalAccount } };
  assert.equal(nextAttempt(failed, nowMs).atMs, nowMs + 60_000);
  assert.equal(nextAttempt(bound, nowMs).atMs, 0);
  assert.equal(nextAttempt({ ...failed, names: ['b.test'] }, nowMs).atMs, 0);
  const again = { ...bound, state: { ...bound.state, failure: failureOf(refusal, bound, nowMs, 0) } };
  assert.equal(again.state.failure.count, 1, 'it is another wish');
  assert.equal(nextAttempt(again, nowMs).atMs, nowMs + 60_000);
  const otherKey = { ...externalAccount, key: new Redacted('b') };
  assert.equal(nextAttempt({ ...again, issuer: { ...again.issuer, externalAccount: otherKey } }, nowMs).atMs, 0);

  const limited = failureOf(new CaError('order', 'too many', { status: 429, retryAfterMs: 7_200_000 }), before, nowMs, 0);
  const waiting = { ...before, state: { ...before.state, failure: limited } };
  assert.equal(nextAttempt({ ...waiting, names: ['b.test'] }, nowMs).atMs, nowMs + 7_200_000);
  assert.equal(nextAttempt({ ...waiting, issuer: issuer('https://other.test/dir') }, nowMs).atMs, 0);
});

test('a certificate that fits is asked about once, then now and then, then renewed when it is due', () => {
  assert.deepEqual(nextAttempt(certificate(), nowMs), { kind: 'renewal', atMs: 0 });
  const renewal = { fingerprint: 'f1', atMs: nowMs + 60 * dayMs, checkMs: nowMs + dayMs };
  assert.deepEqual(nextAttempt(certificate({ renewal }), nowMs), { kind: 'renewal', atMs: nowMs + dayMs });
  assert.deepEqual(nextAttempt(certificate({ renewal }), renewal.atMs), { kind: 'order', atMs: renewal.atMs });
  assert.equal(nextAttempt(certificate({ renewal: { ...renewal, fingerprint: 'before' } }), nowMs).kind, 'renewal');
});

test('a certificate that has just come is used for an hour, whatever its CA and the clocks say, and a short one for two thirds of its life', () => {
  const renewal = { fingerprint: 'f1', atMs: nowMs - 60 * dayMs, checkMs: nowMs + dayMs };
  const issued = { fingerprint: 'f1', names: ['a.test'], atMs: nowMs };
  assert.deepEqual(nextAttempt(certificate({ renewal, issued }), nowMs), { kind: 'order', atMs: nowMs + 3_600_000 });
  const short = { ...present, notAfterMs: nowMs + 300_000 };
  assert.deepEqual(nextAttempt(certificate({ renewal, issued }, { present: short }), nowMs), { kind: 'order', atMs: nowMs + 200_000 });
  assert.deepEqual(nextAttempt(certificate({ renewal, issued: { ...issued, fingerprint: 'before' } }), nowMs).atMs, renewal.atMs);
});

test('it is renewed when two thirds of its life are over, and where the CA suggests a window at a time in that', () => {
  assert.equal(renewalTime(present, undefined, nowMs, 0.5).atMs, nowMs + 60 * dayMs);
  const window = { startMs: nowMs + 10 * dayMs, endMs: nowMs + 12 * dayMs, retryAfterMs: 0 };
  assert.equal(renewalTime(present, window, nowMs, 0.25).atMs, nowMs + 10.5 * dayMs);
  assert.equal(renewalTime(present, { ...window, retryAfterMs: 1 }, nowMs, 0).checkMs, nowMs + 60_000);
  assert.equal(renewalTime(present, { ...window, retryAfterMs: 30 * dayMs }, nowMs, 0).checkMs, nowMs + dayMs);
});

test('the time that was drawn stays while the window has it, and moves with the window', () => {
  const window = { startMs: nowMs, endMs: nowMs + dayMs, retryAfterMs: 0 };
  const first = renewalTime(present, window, nowMs, 0.5);
  assert.equal(keptRenewal(first, renewalTime(present, window, nowMs, 0.9), window).atMs, first.atMs);
  // The CA is about to revoke it: the window is in the past.
  const laterMs = nowMs + 20 * dayMs;
  const urgent = { startMs: laterMs - 2 * dayMs, endMs: laterMs - dayMs, retryAfterMs: 0 };
  assert.ok(keptRenewal(first, renewalTime(present, urgent, laterMs, 0.5), urgent).atMs < laterMs);
  const before = { startMs: nowMs - 2 * dayMs, endMs: nowMs - dayMs, retryAfterMs: 0 };
  assert.equal(renewalTime(present, before, laterMs, 0.5).atMs, nowMs + 60 * dayMs, 'a window from before the certificate is none');
});

test('refusals wait longer each time, outages less, and both as long as the CA asks', () => {
  const refusal = new CaError('order', 'no', { status: 403, type: 'caa' });
  const pauses = [0, 1, 2, 3, 9].map(
    (count) => failureOf(refusal, certificate({ failure: { count, message: '', nextAttemptMs: 0 } }), nowMs, 0).nextAttemptMs - nowMs,
  );
  assert.deepEqual(pauses, [60_000, 240_000, 960_000, 3_840_000, 21_600_000]);
  assert.equal(
    failureOf(refusal, certificate(), nowMs, 0).message,
    'no (caa); let a CAA record of the domain name this CA, or use another issuer',
  );
  assert.equal(failureOf(new CaError('order', 'away'), certificate(), nowMs, 0).nextAttemptMs, nowMs + 15_000);
  const forbidden = new SecretsError({ reason: 'forbidden', message: 'Cannot create secrets' }, undefined);
  assert.equal(failureOf(forbidden, certificate(), nowMs, 0).nextAttemptMs, nowMs + 15_000, 'no CA counts what we may not write');
  assert.equal(failureOf(forbidden, certificate(), nowMs, 0).message, 'Cannot create secrets');
  const limited = new CaError('order', 'too many', { status: 429, type: 'rateLimited', retryAfterMs: 7_200_000 });
  assert.equal(failureOf(limited, certificate(), nowMs, 0).nextAttemptMs, nowMs + 7_200_000);
});

test('Retry-After is read as seconds and as a date, and a problem document as its texts', () => {
  assert.equal(retryAfterMs('120', nowMs), 120_000);
  assert.equal(retryAfterMs(new Date(nowMs + 5000).toUTCString(), nowMs), 5000);
  for (const nothing of [undefined, 'soon', '-1', new Date(0).toUTCString()]) assert.equal(retryAfterMs(nothing, nowMs), 0);
  for (const never of ['9'.repeat(20), '9'.repeat(400), new Date(nowMs + 4000 * dayMs).toUTCString()])
    assert.equal(retryAfterMs(never, nowMs), 30 * dayMs, never);
  const document = { detail: 'Refused.\n', subproblems: [{ identifier: { value: 'a.test' }, detail: 'CAA' }] };
  assert.equal(problemText(document), 'Refused. ; a.test: CAA');
  assert.equal(problemText({ type: 'urn:x' }), 'urn:x');
  assert.equal(problemText('x'), undefined);
  const terms = { type: 'urn:ietf:params:acme:error:userActionRequired', detail: 'Terms changed', instance: 'https://ca.test/terms' };
  assert.equal(problemText(terms), 'Terms changed; https://ca.test/terms');
  assert.equal(problemText({ ...terms, type: 'urn:ietf:params:acme:error:dns' }), 'Terms changed');
  assert.ok((problemText({ detail: 'x'.repeat(5000) }) ?? '').length <= 500);
});
