import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AskedRequest, KeptAnswers } from '../../../../src/networkproxy/auth/kept-answers.ts';
import type { AnswerCache, ExternalAuth } from '../../../../src/routes/auth-policy.ts';

const auth = {} as ExternalAuth;
const cache = (by: AnswerCache['by'] = [{ kind: 'header', name: 'authorization' }]): AnswerCache => ({
  by,
  durations: [
    { statuses: [200, 202], ms: 1000 },
    { statuses: [401], ms: 10 },
  ],
});
const request = (headers: readonly string[], more: Partial<AskedRequest['head']> = {}, route = 'r'): AskedRequest => ({
  route,
  head: { headers, target: '/', authority: 'a.example', ...more },
  clientAddress: '192.0.2.1',
});
const answer = (status: number, headers: readonly string[] = [], body = '') => ({ status, headers, body });

describe('kept answers', () => {
  it('are told apart by every part of the key, by all values of it, by host, route and policy', () => {
    const kept = new KeptAnswers();
    const key = (asked: AskedRequest, by?: AnswerCache['by'], policy = auth) => kept.keyOf(policy, cache(by), asked);
    const one = key(request(['authorization', 'x']));
    assert.equal(key(request(['authorization', 'x', 'other', 'y'], { target: '/else' })), one);
    const others = [
      key(request(['authorization', 'y'])),
      key(request(['authorization', 'x', 'authorization', 'y'])),
      key(request(['authorization', 'x'], { authority: 'b.example' })),
      key(request(['authorization', 'x'], {}, 'other')),
      key(request(['authorization', 'x']), undefined, {} as ExternalAuth),
    ];
    assert.equal(new Set([one, ...others]).size, others.length + 1);
    const both: AnswerCache['by'] = [
      { kind: 'cookie', name: 'a' },
      { kind: 'query', name: 'b' },
    ];
    assert.notEqual(key(request(['cookie', 'a=1'], { target: '/?b=2' }), both), key(request(['cookie', 'a=2'], { target: '/?b=1' }), both));
    assert.notEqual(key(request(['cookie', 'a=1']), both), undefined);
    assert.equal(key(request([]), both), undefined);
    assert.notEqual(key(request([]), [{ kind: 'client-address' }]), undefined);
    assert.notEqual(key(request([], { target: '/a' }), [{ kind: 'target' }]), key(request([], { target: '/b' }), [{ kind: 'target' }]));
    const ofSecret = String(key(request(['authorization', 'a secret'])));
    assert.ok(!ofSecret.includes('secret') && ofSecret.length === 44);
  });

  it('hold as long as their status says, and others are not kept', () => {
    const kept = new KeptAnswers();
    kept.keep('yes', cache(), answer(202), 0);
    kept.keep('no', cache(), answer(401), 0);
    kept.keep('other', cache(), answer(403), 0);
    assert.deepEqual([kept.find('yes', 999)?.status, kept.find('no', 9)?.status, kept.find('other', 0)], [202, 401, undefined]);
    assert.deepEqual([kept.find('yes', 1000), kept.find('no', 10), kept.size], [undefined, undefined, 0]);
  });

  it('are not those for one client, too long, or without an end', () => {
    const kept = new KeptAnswers();
    for (const wrong of [
      answer(200, ['set-cookie', 'a=b']),
      answer(200, ['cache-control', 'max-age=5, No-Store']),
      answer(200, ['cache-control', 'private']),
      answer(200, ['x', 'y'.repeat(5000)]),
      answer(401, [], 'y'.repeat(5000)),
      { status: 200, headers: [], body: undefined },
    ])
      kept.keep('k', cache(), wrong, 0);
    assert.equal(kept.size, 0);
    kept.keep('k', cache(), answer(200, ['cache-control', 'max-age=5']), 0);
    assert.equal(kept.size, 1);
  });

  it('are bounded in number and length, and the one that was not used for longest goes', () => {
    const kept = new KeptAnswers(2, 100);
    kept.keep('a', cache(), answer(200), 0);
    kept.keep('b', cache(), answer(200), 0);
    kept.find('a', 0);
    kept.keep('c', cache(), answer(200), 0);
    assert.deepEqual([kept.find('a', 0)?.status, kept.find('b', 0), kept.find('c', 0)?.status], [200, undefined, 200]);
    kept.keep('d', cache(), answer(200, ['x', 'y'.repeat(90)]), 0);
    kept.keep('e', cache(), answer(200, ['x', 'y'.repeat(90)]), 0);
    assert.deepEqual([kept.find('d', 0), kept.find('e', 0)?.status, kept.size], [undefined, 200, 1]);
    for (let n = 0; n < 5; n++) kept.keep('e', cache(), answer(200, ['x', 'y'.repeat(90)]), 0);
    assert.equal(kept.size, 1, 'what takes the place of another counts once');
  });
});
