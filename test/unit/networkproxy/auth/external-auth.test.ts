import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';
import { signInLocation } from '../../../../src/networkproxy/auth/sign-in-location.ts';
import { authIndex, authResults } from '../../../../src/observability/counters/auth-result.ts';
import type { ExternalAuth } from '../../../../src/routes/auth-policy.ts';
import { Backend, closedPort, hello } from '../../../feature/networkproxy/backend.ts';
import { Harness } from '../../../feature/networkproxy/harness.ts';
import { Http2Client } from '../../../feature/networkproxy/http2-client.ts';
import { eventually, exchange, get, RawClient } from '../../../feature/networkproxy/raw-client.ts';

/** How the server that decides answers: by what it is asked for. */
type Decide = (request: IncomingMessage, response: ServerResponse) => void;

const asked: IncomingMessage[] = [];
let decide: Decide = (_, response) => response.end();
let server: Server;
let port: number;

const policy: ExternalAuth = {
  kind: 'external',
  service: 'test/s1:80',
  authority: 'auth.internal',
  target: '/check?a=b',
  method: 'GET',
  timeoutMs: 5000,
  requestHeaders: undefined,
  responseHeaders: ['x-user'],
  clientHeaders: ['www-authenticate', 'location', 'content-type'],
  signIn: undefined,
  failOpen: false,
};

/** By index in `authResults`. */
const countedOf = ({ counters }: Harness): readonly (number | undefined)[] =>
  authResults.map((result) => counters.auth[authIndex('external', result)]);

describe('external authentication', () => {
  let backend: Backend;

  before(async () => {
    server = createServer((request, response) => {
      asked.push(request);
      decide(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
    backend = await Backend.answering(hello);
  });

  after(async () => {
    server.closeAllConnections();
    server.close();
    await backend[Symbol.asyncDispose]();
  });

  afterEach(() => {
    asked.length = 0;
    backend.received.fill('');
    decide = (_, response) => response.end();
  });

  const start = (more: Partial<ExternalAuth> = {}, ports: readonly number[] = [port], config: object = {}): Promise<Harness> =>
    Harness.start({
      routes: [
        { host: 'a.example', endpoints: [backend.port], policy: { auth: { ...policy, ...more } } },
        { host: 'auth.internal', endpoints: ports },
      ],
      config,
    });
  const seen = (): string => backend.received.join('');

  it('asks with the request and what tells of it, and a 2xx lets it on with the headers that the server sets', async () => {
    decide = (_, response) => {
      response.setHeader('x-user', 'ada');
      response.setHeader('x-other', 'no');
      response.setHeader('set-cookie', ['a=1', 'b=2']);
      response.statusCode = 204;
      response.end();
    };
    await using harness = await start();
    const answer = await exchange(
      harness.port,
      'POST /x?y HTTP/1.1\r\nHost: a.example:8080\r\nCookie: s=t\r\nX-User: root\r\nX-Original-URL: evil\r\nIf-None-Match: "e"\r\nAccept-Encoding: gzip\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody',
    );
    assert.match(answer, /^HTTP\/1\.1 200/);
    assert.match(answer, /set-cookie: a=1\r\nset-cookie: b=2\r\n/);
    const [question] = asked;
    assert.deepEqual([question?.method, question?.url, question?.headers.host], ['GET', '/check?a=b', 'auth.internal']);
    const { headers } = question as IncomingMessage;
    assert.deepEqual(
      ['x-original-url', 'x-original-method', 'x-auth-request-redirect', 'cookie', 'x-forwarded-for', 'x-forwarded-host'].map(
        (name) => headers[name],
      ),
      ['http://a.example:8080/x?y', 'POST', '/x?y', 's=t', '127.0.0.1', 'a.example:8080'],
    );
    for (const name of ['content-length', 'if-none-match', 'accept-encoding', 'transfer-encoding'])
      assert.equal(headers[name], undefined, name);
    assert.match(seen(), /\r\nx-user: ada\r\n/);
    assert.doesNotMatch(seen(), /root|x-other/);
    assert.match(seen(), /\r\n\r\nbody$/);
    assert.match(seen(), new RegExp(`x-request-id: ${String(headers['x-request-id'])}`));
  });

  it('asks with the headers that are listed, and no others', async () => {
    await using harness = await start({ requestHeaders: ['authorization'], method: 'POST' });
    await get(harness.port, '/', 'a.example', 'Authorization: Bearer t\r\nCookie: s=t\r\n');
    const { method, headers } = asked[0] as IncomingMessage;
    assert.deepEqual([method, headers.authorization, headers.cookie, headers['content-length']], ['POST', 'Bearer t', undefined, '0']);
  });

  it('hands 401, 403 and redirects to the client, with chosen headers, cookies and body, and the backend hears of none', async () => {
    await using harness = await start();
    for (const [status, flag] of [
      [401, 'auth_required'],
      [403, 'auth_refused'],
      [302, 'auth_required'],
    ] as const) {
      decide = (_, response) => {
        response.writeHead(status, {
          'www-authenticate': 'Bearer',
          location: '/login',
          'x-inside': 'secret',
          'set-cookie': 'n=1',
          'content-type': 'text/html',
        });
        response.end(`<p>${status}</p>`);
      };
      const answer = await get(harness.port);
      assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `));
      assert.match(answer, new RegExp(`\r\n\r\n<p>${status}</p>$`));
      for (const field of ['www-authenticate: Bearer', 'location: /login', 'set-cookie: n=1', 'content-type: text/html'])
        assert.ok(answer.includes(`${field}\r\n`), field);
      assert.doesNotMatch(answer, /x-inside/);
      assert.equal(harness.requests.at(-1)?.flag, flag);
    }
    assert.equal(seen(), '');
    assert.deepEqual(countedOf(harness), [0, 3, 0, 0, 0]);
  });

  it('sends browsers to sign in in place of a 401', async () => {
    decide = (_, response) => response.writeHead(401, { 'set-cookie': 'csrf=1' }).end();
    await using harness = await start({ signIn: 'https://login.example/start' });
    const answer = await get(harness.port, '/a?b=c&d');
    assert.match(answer, /^HTTP\/1\.1 302 Found\r\n/);
    assert.ok(answer.includes(`location: https://login.example/start?rd=${encodeURIComponent('http://a.example/a?b=c&d')}\r\n`), answer);
    assert.match(answer, /set-cookie: csrf=1/);
  });

  it('lets nobody in by any other answer, and by none in time: 503', async () => {
    const closed = await closedPort();
    await using harness = await start();
    for (const status of [500, 404, 304, 429]) {
      decide = (_, response) => response.writeHead(status).end();
      assert.match(await get(harness.port), /^HTTP\/1\.1 503/, String(status));
    }
    decide = (_, response) => response.socket?.destroy();
    assert.match(await get(harness.port), /^HTTP\/1\.1 503/);
    await using hasty = await start({ timeoutMs: 100 });
    decide = () => {};
    assert.match(await get(hasty.port), /^HTTP\/1\.1 503/);
    await using gone = await start({}, [closed]);
    assert.match(await get(gone.port), /^HTTP\/1\.1 503/);
    await using none = await start({}, []);
    assert.match(await get(none.port), /^HTTP\/1\.1 503/);
    assert.equal(seen(), '');
    assert.equal(harness.flag('auth_unavailable'), 5);
    assert.equal(hasty.flag('auth_unavailable'), 1);
  });

  it('lets everybody in when it fails and that is asked for, but never past a refusal, nor with headers of its own', async () => {
    const closed = await closedPort();
    await using gone = await start({ failOpen: true }, [closed]);
    assert.match(await get(gone.port, '/', 'a.example', 'X-User: root\r\n'), /hello$/);
    assert.doesNotMatch(seen(), /x-user/);
    assert.deepEqual(countedOf(gone), [0, 0, 0, 1, 0]);
    await using hasty = await start({ failOpen: true, timeoutMs: 100 });
    decide = () => {};
    assert.match(await get(hasty.port), /hello$/);
    await using harness = await start({ failOpen: true });
    decide = (_, response) => response.writeHead(500).end();
    assert.match(await get(harness.port), /hello$/);
    decide = (_, response) => response.writeHead(404).end();
    assert.match(await get(harness.port), /^HTTP\/1\.1 503/);
    decide = (_, response) => response.writeHead(403).end();
    assert.match(await get(harness.port), /^HTTP\/1\.1 403/);
  });

  it('leaves a body that is too long', async () => {
    decide = (_, response) => response.writeHead(403, { 'content-type': 'text/html' }).end('x'.repeat(1_000_000));
    await using harness = await start();
    const answer = await get(harness.port);
    assert.match(answer, /^HTTP\/1\.1 403/);
    assert.match(answer, /403 Forbidden\n$/);
    assert.equal(harness.proxy.poolStatus.active, 0);
  });

  it('reuses its connection, and is given up with the request', async () => {
    await using harness = await start();
    for (let i = 0; i < 3; i++) assert.match(await get(harness.port), /hello$/);
    assert.equal(new Set(asked.map(({ socket }) => socket)).size, 1);
    decide = () => {};
    using client = await RawClient.connect(harness.port);
    client.write('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n');
    await eventually(() => asked.length === 4, 'the question');
    const closed = new Promise<void>((resolve) => asked[3]?.socket.once('close', () => resolve()));
    client.socket.resetAndDestroy();
    await closed;
  });

  it('asks once more when its idle connection was ended under it', async () => {
    const used = new Set<unknown>();
    decide = ({ socket }, response) => {
      if (used.has(socket)) socket.destroy();
      else response.end();
      used.add(socket);
    };
    await using harness = await start();
    for (let i = 0; i < 3; i++) assert.match(await get(harness.port), /hello$/);
    assert.equal(used.size, 3);
  });

  it('asks a server that speaks HTTP/2 alone, by many streams of one connection', async (t) => {
    const sessions = new Set<unknown>();
    let refuses = false;
    const http2 = createHttp2Server((request, response) => {
      sessions.add(request.stream.session);
      response.setHeader('x-user', 'ada');
      if (refuses) response.writeHead(403).end('no');
      else response.end();
    });
    await new Promise<void>((resolve) => http2.listen(0, '127.0.0.1', resolve));
    t.after(() => http2.close());
    await using harness = await Harness.start({
      routes: [
        { host: 'a.example', endpoints: [backend.port], policy: { auth: policy } },
        { host: 'auth.internal', endpoints: [(http2.address() as AddressInfo).port], service: { protocol: 'h2c' } },
      ],
    });
    const answers = await Promise.all(Array.from({ length: 10 }, () => get(harness.port)));
    for (const answer of answers) assert.match(answer, /hello$/);
    assert.match(seen(), /\r\nx-user: ada\r\n/);
    assert.equal(sessions.size, 1);
    refuses = true;
    assert.match(await get(harness.port), /^HTTP\/1\.1 403 [\s\S]*\r\n\r\nno$/);
  });

  it('over HTTP/2, many at once', async () => {
    let open = 0;
    const held: (() => void)[] = [];
    decide = (_, response) => {
      open++;
      held.push(() => response.end());
      if (open === 20) for (const release of held) release();
    };
    await using harness = await start({}, [port], { h2c: true });
    await using client = await Http2Client.connect(harness.port);
    const answers = await Promise.all(Array.from({ length: 20 }, () => client.ask('/')));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
  });
});

describe('the way to sign in', () => {
  const head = { host: 'a.example', authority: 'a.example:8443', target: '/x?y=1&z' };
  const cases: readonly (readonly [template: string, location: string])[] = [
    ['https://login/start', `https://login/start?rd=${encodeURIComponent('https://a.example:8443/x?y=1&z')}`],
    ['https://login/start?a=b', `https://login/start?a=b&rd=${encodeURIComponent('https://a.example:8443/x?y=1&z')}`],
    ['https://$host/oauth2/start?rd=$escaped_request_uri', `https://a.example/oauth2/start?rd=${encodeURIComponent('/x?y=1&z')}`],
    ['$scheme://$http_host/login?rd=$request_uri', 'https://a.example:8443/login?rd=/x?y=1&z'],
    ['https://login/app#/start?a=b', `https://login/app?rd=${encodeURIComponent('https://a.example:8443/x?y=1&z')}#/start?a=b`],
    ['https://login/?a=b#$host', `https://login/?a=b&rd=${encodeURIComponent('https://a.example:8443/x?y=1&z')}#a.example`],
    ['https://login/#/start?rd=$escaped_request_uri', `https://login/#/start?rd=${encodeURIComponent('/x?y=1&z')}`],
    ['/login?rd=/$hostile', '/login?rd=/$hostile'],
  ];
  for (const [template, location] of cases) {
    it(`is ${template}, filled in`, () => assert.equal(signInLocation(template, head, 'https'), location));
  }
});
