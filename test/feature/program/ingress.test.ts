import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { ingress, ingressClass, service, tlsSecret } from '../../tools/manifests.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
import { Program } from '../../tools/program.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';

describe('Ingress, objects in and real sockets out', () => {
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

  it('serves hosts and paths by the rules of Ingress v1', async () => {
    await using program = await Program.start(
      services +
        ingress('one', {
          rules: {
            'shop.example.com': [
              ['/', 'Prefix', 'a'],
              ['/api', 'Prefix', 'b'],
              ['/api/exact', 'Exact', 'a'],
            ],
            '*.wild.example.com': [['/', 'Prefix', 'b']],
            'only.example.com': [['/only', 'Prefix', 'a']],
          },
        }),
    );
    const cases: readonly (readonly [host: string, path: string, status: number, body?: string])[] = [
      ['shop.example.com', '/', 200, 'a'],
      ['SHOP.example.com:8080', '/', 200, 'a'],
      ['shop.example.com', '/api', 200, 'b'],
      ['shop.example.com', '/api/', 200, 'b'],
      ['shop.example.com', '/api/x?y=/z', 200, 'b'],
      ['shop.example.com', '/apix', 200, 'a'],
      ['shop.example.com', '/api/exact', 200, 'a'],
      ['shop.example.com', '/api/exact/', 200, 'b'],
      ['shop.example.com', '/api/%65xact', 200, 'a'],
      ['shop.example.com', '/x/../api', 200, 'b'],
      ['one.wild.example.com', '/', 200, 'b'],
      ['one.two.wild.example.com', '/', 404],
      ['wild.example.com', '/', 404],
      ['only.example.com', '/other', 404],
      ['unknown.example.com', '/', 404],
    ];
    for (const [host, path, status, body] of cases) {
      const answer = await program.ask(host, path);
      assert.equal(answer.status, status, `${host}${path}`);
      if (body !== undefined) assert.equal(answer.body, body, `${host}${path}`);
    }
    assert.deepEqual(program.problems, []);
  });

  it('sends what nothing else matches to the default backend of an Ingress', async () => {
    await using program = await Program.start(
      services + ingress('one', { rules: { 'shop.example.com': [['/api', 'Prefix', 'b']] }, defaultBackend: 'a' }),
    );
    assert.equal((await program.ask('shop.example.com', '/api')).body, 'b');
    assert.equal((await program.ask('shop.example.com', '/other')).body, 'a');
    assert.equal((await program.ask('unknown.example.com', '/')).body, 'a');
  });

  it('sends what nothing matches to the default backend of the controller', async () => {
    await using program = await Program.start(services, ['--default-backend', 'default/b:web']);
    assert.equal((await program.ask('unknown.example.com', '/')).body, 'b');
  });

  it('serves other classes never, and Ingresses without a class only when told to', async () => {
    const objects =
      services +
      ingress('other', { rules: { 'other.example.com': [['/', 'Prefix', 'a']] }, className: 'nginx' }) +
      ingress('none', { rules: { 'none.example.com': [['/', 'Prefix', 'a']] }, className: null });
    await using strict = await Program.start(objects);
    assert.equal((await strict.ask('other.example.com', '/')).status, 404);
    assert.equal((await strict.ask('none.example.com', '/')).status, 404);
    await using open = await Program.start(objects, ['--watch-ingress-without-class']);
    assert.equal((await open.ask('none.example.com', '/')).status, 200);
    assert.equal((await open.ask('other.example.com', '/')).status, 404);
  });

  it('answers 503 without endpoints, or without the service, and says which object is wrong', async () => {
    await using program = await Program.start(
      services +
        service('empty') +
        ingress('one', {
          rules: {
            'empty.example.com': [['/', 'Prefix', 'empty']],
            'missing.example.com': [['/', 'Prefix', 'missing']],
            'fine.example.com': [['/', 'Prefix', 'a']],
          },
        }),
    );
    assert.equal((await program.ask('empty.example.com', '/')).status, 503);
    assert.equal((await program.ask('missing.example.com', '/')).status, 503);
    assert.equal((await program.ask('fine.example.com', '/')).status, 200);
    assert.ok(program.problems.includes('ServiceNotFound'));
    const flags = (await program.finish()).map(({ flag }) => flag);
    assert.deepEqual(flags.slice(0, 2), ['no_endpoints', 'no_service']);
  });

  it('sends new requests to ready endpoints, and to serving ones that terminate only when none is ready', async () => {
    const terminating = { port: b.port, conditions: 'ready: false, serving: true, terminating: true' };
    const rules = { rules: { 'shop.example.com': [['/', 'Prefix', 's'] as const] } };
    await using program = await Program.start(ingressClass + service('s', a.port, terminating) + ingress('one', rules));
    for (let i = 0; i < 6; i++) assert.equal((await program.ask('shop.example.com', '/')).body, 'a');
    await program.remove('EndpointSlice', 'default/s-0');
    assert.equal((await program.ask('shop.example.com', '/')).body, 'b');
    await program.apply(service('s', a.port, { port: b.port, conditions: 'ready: false, serving: false, terminating: true' }));
    for (let i = 0; i < 6; i++) assert.equal((await program.ask('shop.example.com', '/')).body, 'a');
  });

  it('spreads requests over all ready endpoints', async () => {
    await using program = await Program.start(
      ingressClass + service('s', a.port, b.port) + ingress('one', { rules: { 'shop.example.com': [['/', 'Prefix', 's']] } }),
    );
    const bodies: string[] = [];
    for (let i = 0; i < 10; i++) bodies.push((await program.ask('shop.example.com', '/')).body);
    assert.equal(bodies.filter((body) => body === 'a').length, 5);
  });

  it('redirects hosts with TLS to HTTPS, except ACME challenges and where it is switched off', async () => {
    const pem = await makeTestCertificate('shop.example.com', 'plain.example.com');
    const tls = [{ hosts: ['shop.example.com', 'plain.example.com'], secret: 'tls' }];
    const objects =
      services +
      tlsSecret('tls', pem) +
      ingress('one', { rules: { 'shop.example.com': [['/', 'Prefix', 'a']] }, tls }) +
      ingress('two', {
        rules: { 'plain.example.com': [['/', 'Prefix', 'b']] },
        tls,
        annotations: { 'smartproxy.dev/ssl-redirect': 'false' },
      });
    await using program = await Program.start(objects, ['--published-https-port', '443']);
    const redirect = await program.ask('shop.example.com', '/cart?item=1');
    assert.equal(redirect.status, 308);
    assert.equal(redirect.headers.location, 'https://shop.example.com/cart?item=1');
    assert.equal((await program.ask('shop.example.com', '/.well-known/acme-challenge/token')).status, 200);
    assert.equal((await program.ask('plain.example.com', '/')).body, 'b');
    assert.equal((await program.ask('shop.example.com', '/', { tls: true })).body, 'a');
    await using globallyOff = await Program.start(objects, ['--no-https-redirect']);
    assert.equal((await globallyOff.ask('shop.example.com', '/')).status, 200);
  });

  it('serves the certificate of the name, and swaps it without touching live connections', async () => {
    const [first, second] = [await makeTestCertificate('shop.example.com'), await makeTestCertificate('shop.example.com')];
    const rules = ingress('one', {
      rules: { 'shop.example.com': [['/', 'Prefix', 'a']] },
      tls: [{ hosts: ['shop.example.com'], secret: 'tls' }],
    });
    await using program = await Program.start(services + tlsSecret('tls', first) + rules);
    const live = connectTls({ host: '127.0.0.1', port: program.httpsPort, servername: 'shop.example.com', rejectUnauthorized: false });
    await new Promise((resolve) => live.once('secureConnect', resolve));
    const before = live.getPeerX509Certificate()?.fingerprint256;
    await program.apply(tlsSecret('tls', second));
    live.write('GET / HTTP/1.1\r\nHost: shop.example.com\r\n\r\n');
    const text = await new Promise<string>((resolve) => live.once('data', (chunk) => resolve(String(chunk))));
    assert.match(text, /^HTTP\/1\.1 200 /);
    const other = connectTls({ host: '127.0.0.1', port: program.httpsPort, servername: 'shop.example.com', rejectUnauthorized: false });
    await new Promise((resolve) => other.once('secureConnect', resolve));
    assert.notEqual(other.getPeerX509Certificate()?.fingerprint256, before);
    live.destroy();
    other.destroy();
  });

  it('adds what a backend needs to know of the client, and replaces what a stranger claims', async () => {
    await using program = await Program.start(services + ingress('one', { rules: { 'shop.example.com': [['/', 'Prefix', 'a']] } }));
    a.seen.length = 0;
    const claimed = { 'x-forwarded-for': '6.6.6.6', 'x-real-ip': '6.6.6.6', 'x-forwarded-proto': 'https', 'x-request-id': 'mine' };
    await program.ask('shop.example.com', '/p?q=1', { headers: claimed });
    const seen = a.seen[0];
    assert.equal(seen?.url, '/p?q=1');
    assert.equal(seen?.headers['x-forwarded-for'], '127.0.0.1');
    assert.equal(seen?.headers['x-real-ip'], '127.0.0.1');
    assert.equal(seen?.headers['x-forwarded-proto'], 'http');
    assert.equal(seen?.headers['x-forwarded-host'], 'shop.example.com');
    assert.notEqual(seen?.headers['x-request-id'], 'mine');
    assert.equal(seen?.headers.host, 'shop.example.com');
  });

  it('follows every change of the objects, and forgets nothing that it served', async () => {
    const route = (host: string, to: string): string => ingress(host.split('.')[0] ?? host, { rules: { [host]: [['/', 'Prefix', to]] } });
    await using program = await Program.start(services + route('one.example.com', 'a'));
    assert.equal((await program.ask('one.example.com', '/')).body, 'a');
    await program.apply(route('two.example.com', 'b'));
    assert.equal((await program.ask('two.example.com', '/')).body, 'b');
    await program.apply(route('one.example.com', 'b'));
    assert.equal((await program.ask('one.example.com', '/')).body, 'b');
    await program.remove('Ingress', 'default/two');
    assert.equal((await program.ask('two.example.com', '/')).status, 404);
    assert.equal((await program.ask('one.example.com', '/')).body, 'b');
  });

  it('gives a contested path to the oldest Ingress and tells the other', async () => {
    const rules = { rules: { 'shop.example.com': [['/', 'Prefix', 'b'] as const] } };
    await using program = await Program.start(
      services +
        ingress('aaa-young', { ...rules, created: '2026-02-01T00:00:00Z' }) +
        ingress('old', { rules: { 'shop.example.com': [['/', 'Prefix', 'a']] }, created: '2026-01-01T00:00:00Z' }),
    );
    assert.equal((await program.ask('shop.example.com', '/')).body, 'a');
    const [problem] = program.translation.problems;
    assert.equal(problem?.object.name, 'aaa-young');
    assert.match(problem?.message ?? '', /default\/old/);
  });
});
