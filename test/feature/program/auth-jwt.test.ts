import assert from 'node:assert/strict';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { eventually } from '../../tools/eventually.ts';
import { forwardTo, ingressClass, opaqueSecret, service, smartRoute } from '../../tools/manifests.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
import { type Answer, Program } from '../../tools/program.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';

const host = 'shop.example.com';
const issuer = 'https://issuer.example.com';

describe('tokens, objects in and real sockets out', () => {
  let backend: NamedBackend;
  let base: string;
  let jwks: string;
  let key: CryptoKey;

  before(async () => {
    const pair = await generateKeyPair('ES384');
    key = pair.privateKey;
    jwks = JSON.stringify({ keys: [await exportJWK(pair.publicKey)] });
    backend = await NamedBackend.start('a');
    base = ingressClass + service('a', backend.port) + opaqueSecret('keys', { 'jwks.json': jwks });
  });

  after(() => backend[Symbol.asyncDispose]());

  const now = (): number => Math.floor(Date.now() / 1000);
  const sign = (claims: JWTPayload = {}): Promise<string> =>
    new SignJWT({ iss: issuer, aud: 'shop', sub: 'ada', exp: now() + 600, ...claims }).setProtectedHeader({ alg: 'ES384' }).sign(key);
  const route = (jwt: object): string => {
    const auth = { jwt: { issuer, audiences: ['shop'], jwks: { secretRef: { name: 'keys' } }, algorithms: ['ES384'], ...jwt } };
    return smartRoute('shop', { hosts: [host], policy: { auth }, http: { rules: [{ name: 'all', action: forwardTo('a') }] } });
  };
  const ask = async (program: Program, token: string | Promise<string>): Promise<Answer> =>
    program.ask(host, '/', { headers: { authorization: `Bearer ${await token}` } });

  it('lets in who brings a valid token of the issuer, for the audience, by the algorithms and within the leeway', async () => {
    await using program = await Program.start(base + route({ leeway: '1m' }));
    assert.deepEqual(program.problems, []);
    assert.equal((await program.ask(host, '/')).status, 401);
    assert.equal((await ask(program, sign())).body, 'a');
    assert.equal((await ask(program, sign({ exp: now() - 30 }))).body, 'a');
    for (const claims of [{ exp: now() - 90 }, { iss: 'https://other.example.com' }, { aud: 'blog' }])
      assert.equal((await ask(program, sign(claims))).status, 401, JSON.stringify(claims));
    await program.apply(route({ audiences: undefined, leeway: '0s' }));
    assert.equal((await ask(program, sign({ aud: 'blog' }))).body, 'a');
    assert.equal((await ask(program, sign({ exp: now() - 5 }))).status, 401);
    await program.apply(route({ algorithms: ['ES256'] }));
    assert.equal((await ask(program, sign())).status, 401);
  });

  it('knows a token that was valid until it ends, its policy changes or its keys do', async () => {
    await using program = await Program.start(base + route({ claimHeaders: [{ claim: 'sub', header: 'X-User' }], leeway: '0s' }));
    const known = () => {
      const { tokenCacheHits, tokenCacheMisses } = program.dataPlane.counters;
      return [tokenCacheHits, tokenCacheMisses];
    };
    const token = await sign();
    for (let n = 0; n < 3; n++) assert.equal((await ask(program, token)).body, 'a');
    assert.deepEqual(
      [known(), backend.seen.at(-1)?.headers['x-user'], backend.seen.at(-1)?.headers.authorization],
      [[2, 1], 'ada', undefined],
    );
    for (let n = 0; n < 2; n++) assert.equal((await ask(program, `${token}x`)).status, 401);
    assert.deepEqual(known(), [2, 3], 'one that is refused is checked again');
    const short = await sign({ exp: now() + 2 });
    assert.equal((await ask(program, short)).body, 'a');
    await eventually('it ends', async () => (await ask(program, short)).status === 401);
    await program.apply(route({ requiredClaims: [{ claim: 'sub', values: ['eve'] }] }));
    assert.equal((await ask(program, token)).status, 403);
    await program.apply(route({}));
    assert.equal((await ask(program, token)).body, 'a');
    const pair = await generateKeyPair('ES384');
    const other = JSON.stringify({ keys: [await exportJWK(pair.publicKey)] });
    await program.apply(opaqueSecret('keys', { 'jwks.json': other }));
    assert.equal((await ask(program, token)).status, 401, 'a key that was taken away');
    await program.apply(opaqueSecret('keys', { 'jwks.json': jwks }));
    assert.equal((await ask(program, token)).body, 'a');
    await program.remove('Secret', 'default/keys');
    assert.equal((await ask(program, token)).status, 503);
  });

  it('takes the token from where the route says, and hands it on where it says so', async () => {
    const token = await sign();
    await using program = await Program.start(base + route({ from: { header: 'X-Token' } }));
    assert.equal((await ask(program, token)).status, 401);
    assert.equal((await program.ask(host, '/', { headers: { 'x-token': token } })).body, 'a');
    assert.equal(backend.seen.at(-1)?.headers['x-token'], undefined);
    await program.apply(route({ from: { cookie: 'id' }, forwardToken: true }));
    await program.ask(host, '/', { headers: { cookie: `a=b; id=${token}` } });
    assert.equal(backend.seen.at(-1)?.headers.cookie, `a=b; id=${token}`);
    await program.apply(route({ from: { query: 'token' } }));
    assert.equal((await program.ask(host, `/x?a=b&token=${token}`)).body, 'a');
    assert.equal(backend.seen.at(-1)?.url, '/x?a=b');
  });

  it('hands claims on, and refuses who lacks one that is required', async () => {
    const claimHeaders = [{ claim: 'realm.roles', header: 'X-Roles' }];
    await using program = await Program.start(
      base + route({ claimHeaders, requiredClaims: [{ claim: 'realm.roles', values: ['admin'] }] }),
    );
    assert.equal((await ask(program, sign({ realm: { roles: ['user'] } }))).status, 403);
    assert.equal((await ask(program, sign({ realm: { roles: ['user', 'admin'] } }))).body, 'a');
    assert.equal(backend.seen.at(-1)?.headers['x-roles'], 'user,admin');
    const lines = await program.finish();
    assert.deepEqual(
      lines.map(({ status, user, flag }) => [status, user, flag]),
      [
        [403, 'ada', 'auth_refused'],
        [200, 'ada', undefined],
      ],
    );
  });

  it('checks tokens by keys from a URL, verified by its CA, and lets nobody in without keys', async (t) => {
    const certificate = await makeTestCertificate('localhost');
    const server = createServer(certificate, (_, response) => response.end(jwks));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => {
      server.closeAllConnections();
      server.close();
    });
    const url = `https://localhost:${(server.address() as AddressInfo).port}/jwks.json`;
    const ca = opaqueSecret('ca', { 'ca.crt': certificate.cert });
    await using program = await Program.start(base + ca + route({ jwks: { url, caRef: { name: 'ca' } } }), [
      '--allow-local-external-names',
    ]);
    assert.deepEqual(program.problems, []);
    assert.equal((await ask(program, sign())).body, 'a');
    await program.apply(route({ jwks: { url } }));
    assert.equal((await ask(program, sign())).status, 503);
    assert.deepEqual([program.dataPlane.counters.keyFetches, program.dataPlane.counters.keyFetchFailures], [1, 1]);
    await program.apply(opaqueSecret('keys', { 'jwks.json': '{"keys":[]}' }) + route({}));
    assert.deepEqual(program.problems, ['SecretInvalid']);
    assert.equal((await ask(program, sign())).status, 503);
    await program.remove('Secret', 'default/keys');
    assert.deepEqual(program.problems, ['SecretNotFound']);
    assert.equal((await ask(program, sign())).status, 503);
  });
});
