import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { hashSync } from 'bcryptjs';
import { forwardTo, ingress, ingressClass, opaqueSecret, service, smartRoute } from '../../tools/manifests.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
import { Program } from '../../tools/program.ts';

const host = 'shop.example.com';
const users = opaqueSecret('users', { auth: `ada:${hashSync('sesame', 4)}\n` });
const behindProxy = ['--trusted-proxies', '127.0.0.0/8'];
const password = `Basic ${Buffer.from('ada:sesame').toString('base64')}`;
const [listed, other, denied] = ['203.0.113.8', '198.51.100.1', '203.0.113.7'] as const;

describe('addresses or users, objects in and real sockets out', () => {
  let backend: NamedBackend;
  let base: string;

  before(async () => {
    backend = await NamedBackend.start('a');
    base = ingressClass + service('a', backend.port) + users;
  });

  after(() => backend[Symbol.asyncDispose]());

  const route = (policy: object): string =>
    smartRoute('shop', { hosts: [host], policy, http: { rules: [{ name: 'all', action: forwardTo('a') }] } });
  const auth = { basic: { secretRef: { name: 'users' }, userHeader: 'X-User' } };
  const clients = { allow: ['203.0.113.0/24'], deny: [denied] };
  const ask = (program: Program, client: string, headers: Readonly<Record<string, string>> = {}) =>
    program.ask(host, '/', { headers: { 'x-forwarded-for': client, ...headers } });

  it('satisfy Any lets in who is in the list or has a password, and never who is denied', async () => {
    await using program = await Program.start(base + route({ auth, clients, satisfy: 'Any' }), behindProxy);
    assert.deepEqual(program.problems, []);
    const cases: readonly (readonly [client: string, authorization: string | undefined, status: number])[] = [
      [listed, undefined, 200],
      [listed, 'Basic eDp5', 200],
      [other, undefined, 401],
      [other, 'Basic eDp5', 401],
      [other, password, 200],
      [denied, undefined, 403],
      [denied, password, 403],
    ];
    for (const [client, authorization, status] of cases)
      assert.equal((await ask(program, client, authorization === undefined ? {} : { authorization })).status, status, client);
    await ask(program, listed, { authorization: password, 'x-user': 'root' });
    const headers = backend.seen.at(-1)?.headers;
    assert.deepEqual([headers?.['x-user'], headers?.authorization], [undefined, undefined], 'who is not asked is nobody');
    await program.apply(route({ auth, clients, satisfy: 'All' }));
    for (const [client, status] of [
      [listed, 401],
      [other, 403],
    ] as const)
      assert.equal((await ask(program, client)).status, status);
    assert.equal((await ask(program, other, { authorization: password })).status, 403);
  });

  it('where there is only one of them it decides alone, and what can not be read lets nobody in by the other', async () => {
    await using program = await Program.start(base + route({ auth, satisfy: 'Any' }), behindProxy);
    assert.equal((await ask(program, listed)).status, 401);
    await program.apply(route({ auth, clients: { deny: [denied] }, satisfy: 'Any' }));
    assert.equal((await ask(program, listed)).status, 401, 'to be denied by nobody is not to be listed');
    await program.apply(route({ clients, satisfy: 'Any' }));
    assert.deepEqual([(await ask(program, listed)).status, (await ask(program, other)).status], [200, 403]);
    await program.apply(route({ clients: { allow: ['203.0.113.0/33'] }, auth, satisfy: 'Any' }));
    assert.equal((await ask(program, other, { authorization: password })).status, 503);
    await program.apply(route({ clients, auth: { basic: { secretRef: { name: 'missing' } } }, satisfy: 'Any' }));
    assert.equal((await ask(program, listed)).status, 503);
  });

  it('by annotations of an Ingress, failing closed where they can not be read', async () => {
    const annotated = (annotations: Readonly<Record<string, string>>): string =>
      ingress('shop', {
        rules: { [host]: [['/', 'Prefix', 'a']] },
        annotations: Object.fromEntries(Object.entries(annotations).map(([name, value]) => [`smartproxy.dev/${name}`, value])),
      });
    const lists = { 'allowlist-source-range': '203.0.113.0/24', 'denylist-source-range': denied };
    await using program = await Program.start(base + annotated(lists), behindProxy);
    assert.deepEqual(program.problems, []);
    assert.deepEqual(
      [(await ask(program, listed)).status, (await ask(program, other)).status, (await ask(program, denied)).status],
      [200, 403, 403],
    );
    await program.apply(annotated({ ...lists, 'auth-secret': 'users', satisfy: 'any' }));
    assert.deepEqual(program.problems, []);
    assert.deepEqual(
      [(await ask(program, listed)).status, (await ask(program, other)).status, (await ask(program, denied)).status],
      [200, 401, 403],
    );
    assert.equal((await ask(program, other, { authorization: password })).status, 200);
    await program.apply(annotated({ ...lists, 'auth-secret': 'users', satisfy: 'either' }));
    assert.deepEqual(program.problems, ['InvalidAnnotation']);
    assert.equal((await ask(program, listed)).status, 401, 'a word that is unknown means all');
    for (const [annotations, problem] of [
      [{ 'allowlist-source-range': '203.0.113.0/33' }, 'InvalidAnnotation'],
      [{ 'allowlist-source-range': '' }, 'InvalidAnnotation'],
      [{ 'allowlist-source-range': ' , ' }, 'InvalidAnnotation'],
      [{ 'denylist-source-range': 'everybody' }, 'InvalidAnnotation'],
      [{ 'whitelist-source-range': '203.0.113.0/24' }, 'UnknownAnnotation'],
    ] as const) {
      await program.apply(annotated(annotations as Readonly<Record<string, string>>));
      assert.deepEqual(program.problems, [problem], JSON.stringify(annotations));
      assert.equal((await ask(program, listed)).status, 503, JSON.stringify(annotations));
    }
  });
});
