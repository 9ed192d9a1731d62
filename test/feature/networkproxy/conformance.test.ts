import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { closedPort, hello } from './backend.ts';
import { type ConformanceBackend, http1Backend, http2Backend } from './conformance-backend.ts';
import { type ConformanceAnswer, type ConformanceRequest, http1Client, http2Client } from './conformance-client.ts';
import { Harness, type HarnessOptions, type TestRoute } from './harness.ts';
import { eventually } from './raw-client.ts';

/** One exchange that must have the same outcome whatever version the client speaks. */
interface Row {
  readonly name: string;
  readonly request?: ConformanceRequest;
  /** What the backend sends once it has the whole request; `hello` when not given. */
  readonly answer?: string;
  /** What it does after that. */
  readonly after?: 'end' | 'reset';
  readonly route?: TestRoute;
  readonly config?: HarnessOptions['config'];
  readonly status: number;
  readonly expect?: Partial<Omit<ConformanceAnswer, 'status'>>;
  readonly flag?: Parameters<Harness['flag']>[0];
  /** Nothing of it may come to the backend. */
  readonly neverForwarded?: true;
  /** Only HTTP/1.1 backends can do that. */
  readonly onlyHttp1Backend?: true;
}

const ok = (head: string, body = ''): string => `HTTP/1.1 200 OK\r\n${head}\r\n${body}`;

const methods: readonly Row[] = ['GET', 'DELETE', 'OPTIONS', 'PROPFIND'].map((method) => ({
  name: `${method} without a body`,
  request: { method },
  status: 200,
  expect: { body: 'hello' },
}));

const methodsWithBody: readonly Row[] = ['POST', 'PUT', 'PATCH', 'DELETE', 'REPORT'].map((method) => ({
  name: `${method} with a body`,
  request: { method, body: 'some body', headers: { 'content-length': '9' } },
  status: 200,
  expect: { body: 'hello' },
}));

const statuses: readonly Row[] = [200, 201, 202, 206, 301, 302, 307, 400, 401, 404, 418, 429, 500, 503, 599].map((status) => ({
  name: `an answer with ${status}`,
  answer: `HTTP/1.1 ${status} Some Reason\r\ncontent-length: 3\r\nx-kept: 1\r\nlocation: /x\r\n\r\nabc`,
  status,
  expect: { body: 'abc', headers: { 'content-length': '3', 'x-kept': '1', location: '/x' } },
}));

const bodies: readonly Row[] = [
  { name: 'HEAD', request: { method: 'HEAD' }, answer: ok('content-length: 1000\r\n'), status: 200, expect: { body: '' } },
  { name: 'an answer with 204', answer: 'HTTP/1.1 204 No Content\r\n\r\n', status: 204, expect: { body: '' } },
  {
    name: 'an answer with 304',
    answer: 'HTTP/1.1 304 Not Modified\r\netag: "x"\r\n\r\n',
    status: 304,
    expect: { headers: { etag: '"x"' } },
  },
  { name: 'an answer of no bytes', answer: ok('content-length: 0\r\n'), status: 200, expect: { body: '' } },
  {
    name: 'an answer in chunks',
    answer: ok('transfer-encoding: chunked\r\n', '3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\n\r\n'),
    status: 200,
    expect: { body: 'abcde', headers: {} },
  },
  {
    onlyHttp1Backend: true,
    name: 'an answer until the end of the connection',
    answer: ok('', 'until close'),
    after: 'end',
    status: 200,
    expect: { body: 'until close' },
  },
  {
    name: 'an answer of 1 MiB',
    answer: ok(`content-length: ${1024 * 1024}\r\n`, 'x'.repeat(1024 * 1024)),
    status: 200,
    expect: { headers: { 'content-length': String(1024 * 1024) } },
  },
  {
    name: 'a request of 1 MiB',
    request: { method: 'POST', body: 'y'.repeat(1024 * 1024), headers: { 'content-length': String(1024 * 1024) } },
    status: 200,
  },
  {
    name: 'a request of 1 MiB without a length',
    request: { method: 'POST', body: 'y'.repeat(1024 * 1024) },
    status: 200,
  },
  {
    name: 'trailers of the answer',
    answer: ok('transfer-encoding: chunked\r\n', '3\r\nabc\r\n0\r\nx-sum: 3\r\ncontent-length: 9\r\n\r\n'),
    status: 200,
    expect: { body: 'abc', trailers: { 'x-sum': '3' } },
  },
  {
    name: 'trailers of the request',
    request: { method: 'POST', body: 'abc', trailers: { 'x-sum': '3', host: 'b.example' } },
    status: 200,
  },
];

const headers: readonly Row[] = [
  {
    name: 'fields of the request in order, twice, empty, and above ASCII',
    request: { headers: { 'x-b': '1', 'x-a': ['2', '3'], 'x-empty': '', 'x-high': 'a\xe9' } },
    status: 200,
  },
  {
    name: 'fields that a client may not say of itself',
    request: { headers: { 'x-forwarded-for': '1.2.3.4', 'x-real-ip': '1.2.3.4' } },
    status: 200,
  },
  { name: 'names with an underscore', request: { headers: { x_real_ip: '1.2.3.4' } }, status: 200 },
  { name: 'cookies', request: { headers: { cookie: 'a=1; b=2' } }, status: 200 },
  {
    name: 'fields of the answer',
    answer: ok('content-length: 0\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nX-Mixed: Case\r\nx-empty:\r\n'),
    status: 200,
    expect: { headers: { 'content-length': '0', 'set-cookie': ['a=1', 'b=2'], 'x-mixed': 'Case', 'x-empty': '' } },
  },
  {
    onlyHttp1Backend: true,
    name: 'fields of the answer that end at this hop',
    answer: ok('content-length: 0\r\nconnection: x-hop\r\nx-hop: 1\r\nkeep-alive: timeout=5\r\nproxy-authenticate: Basic\r\n'),
    status: 200,
    expect: { headers: { 'content-length': '0' } },
  },
  {
    name: 'early hints',
    answer: `HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n${hello}`,
    status: 200,
    expect: { informational: [103], body: 'hello' },
  },
  { name: 'a target that is normalised', request: { path: '/a//b/../%7Ec?d=/../e' }, status: 200 },
  { name: 'a host with port', request: { host: 'A.Example:8080' }, status: 200 },
];

const big = { 'x-big': 'y'.repeat(4000) };
const refused: readonly Row[] = [
  ...['/%2f', '/..', '/%00', '/a%5cb', '/%zz', '/..;/x'].map(
    (path): Row => ({ name: `the target ${path}`, request: { path }, status: 400, flag: 'bad_request', neverForwarded: true }),
  ),
  { name: 'TRACE', request: { method: 'TRACE' }, status: 501, flag: 'method_unsupported', neverForwarded: true },
  { name: 'a host that is none', request: { host: 'a b' }, status: 400, flag: 'bad_request', neverForwarded: true },
  {
    name: 'an expectation of something else',
    request: { headers: { expect: '200-ok' } },
    status: 417,
    flag: 'expectation_failed',
    neverForwarded: true,
  },
  {
    name: 'a target over the limit',
    request: { path: `/${'x'.repeat(9000)}` },
    status: 414,
    flag: 'uri_too_long',
    neverForwarded: true,
  },
  {
    name: 'a head over the limit of bytes',
    request: { headers: { ...big, 'x-b': big['x-big'], 'x-c': big['x-big'], 'x-d': big['x-big'], 'x-e': big['x-big'] } },
    status: 431,
    flag: 'headers_too_large',
    neverForwarded: true,
  },
  {
    name: 'a head over the limit of fields',
    request: { headers: Object.fromEntries(Array.from({ length: 110 }, (_, i) => [`x-${i}`, 'y'])) },
    status: 431,
    flag: 'headers_too_large',
    neverForwarded: true,
  },
  {
    name: 'a body over the limit of its route by its length',
    request: { method: 'POST', body: 'x'.repeat(1001), headers: { 'content-length': '1001' } },
    route: { policy: { maxRequestBodyBytes: 1000 } },
    status: 413,
    flag: 'body_too_large',
    neverForwarded: true,
  },
  {
    name: 'a body over the limit of its route by its bytes',
    request: { method: 'POST', body: 'x'.repeat(1001) },
    route: { policy: { maxRequestBodyBytes: 1000 } },
    status: 413,
    flag: 'body_too_large',
  },
];

const local: readonly Row[] = [
  { name: 'a host without routes', request: { host: 'b.example' }, route: { host: 'a.example' }, status: 404, flag: 'no_host' },
  { name: 'a path without a route', request: { path: '/b' }, route: { path: '/a' }, status: 404, flag: 'no_path' },
  { name: 'OPTIONS *, which no route matches', request: { method: 'OPTIONS', path: '*' }, status: 404, flag: 'no_path' },
  { name: 'a service without endpoints', route: { endpoints: [] }, status: 503, flag: 'no_endpoints' },
  { name: 'a route that fails', route: { action: { kind: 'fail', status: 503, reason: 'x' } }, status: 503, flag: 'no_service' },
  {
    name: 'a route that redirects',
    route: {
      action: {
        kind: 'redirect',
        status: 302,
        to: { scheme: 'https', host: 'b.example', port: undefined, path: { kind: 'full', value: '/' } },
      },
    },
    status: 302,
    flag: 'route_redirect',
  },
  {
    name: 'a redirect to HTTPS',
    request: { method: 'POST', path: '/x?y=1', body: 'some', headers: { 'content-length': '4' } },
    route: { policy: { redirectToHttps: true } },
    status: 308,
    flag: 'redirect_https',
  },
  { name: 'HEAD that we answer ourselves', request: { method: 'HEAD' }, route: { endpoints: [] }, status: 503, expect: { body: '' } },
].map((row) => ({ ...row, neverForwarded: true }) as Row);

const truncated = { cut: true };
const upstream: readonly Row[] = [
  { name: 'an endpoint that refuses', route: { endpoints: [await closedPort()] }, status: 502, flag: 'upstream_connect_failed' },
  { name: 'a backend that closes before the answer', answer: '', after: 'end', status: 502, flag: 'upstream_reset' },
  { name: 'a backend that resets before the answer', answer: '', after: 'reset', status: 502, flag: 'upstream_reset' },
  {
    onlyHttp1Backend: true,
    name: 'a backend that speaks no HTTP',
    answer: 'I am no HTTP\r\n\r\n',
    status: 502,
    flag: 'upstream_protocol_error',
  },
  { name: 'a backend that answers too late', answer: '', status: 504, flag: 'upstream_timeout' },
  {
    onlyHttp1Backend: true,
    name: 'an answer with a head of 100 KB',
    answer: ok(`x: ${'y'.repeat(100_000)}\r\n`),
    status: 502,
    flag: 'upstream_response_too_large',
  },
  {
    onlyHttp1Backend: true,
    name: 'an answer with Content-Length and Transfer-Encoding',
    answer: ok('content-length: 3\r\ntransfer-encoding: chunked\r\n', '0\r\n\r\n'),
    status: 502,
    flag: 'upstream_protocol_error',
  },
  {
    onlyHttp1Backend: true,
    name: 'an answer with a control byte',
    answer: ok('x: a\x01b\r\n'),
    status: 502,
    flag: 'upstream_protocol_error',
  },
  {
    onlyHttp1Backend: true,
    name: 'an answer that switches protocols unasked',
    answer: 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
    status: 502,
    flag: 'upstream_protocol_error',
  },
  {
    name: 'an answer that ends early',
    answer: ok('content-length: 10\r\n', 'abc'),
    after: 'end',
    status: 200,
    expect: truncated,
    flag: 'upstream_truncated',
  },
  {
    name: 'an answer that is reset',
    answer: ok('content-length: 10\r\n', 'abc'),
    after: 'reset',
    status: 200,
    expect: truncated,
    flag: 'upstream_truncated',
  },
  {
    onlyHttp1Backend: true,
    name: 'an answer with a bad chunk',
    answer: ok('transfer-encoding: chunked\r\n', '3\r\nabc\r\nzz\r\n'),
    status: 200,
    expect: truncated,
    flag: 'upstream_truncated',
  },
  {
    onlyHttp1Backend: true,
    name: 'an answer in chunks that ends early',
    answer: ok('transfer-encoding: chunked\r\n', '3\r\nabc\r\n'),
    after: 'end',
    status: 200,
    expect: truncated,
    flag: 'upstream_truncated',
  },
  {
    name: 'an answer that stalls',
    answer: ok('content-length: 10\r\n', 'abc'),
    status: 200,
    expect: truncated,
    flag: 'upstream_truncated',
  },
];

const rows: readonly Row[] = [...methods, ...methodsWithBody, ...statuses, ...bodies, ...headers, ...refused, ...local, ...upstream];

/** What came of one exchange, on both sides of the proxy. */
interface Outcome {
  readonly answer: ConformanceAnswer;
  /** The request as the backend understood it. */
  readonly forwarded: readonly string[];
  readonly log: readonly unknown[];
}

async function outcomeOf(row: Row, client: typeof http1Client, backendOf: typeof http1Backend): Promise<Outcome> {
  await using backend: ConformanceBackend = await backendOf({ answer: row.answer ?? hello, after: row.after });
  const { policy, ...route } = row.route ?? {};
  const timeouts = { readMs: 200 };
  const service = { protocol: backend.protocol };
  await using harness = await Harness.start({
    routes: [{ endpoints: [backend.port], service, policy: { retries: 0, ...policy, timeouts }, ...route }],
    config: { h2c: true, ...row.config },
  });
  const answer = await client.ask(harness.port, row.request ?? {});
  await eventually(() => harness.requests.length > 0, 'the log entry');
  if (row.flag !== undefined) assert.equal(harness.flag(row.flag), 1, `the flag ${row.flag} is counted`);
  if (row.neverForwarded === true) assert.deepEqual(backend.received, []);
  const [entry] = harness.requests;
  assert.equal(entry?.protocol, client.version);
  assert.equal(harness.requests.length, 1);
  const log = [entry?.method, entry?.status, entry?.flag, entry?.path, entry?.bytesReceived, entry?.bytesSent, entry?.route];
  return { answer, forwarded: understood(backend.received.join('')), log };
}

/** Request line, fields and body without what differs from request to request: ids, where chunks begin, and that an empty body is said. */
function understood(received: string): readonly string[] {
  if (received === '') return [];
  const end = received.indexOf('\r\n\r\n');
  const [start = '', ...fields] = received.slice(0, end).split('\r\n');
  const body = received.slice(end + 4);
  const isChunked = fields.includes('transfer-encoding: chunked');
  const kept = fields.filter((line) => !line.startsWith('x-request-id:') && line !== 'content-length: 0').sort();
  return [start, ...kept, short(isChunked ? unchunked(body) : body)];
}

/** A body that a failed comparison can be read with. */
function short(body: string): string {
  return body.length < 1000 ? body : `${body.length} bytes, ${createHash('sha256').update(body, 'latin1').digest('hex')}`;
}

function unchunked(body: string): string {
  let text = '';
  for (let at = 0; at < body.length; ) {
    const lineEnd = body.indexOf('\r\n', at);
    const size = Number.parseInt(body.slice(at, lineEnd), 16);
    if (size === 0) return text + body.slice(lineEnd);
    text += body.slice(lineEnd + 2, lineEnd + 2 + size);
    at = lineEnd + 4 + size;
  }
  return text;
}

const ways = [
  { name: 'HTTP/2 to HTTP/1.1', client: http2Client, backendOf: http1Backend },
  { name: 'HTTP/1.1 to HTTP/2', client: http1Client, backendOf: http2Backend },
  { name: 'HTTP/2 to HTTP/2', client: http2Client, backendOf: http2Backend },
];

describe('HTTP/1.1 and HTTP/2 alike, from clients and to backends', () => {
  for (const row of rows) {
    it(`${row.name}: ${row.status}${row.expect?.cut === true ? ' and cut' : ''}`, async () => {
      const one = await outcomeOf(row, http1Client, http1Backend);
      checkOutcome(row, one, 'HTTP/1.1 to HTTP/1.1');
      for (const { name, client, backendOf } of ways) {
        if (row.onlyHttp1Backend === true && backendOf === http2Backend) continue;
        const other = await outcomeOf(row, client, backendOf);
        checkOutcome(row, other, name);
        assert.deepEqual(other.forwarded, one.forwarded, `${name}: the backend saw the same`);
        assert.deepEqual(other.log, one.log, `${name}: the log says the same`);
        if (!one.answer.cut) assert.deepEqual(plain(other.answer), plain(one.answer), `${name}: the client saw the same`);
      }
    });
  }
});

function checkOutcome(row: Row, { answer }: Outcome, way: string): void {
  assert.equal(answer.status, row.status, way);
  assert.equal(answer.cut, row.expect?.cut ?? false, way);
  for (const [name, value] of Object.entries(row.expect ?? {}))
    assert.deepEqual({ ...asObject(answer[name as 'body']) }, { ...asObject(value) }, `${way}: ${name}`);
}

function asObject(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : { value };
}

/** Without prototypes, which differ between the clients, and with a body that can be read. */
function plain(answer: ConformanceAnswer): unknown {
  return JSON.parse(JSON.stringify({ ...answer, body: short(answer.body) }));
}
