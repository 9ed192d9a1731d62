import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { renderExplanation } from '../../../src/ask/explain/render-explanation.ts';
import { forwardTo, ingress, ingressClass, service, smartProxyConfig, smartRoute, tlsSecret } from '../../tools/manifests.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';
import { contextOf, explained, refusal } from './explained.ts';

const shop = ingressClass + service('web', 8001, 8002) + service('cart', 8003) + service('next', 8004);
const rules = {
  'shop.example': [['/', 'Prefix', 'web'] as const, ['/cart', 'Prefix', 'cart'] as const, ['/status', 'Exact', 'web'] as const],
};
const shopIngress = shop + ingress('shop', { rules });

suite('explain: routes', () => {
  test('candidates come in order, with the winner, its object and place, and why each other loses', () => {
    const { matched, candidates, winner, summary } = explained(contextOf(shopIngress), 'http://shop.example/cart/1');
    assert.equal(matched, true);
    assert.deepEqual(
      candidates.map(({ path, outcome, why }) => [path, outcome, ...why.map(({ by }) => by)]),
      [
        ['/status (exact)', 'loses', 'path'],
        ['/cart (prefix)', 'wins'],
        ['/ (prefix)', 'loses', 'precedence'],
      ],
    );
    assert.deepEqual(winner && [winner.object, winner.location], ['Ingress default/shop', 'Ingress.yaml:12']);
    assert.match(summary, /^Ingress default\/shop sends it to default\/cart:80 \(1 of 1 endpoints can be used\)\.$/);
    assert.match(candidates[2]?.why[0]?.says ?? '', /a prefix comes before the prefix \//);
  });

  test('a backend without an endpoint that is ready is said to be answered 503, with one that terminates and still serves not', () => {
    const notReady = ingressClass + service('cart', { port: 8003, conditions: 'ready: false' }) + service('web', 8001);
    const said = (objects: string) => explained(contextOf(objects + ingress('shop', { rules })), 'http://shop.example/cart').summary;
    assert.match(said(notReady), /sends it to default\/cart:80, which has no endpoint that is ready \(503\)\.$/);
    const leaving = service('cart', { port: 8003, conditions: 'ready: false, serving: true, terminating: true' });
    assert.match(said(ingressClass + leaving + service('web', 8001)), /\(1 of 1 endpoints can be used\)/);
  });

  test('Services are named as people write them, whatever settings make a variant of one', () => {
    const forward = { backends: [{ name: 'cart', port: { name: 'web' } }], loadBalancing: { type: 'RoundRobin', slowStart: '10s' } };
    const mirror = { backend: { name: 'next', port: { name: 'web' } } };
    const policy = { backend: { protocol: 'H2C' }, mirror };
    const route = smartRoute('own', { hosts: ['own.example'], policy, http: { rules: [{ name: 'all', action: { forward } }] } });
    const context = contextOf(shop + route);
    assert.ok(
      [...context.table.services.keys()].some((key) => key.startsWith('default/cart:80#')),
      'it has settings of its own',
    );
    const { summary, winner, backends, effects } = explained(context, 'http://own.example/');
    assert.match(summary, /sends it to default\/cart:80 \(/);
    assert.equal(winner?.action, 'forward to default/cart:80');
    assert.equal(backends[0]?.service, 'default/cart:80');
    assert.ok(effects.includes('100 % of the requests are copied to default/next:80'), effects.join('\n'));
    assert.ok(
      effects.some((effect) => effect.includes('10 s')),
      'what its settings do is still told',
    );
    assert.equal(JSON.stringify(explained(context, 'http://own.example/')).includes(':80#'), false);
  });

  test('a route loses by method, header, query and host, all of it said', () => {
    const route = smartRoute('beta', {
      hosts: ['shop.example'],
      http: {
        rules: [
          {
            name: 'beta',
            matches: [
              {
                path: { type: 'Prefix', value: '/cart' },
                methods: ['POST'],
                headers: [{ name: 'X-Beta', type: 'Present' }],
                query: [{ name: 'b', value: '1' }],
              },
            ],
            action: forwardTo('next'),
          },
        ],
      },
    });
    const wildcard = ingress('wild', { rules: { '*.example': [['/cart', 'Prefix', 'web']] } });
    const context = contextOf(shopIngress + route + wildcard);
    const { candidates } = explained(context, 'http://shop.example/cart');
    const why = new Map(candidates.map(({ object, path, why }) => [`${object} ${path}`, why]));
    assert.deepEqual(
      why.get('SmartRoute default/beta /cart (prefix)')?.map(({ by }) => by),
      ['method', 'header', 'query'],
    );
    assert.match(why.get('Ingress default/wild /cart (prefix)')?.[0]?.says ?? '', /shop\.example is a more specific host than \*\.example/);
    const beta = explained(context, 'http://shop.example/cart?b=1', { method: 'POST', headers: ['x-beta: yes'] });
    assert.equal(beta.winner?.object, 'SmartRoute default/beta');
  });

  test('a host or path that nobody has says so, with what was probably meant', () => {
    const context = contextOf(shopIngress);
    const noHost = explained(context, 'http://shop.exmple/');
    assert.deepEqual([noHost.matched, noHost.answer?.status, noHost.answer?.flag], [false, 404, 'no_host']);
    assert.match(noHost.summary, /did you mean shop\.example\?/);
    const only = contextOf(shop + ingress('shop', { rules: { 'shop.example': [['/cart', 'Prefix', 'cart']] } }));
    assert.match(explained(context, 'http://quite-another.test/').summary, /404; the table has 1 host\.$/);
    assert.equal(explained(context, 'http://shop.example:/cart').winner?.key, explained(context, 'http://shop.example/cart').winner?.key);
    const noPath = explained(only, 'http://shop.example/cartoon');
    assert.deepEqual([noPath.matched, noPath.answer?.flag, noPath.candidates.length], [false, 'no_path', 1]);
    assert.match(noPath.candidates[0]?.why[0]?.says ?? '', /\/cartoon is not \/cart or below it/);
  });

  test('what is wrong with the objects is told: a Service that is missing, a host without a route', () => {
    const { summary, problems, answer } = explained(
      contextOf(ingressClass + ingress('shop', { rules: { 'shop.example': [['/', 'Prefix', 'gone']] } })),
      'http://shop.example/',
    );
    assert.equal(answer?.status, 503);
    assert.match(summary, /answers 503 no_service/);
    assert.deepEqual(
      problems.map(({ reason }) => reason),
      ['ServiceNotFound'],
    );
    assert.match(problems[0]?.field ?? '', /^spec\.rules\[0\]/);
  });
});

suite('explain: endpoints', () => {
  test('each endpoint has its state, what keeps it out, and the URL that it is asked', () => {
    const yaml =
      ingressClass +
      service('web', 8001, { port: 8002, conditions: 'ready: false, serving: true, terminating: true' }) +
      smartRoute('web', {
        hosts: ['shop.example'],
        http: {
          rules: [
            {
              name: 'web',
              matches: [{ path: { type: 'Prefix', value: '/api' } }],
              action: {
                forward: {
                  rewrite: { host: 'inside.example', path: { type: 'ReplacePrefix', value: '/v1' } },
                  backends: [{ name: 'web', port: { name: 'web' } }],
                },
              },
            },
          ],
        },
      });
    const out = [{ service: 'default/web:80', endpoint: '127.0.0.1:8001', reason: 'errors', forMs: 1500, detail: undefined } as const];
    const { backends, notes } = explained(contextOf(yaml, [], { out }), 'http://shop.example/api/items?x=1');
    const [backend] = backends;
    assert.match(notes.join(), /out of rotation get requests all the same/);
    assert.equal(backend?.host, 'inside.example');
    assert.deepEqual(
      backend?.endpoints.map(({ url, state, out: why }) => [url, state, why]),
      [
        ['http://127.0.0.1:8001/v1/items?x=1', 'ready', 'out of rotation: errors, for 2 s'],
        ['http://127.0.0.1:8002/v1/items?x=1', 'fallback', undefined],
      ],
    );
    const drained = explained(contextOf(yaml, [], { drained: ['127.0.0.1:8001'] }), 'http://shop.example/api');
    assert.equal(drained.backends[0]?.endpoints[0]?.out, 'drained by hand');
    assert.doesNotMatch(drained.notes.join(), /out of rotation/);
  });

  test('a port that is the client’s is that of the listener, with its share there', () => {
    const listeners = [
      { name: 'front', port: 9080, publishedPort: 80, protocol: 'HTTP' },
      { name: 'other', port: 9081, publishedPort: 81, protocol: 'HTTP' },
    ];
    const backends = [{ name: 'web', port: { preserve: true } }];
    const route = smartRoute('r', {
      listeners: ['front', 'other'],
      hosts: ['shop.example'],
      http: { rules: [{ name: 'r', action: { forward: { backends } } }] },
    });
    const context = contextOf(smartProxyConfig({ listeners }) + service('web', 8001) + route);
    const backendsOn = (listener: string) =>
      explained(context, 'http://shop.example/', { listener }).backends.map(({ service: name, share }) => [name, share]);
    assert.deepEqual(backendsOn('front'), [['default/web:80', 100]]);
    assert.deepEqual(backendsOn('other'), [[undefined, 100]]);
  });

  test('shares are those of the weights', () => {
    const yaml = `${shop}${smartRoute('canary', { hosts: ['shop.example'], http: { rules: [{ name: 'a', action: forwardTo(['web', 9], ['next', 1]) }] } })}`;
    const { backends } = explained(contextOf(yaml), 'http://shop.example/');
    assert.deepEqual(
      backends.map(({ service: name, share }) => [name, share]),
      [
        ['default/web:80', 90],
        ['default/next:80', 10],
      ],
    );
  });
});

suite('explain: filters', () => {
  const guarded = (policy: object) =>
    shop + smartRoute('shop', { hosts: ['shop.example'], policy, http: { rules: [{ name: 'a', action: forwardTo('web') }] } });

  test('a filter that decides by the client says so without one, and decides with one', () => {
    const context = contextOf(guarded({ clients: { allow: ['10.0.0.0/8'] } }));
    const verdicts = (client?: string) =>
      explained(context, 'http://shop.example/', { client })
        .filters.filter(({ name }) => name === 'clients')
        .map(({ verdict }) => verdict);
    assert.deepEqual([verdicts(), verdicts('10.1.2.3'), verdicts('192.0.2.1')], [['depends'], ['passes'], ['answers']]);
    assert.equal(explained(context, 'http://shop.example/', { client: '192.0.2.1' }).answer?.flag, 'client_refused');
  });

  test('a preflight of an origin that is not allowed is told from one that is', () => {
    const asks = (origin: string) => ({ method: 'OPTIONS', headers: [`Origin: ${origin}`, 'Access-Control-Request-Method: PUT'] });
    const context = contextOf(guarded({ cors: { allowOrigins: ['https://app.example'] } }));
    assert.match(explained(context, 'http://shop.example/', asks('https://app.example')).summary, /204 route_response: CORS preflight\.$/);
    assert.match(
      explained(context, 'http://shop.example/', asks('http://app.example')).summary,
      /CORS preflight of an origin that is not allowed\.$/,
    );
  });

  test('what a policy says of backends is said: PROXY header, certificates, checks, rotation and limits', () => {
    const { effects } = explained(
      contextOf(
        guarded({
          timeouts: { tunnelIdle: '0s' },
          maxRequestBody: '0',
          backend: {
            protocol: 'HTTPS',
            proxyProtocol: { version: 'V1' },
            healthCheck: { type: 'TCP', interval: '3s' },
            outlierDetection: { consecutiveErrors: 0, consecutiveConnectFailures: 2, baseEjectionTime: '7s' },
            limits: { requests: 9 },
          },
        }),
      ),
      'http://shop.example/',
    );
    assert.deepEqual(effects.slice(-6), [
      'times: connect 5 s, read 60 s, send 60 s, silent WebSockets off',
      'a PROXY header (version 1) tells the backend of the client',
      'the certificate of the backend is not verified',
      'endpoints are asked every 3 s whether they are well: a connect',
      'an endpoint is out of rotation for 7 s after 2 connects that fail in a row',
      'each worker lets the backend have at most 9 requests',
    ]);
    assert.ok(!effects.some((effect) => effect.startsWith('bodies of requests')));
  });

  test('what holds for connections of HTTP is said', () => {
    const said = (connection: object): string | undefined => {
      const http = { rules: [{ name: 'a', action: forwardTo('web') }] };
      const { effects } = explained(
        contextOf(shop + smartRoute('shop', { hosts: ['shop.example'], connection, http })),
        'http://shop.example/',
      );
      return effects.find((effect) => effect.startsWith('connections:'));
    };
    assert.equal(
      said({ idleTimeout: '5m', maxLifetime: '24h', whenRemoved: 'Drain' }),
      'connections: idle 300 s, lifetime 86400 s, WebSockets end a drain time after their route',
    );
    assert.equal(said({ keepAlive: 'Extended' }), 'connections: idle 6 times as long as others, lifetime off');
    assert.equal(said({ keepAlive: 'Immortal', maxLifetime: '24h' }), 'connections: idle off, lifetime off');
    assert.equal(said({ whenRemoved: 'Cut' }), 'connections: lifetime off, WebSockets end with their route');
    assert.equal(said({}), undefined);
    assert.equal(said({ keepAlive: 'Standard' }), undefined);
  });

  test('how many requests may be under way is said', () => {
    const { filters } = explained(contextOf(guarded({ maxRequests: 500, maxRequestsPerAddress: 2 })), 'http://shop.example/');
    const limit = filters.find(({ name }) => name === 'request_limit');
    assert.equal(limit?.verdict, 'depends');
    assert.match(limit?.says ?? '', /^on how many requests are under way: at most 500 in all, at most 2 for each client address$/);
  });

  test('what counts and asks is not guessed at', () => {
    const { filters, summary } = explained(contextOf(guarded({ rateLimits: [{ requests: 5, per: 'Second' }] })), 'http://shop.example/');
    const limit = filters.find(({ name }) => name === 'rate_limit');
    assert.equal(limit?.verdict, 'depends');
    assert.match(limit?.says ?? '', /5 in 1 s \(5 at once\) for each client address$/);
    assert.match(summary, /^If rate_limit let it through: /);
    const byKey = { requests: 9, per: 'Minute', key: { type: 'Header', header: 'X-Api-Key' }, exempt: ['10.0.0.0/8'] };
    const counted = explained(contextOf(guarded({ rateLimits: [byKey] })), 'http://shop.example/').filters.find(
      ({ name }) => name === 'rate_limit',
    );
    assert.match(counted?.says ?? '', /9 in 60 s \(9 at once\) for each value of x-api-key, but for those of 10\.0\.0\.0\/8$/);
  });

  test('a redirect to HTTPS ends the way, and what comes behind it is not reached', async () => {
    const tls = tlsSecret('cert', await makeTestCertificate('shop.example'));
    const context = contextOf(shop + tls + ingress('shop', { rules, tls: [{ hosts: ['shop.example'], secret: 'cert' }] }));
    const { answer, filters, matched } = explained(context, 'http://shop.example/cart?a=b');
    assert.equal(matched, true);
    assert.deepEqual(answer, { status: 308, flag: 'redirect_https', location: 'https://shop.example:8443/cart?a=b', detail: undefined });
    assert.equal(filters.find(({ name }) => name === 'redirect_https')?.verdict, 'answers');
    assert.ok(filters.slice(1).every(({ verdict }) => verdict === 'not-reached'));
  });
});

suite('explain: TLS and connections', () => {
  test('the certificate for the server name is named, without its key', async () => {
    const certificate = await makeTestCertificate('shop.example', 'www.shop.example');
    const context = contextOf(
      shopIngress + tlsSecret('cert', certificate) + ingress('tls', { rules, tls: [{ hosts: ['shop.example'], secret: 'cert' }] }),
    );
    const explanation = explained(context, 'https://shop.example/cart');
    const [shown] = explanation.tls?.certificates ?? [];
    assert.deepEqual([shown?.key, shown?.names, shown?.covers], ['default/cert', ['shop.example', 'www.shop.example'], true]);
    assert.equal(explanation.winner?.object, 'Ingress default/shop');
    assert.doesNotMatch(JSON.stringify(explanation), /PRIVATE|BEGIN/);
    const other = explained(context, 'https://shop.example/cart', { serverName: 'elsewhere.example' });
    assert.match(other.tls?.says ?? '', /no host covers elsewhere\.example, so the default certificate is shown/);
  });

  test('a server name that passes through goes to its backend, whatever the path is', () => {
    const route = smartRoute('pass', {
      hosts: ['pass.example'],
      tls: { mode: 'Passthrough' },
      tcp: { backends: [{ name: 'web', port: { name: 'web' } }] },
    });
    const { matched, tls, winner, backends, notes } = explained(contextOf(shop + route), 'https://pass.example/any/path');
    assert.deepEqual([matched, tls?.kind, winner?.object], [true, 'passes', 'SmartRoute default/pass']);
    assert.deepEqual(
      backends[0]?.endpoints.map(({ url }) => url),
      ['tls://127.0.0.1:8001', 'tls://127.0.0.1:8002'],
    );
    assert.match(notes.join(' '), /inside of the TLS/);
    const wrongName = explained(contextOf(shop + route), 'https://pass.example/', { serverName: 'shop.example' });
    assert.deepEqual([wrongName.matched, wrongName.answer?.status], [false, 421]);
  });

  test('a TCP listener has one route for all, and a port that no listener has says which there are', () => {
    const listeners = [{ name: 'mail', port: 2525, protocol: 'TCP' }];
    const tcp = smartRoute('mail', { listeners: ['mail'], tcp: { backends: [{ name: 'web', port: { name: 'web' } }] } });
    const context = contextOf(smartProxyConfig({ listeners }) + service('web', 8001) + tcp);
    const { matched, winner, backends, listener } = explained(context, 'tcp://mail.example:2525');
    assert.deepEqual(
      [matched, winner?.object, listener?.key, backends[0]?.endpoints[0]?.url],
      [true, 'SmartRoute default/mail', 'mail', 'tcp://127.0.0.1:8001'],
    );
    const nowhere = explained(context, 'https://mail.example:9443/');
    assert.equal(nowhere.matched, false);
    assert.match(
      nowhere.summary,
      /no listener has port 9443; there are http \(http, port 8080\), https \(https, port 8443\), mail \(tcp, port 2525\)/,
    );
    assert.match(explained(context, 'http://mail.example:2525/').summary, /port 2525 is that of the listener mail, which is for tcp/);
    const without = contextOf(smartProxyConfig({ listeners }));
    assert.match(explained(without, 'tcp://x:2525').summary, /No route is for the listener mail, so connections are ended as no_route/);
  });

  test('a client that the installation does not let in is ended before anything is asked', () => {
    const { matched, summary } = explained(contextOf(shopIngress, ['--deny-cidrs', '192.0.2.0/24']), 'http://shop.example/', {
      client: '192.0.2.9',
    });
    assert.equal(matched, false);
    assert.match(summary, /ip_blocked/);
  });
});

suite('explain: questions that nobody could send, or that are refused', () => {
  const context = contextOf(shopIngress);
  const bad: readonly (readonly [string, RegExp])[] = [
    ['shop.example/cart', /no scheme.*write http:\/\/shop\.example\/cart or https:\/\/shop\.example\/cart/],
    ['', /no scheme/],
    ['ftp://shop.example/', /scheme ftp is not served: there are http, https/],
    ['http:///cart', /no host: write http:\/\/HOST\/PATH/],
    ['http://user:secret@shop.example/', /user name before the host/],
    ['http://shop.example:0/', /port 0 is none/],
    ['http://shop.example:http/', /port http is none/],
    ['http://[::1/', /host \[::1 is none: an address of IPv6 stands in brackets/],
    ['http://[::1]8080/', /host \[::1\]8080 is none/],
  ];
  for (const [url, why] of bad) {
    test(`${url === '' ? 'nothing' : url} says why, and repeats no password`, () => {
      const message = refusal(context, url);
      assert.match(message, why);
      assert.doesNotMatch(message, /secret/);
    });
  }

  test('a client, header, method, server name or listener that is none is refused', () => {
    const url = 'http://shop.example/';
    assert.match(refusal(context, url, { client: 'localhost' }), /is no address/);
    assert.match(refusal(context, url, { headers: ['no colon'] }), /write 'Name: value'/);
    assert.match(refusal(context, url, { headers: ['a: b\r\nhost: evil'] }), /line break/);
    assert.match(refusal(context, url, { method: 'GE T' }), /method is none/);
    assert.match(refusal(context, 'https://shop.example/', { serverName: 'a b' }), /server name a b is none/);
    assert.match(refusal(context, url, { listener: 'gone' }), /no listener gone: there are http \(http, port 8080\)/);
  });

  const refused: readonly (readonly [string, number, string])[] = [
    ['http://shop.example/a%2Fb', 400, 'path-encoded-slash'],
    ['http://shop.example/../x', 400, 'path-above-root'],
    ['http://shop.example/a%zz', 400, 'path-bad-escape'],
    ['http://shop.example/a\\b', 400, 'path-backslash'],
    ['http://shop.example/é', 400, 'target-byte'],
    ['http://shop.example/#part', 400, 'target-fragment'],
    ['http://sh!op/', 400, 'bad-host'],
    [`http://shop.example/${'a'.repeat(9000)}`, 414, 'line-too-long'],
  ];
  for (const [url, status, rule] of refused) {
    test(`the proxy refuses ${url.slice(0, 40)} by the rule ${rule}`, () => {
      const { matched, answer, summary } = explained(context, url);
      assert.deepEqual([matched, answer?.status, answer?.detail], [false, status, rule]);
      assert.match(summary, new RegExp(rule));
    });
  }

  test('a path is matched as the proxy reads it', () => {
    const { request, winner } = explained(context, 'http://SHOP.example./x/../%63art//1?q=%2F');
    assert.deepEqual(request, { host: 'shop.example', method: 'GET', path: '/cart/1', query: 'q=%2F' });
    assert.equal(winner?.object, 'Ingress default/shop');
  });
});

suite('explain: as text', () => {
  test('all of it is there, aligned and without control characters', () => {
    const text = renderExplanation(explained(contextOf(shopIngress), 'http://shop.example/cart'));
    assert.match(text, /^GET http:\/\/shop\.example\/cart on listener http \(http, port 8080\)\n\nIngress default\/shop sends it to/);
    assert.match(
      text,
      /\nCandidates, in order:\n {2}loses {2}shop\.example {2}\/status \(exact\) {2}Ingress default\/shop {2}Ingress\.yaml:12 {2}path: /,
    );
    assert.match(
      text,
      /\nBackends:\n {2}100 % {2}default\/cart:80 \(http, round-robin, Host shop\.example\)\n {4}ready {2}http:\/\/127\.0\.0\.1:8003\/cart/,
    );
    const hostile = explained(contextOf(shopIngress), 'http://shop.example/', { serverName: undefined });
    const escaped = renderExplanation({ ...hostile, summary: 'a\u001b[31mred\u0007' });
    assert.match(escaped, /a\\x1b\[31mred\\x07/);
  });
});

suite('HTTP/2', () => {
  const version = { httpVersion: '2' } as const;
  const context = contextOf(shop + ingress('shop', { rules }), ['--h2c']);

  test('a request is read by its own rules, and goes the same way', () => {
    const found = explained(context, 'http://shop.example/cart?a=b', { ...version, headers: ['X-Note: a', 'Cookie: a=1'] });
    assert.equal(found.matched, true, found.summary);
    assert.deepEqual(found.winner, explained(context, 'http://shop.example/cart?a=b').winner);
    assert.deepEqual(found.request, { host: 'shop.example', method: 'GET', path: '/cart', query: 'a=b' });
    assert.equal(explained(context, 'http://1.2.3.4/cart', { ...version, headers: ['Host: shop.example'] }).request?.host, 'shop.example');
  });

  test('what only HTTP/1.1 may say is refused, and what no version may say, too', () => {
    const refused: readonly (readonly [headers: readonly string[], rule: string])[] = [
      [['Connection: close'], 'connection-field'],
      [['TE: gzip'], 'bad-te'],
      [['X-A: \u0001'], 'control-byte'],
    ];
    for (const [headers, rule] of refused) {
      const { answer, summary } = explained(context, 'http://shop.example/', { ...version, headers });
      assert.deepEqual([answer?.status, answer?.flag], [400, 'bad_request'], summary);
      assert.ok(summary.includes(rule), summary);
    }
    assert.equal(explained(context, 'http://shop.example/cart', { headers: ['Connection: close'] }).matched, true);
    assert.equal(explained(context, 'http://shop.example/a%2fb', version).answer?.status, 400);
  });

  test('where it is off that is said', () => {
    assert.match(refusal(contextOf(shop), 'http://shop.example/', version), /in clear it is off \(--h2c\)/);
    assert.match(refusal(contextOf(shop, ['--no-http2']), 'https://shop.example/', version), /it is off \(--http2\)/);
  });
});
