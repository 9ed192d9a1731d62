import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import { forwardTo, ingress, ingressClass, opaqueSecret, service, serviceGrant, smartRoute } from '../../tools/manifests.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
import { Program } from '../../tools/program.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';

const host = 'shop.example.com';
const local = ['--allow-local-external-names'];

describe('external authentication, objects in and real sockets out', () => {
  const asked: IncomingMessage[] = [];
  let decide: (response: ServerResponse) => void;
  const listener: RequestListener = (request, response) => {
    asked.push(request);
    decide(response);
  };
  const plain = createServer(listener);
  let backend: NamedBackend;
  let base: string;

  before(async () => {
    backend = await NamedBackend.start('a');
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    base = ingressClass + service('a', backend.port) + service('decider', (plain.address() as AddressInfo).port);
  });

  after(async () => {
    plain.closeAllConnections();
    plain.close();
    await backend[Symbol.asyncDispose]();
  });

  beforeEach(() => {
    asked.length = 0;
    decide = (response) => response.end();
  });

  const decider = { name: 'decider', port: { name: 'web' } };
  const route = (external: object): string =>
    smartRoute('shop', { hosts: [host], policy: { auth: { external } }, http: { rules: [{ name: 'all', action: forwardTo('a') }] } });

  it('asks a Service, hands on what is listed, and its refusals to the client', async () => {
    const external = {
      ...{ backend: decider, path: '/check?a', method: 'HEAD', requestHeaders: ['Cookie'] },
      ...{ responseHeaders: ['X-User'], clientHeaders: ['X-Reason'] },
    };
    await using program = await Program.start(base + route(external));
    assert.deepEqual(program.problems, []);
    decide = (response) => response.setHeader('x-user', 'ada').setHeader('set-cookie', 'session=1').end();
    const answer = await program.ask(host, '/x', { headers: { cookie: 'c=1', accept: 'text/html', 'x-user': 'root' } });
    assert.deepEqual([answer.body, answer.headers['set-cookie']], ['a', ['session=1']]);
    assert.equal(backend.seen.at(-1)?.headers['x-user'], 'ada');
    const { method, url, headers } = asked[0] as IncomingMessage;
    assert.deepEqual(
      [method, url, headers.cookie, headers.accept, headers['x-original-url']],
      ['HEAD', '/check?a', 'c=1', undefined, `http://${host}/x`],
    );
    decide = (response) => response.writeHead(403, { 'x-reason': 'because', 'x-other': 'no' }).end();
    const refused = await program.ask(host, '/');
    assert.deepEqual([refused.status, refused.headers['x-reason'], refused.headers['x-other']], [403, 'because', undefined]);
  });

  it('asks a Service of another namespace only while a ReferenceGrant there permits it', async () => {
    const elsewhere = (yaml: string): string => yaml.replaceAll('namespace: default', 'namespace: core');
    const other = elsewhere(service('decider', (plain.address() as AddressInfo).port));
    await using program = await Program.start(
      base + other + serviceGrant('core') + route({ backend: { name: 'decider', namespace: 'core', port: { number: 80 } } }),
    );
    assert.deepEqual(program.problems, []);
    assert.equal((await program.ask(host, '/')).body, 'a');
    assert.equal(asked.length, 1);
    await program.remove('ReferenceGrant', 'core/routes');
    assert.deepEqual(program.problems, ['RefNotPermitted']);
    assert.equal((await program.ask(host, '/')).status, 503);
    assert.equal(asked.length, 1);
  });

  it('asks a server by its URL, verified by its CA; nobody is let in by another', async (t) => {
    const [own, other] = [await makeTestCertificate('localhost'), await makeTestCertificate('localhost')];
    const secure = createSecureServer(own, listener);
    await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
    t.after(() => {
      secure.closeAllConnections();
      secure.close();
    });
    const url = `https://localhost:${(secure.address() as AddressInfo).port}/check`;
    const ca = (pem: string): string => opaqueSecret('ca', { 'ca.crt': pem });
    await using program = await Program.start(base + ca(own.cert) + route({ url, caRef: { name: 'ca' } }), local);
    assert.deepEqual(program.problems, []);
    assert.equal((await program.ask(host, '/')).body, 'a');
    assert.equal(asked.length, 1);
    await program.apply(ca(other.cert));
    assert.equal((await program.ask(host, '/')).status, 503);
    await program.apply(route({ url }));
    assert.equal((await program.ask(host, '/')).status, 503, 'no public CA has made it');
    await program.apply(route({ url, caRef: { name: 'missing' } }));
    assert.deepEqual(program.problems, ['SecretNotFound']);
    assert.equal((await program.ask(host, '/')).status, 503);
    assert.equal(asked.length, 1);
  });

  it('cache goes by what the server is told of a client, not by what the client says of itself', async () => {
    const cache = { key: [{ type: 'Header', name: 'X-Real-IP' }], durations: [{ statuses: [200], duration: '1h' }] };
    await using program = await Program.start(base + route({ backend: decider, cache }));
    for (const address of ['192.0.2.1', '192.0.2.2'])
      assert.equal((await program.ask(host, '/', { headers: { 'x-real-ip': address } })).body, 'a');
    assert.equal(asked.length, 1, 'both come from here');
  });

  it('cache asks once about requests that agree in the key and in their host, by rule, and for as long as it says', async () => {
    const cache = {
      key: [
        { type: 'Cookie', name: 'sid' },
        { type: 'Header', name: 'Authorization' },
      ],
      durations: [
        { statuses: [200], duration: '1h' },
        { statuses: [403], duration: '1s' },
      ],
    };
    const external = { backend: decider, responseHeaders: ['X-User'], cache };
    await using program = await Program.start(base + route(external));
    assert.deepEqual(program.problems, []);
    const { counters } = program.dataPlane;
    const ask = (cookie: string, path = '/') => program.ask(host, path, { headers: { cookie, 'x-user': 'root' } });
    decide = (response) => response.setHeader('x-user', 'ada').end();
    for (const path of ['/', '/', '/other']) assert.equal((await ask('sid=1', path)).body, 'a');
    assert.deepEqual([asked.length, counters.authCacheHits, counters.authCacheMisses], [1, 2, 1]);
    assert.equal(backend.seen.at(-1)?.headers['x-user'], 'ada', 'what the backend is told is kept too');
    await ask('sid=2');
    await ask('sid=1; sid=2');
    assert.equal(asked.length, 3);
    await program.ask(host, '/', { headers: { cookie: 'sid=1', authorization: 'Basic eA==' } });
    assert.equal(asked.length, 4);
    for (let n = 0; n < 2; n++) await program.ask(host, '/');
    assert.equal(asked.length, 6, 'one that has nothing of the key is asked about');
    decide = (response) => response.writeHead(403, { 'content-type': 'text/x' }).end('because');
    for (let n = 0; n < 2; n++) {
      const refused = await ask('sid=3');
      assert.deepEqual([refused.status, refused.body, refused.headers['content-type']], [403, 'because', 'text/x']);
    }
    assert.equal(asked.length, 7);
    decide = (response) => response.setHeader('set-cookie', 'a=b').end();
    for (let n = 0; n < 2; n++) await ask('sid=4');
    decide = (response) => response.writeHead(401).end();
    for (let n = 0; n < 2; n++) assert.equal((await ask('sid=5')).status, 401);
    assert.equal(asked.length, 11, 'neither what is for one client nor what has no duration is kept');
    decide = (response) => response.end();
    await eventually('the refusal is over', async () => (await ask('sid=3')).status === 200);
    const before = asked.length;
    await program.apply(route({ ...external, method: 'HEAD' }));
    await ask('sid=1');
    assert.equal(asked.length, before + 1, 'another policy begins anew');
  });

  it('sends browsers to sign in', async () => {
    await using program = await Program.start(base + route({ backend: decider, signIn: 'https://login.example.com/start' }));
    decide = (response) => response.writeHead(401).end();
    const answer = await program.ask(host, '/a');
    assert.deepEqual(
      [answer.status, answer.headers.location],
      [302, `https://login.example.com/start?rd=${encodeURIComponent(`http://${host}/a`)}`],
    );
    await program.apply(route({ backend: decider, signIn: '$scheme://$host/start' }));
    assert.deepEqual(program.problems, []);
    assert.match(String((await program.ask(host, '/a')).headers.location), /^http:\/\/shop\.example\.com\/start\?rd=/);
  });

  it('lets nobody in while nobody decides, unless that is asked for, and says what is missing', async () => {
    await using program = await Program.start(base + route({ backend: decider, timeout: '100ms' }));
    decide = () => {};
    const startMs = performance.now();
    assert.equal((await program.ask(host, '/')).status, 503);
    assert.ok(performance.now() - startMs < 4500, 'it does not wait for the 5 s that hold by default');
    await program.apply(route({ backend: decider, timeout: '100ms', failOpen: true }));
    assert.equal((await program.ask(host, '/')).body, 'a');
    await program.apply(route({ backend: { name: 'missing', port: { name: 'web' } }, failOpen: true }));
    assert.deepEqual(program.problems, ['ServiceNotFound']);
    assert.equal((await program.ask(host, '/')).status, 503, 'a mistake in the object opens nothing');
    await program.apply(route({ url: 'http://127.0.0.1:1/' }));
    assert.deepEqual(program.problems, ['InvalidBackend'], 'this machine is not for routes to ask');
    assert.equal((await program.ask(host, '/')).status, 503);
  });

  it('by annotations of an Ingress, failing closed where they can not be read', async () => {
    const url = `http://127.0.0.1:${(plain.address() as AddressInfo).port}/check`;
    const annotated = (annotations: Readonly<Record<string, string | undefined>>): string =>
      ingress('shop', {
        rules: { [host]: [['/', 'Prefix', 'a']] },
        annotations: Object.fromEntries(Object.entries(annotations).map(([name, value]) => [`smartproxy.dev/${name}`, String(value)])),
      });
    const all = {
      ...{ 'auth-url': url, 'auth-method': 'POST', 'auth-response-headers': 'X-User, X-Email' },
      'auth-signin': 'https://$host/oauth2/start?rd=$escaped_request_uri',
    };
    await using program = await Program.start(base + annotated(all), local);
    assert.deepEqual(program.problems, []);
    decide = (response) => response.setHeader('x-email', 'ada@example.com').end();
    await program.ask(host, '/', { headers: { 'x-user': 'root' } });
    const headers = backend.seen.at(-1)?.headers ?? {};
    assert.deepEqual([asked[0]?.method, headers['x-email'], headers['x-user']], ['POST', 'ada@example.com', undefined]);
    decide = (response) => response.writeHead(401).end();
    assert.equal((await program.ask(host, '/a?b')).headers.location, `https://${host}/oauth2/start?rd=%2Fa%3Fb`);
    for (const scheme of ['$scheme', '$pass_access_scheme']) {
      await program.apply(annotated({ ...all, 'auth-signin': `${scheme}://$host/oauth2/start?rd=$escaped_request_uri` }));
      assert.deepEqual(program.problems, []);
      assert.equal((await program.ask(host, '/a?b')).headers.location, `http://${host}/oauth2/start?rd=%2Fa%3Fb`);
    }
    decide = (response) => response.end();
    await program.apply(
      annotated({ 'auth-url': url, 'auth-cache-key': '$remote_user$cookie_sid', 'auth-cache-duration': '200 10m, 401 1s' }),
    );
    assert.deepEqual(program.problems, []);
    asked.length = 0;
    const asking: readonly Readonly<Record<string, string>>[] = [
      { cookie: 'sid=1' },
      { cookie: 'sid=1' },
      { cookie: 'sid=1', authorization: 'Basic eA==' },
      { x: 'y' },
    ];
    for (const headers of asking) assert.equal((await program.ask(host, '/', { headers })).body, 'a');
    assert.equal(asked.length, 3);
    for (const annotations of [
      { 'auth-url': url, 'auth-cache-key': '$host' },
      { 'auth-url': url, 'auth-cache-key': '$cookie_sid', 'auth-cache-duration': '302 1m' },
      { 'auth-cache-key': '$cookie_sid' },
      { 'auth-url': 'https://$host/oauth2/auth' },
      { 'auth-url': url, 'auth-secret': 'users' },
      { 'auth-url': url, 'auth-response-headers': 'Host' },
      { 'auth-url': url, 'auth-signin': 'https://$server_name/' },
      { 'auth-signin': 'https://login.example.com' },
    ]) {
      await program.apply(annotated(annotations));
      assert.deepEqual(program.problems, ['InvalidAnnotation'], JSON.stringify(annotations));
      assert.equal((await program.ask(host, '/')).status, 503, JSON.stringify(annotations));
    }
  });
});
