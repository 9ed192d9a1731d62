import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { describe, it, type TestContext } from 'node:test';
import { freePort } from '../../tools/free-port.ts';
import { configMap, forwardTo, ingress, ingressClass, service, serviceGrant, smartProxyConfig, smartRoute } from '../../tools/manifests.ts';
import { Program } from '../../tools/program.ts';
import { ScriptedBackend } from '../../tools/scripted-backend.ts';

const host = 'shop.example.com';
const route = (policy: object): string => {
  const prefix = (value: string) => [{ path: { type: 'Prefix', value } }];
  const rules = [
    { name: 'blocked', matches: prefix('/blocked'), action: { block: {} } },
    { name: 'own', matches: prefix('/own'), action: { respond: { status: 404, body: 'meant so' } } },
    { name: 'gone', matches: prefix('/gone'), action: forwardTo('gone') },
    { name: 'missing', matches: prefix('/missing'), action: forwardTo('nobody') },
    { name: 'all', action: forwardTo('s') },
  ];
  return smartRoute('shop', { hosts: [host], policy, http: { rules } });
};

const pagesOfConfigMap = [
  { statuses: [404, 403], configMapRef: { name: 'pages', key: '4xx.html' } },
  { statuses: [503], configMapRef: { name: 'pages', key: 'problem' }, contentType: 'application/problem+json' },
];

describe('error pages, objects in and real sockets out', () => {
  const setUp = async (t: TestContext) => {
    // `/404?5000` answers 404 with a body of 5,000 bytes.
    const backend = await ScriptedBackend.start(t, ({ url }, response) => {
      const [, status = '200', bytes = '10'] = /^\/(\d{3})(?:\?(\d+))?/.exec(url) ?? [];
      response.writeHead(Number(status), { 'content-type': 'text/plain', 'x-backend': '1' }).end('b'.repeat(Number(bytes)));
    });
    const pages = await ScriptedBackend.start(t, ({ headers }, response) =>
      response
        .writeHead(Number(headers['x-code']) === 503 ? 200 : Number(headers['x-code']), { 'content-type': 'text/html' })
        .end(`page ${headers['x-code']}`),
    );
    const services = ingressClass + service('s', backend.port) + service('pages', pages.port) + service('gone', await freePort());
    return { backend, pages, services };
  };

  it('errorPages with a text: in place of errors of backends and of our own, the status stays, and the connection to the backend too', async (t) => {
    const { backend, services } = await setUp(t);
    const errorPages = [
      { statuses: [404, 403, 502], text: '<h1>Sörry</h1>' },
      { statuses: [404, 503], text: '{"error":true}', contentType: 'application/problem+json' },
    ];
    await using program = await Program.start(services + route({ errorPages, retries: { attempts: 0 } }), ['--h2c']);
    const cases: readonly (readonly [path: string, status: number, body: string])[] = [
      ['/200', 200, 'b'.repeat(10)],
      ['/404', 404, '<h1>Sörry</h1>'],
      ['/404?60000', 404, '<h1>Sörry</h1>'],
      ['/500', 500, 'b'.repeat(10)],
      ['/blocked', 403, '<h1>Sörry</h1>'],
      ['/gone', 502, '<h1>Sörry</h1>'],
      ['/missing', 503, '{"error":true}'],
      ['/own', 404, 'meant so'],
    ];
    for (const [path, status, body] of cases) {
      const answer = await program.ask(host, path);
      assert.deepEqual([answer.status, answer.body], [status, body], path);
      if (body.startsWith('<')) assert.equal(answer.headers['content-type'], 'text/html; charset=utf-8');
      if (body.startsWith('{')) assert.equal(answer.headers['content-type'], 'application/problem+json');
      assert.equal(answer.headers['x-backend'], path.startsWith('/200') || path.startsWith('/500') ? '1' : undefined);
    }
    assert.equal(backend.connections, 1, 'an error that was read to its end leaves its connection open');
    const head = await program.ask(host, '/404', { method: 'HEAD' });
    assert.deepEqual([head.status, head.body], [404, '']);
    assert.equal((await program.ask(host, '/404?3000000')).body, '<h1>Sörry</h1>', 'a large error is not read');
    assert.equal((await program.ask(host, '/404', { method: 'POST', body: 'some body' })).body, '<h1>Sörry</h1>');
    const session = connectHttp2(`http://127.0.0.1:${program.httpPort}`);
    t.after(() => session.destroy());
    const stream = session.request({ ':authority': host, ':path': '/404' });
    let body = '';
    for await (const chunk of stream.setEncoding('utf8')) body += chunk;
    assert.equal(body, '<h1>Sörry</h1>');
    const flags = (await program.finish()).map(({ flag }) => flag);
    assert.deepEqual(flags.slice(0, 8), [
      undefined,
      'error_page',
      'error_page',
      undefined,
      'route_blocked',
      'upstream_connect_failed',
      'no_service',
      'route_response',
    ]);
  });

  it('errorPages with a backend: it is told what happened as that of ingress-nginx, and says what the client gets', async (t) => {
    const { pages, services } = await setUp(t);
    const errorPages = [{ statuses: [403, 404, 413, 502, 503], backend: { name: 'pages', port: { name: 'web' } } }];
    await using program = await Program.start(services + route({ errorPages, retries: { attempts: 0 }, maxRequestBody: '10' }), ['--h2c']);
    const answer = await program.ask(host, '/404?7', {
      method: 'PUT',
      body: 'some body',
      headers: { accept: 'text/html', 'x-code': '1', 'if-none-match': 'x' },
    });
    assert.deepEqual([answer.status, answer.body, answer.headers['content-type']], [404, 'page 404', 'text/html']);
    const { method, url, headers, body } = pages.received[0]!;
    assert.deepEqual([method, url, body, headers.host], ['PUT', '/?7', '', host]);
    const told = ['x-code', 'x-format', 'x-original-uri', 'x-namespace', 'x-ingress-name', 'x-service-name', 'x-service-port'].map(
      (name) => headers[name],
    );
    assert.deepEqual(told, ['404', 'text/html', '/404?7', 'default', 'shop', 's', '80']);
    assert.ok(headers['x-request-id']);
    assert.deepEqual([headers['content-length'], headers['if-none-match']], ['0', undefined]);
    for (const [path, code, status] of [
      ['/blocked', '403', 403],
      ['/gone', '502', 502],
      ['/missing', '503', 200],
    ] as const) {
      const page = await program.ask(host, path);
      assert.deepEqual([page.status, page.body], [status, `page ${code}`], path);
    }
    // Its body is still coming when the page is asked for.
    const large = await program.ask(host, '/200', { method: 'POST', body: 'x'.repeat(100), headers: { 'transfer-encoding': 'chunked' } });
    assert.deepEqual([large.status, large.body], [413, 'page 413']);
    assert.equal((await program.ask(host, '/404', { method: 'HEAD' })).status, 404);
    const session = connectHttp2(`http://127.0.0.1:${program.httpPort}`);
    t.after(() => session.destroy());
    const stream = session.request({ ':authority': host, ':path': '/200', ':method': 'POST' });
    stream.end('x'.repeat(100));
    const [head] = (await once(stream, 'response')) as [Record<string, unknown>];
    assert.equal(head[':status'], 413);
    const lines = await program.finish();
    assert.deepEqual([lines[0]?.status, lines[0]?.flag, lines[3]?.status, lines[3]?.flag], [404, 'error_page', 200, 'no_service']);
  });

  describe('errorPages with a ConfigMap', () => {
    const labels = { 'smartproxy.dev/error-pages': 'true' };
    const errorPages = pagesOfConfigMap;
    const own = 'b'.repeat(10);

    it('errorPages with a ConfigMap show its text, and follow it', async (t) => {
      const { services } = await setUp(t);
      const pages = configMap('pages', { '4xx.html': '<h1>Sörry</h1>', problem: '{"error":true}' }, labels);
      await using program = await Program.start(services + route({ errorPages: pagesOfConfigMap }) + pages);
      assert.deepEqual(program.problems, ['ServiceNotFound']);
      const answer = await program.ask(host, '/404');
      assert.deepEqual([answer.status, answer.body, answer.headers['content-type']], [404, '<h1>Sörry</h1>', 'text/html; charset=utf-8']);
      assert.equal((await program.ask(host, '/blocked')).body, '<h1>Sörry</h1>');
      const problem = await program.ask(host, '/missing');
      assert.deepEqual([problem.status, problem.body], [503, '{"error":true}']);
      assert.equal(problem.headers['content-type'], 'application/problem+json');
      const { policies } = program.dataPlane.table;
      await program.apply(configMap('pages', { '4xx.html': 'new', problem: 'x'.repeat(65_536) }, labels));
      assert.equal((await program.ask(host, '/404')).body, 'new');
      assert.equal((await program.ask(host, '/missing')).body, 'x'.repeat(65_536));
      assert.equal(program.dataPlane.table.policies, policies, 'a text that changes changes no policy');
      await program.apply(route({ errorPages: [] }));
      assert.equal((await program.ask(host, '/404')).body, own);
      assert.equal(program.dataPlane.table.pages.size, 0);
    });

    it('what can not be had is told, and the error goes on as it is', async (t) => {
      const { services } = await setUp(t);
      await using program = await Program.start(services + route({ errorPages: errorPages.slice(0, 1) }));
      const told = () => program.problems.filter((reason) => reason.startsWith('ConfigMap'));
      const cases: readonly (readonly [objects: string, reason: string, words: RegExp])[] = [
        [
          configMap('other', {}),
          'ConfigMapNotFound',
          /ConfigMap default\/pages does not exist, or has no label smartproxy\.dev\/error-pages/,
        ],
        [configMap('pages', { '4xx.html': 'x' }), 'ConfigMapNotFound', /has no label/],
        [configMap('pages', { toString: 'x' }, labels), 'ConfigMapNotFound', /has no "4xx\.html" in its data; add it/],
        [configMap('pages', { '4xx.html': 'ö'.repeat(32_769) }, labels), 'ConfigMapInvalid', /has 65538 bytes in "4xx\.html"/],
        [configMap('other/pages', { '4xx.html': 'x' }, labels), 'ConfigMapInvalid', /65538/],
      ];
      for (const [objects, reason, words] of cases) {
        await program.apply(objects);
        assert.ok(told().length > 0 && told().every((one) => one === reason), `${told()} for ${objects}`);
        const { field, message } = program.translation.problems.find((problem) => problem.reason === reason)!;
        assert.equal(field, 'spec.policy.errorPages[0].configMapRef');
        assert.match(message, words);
        assert.equal((await program.ask(host, '/404')).body, own);
        assert.match((await program.ask(host, '/blocked')).body, /^403 /);
        const { smartRoutes } = program.translation;
        const refs = smartRoutes[0]?.conditions.find(({ type }) => type === 'ResolvedRefs');
        assert.equal(refs?.status, 'False');
      }
      await program.apply(configMap('pages', { '4xx.html': 'good' }, labels));
      assert.deepEqual(told(), []);
      assert.equal((await program.ask(host, '/404')).body, 'good');
      await program.remove('ConfigMap', 'default/pages');
      assert.equal((await program.ask(host, '/404')).body, own);
    });

    it('those of the installation are in its namespace, for every object, and it alone is told', async (t) => {
      const { services } = await setUp(t);
      const config = smartProxyConfig({ defaults: { policy: { errorPages } } });
      const web = ingress('web', { rules: { 'web.example.com': [['/', 'Prefix', 's']] } });
      const elsewhere = smartRoute('team/shop', { hosts: ['team.example.com'], http: { rules: [{ name: 'all', action: { block: {} } }] } });
      await using program = await Program.start(services + config + web + elsewhere);
      const told = () => program.translation.problems.filter(({ reason }) => reason === 'ConfigMapNotFound');
      assert.deepEqual(
        told().map(({ object, field }) => [object.kind, field]),
        [
          ['SmartProxyConfig', 'spec.defaults.policy.errorPages[0].configMapRef'],
          ['SmartProxyConfig', 'spec.defaults.policy.errorPages[1].configMapRef'],
        ],
      );
      const [state] = program.translation.smartProxyConfigs;
      assert.equal(state?.conditions.find(({ type }) => type === 'ResolvedRefs')?.reason, 'ConfigMapNotFound');
      await program.apply(
        configMap('pages', { '4xx.html': 'ours', problem: 'x' }, labels) + configMap('team/pages', { '4xx.html': 'theirs' }, labels),
      );
      assert.deepEqual(told(), []);
      assert.equal((await program.ask('web.example.com', '/404')).body, 'ours');
      assert.equal((await program.ask('team.example.com', '/')).body, 'ours');
    });

    it('those of the installation are for the default backend too, alone and beside routes for every host', async (t) => {
      const { services } = await setUp(t);
      const texts = configMap('pages', { '4xx.html': 'ours', problem: 'x' }, labels);
      const config = smartProxyConfig({ defaults: { policy: { errorPages: errorPages.slice(0, 1) } } });
      await using program = await Program.start(services + texts + config, ['--default-backend=default/s:web']);
      assert.deepEqual(program.problems, []);
      const seen = async () => [(await program.ask('nobody.test', '/404')).body, (await program.ask('nobody.test', '/')).status];
      assert.deepEqual(await seen(), ['ours', 200]);
      await program.apply(
        smartRoute('any', {
          policy: { errorPages: [] },
          http: { rules: [{ name: 'x', matches: [{ methods: ['PUT'] }], action: { block: {} } }] },
        }),
      );
      assert.deepEqual(await seen(), ['ours', 200]);
      await program.apply(configMap('pages', { '4xx.html': 'new' }, labels));
      assert.deepEqual(await seen(), ['new', 200]);
      await program.apply(smartProxyConfig({}));
      assert.deepEqual(await seen(), [own, 200]);
    });
  });

  it('a backend of the installation answers for the default backend, and when it is missing the SmartProxyConfig alone is told', async (t) => {
    const { services } = await setUp(t);
    const backend = { name: 'pages', port: { name: 'web' } };
    const shop = smartRoute('shop', { hosts: [host], http: { rules: [{ name: 'all', action: forwardTo('s') }] } });
    const policy = { errorPages: [{ statuses: [404], backend }], mirror: { backend: { name: 'pages', port: { number: 81 } } } };
    const web = ingress('web', { rules: { 'web.example.com': [['/', 'Prefix', 's']] } });
    const config = smartProxyConfig({ defaults: { policy } });
    await using program = await Program.start(services + config, ['--default-backend=default/s:web']);
    assert.equal((await program.ask('nobody.test', '/404')).body, 'page 404', 'by its own policy alone');
    await program.apply(shop + web);
    const told = () => program.translation.problems.map(({ object, reason, field }) => `${object.kind} ${reason} ${field}`);
    const mirror = 'SmartProxyConfig ServicePortNotFound spec.defaults.policy.mirror.backend';
    assert.deepEqual(told(), [mirror]);
    for (const name of ['nobody.test', 'web.example.com', host]) assert.equal((await program.ask(name, '/404')).body, 'page 404', name);
    await program.remove('Service', 'default/pages');
    const gone = (path: string) => `SmartProxyConfig ServiceNotFound spec.defaults.policy.${path}`;
    assert.deepEqual(told(), [gone('mirror.backend'), gone('errorPages[0].backend')]);
    const reasons = program.translation.smartProxyConfigs[0]?.conditions.map(({ reason }) => reason);
    assert.deepEqual(reasons, ['Accepted', 'ServiceNotFound']);
    for (const name of ['nobody.test', 'web.example.com', host]) assert.equal((await program.ask(name, '/404')).body, 'b'.repeat(10), name);
  });

  it('a backend of the installation in another namespace answers only while a ReferenceGrant there permits it to the SmartProxyConfig', async (t) => {
    const { pages, services } = await setUp(t);
    const other = service('pages', pages.port).replaceAll('namespace: default', 'namespace: other');
    const backend = { name: 'pages', namespace: 'other', port: { name: 'web' } };
    const shop = smartRoute('other/shop', { hosts: [host], http: { rules: [{ name: 'all', action: { block: {} } }] } });
    const web = ingress('web', { rules: { 'web.example.com': [['/', 'Prefix', 's']] } });
    const config = smartProxyConfig({ defaults: { policy: { errorPages: [{ statuses: [403, 404], backend }] } } });
    // The Service is of the route's own namespace, which permits SmartRoutes as well: it is the SmartProxyConfig that refers.
    const objects = services + other + shop + web + config + serviceGrant('other');
    await using program = await Program.start(objects, ['--default-backend=default/s:web']);
    const told = () => program.translation.problems.map(({ object, reason, field }) => `${object.kind} ${reason} ${field}`);
    const seen = async () => {
      const answers = ['nobody.test', 'web.example.com', host].map(async (name) => (await program.ask(name, '/404')).body);
      return (await Promise.all(answers)).map((body) => body.startsWith('page '));
    };
    const refused = ['SmartProxyConfig RefNotPermitted spec.defaults.policy.errorPages[0].backend.namespace'];
    assert.deepEqual([told(), await seen()], [refused, [false, false, false]]);
    await program.apply(serviceGrant('other', { kind: 'SmartProxyConfig' }));
    assert.deepEqual([told(), await seen()], [[], [true, true, true]]);
    await program.remove('ReferenceGrant', 'other/routes');
    assert.deepEqual([told(), await seen()], [refused, [false, false, false]]);
  });

  it('errorPages.errorsOf Proxy leaves the errors of backends alone', async (t) => {
    const { services } = await setUp(t);
    const errorPages = [{ statuses: [404, 403], errorsOf: 'Proxy', text: 'ours' }];
    await using program = await Program.start(services + route({ errorPages }));
    assert.equal((await program.ask(host, '/404')).body, 'b'.repeat(10));
    assert.equal((await program.ask(host, '/blocked')).body, 'ours');
  });

  it('a backend of error pages that fails leaves the status with a line of text, and what our answer says in headers', async (t) => {
    const { services } = await setUp(t);
    const errorPages = [{ statuses: [404, 429, 503], backend: { name: 'gone', port: { number: 80 } } }];
    const rateLimits = [{ requests: 2, per: 'Hour' }];
    await using program = await Program.start(services + route({ errorPages, rateLimits, retries: { attempts: 0 } }));
    assert.deepEqual(await program.ask(host, '/404').then(({ status, body }) => [status, body]), [404, '404 The backend failed\n']);
    assert.equal((await program.ask(host, '/missing')).status, 503);
    const limited = await program.ask(host, '/');
    assert.deepEqual([limited.status, limited.body], [429, '429 Too many requests\n']);
    assert.ok(Number(limited.headers['retry-after']) > 0);
  });

  it('a page that takes the place of our answer keeps what that says in headers', async (t) => {
    const { services } = await setUp(t);
    const pages = (page: object) => route({ errorPages: [{ statuses: [429], ...page }], rateLimits: [{ requests: 1, per: 'Hour' }] });
    await using program = await Program.start(services + pages({ text: 'slowly' }));
    await program.ask(host, '/');
    const text = await program.ask(host, '/');
    assert.deepEqual([text.status, text.body], [429, 'slowly']);
    assert.ok(Number(text.headers['retry-after']) > 0);
    await program.apply(pages({ backend: { name: 'pages', port: { name: 'web' } } }));
    const asked = await program.ask(host, '/');
    assert.deepEqual([asked.status, asked.body], [429, 'page 429']);
    assert.ok(Number(asked.headers['retry-after']) > 0);
  });

  it("a page in place of a backend's error keeps what clients act upon, and nothing else of it", async (t) => {
    const { services } = await setUp(t);
    const said = { allow: 'GET, HEAD', 'retry-after': '7', 'www-authenticate': ['Basic realm="a"', 'Bearer'] };
    const backend = await ScriptedBackend.start(t, (_, response) => {
      response.writeHead(401, { ...said, 'set-cookie': 'a=b', etag: '"1"', 'content-language': 'en', 'x-backend': '1' }).end('theirs');
    });
    const all = (page: object) => {
      const rules = [{ name: 'all', action: forwardTo('login') }];
      return smartRoute('shop', { hosts: [host], policy: { errorPages: [{ statuses: [401], ...page }] }, http: { rules } });
    };
    await using program = await Program.start(services + service('login', backend.port) + all({ text: 'ours' }));
    for (const [page, body] of [
      [{ text: 'ours' }, 'ours'],
      [{ backend: { name: 'pages', port: { name: 'web' } } }, 'page 401'],
      [{ backend: { name: 'gone', port: { number: 80 } } }, '401 The backend failed\n'],
    ] as const) {
      await program.apply(all(page));
      const { status, headers, ...answer } = await program.ask(host, '/');
      assert.deepEqual([status, answer.body], [401, body]);
      const { allow, 'retry-after': after, 'www-authenticate': ways } = headers;
      assert.deepEqual([allow, after, ways], ['GET, HEAD', '7', 'Basic realm="a", Bearer'], body);
      for (const name of ['set-cookie', 'etag', 'content-language', 'x-backend']) assert.equal(headers[name], undefined, name);
    }
  });

  it('a backend of error pages that is missing, or not permitted, is a problem, and errors go on as they are', async (t) => {
    const { pages, services } = await setUp(t);
    const errorPages = [
      { statuses: [404], backend: { name: 'nowhere', port: { name: 'web' } } },
      { statuses: [500], backend: { name: 'pages', namespace: 'other', port: { number: 80 } } },
    ];
    const rules = [{ name: 'all', action: forwardTo('s') }];
    await using program = await Program.start(services + smartRoute('shop', { hosts: [host], policy: { errorPages }, http: { rules } }));
    assert.deepEqual([...program.problems].sort(), ['RefNotPermitted', 'ServiceNotFound']);
    for (const path of ['/404', '/500']) assert.equal((await program.ask(host, path)).body, 'b'.repeat(10));
    await program.apply(serviceGrant('other') + service('pages', pages.port).replaceAll('namespace: default', 'namespace: other'));
    assert.deepEqual(program.problems, ['ServiceNotFound']);
    assert.equal((await program.ask(host, '/500')).body, 'page 500');
  });

  it('custom-http-errors and error-backend of an Ingress; one without the other is a problem', async (t) => {
    const { pages, services } = await setUp(t);
    const shop = (annotations: Readonly<Record<string, string>>) =>
      ingress('shop', {
        rules: {
          [host]: [
            ['/missing', 'Prefix', 'nobody'],
            ['/', 'Prefix', 's'],
          ],
        },
        annotations,
      });
    const both = { 'smartproxy.dev/custom-http-errors': '404, 503', 'smartproxy.dev/error-backend': 'pages:web' };
    await using program = await Program.start(services + shop(both));
    assert.deepEqual(program.problems, ['ServiceNotFound']);
    assert.equal((await program.ask(host, '/404')).body, 'page 404');
    assert.equal((await program.ask(host, '/missing')).body, 'page 503');
    assert.equal((await program.ask(host, '/500')).body, 'b'.repeat(10));
    assert.deepEqual([pages.received[0]?.headers['x-ingress-name'], pages.received[0]?.headers['x-service-name']], ['shop', 's']);
    await program.apply(shop({ 'smartproxy.dev/custom-http-errors': '404' }));
    assert.deepEqual([...program.problems].sort(), ['InvalidAnnotation', 'ServiceNotFound']);
    assert.equal((await program.ask(host, '/404')).body, 'b'.repeat(10));
  });
});
