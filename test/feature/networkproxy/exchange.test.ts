import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backend, closedPort, hello } from './backend.ts';
import { Harness } from './harness.ts';
import { eventually, exchange, get, RawClient, statusOf } from './raw-client.ts';

test('a GET is forwarded with the headers that tell of the client, and its answer comes back', async () => {
  await using backend = await Backend.answering(hello);
  await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }] });
  const answer = await get(
    harness.port,
    '/x?y=1',
    'A.example:8080',
    'X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Prefix: /evil\r\nX-Real-IP: 9.9.9.9\r\nX-Request-ID: mine\r\nForwarded: for=1.1.1.1\r\nAccept: */*\r\n',
  );
  assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
  assert.ok(answer.endsWith('\r\n\r\nhello'));
  const request = backend.received[0] as string;
  assert.ok(request.startsWith('GET /x?y=1 HTTP/1.1\r\nhost: A.example:8080\r\n'), request);
  assert.match(request, /\r\nx-forwarded-for: 127\.0\.0\.1\r\n/);
  assert.match(request, /\r\nx-forwarded-proto: http\r\n/);
  assert.match(request, /\r\nx-forwarded-port: 80\r\n/);
  assert.match(request, /\r\nx-forwarded-host: A\.example:8080\r\n/);
  assert.match(request, /\r\nx-real-ip: 127\.0\.0\.1\r\n/);
  assert.match(request, /\r\nx-request-id: [0-9a-f]{32}\r\n/);
  assert.match(request, /\r\naccept: \*\/\*\r\n/);
  assert.doesNotMatch(request, /1\.2\.3\.4|evil|9\.9\.9\.9|mine|forwarded: for|connection/i);
  const entry = harness.requests[0];
  assert.equal(entry?.status, 200);
  assert.equal(entry?.route, 'r0');
  assert.equal(entry?.bytesSent, 5);
  assert.equal(entry?.endpoint, `127.0.0.1:${backend.port}`);
});

test('a trusted peer is appended to X-Forwarded-For and its other fields are kept', async () => {
  await using backend = await Backend.answering(hello);
  await using harness = await Harness.start({
    routes: [{ endpoints: [backend.port] }],
    config: { trustedProxies: ['127.0.0.0/8', '10.0.0.0/8'], forwardedHeader: true },
  });
  await get(
    harness.port,
    '/',
    'a.example',
    'X-Forwarded-For: 6.6.6.6, 1.2.3.4, 10.0.0.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: 8443\r\nX-Request-ID: mine\r\n',
  );
  const request = backend.received[0] as string;
  assert.match(request, /\r\nx-forwarded-for: 6\.6\.6\.6, 1\.2\.3\.4, 10\.0\.0\.1, 127\.0\.0\.1\r\n/);
  assert.match(request, /\r\nx-forwarded-proto: https\r\n/);
  assert.match(request, /\r\nx-forwarded-port: 8443\r\n/);
  assert.match(request, /\r\nx-real-ip: 1\.2\.3\.4\r\n/, 'walked from the right to the first that is not ours');
  assert.match(request, /\r\nx-request-id: mine\r\n/);
  assert.match(request, /\r\nforwarded: for=127\.0\.0\.1;proto=http;host="a\.example"\r\n/);
  assert.equal(harness.requests[0]?.remoteAddress, '1.2.3.4');
});

test('requests on one connection go to one upstream connection, one after the other', async () => {
  await using backend = await Backend.answering(hello);
  await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }] });
  using client = await RawClient.connect(harness.port);
  for (let i = 1; i <= 5; i++) {
    client.write('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n');
    await client.until(() => client.text.split('hello').length === i + 1);
  }
  assert.equal(backend.connections, 1);
  assert.deepEqual(harness.proxy.poolStatus, { idle: 1, active: 0, connecting: 0 });
});

test('pipelined requests are answered in order, also when some are answered by us', async () => {
  await using backend = await Backend.answering(hello);
  await using harness = await Harness.start({ routes: [{ host: 'a.example', endpoints: [backend.port] }] });
  using client = await RawClient.connect(harness.port);
  const one = 'GET /1 HTTP/1.1\r\nHost: a.example\r\n\r\n';
  const none = 'GET /2 HTTP/1.1\r\nHost: none.example\r\n\r\n';
  const last = 'GET /last HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n';
  client.write([one, none, none, one, one, none, last].join(''));
  const text = await client.untilEnd();
  assert.deepEqual(
    [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => match[1]),
    ['200', '404', '404', '200', '200', '404', '200'],
  );
});

test('no host, no path, no endpoint, no service: each has its status, body and flag', async () => {
  await using harness = await Harness.start({
    routes: [
      { host: 'a.example', path: '/none', endpoints: [] },
      { host: 'a.example', path: '/fail', action: { kind: 'fail', status: 503, reason: 'Service test/x does not exist' } },
      {
        host: 'a.example',
        path: '/go',
        action: {
          kind: 'redirect',
          status: 302,
          to: { scheme: 'https', host: 'b.example', port: undefined, path: { kind: 'full', value: '/' } },
        },
      },
    ],
  });
  const cases = [
    ['/none', 'a.example', 503, 'no_endpoints'],
    ['/fail', 'a.example', 503, 'no_service'],
    ['/go', 'a.example', 302, 'route_redirect'],
    ['/other', 'a.example', 404, 'no_path'],
    ['/', 'other.example', 404, 'no_host'],
  ] as const;
  for (const [path, host, status, flag] of cases) {
    const answer = await get(harness.port, path, host);
    assert.equal(statusOf(answer), status, path);
    assert.equal(harness.flag(flag), 1, flag);
    assert.match(answer, /content-type: text\/plain/);
    assert.doesNotMatch(answer, /^server:/im);
    assert.doesNotMatch(answer, /test\//, 'names of objects stay inside');
  }
  assert.equal(harness.requests[1]?.detail, 'Service test/x does not exist');
});

test('a refused connect is a 502 and the next endpoint is tried first', async () => {
  const closed = await closedPort();
  await using backend = await Backend.answering(hello);
  await using harness = await Harness.start({
    routes: [{ endpoints: [closed, backend.port] }, { host: 'dead.example', endpoints: [closed] }],
  });
  for (let i = 0; i < 4; i++) assert.equal(statusOf(await get(harness.port)), 200);
  assert.ok(harness.counters.upstreamRetries >= 1);
  assert.equal(statusOf(await get(harness.port, '/', 'dead.example')), 502);
  assert.equal(harness.flag('upstream_connect_failed'), 1);
});

test('a head that is sent again to a pooled connection goes out before its body is there', async () => {
  const refusing = await closedPort();
  await using backend = await Backend.start((socket, _text, _connection, all) => {
    if (all.endsWith('\r\n\r\n') && !all.includes('POST')) socket.write(hello);
    if (all.endsWith('x')) socket.write(hello);
  });
  await using harness = await Harness.start({ routes: [{ endpoints: [refusing, backend.port] }] });
  await get(harness.port);
  await get(harness.port);
  for (let heads = 1; heads <= 2; heads++) {
    using client = await RawClient.connect(harness.port);
    client.write('POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1\r\nConnection: close\r\n\r\n');
    await eventually(() => backend.received.join('').split('POST').length > heads, 'the head at the backend');
    client.write('x');
    assert.equal(statusOf(await client.untilEnd()), 200);
  }
});

test('an endpoint that has as many connections as it may is passed over while another has room', async () => {
  await using busy = await Backend.start(() => {});
  await using free = await Backend.answering(hello);
  await using harness = await Harness.start({
    routes: [{ endpoints: [busy.port, free.port] }],
    config: { maxConnectionsPerEndpoint: 1 },
  });
  using one = await RawClient.connect(harness.port);
  using two = await RawClient.connect(harness.port);
  for (const client of [one, two]) client.write('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n');
  await eventually(() => busy.connections === 1 && one.text + two.text !== '', 'one waits, one is answered');
  for (let i = 0; i < 4; i++) assert.equal(statusOf(await get(harness.port)), 200);
});

test('bodies stream to the backend with their framing, trailers included', async () => {
  await using backend = await Backend.start((socket, text) => {
    if (text.includes('end of body') || text.includes('\r\n0\r\n')) socket.write(hello);
  });
  await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }] });
  await exchange(harness.port, 'POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 11\r\nConnection: close\r\n\r\nend of body');
  assert.match(backend.received[0] as string, /\r\ncontent-length: 11\r\n[\s\S]*\r\n\r\nend of body$/);
  await exchange(
    harness.port,
    'POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\nx-check: 1\r\n\r\n',
  );
  const chunked = backend.received.join('');
  assert.match(chunked, /\r\ntransfer-encoding: chunked\r\n/);
  assert.ok(chunked.endsWith('3\r\nabc\r\n4\r\ndefg\r\n0\r\nx-check: 1\r\n\r\n'), chunked);
});

test('a chunked answer is framed anew, with its trailers; an HTTP/1.0 client gets it until the end of the connection', async () => {
  await using backend = await Backend.answering(
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: x-hop, keep-alive\r\nx-hop: 1\r\nkeep-alive: timeout=5\r\n\r\n3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nx-sum: 5\r\n\r\n',
  );
  await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }] });
  const answer = await get(harness.port);
  assert.match(answer, /\r\ntransfer-encoding: chunked\r\n/);
  assert.ok(answer.endsWith('3\r\nabc\r\n2\r\nde\r\n0\r\nx-sum: 5\r\n\r\n'), answer);
  assert.doesNotMatch(answer, /x-hop|keep-alive|ext=1/);
  const old = await exchange(harness.port, 'GET / HTTP/1.0\r\nHost: a.example\r\n\r\n');
  assert.doesNotMatch(old, /transfer-encoding/);
  assert.ok(old.endsWith('\r\n\r\nabcde'), old);
});

test('an answer without a length is chunked for the client and keeps its connection', async () => {
  await using backend = await Backend.answering('HTTP/1.1 200 OK\r\n\r\nuntil close', true);
  await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }] });
  using client = await RawClient.connect(harness.port);
  client.write('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n');
  await client.untilText('0\r\n\r\n');
  assert.ok(client.text.endsWith('b\r\nuntil close\r\n0\r\n\r\n'), client.text);
  assert.ok(!client.ended);
});

test('HEAD, 204 and 304 have no body, and the connection goes on', async () => {
  await using backend = await Backend.start((socket, text) => {
    if (text.startsWith('HEAD')) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n');
    else if (text.includes('/204')) socket.write('HTTP/1.1 204 No Content\r\n\r\n');
    else if (text.includes('/304')) socket.write('HTTP/1.1 304 Not Modified\r\ncontent-length: 7\r\netag: "x"\r\n\r\n');
    else socket.write(hello);
  });
  await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }] });
  using client = await RawClient.connect(harness.port);
  client.write(
    'HEAD / HTTP/1.1\r\nHost: a.example\r\n\r\nGET /204 HTTP/1.1\r\nHost: a.example\r\n\r\nGET /304 HTTP/1.1\r\nHost: a.example\r\n\r\nGET /end HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n',
  );
  const text = (await client.untilEnd()).replace(/date: [^\r]+\r\n/g, '');
  assert.match(
    text,
    /^HTTP\/1\.1 200 OK\r\ncontent-length: 1000\r\n\r\nHTTP\/1\.1 204 No Content\r\n\r\nHTTP\/1\.1 304 Not Modified\r\ncontent-length: 7\r\netag: "x"\r\n\r\nHTTP\/1\.1 200 OK\r\n/,
  );
});

test('early hints pass to HTTP/1.1 clients and not to older ones', async () => {
  await using backend = await Backend.answering(`HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\n\r\n${hello}`);
  await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }] });
  assert.match(await get(harness.port), /^HTTP\/1\.1 103 Early Hints\r\nlink: <\/a\.css>; rel=preload\r\n\r\nHTTP\/1\.1 200 OK/);
  assert.match(await exchange(harness.port, 'GET / HTTP/1.0\r\nHost: a.example\r\n\r\n'), /^HTTP\/1\.1 200 OK/);
});

test('an expectation is answered when the backend is there, and the body follows', async () => {
  await using backend = await Backend.start((socket, _text, _index, all) => {
    if (all.endsWith('0123456789')) socket.write(hello);
  });
  await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }, { host: 'none.example', endpoints: [] }] });
  using client = await RawClient.connect(harness.port);
  client.write('PUT / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n');
  await client.untilText('HTTP/1.1 100 Continue\r\n\r\n');
  client.write('0123456789');
  await client.untilText('hello');
  assert.doesNotMatch(backend.received[0] as string, /expect/);
  const refused = await exchange(
    harness.port,
    'PUT / HTTP/1.1\r\nHost: none.example\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n',
  );
  assert.equal(statusOf(refused), 503, 'and never a 100 for a body that nobody wants');
});

test('a body over the limit is refused by its length, and by its bytes when it has none', async () => {
  await using backend = await Backend.start(() => {});
  await using harness = await Harness.start({ routes: [{ endpoints: [backend.port], policy: { maxRequestBodyBytes: 1000 } }] });
  const declared = await exchange(
    harness.port,
    'POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n',
  );
  assert.equal(statusOf(declared), 413);
  assert.equal(backend.connections, 0);
  const chunk = `200\r\n${'x'.repeat(512)}\r\n`;
  const counted = await exchange(harness.port, `POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}${chunk}`);
  assert.equal(statusOf(counted), 413);
  assert.equal(harness.flag('body_too_large'), 2);
});

test('an answer that comes before the end of the request is passed on, and the connection closes', async () => {
  await using backend = await Backend.answering('HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno');
  await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }] });
  const answer = await exchange(harness.port, 'POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1000000\r\n\r\nsome');
  assert.equal(statusOf(answer), 403);
  assert.match(answer, /\r\nconnection: close\r\n/);
  assert.ok(answer.endsWith('no'));
  await eventually(() => harness.proxy.poolStatus.active === 0, 'the half-used upstream connection gone');
});

test('a small rest of a body is read away after our own answer, and the connection goes on', async () => {
  await using backend = await Backend.answering(hello);
  await using harness = await Harness.start({ routes: [{ host: 'a.example', endpoints: [backend.port] }] });
  using client = await RawClient.connect(harness.port);
  client.write('POST / HTTP/1.1\r\nHost: none.example\r\nContent-Length: 10\r\n\r\n');
  await client.untilText('404 No route for this host');
  client.write('0123456789GET / HTTP/1.1\r\nHost: a.example\r\n\r\n');
  await client.untilText('hello');
});

test('a malformed request gets its status and the connection closes', async () => {
  await using harness = await Harness.start({ routes: [], config: { maxHeaderBytes: 2000 } });
  assert.equal(
    statusOf(await exchange(harness.port, 'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n')),
    400,
  );
  assert.equal(statusOf(await exchange(harness.port, 'GET / HTTP/1.1\r\n\r\n')), 400);
  assert.equal(statusOf(await exchange(harness.port, `GET / HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(3000)}\r\n\r\n`)), 431);
  assert.equal(statusOf(await exchange(harness.port, 'GET / HTTP/3.0\r\nHost: a\r\n\r\n')), 505);
  assert.equal(statusOf(await exchange(harness.port, 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n')), 501);
  assert.equal(harness.connections[0]?.ended?.reason, 'protocol_error');
  assert.equal(harness.requests.length, 5, 'each is in the log');
});

test('plain HTTP is redirected with 308 where the policy says so, but ACME challenges are answered', async () => {
  await using backend = await Backend.answering(hello);
  await using harness = await Harness.start({
    routes: [{ endpoints: [backend.port], policy: { redirectToHttps: true } }],
    challenges: [{ token: 'tok', keyAuthorization: 'tok.key' }],
    config: {},
  });
  const answer = await get(harness.port, '/x?y=1');
  assert.equal(statusOf(answer), 308);
  assert.match(answer, /\r\nlocation: https:\/\/a\.example\/x\?y=1\r\n/);
  assert.ok((await get(harness.port, '/.well-known/acme-challenge/tok', 'unknown.example')).endsWith('tok.key'));
  assert.ok((await get(harness.port, '/.well-known/acme-challenge/other')).endsWith('hello'), 'a solver behind a route gets its own');
});

test('the connection closes after keepAliveRequests and when the process drains', async () => {
  await using backend = await Backend.answering(hello);
  await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }], config: { keepAliveRequests: 2 } });
  using client = await RawClient.connect(harness.port);
  client.write('GET / HTTP/1.1\r\nHost: a.example\r\n\r\nGET / HTTP/1.1\r\nHost: a.example\r\n\r\n');
  const text = await client.untilEnd();
  assert.equal(text.split('connection: close').length, 2);
  using idle = await RawClient.connect(harness.port);
  idle.write('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n');
  await idle.untilText('hello');
  using fresh = await RawClient.connect(harness.port);
  await eventually(() => harness.proxy.connectedClients === 2, 'both accepted');
  harness.proxy.announceDrain();
  await idle.untilEnd();
  fresh.write('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n');
  assert.match(await fresh.untilEnd(), /connection: close[\s\S]*hello$/);
});
