import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CaAuthorization, CaOrder } from '../../../src/acme/ca.ts';
import { nextStep } from '../../../src/acme/order-step.ts';
import { Redacted } from '../../../src/redacted.ts';
import type { AcmeOrder } from '../../../src/translate/acme-state.ts';

const order = (status: CaOrder['status'], error?: string): CaOrder => ({
  url: 'https://ca.test/order/1',
  status,
  error,
  retryAfterMs: 0,
});
const kept = (...tokens: readonly string[]): AcmeOrder => ({
  url: 'https://ca.test/order/1',
  issuer: 'test',
  directory: 'https://ca.test/dir',
  names: ['a.test'],
  privateKey: new Redacted('key'),
  challenges: tokens.map((token) => ({ type: 'http-01', name: 'a.test', token, keyAuthorization: `${token}.x` })),
});
const authorization = (
  token: string,
  status: CaAuthorization['status'] = 'pending',
  asked: 'pending' | 'processing' = 'pending',
): CaAuthorization => ({
  name: `${token}.test`,
  status,
  challenges: (['dns-01', 'http-01'] as const).map((type) => ({
    type,
    url: `https://ca.test/${token}`,
    token,
    keyAuthorization: `${token}.x`,
    status: asked,
    error: undefined,
    errorType: undefined,
  })),
});
const overHttp = () => 'http-01' as const;

test('an order goes step by step: answers are kept, then told of, then waited for', () => {
  const open = [authorization('a'), authorization('b', 'valid'), authorization('c')];
  const publish = nextStep(kept(), order('pending'), open, overHttp);
  assert.deepEqual(publish.kind === 'publish' && publish.challenges.map(({ token }) => token), ['a', 'c']);
  const answer = nextStep(kept('a', 'c'), order('pending'), open, overHttp);
  assert.deepEqual(answer.kind === 'answer' && answer.challenges.map(({ token }) => token), ['a', 'c']);
  assert.equal(nextStep(kept('a'), order('pending'), [authorization('a', 'pending', 'processing')], overHttp).kind, 'poll');
  assert.equal(nextStep(kept('a'), order('pending'), [authorization('a', 'valid')], overHttp).kind, 'poll');
  assert.equal(nextStep(kept('a'), order('ready'), [], overHttp).kind, 'finalize');
  assert.equal(nextStep(kept('a'), order('processing'), [], overHttp).kind, 'poll');
  assert.equal(nextStep(kept('a'), order('valid'), [], overHttp).kind, 'download');
});

test('one of whose challenges the CA was told before the leader died tells it of the others alone', () => {
  const step = nextStep(kept('a', 'b'), order('pending'), [authorization('a', 'pending', 'processing'), authorization('b')], overHttp);
  assert.deepEqual(step.kind === 'answer' && step.challenges.map(({ token }) => token), ['b']);
});

test('an order that can not be answered, or was refused, fails with the words of the CA', () => {
  const refused: CaAuthorization = {
    ...authorization('a', 'invalid'),
    challenges: [{ ...challenge('a'), error: 'got 404', errorType: 'unauthorized' }],
  };
  assert.deepEqual(nextStep(kept('a'), order('pending'), [refused], overHttp), {
    kind: 'failed',
    why: 'a.test: got 404',
    type: 'unauthorized',
  });
  assert.deepEqual(nextStep(kept('a'), order('invalid', 'caa'), [], overHttp), { kind: 'failed', why: 'caa' });
  const none: CaAuthorization = { name: 'a.test', status: 'pending', challenges: [] };
  const step = nextStep(kept(), order('pending'), [none], overHttp);
  assert.match(step.kind === 'failed' ? step.why : '', /for a\.test the CA offers no challenge of the kind http-01/);
});

test('each name is proven in its own way: a wildcard and its parent are two answers under one name', () => {
  const open = [authorization('a'), { ...authorization('b'), name: '*.a.test' }];
  const step = nextStep(kept(), order('pending'), open, (name) => (name.startsWith('*.') ? 'dns-01' : 'http-01'));
  assert.deepEqual(step.kind === 'publish' && step.challenges.map(({ type, name, token }) => [type, name, token]), [
    ['http-01', 'a.test', 'a'],
    ['dns-01', 'a.test', 'b'],
  ]);
});

function challenge(token: string): CaAuthorization['challenges'][number] {
  return { type: 'http-01', url: '', token, keyAuthorization: '', status: 'invalid', error: undefined, errorType: undefined };
}
