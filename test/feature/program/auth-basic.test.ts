import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { hashSync } from 'bcryptjs';
import { PasswordChecker } from '../../../src/networkproxy/auth/password-checker.ts';
import { forwardTo, ingress, ingressClass, opaqueSecret, service, smartRoute } from '../../tools/manifests.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
import { Program } from '../../tools/program.ts';

const host = 'shop.example.com';
const apr1 = '$apr1$x$ya00XvwA0viq10Nb5bv6L.';
const sha = '{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=';
const file = `ada:${hashSync('sesame', 4)}\nbob:${apr1}\ncarl:${sha}\nünal:${hashSync('ß', 4)}\n`;
const users = opaqueSecret('users', { auth: file });
const as = (user: string, password: string): { readonly headers: Readonly<Record<string, string>> } => ({
  headers: { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` },
});

describe('Basic authentication, objects in and real sockets out', () => {
  let backend: NamedBackend;
  let base: string;

  before(async () => {
    backend = await NamedBackend.start('a');
    base = ingressClass + service('a', backend.port);
  });

  after(() => backend[Symbol.asyncDispose]());

  const route = (basic: object, rules: readonly object[] = []): string =>
    smartRoute('shop', {
      hosts: [host],
      policy: { auth: { basic: { secretRef: { name: 'users' }, ...basic } } },
      http: { rules: [...rules, { name: 'all', action: forwardTo('a') }] },
    });
  const open = {
    name: 'open',
    matches: [{ path: { type: 'Prefix', value: '/open' } }],
    policy: { auth: { none: {} } },
    action: forwardTo('a'),
  };

  it('lets in who is on the list, by every kind of hash, and nobody else; a rule can be open', async () => {
    await using program = await Program.start(base + users + route({ realm: 'The shop' }, [open]));
    assert.deepEqual(program.problems, []);
    const refused = await program.ask(host, '/');
    assert.deepEqual([refused.status, refused.headers['www-authenticate']], [401, 'Basic realm="The shop", charset="UTF-8"']);
    const before = backend.seen.length;
    for (const [user, password] of [
      ['ada', 'wrong'],
      ['ada', ''],
      ['nobody', 'sesame'],
      ['bob', 'q'],
      ['carl', 'Password'],
    ] as const)
      assert.equal((await program.ask(host, '/', as(user, password))).status, 401, user);
    assert.equal(backend.seen.length, before);
    for (const [user, password] of [
      ['ada', 'sesame'],
      ['ada', 'sesame'],
      ['bob', 'p'],
      ['carl', 'password'],
      ['ünal', 'ß'],
    ] as const)
      assert.equal((await program.ask(host, '/', as(user, password))).body, 'a', user);
    assert.equal((await program.ask(host, '/open')).body, 'a');
    assert.equal((await program.ask(host, '/open/../x')).status, 401);
    const { auth } = program.dataPlane.counters;
    assert.deepEqual(auth.slice(0, 3), [5, 7, 0]);
  });

  it('checks a password for who is not on the list too, of the same cost: the time of a refusal tells nobody who is', async (t) => {
    const { mock } = t.mock.method(PasswordChecker.prototype, 'check');
    const checked = () => {
      const calls = mock.calls.map(({ arguments: [password, hash] }) => [password, String(hash).slice(0, 7)]);
      mock.resetCalls();
      return calls;
    };
    const texts = { auth: `ada:${hashSync('sesame', 5)}\n` };
    await using program = await Program.start(base + opaqueSecret('users', texts) + route({}));
    const of = async (user: string, password: string) => {
      const { status, headers, body } = await program.ask(host, '/', as(user, password));
      return { status, challenge: headers['www-authenticate'], body, checked: checked() };
    };
    const known = await of('ada', 'guess');
    assert.deepEqual(known.checked, [['guess', '$2b$05$']]);
    assert.equal(known.status, 401);
    assert.deepEqual(await of('nobody', 'guess'), known);
    assert.deepEqual(await of('nobody', 'guess'), known, 'and again each time');
    assert.equal((await of('nobody', 'sesame')).status, 401, 'the password of another lets nobody in');
    assert.equal((await of('ada', 'sesame')).body, 'a');
    assert.deepEqual((await of('nobody', 'sesame')).checked, [['sesame', '$2b$05$']], 'nor is it known at once');
    const { status } = await program.ask(host, '/');
    assert.deepEqual([status, checked()], [401, []], 'without credentials there is nothing to find out');
  });

  it('tells the backend the name where it should, and never the password unless it is asked to; the log has the name', async () => {
    await using program = await Program.start(
      base +
        users +
        route({ userHeader: 'X-User' }, [
          {
            name: 'pass',
            matches: [{ path: { type: 'Prefix', value: '/pass' } }],
            policy: { auth: { basic: { secretRef: { name: 'users' }, forwardAuthorization: true } } },
            action: forwardTo('a'),
          },
        ]),
    );
    const { headers } = as('ünal', 'ß');
    await program.ask(host, '/', { headers: { ...headers, 'x-user': 'root' } });
    const seen = backend.seen.at(-1)?.headers ?? {};
    assert.deepEqual([Buffer.from(String(seen['x-user']), 'latin1').toString(), seen.authorization], ['ünal', undefined]);
    await program.ask(host, '/pass', { headers: { ...headers, 'x-user': 'root' } });
    const passed = backend.seen.at(-1)?.headers ?? {};
    assert.deepEqual([passed['x-user'], passed.authorization], ['root', headers.authorization]);
    await program.ask(host, '/', as('ada', 'typed in the wrong field'));
    const lines = await program.finish();
    assert.deepEqual(
      lines.map(({ status, user, flag }) => [status, user, flag]),
      [
        [200, 'ünal', undefined],
        [200, 'ünal', undefined],
        [401, undefined, 'auth_required'],
      ],
    );
  });

  it('tells the Service of error pages neither password nor name, whether they are right or not', async () => {
    await using pages = await NamedBackend.start('pages');
    const errorPages = [{ statuses: [401, 503], backend: { name: 'pages', port: { name: 'web' } } }];
    const auth = { basic: { secretRef: { name: 'users' }, userHeader: 'X-User' } };
    const rules = [{ name: 'all', action: forwardTo('none') }];
    const shop = smartRoute('shop', { hosts: [host], policy: { auth, errorPages }, http: { rules } });
    await using program = await Program.start(base + users + service('none') + service('pages', pages.port) + shop);
    for (const [password, code] of [
      ['sesame', '503'],
      ['wrong', '401'],
    ] as const) {
      await program.ask(host, '/', { headers: { ...as('ada', password).headers, 'x-user': 'root', 'x-else': 'kept' } });
      const { headers } = pages.seen.at(-1) ?? {};
      assert.deepEqual([headers?.['x-code'], headers?.['x-else']], [code, 'kept']);
      assert.deepEqual([headers?.authorization, headers?.['x-user']], [undefined, undefined]);
    }
  });

  it('lets nobody in while the Secret is missing or broken, says so, and goes by it as soon as it is there', async () => {
    await using program = await Program.start(base + route({}, [open]));
    assert.deepEqual(program.problems, ['SecretNotFound']);
    assert.equal((await program.ask(host, '/', as('ada', 'sesame'))).status, 503);
    assert.equal((await program.ask(host, '/open')).body, 'a');
    for (const [texts, problem] of [
      [{ other: 'x' }, 'has no "auth"'],
      [{ auth: '# nobody\n' }, 'has no user'],
      [{ auth: 'ada:plain' }, 'line 1 of "auth" in Secret default/users has a hash that is none of bcrypt'],
    ] as const) {
      await program.apply(opaqueSecret('users', texts));
      assert.deepEqual(program.problems, ['SecretInvalid']);
      const [{ message } = { message: '' }] = program.translation.problems;
      assert.ok(message.includes(problem), message);
      assert.equal((await program.ask(host, '/', as('ada', 'plain'))).status, 503);
    }
    await program.apply(opaqueSecret('users', { auth: `eve:plain\n${file}` }));
    assert.deepEqual(program.problems, ['SecretInvalid'], 'one line that can not be used costs its user alone');
    assert.equal((await program.ask(host, '/', as('ada', 'sesame'))).body, 'a');
    assert.equal((await program.ask(host, '/', as('eve', 'plain'))).status, 401);
    const policies = program.translation.routeTable.policies;
    await program.apply(opaqueSecret('users', { auth: `ada:${hashSync('other', 4)}` }));
    assert.equal((await program.ask(host, '/', as('ada', 'sesame'))).status, 401, 'a password that was changed is known no more');
    assert.equal((await program.ask(host, '/', as('ada', 'other'))).body, 'a');
    assert.equal(program.translation.routeTable.policies, policies, 'routes stay as they are');
  });

  it('AuthMap takes users from the entries of the Secret', async () => {
    const map = (texts: Readonly<Record<string, string>>): string => opaqueSecret('users', texts);
    await using program = await Program.start(
      base + map({ ada: hashSync('sesame', 4), bob: `${apr1}\n` }) + route({ secretType: 'AuthMap' }),
    );
    assert.deepEqual(program.problems, []);
    assert.equal((await program.ask(host, '/', as('ada', 'sesame'))).body, 'a');
    assert.equal((await program.ask(host, '/', as('bob', 'p'))).body, 'a');
    assert.equal((await program.ask(host, '/', as('ada', 'p'))).status, 401);
    await program.apply(map({ ada: 'sesame', eve: `${apr1}\nmallory:${apr1}`, bob: apr1 }));
    assert.deepEqual(program.problems, ['SecretInvalid', 'SecretInvalid']);
    const messages = program.translation.problems.map(({ message }) => message).join('\n');
    assert.match(messages, /entry "ada" of Secret default\/users has a hash that is none of bcrypt/);
    assert.match(messages, /entry "eve" of Secret default\/users has more than one line/);
    assert.ok(!messages.includes('sesame'));
    assert.equal((await program.ask(host, '/', as('bob', 'p'))).body, 'a');
    assert.equal((await program.ask(host, '/', as('mallory', 'p'))).status, 401, 'an entry brings no user but its own');
    await program.apply(map({ auth: 'ada:x' }) + route({}));
    assert.equal((await program.ask(host, '/', as('bob', 'p'))).status, 503);
  });

  it('by annotations of an Ingress, failing closed where they can not be read', async () => {
    const annotated = (annotations: Readonly<Record<string, string | undefined>>): string =>
      ingress('shop', {
        rules: { [host]: [['/', 'Prefix', 'a']] },
        annotations: Object.fromEntries(Object.entries(annotations).map(([name, value]) => [`smartproxy.dev/${name}`, String(value)])),
      });
    await using program = await Program.start(
      base + users + annotated({ 'auth-type': 'basic', 'auth-secret': 'users', 'auth-realm': 'Mind the gap' }),
    );
    assert.deepEqual(program.problems, []);
    assert.equal((await program.ask(host, '/')).headers['www-authenticate'], 'Basic realm="Mind the gap", charset="UTF-8"');
    assert.equal((await program.ask(host, '/', as('ada', 'sesame'))).body, 'a');
    assert.equal(backend.seen.at(-1)?.headers.authorization, undefined);
    for (const annotations of [
      { 'auth-type': 'digest', 'auth-secret': 'users' },
      { 'auth-secret': 'other/users' },
      { 'auth-type': 'basic' },
    ]) {
      await program.apply(annotated(annotations));
      assert.deepEqual(program.problems, ['InvalidAnnotation'], JSON.stringify(annotations));
      assert.equal((await program.ask(host, '/', as('ada', 'sesame'))).status, 503, JSON.stringify(annotations));
    }
    await program.apply(annotated({ 'auth-secret': 'users', 'auth-secret-type': 'auth-map' }) + opaqueSecret('users', { bob: apr1 }));
    assert.deepEqual(program.problems, []);
    assert.equal((await program.ask(host, '/', as('bob', 'p'))).body, 'a');
    await program.apply(annotated({ 'auth-secret': 'users', 'tls-passthrough': 'true' }) + users);
    assert.deepEqual(program.problems, ['PassthroughConflict']);
    assert.notEqual(program.translation.routeTable.hosts.get(host)?.tls?.kind, 'passthrough');
    await program.apply(annotated({ 'auth-secret': 'users' }));
    assert.equal((await program.ask(host, '/')).status, 401);
  });
});
