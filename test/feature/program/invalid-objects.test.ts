import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { freePort } from '../../tools/free-port.ts';
import { get } from '../../tools/get.ts';
import { ingressClass, smartProxyConfig, smartRoute } from '../../tools/manifests.ts';
import { Program } from '../../tools/program.ts';

const host = 'shop.example.com';
const say = (body: string) => ({ respond: { status: 200, body } });
const route = smartRoute('shop', { hosts: [host], http: { rules: [{ name: 'all', action: say('shop') }] } });

async function isLetIn(program: Program): Promise<boolean> {
  return await program.ask(host, '/').then(
    ({ status }) => status === 200,
    () => false,
  );
}

/** Reason and status of the config's conditions. */
function conditions(program: Program): readonly string[] | undefined {
  return program.translation.smartProxyConfigs[0]?.conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`);
}

describe('a SmartProxyConfig that is not what its CRD allows', () => {
  const closed = { limits: { clients: { allow: ['192.0.2.0/24'] } } };

  it('has its last valid spec in use while the program runs, and says so; corrected or deleted it is over', async () => {
    await using program = await Program.start(smartProxyConfig(closed) + route);
    assert.equal(await isLetIn(program), false);
    await program.apply(smartProxyConfig({ ...closed, drain: { delay: 'soon' } }));
    assert.deepEqual(program.problems, ['ConfigKept', 'InvalidObject']);
    assert.deepEqual(conditions(program), ['Accepted False ConfigKept', 'ResolvedRefs True ResolvedRefs']);
    assert.equal(program.controller.stats.problems.ConfigKept, 1, 'the metric has it');
    assert.equal(await isLetIn(program), false);
    await program.apply(smartProxyConfig({ limits: { clients: { allow: 'everybody' } } }));
    assert.equal(await isLetIn(program), false, 'the last valid one, however often it is changed');
    await program.apply(smartProxyConfig({ limits: { clients: { allow: ['127.0.0.0/8'] } } }));
    assert.deepEqual(program.problems, []);
    assert.equal(await isLetIn(program), true);
    await program.apply(smartProxyConfig(closed));
    await program.apply(smartProxyConfig({ limits: 7 }));
    assert.equal(await isLetIn(program), false);
    await program.remove('SmartProxyConfig', 'default/main');
    assert.equal(await isLetIn(program), true, 'the options hold');
  });

  it('keeps hosts for those who claimed them, and its listeners open', async () => {
    const port = await freePort();
    const spec = { hostClaims: [{ hosts: [host], namespaces: ['other'] }], listeners: [{ name: 'admin', port, protocol: 'HTTP' }] };
    const any = smartRoute('any', { http: { rules: [{ name: 'all', action: say('any') }] } });
    await using program = await Program.start(smartProxyConfig(spec) + route + any);
    assert.equal((await get(port, host, '/')).body, 'any');
    await program.apply(smartProxyConfig({ ...spec, hostClaims: [{ hosts: [host], namespaces: 'default' }] }));
    assert.equal((await get(port, host, '/')).body, 'any');
    assert.deepEqual(program.problems.toSorted(), ['ConfigKept', 'HostNotPermitted', 'InvalidObject']);
  });

  it('costs what is invalid when the program begins with it, where that says nothing of who is let in', async () => {
    const port = await freePort();
    const listeners = [
      { name: 'bad', port: 'x', protocol: 'HTTP' },
      { name: 'admin', port, protocol: 'HTTP' },
    ];
    const backend = { limits: { connections: 'many' }, tls: { serverName: 'shop.internal' } };
    const defaults = { policy: { timeouts: { read: 'never' }, clients: { deny: ['192.0.2.1'] }, backend } };
    await using program = await Program.start(smartProxyConfig({ listeners, defaults, drain: { delay: 'soon' } }) + route);
    assert.deepEqual([...new Set(program.problems)], ['ConfigReduced', 'InvalidObject']);
    assert.deepEqual(conditions(program), ['Accepted False ConfigReduced', 'ResolvedRefs True ResolvedRefs']);
    assert.equal((await get(port, host, '/')).body, 'shop');
    assert.deepEqual(program.translation.routeTable.listeners.has('bad'), false);
    const [policy] = program.translation.routeTable.policies.values();
    assert.deepEqual(policy?.clients, { allow: [], deny: ['192.0.2.1'] });
  });

  const guards: readonly (readonly [where: string, spec: object])[] = [
    ['limits.clients', { limits: { clients: { allow: '127.0.0.1' } } }],
    ['limits as a whole', { limits: 'none' }],
    ['tls.profile', { tls: { profile: 'modern' } }],
    ['hostClaims', { hostClaims: [{ hosts: 'shop.example.com' }] }],
    ['unclaimedHosts', { unclaimedHosts: 'oldest' }],
    ['trustedProxies', { trustedProxies: '10.0.0.0/8' }],
    ['defaults.policy.auth', { defaults: { policy: { auth: { basic: {} } } } }],
    ['defaults.policy.backend.tls', { defaults: { policy: { backend: { tls: { caRef: {} } } } } }],
    ['defaults as a whole', { defaults: [] }],
  ];
  for (const [where, spec] of guards)
    it(`lets nobody in when the program begins with it and ${where} can not be read; corrected it does`, async () => {
      await using program = await Program.start(smartProxyConfig(spec) + route);
      assert.equal(program.problems[0], 'ConfigClosed');
      assert.equal(await isLetIn(program), false);
      await program.apply(smartProxyConfig({}));
      assert.equal(await isLetIn(program), true);
    });
});

describe('a SmartRoute with rules that the CRD does not allow', () => {
  const prefix = (value: string) => [{ path: { type: 'Prefix', value } }];
  const good = [
    { name: 'fine', matches: prefix('/fine'), action: say('fine') },
    { name: 'rest', action: say('rest') },
  ];

  it('answers 503 for what those match, names them, and serves the others', async () => {
    const bad = [
      { name: 'guarded', matches: prefix('/guarded'), policy: { auth: { basic: {} } }, action: say('guarded') },
      { name: 'none', matches: prefix('/none'), action: {} },
    ];
    const spec = (rules: readonly object[]) => smartRoute('shop', { hosts: [host], http: { rules } });
    await using program = await Program.start(ingressClass + spec([...bad, ...good]));
    const answers = async () => {
      const asked: (string | number)[] = [];
      for (const path of ['/guarded/x', '/none', '/fine', '/']) {
        const { status, body } = await program.ask(host, path);
        asked.push(status === 200 ? body : status);
      }
      return asked;
    };
    assert.deepEqual(await answers(), [503, 503, 'fine', 'rest']);
    assert.deepEqual([...new Set(program.problems)], ['InvalidRule']);
    const [state] = program.translation.smartRoutes;
    const accepted = state?.rules.map(({ name, conditions: [condition] }) => [name, condition?.reason]);
    assert.deepEqual(accepted, [
      ['guarded', 'InvalidRule'],
      ['none', 'InvalidRule'],
      ['fine', 'Accepted'],
      ['rest', 'Accepted'],
    ]);
    await program.apply(spec(good));
    assert.deepEqual(await answers(), ['rest', 'rest', 'fine', 'rest']);
  });

  const path = (type: unknown, value: unknown) => ({ path: { type, value } });
  const broken: readonly (readonly [of: string, match: object, covered: readonly string[], left?: readonly string[]])[] = [
    ['a path without its slash', path('Prefix', 'guarded'), ['/guarded', '/guarded/x'], ['/guardedx']],
    ['an exact path without its slash', path('Exact', 'guarded'), ['/guarded'], ['/guarded/x']],
    ['a path with a query', path('Prefix', '/guarded?x=1'), ['/guarded', '/guarded?x=1', '/guarded/x'], ['/x']],
    [
      'a path with an empty element, dots, escapes and blanks',
      path('Prefix', ' //a/../guarded%2fthis one '),
      ['/guarded/this%20one/x'],
      ['/a'],
    ],
    ['a type that does not exist', path('prefix', '/guarded'), ['/guarded/x', '/guardedx'], ['/x']],
    ['no type at all', { path: { value: '/guarded' } }, ['/guarded']],
    ['a pattern that is too long', path('Regex', `/guarded/(${'a|'.repeat(200)}b)`), ['/guarded/a', '/x']],
    ['a pattern that is too long and begins with plain text', path('Regex', `/guarded/x[${'a'.repeat(300)}]`), ['/guarded/xa'], ['/x']],
    ['a path that is too long', path('Prefix', `/${'g'.repeat(1100)}`), [`/${'g'.repeat(1100)}`], ['/x']],
    ['an empty path', path('Prefix', ''), ['/', '/x']],
    ['a path that is a number', path('Prefix', 7), ['/7', '/7/x', '/x']],
    ['a path that is a text alone', { path: '/guarded' }, ['/guarded', '/guarded/x', '/x']],
    ['methods in small letters', { ...path('Prefix', '/guarded'), methods: ['get'] }, ['/guarded']],
    ['methods that can not be read', { ...path('Prefix', '/guarded'), methods: ['PUT', 7] }, ['/guarded']],
    ['methods that are no list', { ...path('Prefix', '/guarded'), methods: 'PUT' }, ['/guarded'], ['/x']],
    ['a header without a name', { ...path('Prefix', '/guarded'), headers: [{ value: 'x' }] }, ['/guarded'], ['/x']],
    ['a query with a type that does not exist', { ...path('Prefix', '/guarded'), query: [{ name: 'a', type: 'x' }] }, ['/guarded'], ['/x']],
  ];
  for (const [of, match, covered, left = []] of broken)
    it(`answers 503 for what a rule may match that has ${of}, and serves the others`, async () => {
      const rules = [{ name: 'guarded', matches: [match], action: say('guarded') }, ...good];
      await using program = await Program.start(ingressClass + smartRoute('shop', { hosts: [host], http: { rules } }));
      assert.deepEqual([...new Set(program.problems)], ['InvalidRule']);
      for (const asked of covered) assert.equal((await program.ask(host, asked)).status, 503, asked);
      for (const asked of left) assert.equal((await program.ask(host, asked)).body, 'rest', asked);
      assert.equal((await program.ask(host, '/fine')).body, 'fine');
    });

  it('keeps the conditions that can be read of a match with others that can not', async () => {
    const match = { ...path('Prefix', 'guarded'), methods: ['put'], headers: [{ name: 'x-a', value: '1' }, { name: 'x-b' }] };
    const rules = [{ name: 'guarded', matches: [match], action: say('guarded') }, ...good];
    await using program = await Program.start(ingressClass + smartRoute('shop', { hosts: [host], http: { rules } }));
    assert.equal((await program.ask(host, '/guarded', { method: 'PUT', headers: { 'x-a': '1' } })).status, 503);
    assert.equal((await program.ask(host, '/guarded', { method: 'PUT' })).body, 'rest');
    assert.equal((await program.ask(host, '/guarded', { headers: { 'x-a': '1' } })).body, 'rest');
  });

  it('serves the others of rules with names that are none or two have, and calls those by their place', async () => {
    const guarded = (name: unknown) => ({ name, matches: prefix('/guarded'), action: say('guarded') });
    for (const name of [7, '', 'Guarded', undefined, null, 'fine']) {
      const rules = [...good, guarded(name), guarded('invalid-2')];
      await using program = await Program.start(ingressClass + smartRoute('shop', { hosts: [host], http: { rules } }));
      assert.deepEqual([...new Set(program.problems)].sort(), ['DuplicatePath', 'InvalidRule'], `${name}`);
      assert.equal((await program.ask(host, '/guarded')).status, 503);
      assert.deepEqual([(await program.ask(host, '/fine')).body, (await program.ask(host, '/')).body], ['fine', 'rest']);
      const [state] = program.translation.smartRoutes;
      assert.deepEqual(
        state?.rules.map((rule) => rule.name),
        ['fine', 'rest', 'invalid-2-2', 'invalid-2'],
      );
      const { field, message } = program.translation.problems.find(({ reason }) => reason === 'InvalidRule')!;
      assert.match(field, name === 'fine' ? /^spec\.http\.rules\[2\]$/ : /^spec\.http\.rules\[2\]\.name$/);
      assert.match(message, /^SmartRoute default\/shop, spec\.http\.rules\[2\].*: it /);
    }
  });

  it('tells each of many that are wrong, and one that is only seen when the others are set aside', async () => {
    const many = Array.from({ length: 30 }, (_, n) => ({ name: `bad-${n}`, matches: prefix(`/bad-${n}`), action: {} }));
    const rules = [...many, ...good, { name: 'fine', matches: prefix('/again'), action: say('again') }];
    await using program = await Program.start(ingressClass + smartRoute('shop', { hosts: [host], http: { rules } }));
    assert.deepEqual(program.problems, Array(31).fill('InvalidRule'));
    for (const asked of ['/bad-0', '/bad-29', '/again']) assert.equal((await program.ask(host, asked)).status, 503, asked);
    assert.equal((await program.ask(host, '/fine')).body, 'fine');
  });

  const texts: readonly (readonly [of: string, matches: unknown, covered: readonly string[], left?: readonly string[]])[] = [
    ['an object', path('Prefix', '/guarded'), ['/guarded/x'], ['/x']],
    ['a path alone', '/fine/guarded', ['/fine/guarded', '/fine/guarded/x', '/x']],
    ['a word', 'all', ['/all', '/x', '/']],
    ['a number', 7, ['/7', '/x', '/']],
    ['a list of paths', ['/guarded', '/other'], ['/guarded', '/other/x', '/x']],
    ['nothing', null, ['/', '/x']],
  ];
  for (const [of, matches, covered, left = []] of texts)
    it(`answers 503 for what a rule may match whose matches are ${of}, and serves the others`, async () => {
      const rules = [{ name: 'guarded', matches, action: say('guarded') }, ...good];
      await using program = await Program.start(ingressClass + smartRoute('shop', { hosts: [host], http: { rules } }));
      assert.ok(program.problems.includes('InvalidRule'));
      assert.equal(program.problems.includes('InvalidObject'), false);
      for (const asked of covered) assert.equal((await program.ask(host, asked)).status, 503, asked);
      for (const asked of left) assert.equal((await program.ask(host, asked)).body, 'rest', asked);
      assert.equal((await program.ask(host, '/fine')).body, 'fine');
    });

  const unknown: readonly (readonly [of: string, rule: unknown, field: string])[] = [
    ['is a text', 'guarded', ''],
    ['is nothing', null, ''],
    ['is a list', [{ name: 'guarded' }], ''],
    ['has nothing among its matches', { name: 'guarded', matches: [null], action: say('guarded') }, '.matches[0]'],
    ['has a list among its matches', { name: 'guarded', matches: [[]], action: say('guarded') }, '.matches[0]'],
    [
      'has a path without a value',
      { name: 'guarded', matches: [{ path: { type: 'Prefix' } }], action: say('guarded') },
      '.matches[0].path.value',
    ],
    ['has a path that is nothing', { name: 'guarded', matches: [{ path: null }], action: say('guarded') }, '.matches[0].path'],
    [
      'has more matches than can be',
      { name: 'guarded', matches: Array.from({ length: 20 }, (_, n) => prefix(`/${n}`)[0]), action: say('guarded') },
      '.matches',
    ],
  ];
  for (const [of, rule, field] of unknown)
    it(`answers 503 for what no other rule is more certain of than one that ${of}, and serves the others`, async () => {
      const rules = [...good, rule];
      await using program = await Program.start(ingressClass + smartRoute('shop', { hosts: [host], http: { rules } }));
      const [problem, ...more] = program.translation.problems;
      assert.deepEqual([problem?.reason, problem?.field, more], ['InvalidRule', `spec.http.rules[2]${field}`, []]);
      assert.match(problem?.message ?? '', /^SmartRoute default\/shop, spec\.http\.rules\[2\].*: it /);
      for (const asked of ['/', '/x', '/3']) assert.equal((await program.ask(host, asked)).status, 503, asked);
      assert.equal((await program.ask(host, '/fine')).body, 'fine');
    });

  it('answers 503 for what begins as a path that no request line has room for, and serves the others', async () => {
    const rules = [{ name: 'guarded', matches: prefix(`/guarded/${'g'.repeat(9000)}`), action: say('guarded') }, ...good];
    await using program = await Program.start(ingressClass + smartRoute('shop', { hosts: [host], http: { rules } }));
    assert.deepEqual([...new Set(program.problems)], ['InvalidRule']);
    assert.equal((await program.ask(host, `/guarded/${'g'.repeat(200)}`)).status, 503);
    assert.equal((await program.ask(host, '/')).body, 'rest');
  });
});
