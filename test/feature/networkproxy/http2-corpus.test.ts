import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { type HostileHttp2Request, hostileHttp2Requests } from '../../corpus/http2/hostile-requests.ts';
import { endHeaders, endStream, frame, frameTypes, headerBlock, type RawField, RawHttp2, requestFields } from '../../tools/raw-http2.ts';
import { Backend, hello } from './backend.ts';
import { Harness } from './harness.ts';

/** Sends head, body and trailers of a case on stream 1, in frames of at most 16,384 bytes. */
function send(client: RawHttp2, { fields, body = [], trailers, trailersDoNotEnd }: Omit<HostileHttp2Request, 'rule' | 'name'>): void {
  sendFields(client, fields, body.length === 0 && trailers === undefined);
  body.forEach((text, i) => {
    client.data(1, text, i === body.length - 1 && trailers === undefined ? endStream : 0);
  });
  if (trailers !== undefined) sendFields(client, trailers, trailersDoNotEnd !== true);
}

function sendFields(client: RawHttp2, fields: readonly RawField[], ends: boolean): void {
  const block = headerBlock(fields);
  const parts = Math.max(1, Math.ceil(block.length / 16_384));
  const frames = Array.from({ length: parts }, (_, i) => {
    const type = i === 0 ? frameTypes.headers : frameTypes.continuation;
    const flags = (i === 0 && ends ? endStream : 0) | (i === parts - 1 ? endHeaders : 0);
    return frame(type, flags, 1, block.subarray(i * 16_384, (i + 1) * 16_384));
  });
  client.write(Buffer.concat(frames));
}

describe('a hostile request over HTTP/2', () => {
  let backend: Backend;
  let harness: Harness;

  before(async () => {
    backend = await Backend.start((socket, text) => {
      if (text.includes('/good')) socket.write(hello);
    });
    harness = await Harness.start({ routes: [{ endpoints: [backend.port] }], config: { h2c: true } });
  });
  after(async () => {
    await harness[Symbol.asyncDispose]();
    await backend[Symbol.asyncDispose]();
  });

  for (const hostile of hostileHttp2Requests) {
    const { rule, name } = hostile;
    it(`is refused, never reaches the backend whole, and harms no other stream: ${rule}: ${name}`, async () => {
      const connectionsBefore = backend.connections;
      const lengths = backend.received.map(({ length }) => length);
      const reached = (): string => backend.received.map((text, i) => text.slice(lengths[i] ?? 0)).join('');
      using client = await RawHttp2.connect(harness.port);
      send(client, hostile);
      await client.until(() => client.isOver(1) || isComplete(reached()));
      await client.settle();
      assertIncomplete(reached(), hostile);
      const status = client.statuses(1).at(-1);
      assert.ok(status === undefined ? client.resetCode(1) !== undefined : status >= 400, client.describe());
      assert.equal(client.goaway, undefined, 'the fault of one stream is not that of the connection');
      assert.equal(await client.get(3, '/good'), 200);
      assert.ok(backend.connections - connectionsBefore <= 2);
    });
  }

  it('of the whole corpus has left nothing smuggled at the backend', () => {
    assert.ok(!backend.received.some((received) => received.includes('/smuggled')));
  });
});

/** A request that an HTTP/1.1 server would take for whole. */
function isComplete(received: string): boolean {
  const head = received.indexOf('\r\n\r\n');
  if (head < 0) return false;
  const body = received.slice(head + 4);
  const length = /\r\ncontent-length: (\d+)\r\n/.exec(received.slice(0, head + 2))?.[1];
  if (length !== undefined) return body.length >= Number(length);
  return /\r\ntransfer-encoding: chunked\r\n/.test(received) ? /(?:^|\r\n)0\r\n(?:[^\r]+\r\n)*\r\n/.test(body) : true;
}

/** Only a body that turns out wrong after a good head may have begun at the backend, and then it must not have ended. */
function assertIncomplete(received: string, { body }: HostileHttp2Request): void {
  if (body === undefined) assert.equal(received, '');
  assert.ok(!isComplete(received), received);
}

/** What is sent, and what an HTTP/1.1 server of another making must read. */
interface UnderstoodCase {
  readonly name: string;
  readonly fields: readonly RawField[];
  readonly body?: readonly string[];
  readonly trailers?: readonly RawField[];
  readonly method?: string;
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly received?: string;
}

const understoodCases: readonly UnderstoodCase[] = [
  { name: 'a plain GET', fields: requestFields('/a?b=c'), url: '/a?b=c' },
  { name: 'a path that is normalised', fields: requestFields('/a//b/./c/../%7Ed?x=/../y'), url: '/a/b/~d?x=/../y' },
  { name: 'a method of its own', fields: requestFields('/', [], 'PROPFIND'), method: 'PROPFIND' },
  { name: 'an authority with port', fields: requestFields('/', [], 'GET', 'A.Example:8080'), headers: { host: 'A.Example:8080' } },
  { name: 'an IPv6 authority', fields: requestFields('/', [], 'GET', '[::1]:80'), headers: { host: '[::1]:80' } },
  {
    name: 'host without :authority',
    fields: [
      [':method', 'GET'],
      [':scheme', 'http'],
      [':path', '/'],
      ['host', 'h.example'],
    ],
    headers: { host: 'h.example' },
  },
  { name: 'host equal to :authority, sent once', fields: requestFields('/', [['host', 'a.example']]), headers: { host: 'a.example' } },
  { name: 'an empty value', fields: requestFields('/', [['x-empty', '']]), headers: { 'x-empty': '' } },
  { name: 'spaces and tabs within a value', fields: requestFields('/', [['x', 'a b\tc']]), headers: { x: 'a b\tc' } },
  { name: 'bytes above ASCII in a value', fields: requestFields('/', [['x', 'a\xe9\xff']]), headers: { x: 'a\xe9\xff' } },
  {
    name: 'a value that looks like a header',
    fields: requestFields('/', [['x', 'content-length: 5']]),
    headers: { x: 'content-length: 5' },
  },
  {
    name: 'a field twice',
    fields: requestFields('/', [
      ['x', '1'],
      ['y', '2'],
      ['x', '3'],
    ]),
    headers: { x: '1, 3', y: '2' },
  },
  {
    name: 'a name with an underscore, which is dropped',
    fields: requestFields('/', [['x_real_ip', '1.2.3.4']]),
    headers: { x_real_ip: undefined },
  },
  { name: 'te: trailers, which ends here', fields: requestFields('/', [['te', 'trailers']]), headers: { connection: undefined } },
  {
    name: 'a name of an Object property',
    fields: requestFields('/', [
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]),
    headers: { constructor: 'y' },
  },
  {
    name: 'cookie crumbs',
    fields: requestFields('/', [
      ['cookie', 'a=1'],
      ['cookie', 'b=2'],
    ]),
    headers: { cookie: 'a=1; b=2' },
  },
  {
    name: 'a body that looks like a request',
    fields: requestFields('/', [['content-length', '29']], 'POST'),
    body: ['GET /smuggled HTTP/1.1\r\n\r\n0\r', '\n'],
    method: 'POST',
    received: 'GET /smuggled HTTP/1.1\r\n\r\n0\r\n',
  },
  {
    name: 'a body without a length that looks like the end of chunks',
    fields: requestFields('/', [], 'POST'),
    body: ['0\r\n\r\n', 'GET /smuggled HTTP/1.1\r\n\r\n', ''],
    method: 'POST',
    received: '0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n',
  },
  {
    name: 'empty frames around a body',
    fields: requestFields('/', [], 'POST'),
    body: ['', 'ab', '', 'c', ''],
    method: 'POST',
    received: 'abc',
  },
  {
    name: 'a body with trailers, of which those that frame or route are dropped',
    fields: requestFields('/', [], 'POST'),
    body: ['abc'],
    trailers: [
      ['x-sum', '3'],
      ['content-length', '9'],
      ['host', 'b.example'],
      ['x-forwarded-for', '1.2.3.4'],
    ],
    method: 'POST',
    received: 'abc trailers x-sum=3',
  },
];

describe('a request over HTTP/2 that is odd and valid', () => {
  let server: Server;
  let harness: Harness;
  const seen: { request: IncomingMessage; body: string }[] = [];

  before(async () => {
    server = createServer((request, response) => {
      let body = '';
      request.setEncoding('latin1');
      request.on('data', (chunk: string) => {
        body += chunk;
      });
      request.on('end', () => {
        seen.push({ request, body });
        response.end('hello');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    harness = await Harness.start({ routes: [{ endpoints: [port] }], config: { h2c: true } });
  });
  after(async () => {
    await harness[Symbol.asyncDispose]();
    server.closeAllConnections();
    server.close();
  });

  for (const understood of understoodCases) {
    it(`is read by another server as it was meant: ${understood.name}`, async () => {
      seen.length = 0;
      using client = await RawHttp2.connect(harness.port);
      send(client, understood);
      await client.until(() => client.isOver(1));
      assert.deepEqual(client.statuses(1), [200], client.describe());
      assert.equal(seen.length, 1, 'one request became one request');
      const [{ request, body }] = seen as [{ request: IncomingMessage; body: string }];
      assert.equal(request.method, understood.method ?? 'GET');
      assert.equal(request.url, understood.url ?? '/');
      for (const [name, value] of Object.entries(understood.headers ?? {})) assert.equal(headerOf(request, name), value, name);
      const trailers = Object.entries(request.trailers).map(([name, value]) => `${name}=${value}`);
      assert.equal(trailers.length === 0 ? body : `${body} trailers ${trailers.join(' ')}`, understood.received ?? '');
      assert.equal(request.rawHeaders.filter((name, i) => i % 2 === 0 && name === 'host').length, 1, 'one host');
    });
  }
});

/** All values of a field; undefined when it is not there. */
function headerOf({ rawHeaders }: IncomingMessage, name: string): string | undefined {
  const found = rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1] === name);
  return found.length === 0 ? undefined : found.join(', ');
}
