import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { hashSync } from 'bcryptjs';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { opaqueSecret, service } from '../manifests.ts';
import { NamedBackend } from '../named-backend.ts';
import { type DefaultCase, host } from './default-case.ts';

const users = opaqueSecret('users', { auth: `ada:${hashSync('sesame', 4)}\n` });
const password = { authorization: `Basic ${Buffer.from('ada:sesame').toString('base64')}` };
const local = ['--allow-local-external-names'];
const issuer = 'https://issuer.example.com';

async function named(t: TestContext): Promise<NamedBackend> {
  const backend = await NamedBackend.start('a');
  t.after(() => backend[Symbol.asyncDispose]());
  return backend;
}

/** A server that lets in who has a cookie. */
async function decider(t: TestContext): Promise<number> {
  const server = createServer((request, response) => {
    response.writeHead(request.headers.cookie === 'id=ada' ? 200 : 403, { 'x-user': 'ada' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Defaults for who may ask. */
export const authCases: readonly DefaultCase[] = [
  {
    policy: { auth: { basic: { secretRef: { name: 'users' }, realm: 'All of it', userHeader: 'X-User' } } },
    look: async (start, t) => {
      const backend = await named(t);
      const program = await start([backend.port], users);
      const refused = await program.ask(host, '/');
      const { status } = await program.ask(host, '/', { headers: password });
      return [refused.status, refused.headers['www-authenticate'], status, backend.seen.at(-1)?.headers['x-user']];
    },
    without: [200, undefined, 200, undefined],
    with: [401, 'Basic realm="All of it", charset="UTF-8"', 200, 'ada'],
  },
  {
    policy: { clients: { allow: ['127.0.0.0/8'] }, auth: { basic: { secretRef: { name: 'users' } } }, satisfy: 'Any' },
    look: async (start, t) => (await (await start([(await named(t)).port], users)).ask(host, '/')).status,
    with: 200,
  },
  {
    policy: { auth: { external: { backend: { name: 'decider', port: { name: 'web' } }, responseHeaders: ['X-User'] } } },
    look: async (start, t) => {
      const backend = await named(t);
      const program = await start([backend.port], service('decider', await decider(t)));
      const refused = await program.ask(host, '/');
      const { status } = await program.ask(host, '/', { headers: { cookie: 'id=ada' } });
      return [refused.status, status, backend.seen.at(-1)?.headers['x-user']];
    },
    without: [200, 200, undefined],
    with: [403, 200, 'ada'],
  },
  {
    policy: { auth: { jwt: { issuer, jwks: { secretRef: { name: 'keys' } } } } },
    look: async (start, t) => {
      const { publicKey, privateKey } = await generateKeyPair('ES256');
      const jwks = opaqueSecret('keys', { 'jwks.json': JSON.stringify({ keys: [await exportJWK(publicKey)] }) });
      const token = await new SignJWT({ iss: issuer }).setExpirationTime('10m').setProtectedHeader({ alg: 'ES256' }).sign(privateKey);
      const program = await start([(await named(t)).port], jwks);
      const asked = [await program.ask(host, '/'), await program.ask(host, '/', { headers: { authorization: `Bearer ${token}` } })];
      return asked.map(({ status }) => status);
    },
    without: [200, 200],
    with: [401, 200],
  },
  {
    // Nobody is at the port of the provider: pages wait for it in vain, and what is no page has no session.
    policy: { auth: { oidc: { issuer: 'http://127.0.0.1:1', clientId: 'shop', secretRef: { name: 'login' } } } },
    flags: local,
    look: async (start, t) => {
      const program = await start([(await named(t)).port], opaqueSecret('login', { 'cookie-key': 'k'.repeat(43) }));
      const inPage = { headers: { 'sec-fetch-mode': 'cors' } };
      return [(await program.ask(host, '/', inPage)).status, (await program.ask(host, '/')).status];
    },
    without: [200, 200],
    with: [401, 503],
  },
];
