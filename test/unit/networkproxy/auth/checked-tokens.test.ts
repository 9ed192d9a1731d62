import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CheckedTokens } from '../../../../src/networkproxy/auth/checked-tokens.ts';
import type { JwtAuth } from '../../../../src/routes/auth-policy.ts';

const policy: JwtAuth = {
  kind: 'jwt',
  issuer: 'https://issuer.example',
  audiences: [],
  keys: { secret: 'jwks test/keys' },
  algorithms: ['ES256'],
  leewaySeconds: 30,
  from: { kind: 'header', name: 'authorization' },
  forwardToken: false,
  claimHeaders: [],
  requiredClaims: [],
};

describe('tokens that were checked', () => {
  const keys = {};
  const startMs = 1_700_000_000_000;
  const claims = (seconds: number) => ({ sub: 'ada', exp: startMs / 1000 + seconds });

  /** Looks for it first, as requests do. */
  function keep(tokens: CheckedTokens, token: string, seconds = 600, auth = policy): void {
    assert.equal(tokens.find(auth, keys, token, startMs), undefined);
    tokens.keep(auth, keys, token, claims(seconds), startMs);
  }

  it('are known for a minute, and not beyond their end', () => {
    const tokens = new CheckedTokens();
    keep(tokens, 'long');
    keep(tokens, 'short', 20);
    assert.deepEqual(tokens.find(policy, keys, 'long', startMs + 59_999), claims(600));
    assert.deepEqual(tokens.find(policy, keys, 'short', startMs + 19_999), claims(20));
    assert.equal(tokens.find(policy, keys, 'long', startMs + 60_000), undefined);
    assert.equal(tokens.find(policy, keys, 'short', startMs + 20_000), undefined);
    assert.equal(tokens.size, 0, 'what is over is let go');
    keep(tokens, 'over', -1);
    keep(tokens, 'over', 0);
    assert.equal(tokens.size, 0, 'the leeway of a policy is for who checks');
  });

  it('are known to the policy and the keys that they were checked by alone', () => {
    const tokens = new CheckedTokens();
    keep(tokens, 'token');
    assert.equal(tokens.find({ ...policy }, keys, 'token', startMs), undefined);
    assert.equal(tokens.find(policy, keys, 'other', startMs), undefined);
    assert.notEqual(tokens.find(policy, keys, 'token', startMs), undefined);
    keep(tokens, 'token', 600, { ...policy });
    assert.equal(tokens.size, 2);
    assert.equal(tokens.find(policy, {}, 'token', startMs), undefined);
    assert.equal(tokens.size, 1, 'what other keys have checked is gone');
    assert.equal(tokens.find(policy, keys, 'token', startMs), undefined, 'for good');
  });

  it('are not kept when the keys have changed while they were checked', () => {
    const tokens = new CheckedTokens();
    tokens.find(policy, keys, 'token', startMs);
    tokens.find(policy, {}, 'other', startMs);
    tokens.keep(policy, keys, 'token', claims(600), startMs);
    assert.equal(tokens.size, 0);
  });

  it('make room, those that were not used for longest first, by their number and their length', () => {
    for (const tokens of [new CheckedTokens(2), new CheckedTokens(10, 2)]) {
      for (const token of ['a', 'b']) keep(tokens, token);
      assert.notEqual(tokens.find(policy, keys, 'a', startMs), undefined);
      keep(tokens, 'c');
      assert.deepEqual(
        ['a', 'b', 'c'].filter((token) => tokens.find(policy, keys, token, startMs) !== undefined),
        ['a', 'c'],
      );
    }
  });
});
