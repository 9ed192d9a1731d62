import assert from 'node:assert/strict';
import type { ExampleAsk, ExampleWorld } from './example-world.ts';
import type { ExampleCheck } from './request-checks.ts';

/** Examples that let in some and not others. */
export const authChecks: Readonly<Record<string, ExampleCheck>> = {
  'basic-auth': async (world) => {
    const as = (user: string): ExampleAsk => ({
      headers: { authorization: `Basic ${Buffer.from(user).toString('base64')}`, 'x-user': 'root' },
    });
    const nobody = await world.ask('intranet.example.com', '/');
    assert.deepEqual([nobody.status, nobody.headers['www-authenticate']], [401, 'Basic realm="Intranet", charset="UTF-8"']);
    assert.equal((await world.ask('intranet.example.com', '/', as('ada:wrong'))).status, 401);
    const seen = await seenOf(world, 'intranet.example.com', '/private', as('ada:password'));
    assert.deepEqual([seen['x-user'], seen.authorization], ['ada', undefined]);
    assert.equal(String((await world.ask('intranet.example.com', '/healthz')).body), 'fine');
  },
  'external-auth': async (world) => {
    const refused = await world.ask('wiki.example.com', '/a?b');
    assert.equal(refused.headers.location, 'https://wiki.example.com/oauth2/start?rd=%2Fa%3Fb');
    assert.equal(String((await world.ask('wiki.example.com', '/oauth2/start')).body), 'may');
    const headers = { cookie: 'may=1', authorization: 'Bearer x', 'accept-language': 'eo', 'x-auth-request-user': 'root' };
    const seen = await seenOf(world, 'wiki.example.com', '/wiki', { headers });
    assert.deepEqual([seen['x-auth-request-user'], seen['x-auth-request-email']], ['ada', 'ada@example.com']);
    const asked = world.decider.last;
    assert.deepEqual(
      [asked?.url, asked?.headers.cookie, asked?.headers.authorization, asked?.headers['accept-language']],
      ['/oauth2/auth', 'may=1', 'Bearer x', undefined],
    );
  },
  jwt: async (world) => {
    const bearing = (token: string): ExampleAsk => ({ headers: { authorization: `Bearer ${token}`, 'x-user': 'root' } });
    const statusOf = async (path: string, token: string) => (await world.ask('tokens.example.com', path, bearing(token))).status;
    assert.equal((await world.ask('tokens.example.com', '/')).status, 401);
    const [staff, admins] = [await world.token('staff'), await world.token('admins')];
    const seen = await seenOf(world, 'tokens.example.com', '/token', bearing(staff));
    assert.deepEqual([seen['x-user'], seen['x-groups']], ['ada', 'staff']);
    assert.equal(await statusOf('/', await world.token('staff', { audience: 'other' })), 401);
    assert.equal(await statusOf('/', await world.token('staff', { issuer: 'https://other.example.com' })), 401);
    assert.deepEqual([await statusOf('/admin', staff), await statusOf('/admin', admins)], [403, 200]);
    assert.equal(await statusOf('/admin', await world.token('admins', { audience: 'other' })), 401);
  },
  oidc: async (world) => {
    const statusOf = async (path: string, options?: ExampleAsk) => (await world.ask('portal.example.com', path, options)).status;
    assert.equal(await statusOf('/api', { headers: { accept: 'application/json' } }), 401);
    assert.equal(await statusOf('/admin', { method: 'POST' }), 401);
    assert.equal(await statusOf('/public'), 200);
  },
  'client-certificates': async (world) => {
    const ask = (options: ExampleAsk) => world.ask('partners.example.com', '/partner', { tls: true, ...options });
    const seen = await seenOf(world, 'partners.example.com', '/partner', { tls: true, certificate: world.partner });
    assert.equal(seen['ssl-client-subject-dn'], 'CN=partner');
    await assert.rejects(ask({}));
    await assert.rejects(ask({ certificate: world.stranger }));
    await assert.rejects(ask({ certificate: world.partner, maxVersion: 'TLSv1.2' }));
    assert.equal((await world.ask('partners.example.com', '/')).status, 308);
  },
};

/** What `web` gets to see of a request that is let in. */
export async function seenOf(world: ExampleWorld, host: string, path: string, options: ExampleAsk) {
  const answer = await world.ask(host, path, options);
  assert.equal(String(answer.body), 'web');
  return world.seenByWeb.findLast(({ url }) => url === path)?.headers ?? {};
}
