import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { authIndex, authResults } from '../../../../src/observability/counters/auth-result.ts';
import { Redacted } from '../../../../src/redacted.ts';
import type { JwtAuth } from '../../../../src/routes/auth-policy.ts';
import { Backend, closedPort, hello } from '../../../feature/networkproxy/backend.ts';
import { Harness } from '../../../feature/networkproxy/harness.ts';
import { get } from '../../../feature/networkproxy/raw-client.ts';

const issuer = 'https://issuer.example';
const policy: JwtAuth = {
  kind: 'jwt',
  issuer,
  audiences: ['shop', 'api'],
  keys: { secret: 'jwks test/keys' },
  algorithms: ['ES256'],
  leewaySeconds: 30,
  from: { kind: 'header', name: 'authorization' },
  forwardToken: false,
  claimHeaders: [
    { claim: 'sub', header: 'x-user' },
    { claim: 'groups', header: 'x-groups' },
  ],
  requiredClaims: [],
};

describe('tokens', async () => {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const stranger = await generateKeyPair('ES256');
  const rsa = await generateKeyPair('RS256');
  const jwks = JSON.stringify({
    keys: [
      { ...(await exportJWK(publicKey)), kid: 'k' },
      { ...(await exportJWK(rsa.publicKey)), kid: 'r' },
    ],
  });
  const secrets = [{ key: 'jwks test/keys', value: new Redacted(jwks) }];
  let backend: Backend;
  let server: Server;
  let status = 200;
  let asked = 0;

  before(async () => {
    backend = await Backend.answering(hello);
    server = createServer((request, response) => {
      asked++;
      assert.equal(request.headers['x-forwarded-for'], undefined);
      response.writeHead(status, { 'content-type': 'application/json' }).end(jwks);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  after(async () => {
    server.closeAllConnections();
    server.close();
    await backend[Symbol.asyncDispose]();
  });

  const sign = (claims: JWTPayload, key: Parameters<SignJWT['sign']>[0] = privateKey, alg = 'ES256', kid = 'k'): Promise<string> =>
    new SignJWT({ iss: issuer, aud: 'shop', sub: 'ada', exp: Math.floor(Date.now() / 1000) + 600, ...claims })
      .setProtectedHeader({ alg, kid })
      .sign(key);
  const start = (more: Partial<JwtAuth> = {}, keyPorts: readonly number[] = []): Promise<Harness> =>
    Harness.start({
      routes: [
        { host: 'a.example', endpoints: [backend.port], policy: { auth: { ...policy, ...more } } },
        { host: 'keys.internal', endpoints: keyPorts },
      ],
      secrets,
    });
  const ask = (harness: Harness, token: string, path = '/'): Promise<string> =>
    get(harness.port, path, 'a.example', `Authorization: Bearer ${token}\r\nX-User: root\r\nX-Groups: root\r\n`);
  /** The last head that the backend got. */
  const last = (): string => `${(backend.received.at(-1) ?? '').split('\r\n\r\n').at(-2)}\r\n`;

  it('of the issuer let in, and the backend gets the claims in place of what the client says, not the token', async () => {
    await using harness = await start();
    assert.match(await ask(harness, await sign({ groups: ['a', 'b'] })), /hello$/);
    assert.match(last(), /\r\nx-user: ada\r\nx-groups: a,b\r\n/);
    assert.doesNotMatch(last(), /root|authorization/);
    assert.match(await ask(harness, await sign({ aud: ['x', 'api'] })), /hello$/);
    assert.doesNotMatch(last(), /x-groups/);
    assert.equal(harness.requests[0]?.user, 'ada');
    const counted = authResults.map((result) => harness.counters.auth[authIndex('jwt', result)]);
    assert.deepEqual(counted, [2, 0, 0, 0, 0]);
  });

  it('that are missing, expired, too early, of others, for others, or signed otherwise do not', async () => {
    await using harness = await start();
    const seconds = Math.floor(Date.now() / 1000);
    const tokens = [
      await sign({ exp: seconds - 60 }),
      await sign({ nbf: seconds + 600 }),
      await sign({ iss: 'https://issuer.example/' }),
      await sign({ aud: 'other' }),
      await sign({ exp: undefined as unknown as number }),
      await sign({}, stranger.privateKey),
      await sign({}, rsa.privateKey, 'RS256', 'r'),
      await sign({}, new TextEncoder().encode('x'.repeat(32)), 'HS256'),
      `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(`{"iss":"${issuer}","aud":"shop","exp":9999999999}`).toString('base64url')}.`,
      'not.a.token',
    ];
    const seen = backend.received.join('');
    for (const [index, token] of tokens.entries()) {
      const answer = await ask(harness, token);
      assert.match(answer, /^HTTP\/1\.1 401 [\s\S]*\r\nwww-authenticate: Bearer error="invalid_token"\r\n/, `${index}`);
    }
    assert.match(await get(harness.port), /^HTTP\/1\.1 401 [\s\S]*\r\nwww-authenticate: Bearer\r\n/);
    assert.equal(backend.received.join(''), seen);
    assert.match(await ask(harness, await sign({ exp: seconds - 10 })), /hello$/, 'within the leeway');
  });

  it('without a claim that is required are refused for that: 403', async () => {
    await using harness = await start({ requiredClaims: [{ claim: 'groups', values: ['admin'] }] });
    const answer = await ask(harness, await sign({ groups: ['user'] }));
    assert.match(answer, /^HTTP\/1\.1 403 [\s\S]*error="insufficient_scope"/);
    assert.match(await ask(harness, await sign({ groups: ['user', 'admin'] })), /hello$/);
  });

  it('are taken from a cookie or the query, and forwarded where that is asked for', async () => {
    const token = await sign({});
    await using cookies = await start({ from: { kind: 'cookie', name: 'id' } });
    assert.match(await get(cookies.port, '/', 'a.example', `Cookie: a=b; id=${token}\r\n`), /hello$/);
    assert.match(last(), /\r\ncookie: a=b\r\n/);
    await using queries = await start({ from: { kind: 'query', name: 'token' } });
    assert.match(await get(queries.port, `/x?a=b&token=${token}&c`), /hello$/);
    assert.match(last(), /^GET \/x\?a=b&c HTTP/);
    await using forwarding = await start({ forwardToken: true });
    await ask(forwarding, token);
    assert.ok(last().includes(`authorization: Bearer ${token}\r\n`));
  });

  it('are checked by keys from a server; without any nobody is let in', async () => {
    const keys = { service: 'test/s1:80', authority: 'keys.internal', target: '/jwks.json' };
    await using harness = await start({ keys }, [(server.address() as AddressInfo).port]);
    const token = await sign({});
    for (let i = 0; i < 3; i++) assert.match(await ask(harness, token), /hello$/);
    assert.equal(asked, 1);
    assert.deepEqual([harness.counters.keyFetches, harness.counters.keyFetchFailures], [1, 0]);
    // The first one came when there were no keys yet: only from then on it is known which keys found it valid.
    assert.deepEqual([harness.counters.tokenCacheHits, harness.counters.tokenCacheMisses], [1, 2]);
    status = 500;
    await using broken = await start({ keys }, [(server.address() as AddressInfo).port]);
    assert.match(await ask(broken, token), /^HTTP\/1\.1 503/);
    await using gone = await start({ keys }, [await closedPort()]);
    assert.match(await ask(gone, token), /^HTTP\/1\.1 503/);
    assert.deepEqual([gone.counters.keyFetches, gone.counters.keyFetchFailures], [0, 1]);
    assert.equal(gone.flag('auth_unavailable'), 1);
  });
});
