import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as http2Connect } from 'node:http2';
import { after, before, describe, it } from 'node:test';
import { freePort } from '../../tools/free-port.ts';
import { forwardTo, ingress, ingressClass, service, smartProxyConfig, smartRoute } from '../../tools/manifests.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
import { type AskOptions, Program } from '../../tools/program.ts';

const host = 'shop.example.com';
const prefix = (value: string): object => ({ path: { type: 'Prefix', value } });

describe('SmartRoute over HTTP, objects in and real sockets out', () => {
  let a: NamedBackend;
  let b: NamedBackend;
  let services: string;

  before(async () => {
    a = await NamedBackend.start('a');
    b = await NamedBackend.start('b');
    services = ingressClass + service('a', a.port) + service('b', b.port);
  });

  after(async () => {
    await a[Symbol.asyncDispose]();
    await b[Symbol.asyncDispose]();
  });

  it('serves its hosts: exact, one label more, any number of labels more, and every name without hosts', async () => {
    const to = (name: string) => ({ http: { rules: [{ name: 'all', action: { respond: { status: 200, body: name } } }] } });
    await using program = await Program.start(
      ingressClass +
        smartRoute('exact', { hosts: [host], ...to('exact') }) +
        smartRoute('one', { hosts: ['*.one.example.com'], ...to('one') }) +
        smartRoute('many', { hosts: ['**.many.example.com'], ...to('many') }) +
        smartRoute('any', to('any')),
    );
    const cases: readonly (readonly [string, string])[] = [
      [host, 'exact'],
      ['a.one.example.com', 'one'],
      ['a.b.one.example.com', 'any'],
      ['a.many.example.com', 'many'],
      ['a.b.many.example.com', 'many'],
      ['other.example.com', 'any'],
    ];
    for (const [name, body] of cases) assert.equal((await program.ask(name, '/')).body, body, name);
    assert.deepEqual(program.problems, []);
  });

  it('matches path, method, headers and query; the more exact match wins, then the order written', async () => {
    const say = (name: string, ...matches: readonly object[]) => ({
      name,
      ...(matches.length === 0 ? {} : { matches }),
      action: { respond: { status: 200, body: name } },
    });
    const rules = [
      say('rest'),
      say('prefix', prefix('/api')),
      say('exact', { path: { type: 'Exact', value: '/api/v1' } }),
      say('write', { ...prefix('/api'), methods: ['POST', 'PUT'] }),
      say('second-header', { ...prefix('/api'), headers: [{ name: 'X-Team', value: 'blue' }] }),
      say('third-header', { ...prefix('/api'), headers: [{ name: 'x-user', value: '1' }] }),
      say('two-headers', {
        ...prefix('/api'),
        headers: [
          { name: 'X-Team', value: 'blue' },
          { name: 'x-user', value: '2' },
        ],
      }),
      say('query', { ...prefix('/api'), query: [{ name: 'q', value: 'a b' }] }),
      say('either', prefix('/one'), prefix('/two')),
      say('coffee', { path: { type: 'Exact', value: '/café' } }),
    ];
    await using program = await Program.start(ingressClass + smartRoute('shop', { hosts: [host], http: { rules } }));
    assert.deepEqual(program.problems, []);
    const cases: readonly (readonly [path: string, body: string, options?: AskOptions])[] = [
      ['/', 'rest'],
      ['/apix', 'rest'],
      ['/api', 'prefix'],
      ['/api/', 'prefix'],
      ['/api/v1', 'exact'],
      ['/api/v1/', 'prefix'],
      ['/api', 'write', { method: 'PUT' }],
      ['/api/v1', 'exact', { method: 'PUT' }],
      ['/api', 'second-header', { headers: { 'x-team': 'blue' } }],
      ['/api', 'second-header', { headers: { 'x-user': '1', 'x-team': 'blue' } }],
      ['/api', 'third-header', { headers: { 'x-user': '1' } }],
      ['/api', 'two-headers', { headers: { 'x-user': '2', 'x-team': 'blue' } }],
      ['/api', 'prefix', { headers: { 'x-team': 'Blue' } }],
      ['/api?q=a+b', 'query'],
      ['/api?q=a&q=a+b', 'prefix'],
      ['/one', 'either'],
      ['/two/x', 'either'],
      ['/caf%c3%a9', 'coffee'],
    ];
    for (const [path, body, options] of cases) {
      assert.equal((await program.ask(host, path, options)).body, body, `${path} ${JSON.stringify(options ?? {})}`);
    }
  });

  it('matches what the proxy says of the client in headers, and not what a client says of itself', async () => {
    const say = (name: string, header: object): object => ({
      name,
      matches: [{ headers: [header] }],
      action: { respond: { status: 200, body: name } },
    });
    const rules = [
      say('lan', { name: 'X-Forwarded-For', type: 'Prefix', value: '192.0.2.' }),
      say('real', { name: 'X-Real-IP', value: '198.51.100.1' }),
      say('secure', { name: 'X-Forwarded-Proto', value: 'https' }),
      say('named', { name: 'X-Forwarded-Host', value: 'other.example.com' }),
      say('marked', { name: 'X-Forwarded-Prefix', type: 'Present' }),
      { name: 'rest', action: { respond: { status: 200, body: 'rest' } } },
    ];
    const route = smartRoute('shop', { hosts: [host], http: { rules } });
    await using program = await Program.start(ingressClass + route, ['--https-redirect=false']);
    assert.deepEqual(program.problems, ['NoEffect'], 'nobody has X-Forwarded-Prefix here');
    const cases: readonly (readonly [name: string, value: string, body: string])[] = [
      ['x-forwarded-for', '192.0.2.7', 'lan'],
      ['x-forwarded-for', '198.51.100.1', 'real'],
      ['x-real-ip', '198.51.100.1', 'rest'],
      ['x-forwarded-proto', 'https', 'secure'],
      ['x-forwarded-host', 'other.example.com', 'named'],
      ['x-forwarded-prefix', '/shop', 'rest'],
    ];
    const bodies = async (): Promise<readonly string[]> => {
      const found: string[] = [];
      for (const [name, value] of cases) found.push((await program.ask(host, '/', { headers: { [name]: value } })).body);
      return found;
    };
    assert.deepEqual(await bodies(), ['rest', 'rest', 'rest', 'rest', 'rest', 'rest'], 'nobody believes this peer');
    await program.apply(smartProxyConfig({ trustedProxies: ['127.0.0.0/8'] }));
    assert.deepEqual(
      await bodies(),
      cases.map(([, , body]) => body),
    );
  });

  it('matches Host and Upgrade, which are no headers of requests any more when routes are looked for', async () => {
    const say = (name: string, header: object): object => ({
      name,
      matches: [{ headers: [header] }],
      action: { respond: { status: 200, body: name } },
    });
    const rules = [
      say('socket', { name: 'Upgrade', value: 'WebSocket' }),
      say('port', { name: 'Host', type: 'Regex', value: '.*:81' }),
      say('plain', { name: 'Upgrade', type: 'Absent' }),
      say('other', { name: 'host', type: 'Present' }),
    ];
    await using program = await Program.start(ingressClass + smartRoute('shop', { hosts: [host], http: { rules } }), ['--h2c']);
    const answers: readonly (readonly [headers: Record<string, string>, body: string])[] = [
      [{}, 'plain'],
      [{ connection: 'Upgrade', upgrade: 'websocket' }, 'socket'],
      [{ connection: 'Upgrade', upgrade: 'WebSocket' }, 'socket'],
      [{ connection: 'Upgrade', upgrade: 'other' }, 'other'],
      [{ upgrade: 'websocket' }, 'plain'],
      [{ host: `${host}:81` }, 'port'],
    ];
    for (const [headers, body] of answers) assert.equal((await program.ask(host, '/', { headers })).body, body, JSON.stringify(headers));
    const session = http2Connect(`http://127.0.0.1:${program.httpPort}`);
    try {
      await once(session, 'remoteSettings');
      const stream = session.request({
        ...{ ':method': 'CONNECT', ':protocol': 'websocket', ':scheme': 'http', ':authority': host, ':path': '/' },
        'sec-websocket-version': '13',
      });
      let text = '';
      stream.on('data', (chunk: Buffer) => {
        text += String(chunk);
      });
      await once(stream, 'end');
      assert.equal(text, 'socket', 'a WebSocket over HTTP/2');
    } finally {
      session.destroy();
    }
  });

  it('says which headers no request has where routes are looked for, and what to ask for in their place', async () => {
    const matched = [
      'Connection',
      'Transfer-Encoding',
      'Expect',
      'Proxy',
      'X_Team',
      'X-Forwarded-User',
      'X-Team',
      'Host',
      'Upgrade',
      'Forwarded',
    ];
    const rules = [
      ...matched.map((name, index) => ({
        name: `r${index}`,
        matches: [prefix('/x'), { headers: [{ name, type: 'Present' }] }],
        action: { respond: { status: 200, body: name } },
      })),
      {
        name: 'rest',
        policy: { rateLimits: [{ requests: 1000, per: 'Second', key: { type: 'Header', header: 'X_Key' } }] },
        action: {
          forward: {
            backends: [{ name: 'a', port: { name: 'web' } }],
            loadBalancing: { type: 'ConsistentHash', hash: { type: 'Header', name: 'te' } },
          },
        },
      },
    ].map((rule, index) => (index === 0 || !('matches' in rule) ? rule : { ...rule, matches: [rule.matches[1]] }));
    await using program = await Program.start(services + smartRoute('shop', { hosts: [host], http: { rules } }));
    assert.deepEqual(
      program.translation.problems.map(({ reason, field, rule }) => [reason, field, rule]),
      [
        ['NoEffect', 'spec.http.rules[0].matches[1].headers[0].name', 'r0'],
        ...[1, 2, 3, 4, 5].map((index) => ['NoEffect', `spec.http.rules[${index}].matches[0].headers[0].name`, `r${index}`]),
        ['NoEffect', 'spec.http.rules[10].action.forward.loadBalancing.hash.name', 'rest'],
        ['NoEffect', 'spec.http.rules[10].policy.rateLimits[0].key.header', 'rest'],
      ],
    );
    assert.match(program.translation.problems[0]?.message ?? '', /no request has the header "Connection" here: .*; ask for Upgrade/);
    assert.match(program.translation.problems[4]?.message ?? '', /"X_Team" here: .*; use "-"/);
    assert.equal((await program.ask(host, '/', { headers: { x_team: 'blue', te: 'trailers', 'x-forwarded-user': 'root' } })).body, 'Host');
  });

  it('matches paths by pattern, after every prefix and the longer pattern first, and long paths as well', async () => {
    const say = (name: string, value: string, type = 'Regex') => ({
      name,
      matches: [{ path: { type, value } }],
      action: { respond: { status: 200, body: name } },
    });
    const rules = [
      say('any', '/.*'),
      say('user', '/user/[0-9]+'),
      say('order', '/user/[0-9]+/orders?(/.*)?'),
      say('folded', '(?i)/CaSe'),
      say('prefix', '/user/7', 'Prefix'),
    ];
    await using program = await Program.start(ingressClass + smartRoute('shop', { hosts: [host], http: { rules } }));
    assert.deepEqual(program.problems, []);
    const cases: readonly (readonly [path: string, body: string])[] = [
      ['/user/12', 'user'],
      ['/user/12/', 'any'],
      ['/user/x', 'any'],
      ['/user/12/orders/5?x=1', 'order'],
      ['/user/7', 'prefix'],
      ['/user/7/order', 'prefix'],
      ['/case', 'folded'],
      [`/${'a'.repeat(3000)}`, 'any'],
    ];
    for (const [path, body] of cases) assert.equal((await program.ask(host, path)).body, body, path.slice(0, 50));
  });

  it('answers 503 where so many patterns fit the beginning of a path that trying all would hold a worker up, and nowhere else', async () => {
    const say = (name: string, path: object) => ({ name, matches: [{ path }], action: { respond: { status: 200, body: name } } });
    const costly = Array.from({ length: 16 }, (_, index) => say(`costly-${index}`, { type: 'Regex', value: `/slow/.*[ab].{40}${index}` }));
    const rules = [...costly, say('quick', { type: 'Regex', value: '/quick/[0-9]+' }), say('all', { type: 'Prefix', value: '/' })];
    await using program = await Program.start(ingressClass + smartRoute('shop', { hosts: [host], http: { rules } }));
    const long = 'ab'.repeat(250);
    for (const [path, answer] of [
      [`/slow/${long}`, 503],
      ['/slow/ab', 'all'],
      ['/quick/1', 'quick'],
      [`/other/${long}`, 'all'],
    ] as const) {
      const { status, body } = await program.ask(host, path);
      assert.equal(answer === 503 ? status : body, answer, path.slice(0, 50));
    }
    const flags = (await program.finish()).map(({ flag }) => flag);
    assert.deepEqual(flags, ['patterns_too_costly', 'route_response', 'route_response', 'route_response']);
  });

  it('matches headers and query by type', async () => {
    const say = (name: string, part: object) => ({ name, matches: [part], action: { respond: { status: 200, body: name } } });
    const path = (value: string) => ({ path: { type: 'Prefix', value } });
    const rules = [
      say('header-prefix', { ...path('/hp'), headers: [{ name: 'X-A', type: 'Prefix', value: 'ab' }] }),
      say('header-regex', { ...path('/hr'), headers: [{ name: 'X-A', type: 'Regex', value: 'a[0-9]+' }] }),
      say('header-present', { ...path('/hv'), headers: [{ name: 'X-A', type: 'Present' }] }),
      say('header-absent', { ...path('/ha'), headers: [{ name: 'X-A', type: 'Absent' }] }),
      say('query-prefix', { ...path('/qp'), query: [{ name: 'q', type: 'Prefix', value: 'ab' }] }),
      say('query-regex', { ...path('/qr'), query: [{ name: 'q', type: 'Regex', value: 'a[0-9]+' }] }),
      say('query-present', { ...path('/qv'), query: [{ name: 'q', type: 'Present' }] }),
      say('query-absent', { ...path('/qa'), query: [{ name: 'q', type: 'Absent' }] }),
    ];
    await using program = await Program.start(ingressClass + smartRoute('shop', { hosts: [host], http: { rules } }));
    assert.deepEqual(program.problems, []);
    const a = (value: string): AskOptions => ({ headers: { 'x-a': value } });
    const cases: readonly (readonly [path: string, body: string | undefined, options?: AskOptions])[] = [
      ['/hp', 'header-prefix', a('abc')],
      ['/hp', undefined, a('a')],
      ['/hp', undefined],
      ['/hr', 'header-regex', a('a12')],
      ['/hr', undefined, a('a12b')],
      ['/hv', 'header-present', a('')],
      ['/hv', undefined],
      ['/ha', 'header-absent'],
      ['/ha', undefined, a('')],
      ['/qp?q=ab', 'query-prefix'],
      ['/qp?q=b', undefined],
      ['/qr?q=a1', 'query-regex'],
      ['/qr?q=a', undefined],
      ['/qv?q', 'query-present'],
      ['/qv', undefined],
      ['/qa?p', 'query-absent'],
      ['/qa?q', undefined],
    ];
    for (const [at, body, options] of cases) {
      const answer = await program.ask(host, at, options);
      assert.deepEqual(
        [answer.status, answer.body],
        body === undefined ? [404, answer.body] : [200, body],
        `${at} ${JSON.stringify(options)}`,
      );
    }
  });

  it('forwards to weighted backends in their proportion, by name and number of their port; weight 0 gets nothing', async () => {
    const port = { name: 'web' };
    const backends = [
      { name: 'a', port, weight: 3 },
      { name: 'b', port: { number: 80 }, weight: 1 },
      { name: 'c', port, weight: 0 },
    ];
    const rules = [{ name: 'all', action: { forward: { backends } } }];
    const objects = services + service('c', await freePort());
    await using program = await Program.start(objects + smartRoute('shop', { hosts: [host], http: { rules } }));
    const bodies: string[] = [];
    for (let i = 0; i < 200; i++) bodies.push((await program.ask(host, '/')).body);
    assert.deepEqual([...new Set(bodies)].sort(), ['a', 'b']);
    const share = bodies.filter((body) => body === 'a').length;
    // 150 expected; outside of these lies less than one run in a million.
    assert.ok(share > 115 && share < 182, `${share} of 200`);
    assert.equal(program.translation.smartRoutes[0]?.backends.length, 3);
  });

  it('a backend that is missing answers its share with 503, and a rule without any other all of it; other rules go on', async () => {
    const rules = [
      { name: 'half', matches: [prefix('/half')], action: forwardTo('a', 'gone') },
      { name: 'none', matches: [prefix('/none')], action: forwardTo('gone') },
      { name: 'fine', action: forwardTo('b') },
    ];
    await using program = await Program.start(services + smartRoute('shop', { hosts: [host], http: { rules } }));
    const statuses = new Set<number>();
    for (let i = 0; i < 60; i++) statuses.add((await program.ask(host, '/half')).status);
    assert.deepEqual([...statuses].sort(), [200, 503]);
    assert.equal((await program.ask(host, '/none')).status, 503);
    assert.equal((await program.ask(host, '/')).body, 'b');
    const [state] = program.translation.smartRoutes;
    const refs = state?.rules.map(({ conditions }) => conditions.find(({ type }) => type === 'ResolvedRefs'));
    assert.deepEqual(
      refs?.map((condition) => condition?.reason),
      ['ServiceNotFound', 'ServiceNotFound', 'ResolvedRefs'],
    );
    assert.equal((await program.finish()).filter(({ flag }) => flag === 'no_service').length > 1, true);
  });

  it('redirects with what the rule changes, and keeps the rest', async () => {
    const redirect = (name: string, path: string, change: object) => ({ name, matches: [prefix(path)], action: { redirect: change } });
    const rules = [
      redirect('scheme', '/scheme', { scheme: 'https' }),
      redirect('host', '/host', { host: 'b.example.com', status: 301 }),
      redirect('port', '/port', { port: 8443, status: 307 }),
      redirect('all', '/all', { scheme: 'http', host: 'b.example.com', port: 80, path: { type: 'ReplaceFull', value: '/x' }, status: 308 }),
      redirect('prefix', '/old', { path: { type: 'ReplacePrefix', value: '/new/' }, status: 303 }),
      redirect('root', '/gone', { path: { type: 'ReplacePrefix', value: '/' } }),
    ];
    await using program = await Program.start(ingressClass + smartRoute('shop', { hosts: [host], http: { rules } }), [
      '--published-https-port',
      '443',
    ]);
    assert.deepEqual(program.problems, []);
    const port = program.httpPort;
    const cases: readonly (readonly [path: string, status: number, location: string])[] = [
      ['/scheme/a?b=c', 302, `https://${host}/scheme/a?b=c`],
      ['/host', 301, `http://b.example.com:${port}/host`],
      ['/port?', 307, `http://${host}:8443/port?`],
      ['/all/a?b', 308, 'http://b.example.com/x?b'],
      ['/old', 303, `http://${host}:${port}/new`],
      ['/old/a/b?c', 303, `http://${host}:${port}/new/a/b?c`],
      ['/gone', 302, `http://${host}:${port}/`],
      ['/gone/a', 302, `http://${host}:${port}/a`],
    ];
    for (const [path, status, location] of cases) {
      const answer = await program.ask(`${host}:${port}`, path);
      assert.deepEqual([answer.status, answer.headers.location], [status, location], path);
    }
  });

  it('answers by itself with status, headers and body, and refuses with 403', async () => {
    const headers = [
      { name: 'Content-Type', value: 'application/json' },
      { name: 'Retry-After', value: '60' },
    ];
    const rules = [
      { name: 'json', matches: [prefix('/json')], action: { respond: { status: 503, headers, body: '{"café": true}' } } },
      { name: 'empty', matches: [prefix('/empty')], action: { respond: { status: 204 } } },
      { name: 'no', action: { block: {} } },
    ];
    await using program = await Program.start(ingressClass + smartRoute('shop', { hosts: [host], http: { rules } }));
    const json = await program.ask(host, '/json');
    assert.deepEqual([json.status, json.body, json.headers['retry-after']], [503, '{"café": true}', '60']);
    assert.deepEqual([json.headers['content-type'], json.headers['content-length']], ['application/json', '15']);
    assert.equal((await program.ask(host, '/json', { method: 'HEAD' })).body, '');
    const empty = await program.ask(host, '/empty');
    assert.deepEqual([empty.status, empty.body, empty.headers['content-length']], [204, '', undefined]);
    assert.equal((await program.ask(host, '/other')).status, 403);
    const log = await program.finish();
    assert.deepEqual(
      log.map(({ flag }) => flag),
      ['route_response', 'route_response', 'route_response', 'route_blocked'],
    );
  });

  it('a priority comes before everything else, also before an Ingress', async () => {
    const say = (body: string) => ({ hosts: [host], http: { rules: [{ name: 'all', action: { respond: { status: 200, body } } }] } });
    await using program = await Program.start(
      services +
        ingress('old', { rules: { [host]: [['/deep/path', 'Exact', 'a']] }, created: '2026-01-01T00:00:00Z' }) +
        smartRoute('high', { priority: 10, ...say('high') }) +
        smartRoute('higher', { priority: 20, ...say('higher') }),
    );
    assert.equal((await program.ask(host, '/deep/path')).body, 'higher');
    assert.deepEqual(program.problems, []);
    await program.remove('SmartRoute', 'default/higher');
    assert.equal((await program.ask(host, '/deep/path')).body, 'high');
    await program.remove('SmartRoute', 'default/high');
    assert.equal((await program.ask(host, '/deep/path')).body, 'a');
  });

  it('of two objects with the same match the oldest is served, whatever its kind, and the other is told who has it', async () => {
    const route = (created: string) =>
      smartRoute('route', { hosts: [host], http: { rules: [{ name: 'all', action: forwardTo('b') }] } }, created);
    const other = services + ingress('ingress', { rules: { [host]: [['/', 'Prefix', 'a']] }, created: '2026-02-01T00:00:00Z' });
    await using program = await Program.start(other + route('2026-01-01T00:00:00Z'));
    assert.equal((await program.ask(host, '/')).body, 'b');
    assert.match(program.translation.problems[0]?.message ?? '', /SmartRoute default\/route \(older\)/);
    await program.apply(route('2026-03-01T00:00:00Z'));
    assert.equal((await program.ask(host, '/')).body, 'a');
    const accepted = program.translation.smartRoutes[0]?.conditions.find(({ type }) => type === 'Accepted');
    assert.deepEqual([accepted?.status, accepted?.reason], ['False', 'PathConflict']);
    assert.match(accepted?.message ?? '', /Ingress default\/ingress \(older\)/);
  });

  it('an object that the CRD does not allow is not served and harms no other; mended it is', async () => {
    const rules = [{ name: 'all', action: forwardTo('a') }];
    const good = { hosts: [host], http: { rules } };
    await using program = await Program.start(
      services +
        smartRoute('bad', { ...good, hosts: ['bad.example.com'], tls: { mode: 'Passthrough' } }) +
        smartRoute('good', { ...good, polizy: {} }),
    );
    assert.equal((await program.ask('bad.example.com', '/')).status, 503);
    assert.equal((await program.ask(host, '/')).body, 'a');
    assert.deepEqual(program.problems, ['InvalidObject', 'UnknownField']);
    assert.match(program.translation.problems[1]?.message ?? '', /spec\.polizy: this field does not exist; did you mean policy\?/);
    const [bad] = program.translation.smartRoutes;
    assert.deepEqual(
      bad?.conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`),
      ['Accepted False InvalidObject', 'ResolvedRefs True ResolvedRefs'],
    );
    await program.apply(smartRoute('bad', { ...good, hosts: ['bad.example.com'] }));
    assert.equal((await program.ask('bad.example.com', '/')).body, 'a');
  });

  it('is served by its class alone', async () => {
    const spec = { http: { rules: [{ name: 'all', action: { block: {} } }] } };
    await using program = await Program.start(
      ingressClass +
        smartRoute('other', { ...spec, hosts: ['other.example.com'], ingressClassName: 'nginx' }) +
        smartRoute('none', { ...spec, hosts: ['none.example.com'], ingressClassName: undefined }),
    );
    for (const name of ['other', 'none']) assert.equal((await program.ask(`${name}.example.com`, '/')).status, 404);
    assert.deepEqual(program.problems, ['ClassNotFound']);
    assert.deepEqual(program.translation.smartRoutes, []);
  });
});
