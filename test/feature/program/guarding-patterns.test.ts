import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { forwardTo, ingressClass, opaqueSecret, service, smartRoute } from '../../tools/manifests.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
import { type AskOptions, Program } from '../../tools/program.ts';

const host = 'shop.example.com';
const known = { authorization: `Basic ${Buffer.from('carl:password').toString('base64')}` };

describe('a pattern of a rule that asks who somebody is, beside a broader rule that lets everybody in', () => {
  let open: NamedBackend;
  let guarded: NamedBackend;
  let base: string;

  before(async () => {
    open = await NamedBackend.start('open');
    guarded = await NamedBackend.start('guarded');
    const users = opaqueSecret('users', { auth: 'carl:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n' });
    base = ingressClass + users + service('open', open.port) + service('guarded', guarded.port);
  });

  after(async () => {
    await open[Symbol.asyncDispose]();
    await guarded[Symbol.asyncDispose]();
  });

  const route = (match: object, action: object = forwardTo('guarded')): string =>
    smartRoute('shop', {
      hosts: [host],
      http: {
        rules: [
          { name: 'guarded', matches: [match], policy: { auth: { basic: { secretRef: { name: 'users' } } } }, action },
          { name: 'rest', action: forwardTo('open') },
        ],
      },
    });

  /** Status and who answered. */
  const asked = async (program: Program, path: string, options: AskOptions = {}): Promise<string> => {
    const { status, body } = await program.ask(host, path, options);
    return status === 200 ? body : String(status);
  };

  const long = 'a'.repeat(7000);
  const tooLong: readonly (readonly [where: string, match: object, path: string, headers: Record<string, string>, other: string])[] = [
    ['path', { path: { type: 'Regex', value: '/admin/[a-z]*' } }, `/admin/${long}`, {}, `/other/${long}`],
    ['header', { headers: [{ name: 'X-Part', type: 'Regex', value: 'admin[a-z]*' }] }, '/', { 'x-part': `admin${long}` }, '/'],
    ['query', { query: [{ name: 'part', type: 'Regex', value: 'admin[a-z]*' }] }, `/?part=admin${long}`, {}, `/?part=${long}`],
  ];
  for (const [where, match, path, headers, other] of tooLong)
    it(`a ${where} that is too long for it is answered 503, not by the broader rule; what begins otherwise is`, async () => {
      await using program = await Program.start(base + route(match));
      const short = path.replace(long, 'a');
      const shortHeaders = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.replace(long, 'a')]));
      assert.equal(await asked(program, short, { headers: shortHeaders }), '401');
      assert.equal(await asked(program, short, { headers: { ...shortHeaders, ...known } }), 'guarded');
      assert.equal(await asked(program, path, { headers }), '503');
      assert.equal(await asked(program, path, { headers: { ...headers, ...known } }), '503');
      assert.equal(await asked(program, other, { headers: where === 'header' ? { 'x-part': long } : {} }), 'open');
      const flags = (await program.finish()).map(({ flag }) => flag);
      assert.deepEqual(flags, ['auth_required', undefined, 'patterns_too_costly', 'patterns_too_costly', undefined]);
    });

  it('that is too long is no matter where another condition of the rule does not hold, or a better rule fits', async () => {
    const match = { path: { type: 'Regex', value: '/admin/[a-z]*' }, methods: ['PUT'] };
    await using program = await Program.start(base + route(match));
    assert.equal(await asked(program, `/admin/${long}`), 'open');
    assert.equal(await asked(program, `/admin/${long}`, { method: 'PUT' }), '503');
    await program.apply(route({ path: match.path, query: [{ name: 'q', value: '1' }] }));
    assert.equal(await asked(program, `/admin/${long}`), 'open');
    assert.equal(await asked(program, `/admin/${long}?q=1`), '503');
  });

  const unusable: readonly (readonly [
    of: string,
    match: object,
    covered: readonly [string, AskOptions?][],
    left: readonly [string, AskOptions?][],
  ])[] = [
    ['a look-ahead, which RE2 does not have', { path: { type: 'Regex', value: '/(?!public).*' } }, [['/admin'], ['/public']], []],
    ['one behind some text', { path: { type: 'Regex', value: '/admin/(?!x).*' } }, [['/admin/a'], ['/admin/x']], [['/public'], ['/admin']]],
    ['too many steps', { path: { type: 'Regex', value: '/admin(a{30}){30}' } }, [['/admin/a']], [['/public']]],
    [
      'a broken pattern for a header',
      { headers: [{ name: 'x-part', type: 'Regex', value: 'adm(' }] },
      [['/', { headers: { 'x-part': 'admin' } }]],
      [['/'], ['/', { headers: { 'x-part': 'shop' } }]],
    ],
    ['a broken pattern for the query', { query: [{ name: 'part', type: 'Regex', value: '[' }] }, [['/?part=1']], [['/']]],
    [
      'a broken pattern beside another condition',
      { path: { type: 'Regex', value: '/(?!x)' }, methods: ['PUT'] },
      [['/', { method: 'PUT' }]],
      [['/']],
    ],
    ['dot elements behind escapes', { path: { type: 'Prefix', value: '/a/%2e%2e/admin' } }, [['/admin/x'], ['/a/../admin']], [['/a']]],
  ];
  for (const [of, match, covered, left] of unusable)
    it(`that can not be used for ${of} answers 503 for all that it may have meant, and says so`, async () => {
      await using program = await Program.start(base + route(match));
      assert.equal(program.problems.length, 1);
      assert.match(program.translation.problems[0]?.message ?? '', /until it is corrected, what it covers is answered 503/);
      const before = open.seen.length + guarded.seen.length;
      for (const [path, options] of covered) assert.equal(await asked(program, path, options), '503', path);
      assert.equal(open.seen.length + guarded.seen.length, before);
      for (const [path, options] of left) assert.equal(await asked(program, path, options), 'open', path);
      const conditions = program.translation.smartRoutes[0]?.rules.map((rule) => rule.conditions[0]?.status);
      assert.deepEqual(conditions, ['False', 'True']);
      const [line] = await program.finish();
      assert.equal(line?.flag, 'no_service');
    });

  it('another match of the same rule goes on', async () => {
    const rules = [
      {
        name: 'guarded',
        matches: [{ path: { type: 'Regex', value: '/a/(?!x)' } }, { path: { type: 'Prefix', value: '/b' } }],
        action: forwardTo('guarded'),
      },
      { name: 'rest', action: forwardTo('open') },
    ];
    await using program = await Program.start(base + smartRoute('shop', { hosts: [host], http: { rules } }));
    assert.equal(await asked(program, '/a/1'), '503');
    assert.equal(await asked(program, '/b'), 'guarded');
    assert.equal(await asked(program, '/c'), 'open');
  });

  it('a path that is too long to be rewritten by one is answered 503, not passed on as it came', async () => {
    const rewrite = { path: { type: 'ReplaceRegex', pattern: '^/(.*)$', value: '/tenant/$1' } };
    const { forward } = forwardTo('open') as { forward: object };
    const rules = [{ name: 'all', action: { forward: { ...forward, rewrite } } }];
    await using program = await Program.start(base + smartRoute('shop', { hosts: [host], http: { rules } }));
    assert.equal(await asked(program, `/${'a'.repeat(2000)}`), 'open');
    assert.equal(open.seen.at(-1)?.url, `/tenant/${'a'.repeat(2000)}`);
    assert.equal(await asked(program, `/${long}`), '503');
    assert.deepEqual((await program.finish()).map(({ flag, detail }) => [flag, detail]).at(-1), ['patterns_too_costly', 'rewriting']);
  });
});
