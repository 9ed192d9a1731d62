import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { basicCredentials } from '../../../src/networkproxy/auth/basic-credentials.ts';
import { tokenOf, withoutToken } from '../../../src/networkproxy/auth/bearer-token.ts';
import { claimFields } from '../../../src/networkproxy/auth/claims.ts';
import { CookieJar } from '../../../src/networkproxy/auth/oidc/cookie-jar.ts';
import { SealedText } from '../../../src/networkproxy/auth/oidc/sealed-text.ts';
import { withoutSessionCookies } from '../../../src/networkproxy/auth/oidc/session-cookies.ts';
import { signInLocation } from '../../../src/networkproxy/auth/sign-in-location.ts';
import type { RequestHead } from '../../../src/networkproxy/http1/message-handler.ts';
import { ownRequest } from '../../../src/networkproxy/own-request.ts';
import { readHtpasswd } from '../../../src/routes/htpasswd.ts';

const latin1 = fc.string({ unit: 'binary', maxLength: 60 }).map((text) => Buffer.from(text).toString('latin1'));
const visible = fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)), maxLength: 30 });
const base64url = fc.string({ unit: fc.constantFrom(...'abcXYZ019_-'), minLength: 1, maxLength: 12_000, size: 'max' });
/** Header fields with many that matter, flat. */
const headers = fc
  .array(
    fc.tuple(
      fc.constantFrom('authorization', 'cookie', 'x-token', 'accept'),
      fc.oneof(latin1, fc.constantFrom('Bearer a', 'a=b; id=c', 'id=d')),
    ),
    { maxLength: 5 },
  )
  .map((fields) => fields.flat());
const places = [
  { kind: 'header', name: 'authorization' },
  { kind: 'header', name: 'x-token' },
  { kind: 'cookie', name: 'id' },
  { kind: 'query', name: 'q' },
] as const;

it('basicCredentials gives back any name without a colon and any password, and nothing for any other field', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (name, password) => {
      const user = name.replaceAll(':', '');
      const field = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
      assert.deepEqual(basicCredentials(['authorization', field]), { user, password });
    }),
  );
  fc.assert(fc.property(headers, (fields) => void basicCredentials(fields)));
});

it('a token that is taken out of a request is not found in it any more, and nothing else is missing', () => {
  fc.assert(
    fc.property(
      headers,
      fc.array(fc.constantFrom('q=1', 'q', 'a=%', '%71=x', 'b', ''), { maxLength: 4 }),
      fc.constantFrom(...places),
      (fields, query, place) => {
        const head = ownRequest({ method: 'GET', authority: 'a', target: `/p?${query.join('&')}`, headers: fields });
        const rest = withoutToken(head, place);
        assert.equal(tokenOf(rest, place), undefined);
        assert.equal(rest.target.split('?')[0], '/p');
        const others = (list: readonly string[]): readonly string[] => list.filter((_, i) => list[i - (i % 2)] === 'accept');
        assert.deepEqual(others(rest.headers), others(fields));
        if (place.kind !== 'query') assert.equal(rest.target, head.target);
      },
    ),
  );
});

it('SealedText opens what it sealed, whatever it is, and nothing that somebody else made', () => {
  const [sealed, other] = [new SealedText('k'.repeat(43), 'a'), new SealedText('o'.repeat(43), 'a')];
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), (text, noise) => {
      const value = sealed.seal(text);
      assert.equal(sealed.open(value), text);
      assert.match(value, /^[\w-]+$/);
      assert.equal(other.open(value), undefined);
      assert.equal(sealed.open(noise), undefined);
    }),
  );
});

it('CookieJar reads what it wrote among any other cookies, and takes all of it out again', () => {
  fc.assert(
    fc.property(
      base64url,
      fc.array(fc.constantFrom('a=b', 's2=x', 'sx-1=y', 'S=z', 'noise'), { maxLength: 3 }),
      fc.boolean(),
      (value, others, isSecure) => {
        const jar = new CookieJar('s', isSecure);
        const fields = jar.write(value, 60, 16_384) ?? [];
        const pairs = fields.filter((_, index) => index % 2 === 1).map((field) => field.split(';')[0] as string);
        const sent = ['cookie', [...others, ...pairs].join('; ')];
        assert.equal(jar.read(sent), value);
        assert.deepEqual(
          withoutSessionCookies({ headers: sent } as unknown as RequestHead, ['s']).headers,
          others.length === 0 ? [] : ['cookie', others.join('; ')],
        );
        assert.equal(jar.sent(sent, '').length, pairs.length);
      },
    ),
  );
  fc.assert(fc.property(headers, (fields) => void new CookieJar('id', false).read(fields)));
});

it('readHtpasswd takes any text, and keeps no hash that could not be checked', () => {
  const line = fc.oneof(
    latin1,
    fc.constantFrom('ada:$apr1$x$ya00XvwA0viq10Nb5bv6L.', 'bob:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=', 'x:', ':', '#'),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
      const { hashes, wrong } = readHtpasswd(lines.join('\n'));
      for (const hash of hashes.values()) assert.match(hash, /^\$apr1\$|^\{SHA\}|^\$2[aby]\$/);
      for (const { line: number } of wrong) assert.ok(number >= 1);
    }),
  );
});

it('claimFields makes no field that could be more than one line', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.jsonValue()), (claims) => {
      const fields = claimFields(
        claims,
        ['a', 'b', 'c', 'a.b'].map((claim) => ({ claim, header: `x-${claim.length}` })),
      );
      for (const field of fields) assert.match(field, /^[\x20-\x7e\x80-\xff]+$/);
    }),
  );
});

it('signInLocation is one header field, and leads where the template says', () => {
  fc.assert(
    fc.property(visible, visible, (query, host) => {
      const head = { host, authority: host, target: `/p?${query}` };
      const location = signInLocation('https://login.example/start', head, 'https');
      assert.match(location, /^https:\/\/login\.example\/start\?rd=[\w%.!~*'()-]+$/);
      assert.equal(new URL(location).searchParams.get('rd'), `https://${host}/p?${query}`);
    }),
  );
});
