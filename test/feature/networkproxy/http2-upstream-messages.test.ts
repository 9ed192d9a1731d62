import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createServer } from 'node:tls';
import { bodyOf, FrameBackend, type FrameRequest } from '../../tools/frame-backend.ts';
import { endStream, type RawField } from '../../tools/raw-http2.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';
import type { HarnessOptions, TestRoute } from './harness.ts';
import { Http2Backend } from './http2-backend.ts';
import { http1, Setup } from './http2-upstream-kit.ts';
import { eventually } from './raw-client.ts';

/** What a client of either version sees. */
interface Seen {
  readonly status: number;
  readonly informational: readonly number[];
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
  readonly trailers: Readonly<Record<string, unknown>>;
}

interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly trailers?: Readonly<Record<string, string>>;
}

async function overHttp1(setup: Setup, { method = 'GET', headers = {}, body, trailers }: Ask): Promise<Seen> {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const chunked = body !== undefined && headers['content-length'] === undefined;
  const end = Object.entries(trailers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`);
  const payload = chunked ? `${body.length.toString(16)}\r\n${body}\r\n0\r\n${end.join('')}\r\n` : (body ?? '');
  const framing = chunked ? 'Transfer-Encoding: chunked\r\n' : '';
  const client = await http1(
    setup.harness,
    `${method} / HTTP/1.1\r\nHost: a.example\r\nTE: trailers\r\nConnection: close, TE\r\n${framing}${lines.join('')}\r\n${payload}`,
  );
  let text = await client.untilEnd();
  const informational: number[] = [];
  for (;;) {
    const status = Number(text.slice(9, 12));
    const headEnd = text.indexOf('\r\n\r\n');
    if (status >= 200 || headEnd < 0) break;
    informational.push(status);
    text = text.slice(headEnd + 4);
  }
  const headEnd = text.indexOf('\r\n\r\n');
  const fields = fieldsOf(text.slice(0, headEnd));
  let rest = text.slice(headEnd + 4);
  if (fields['transfer-encoding'] !== 'chunked')
    return { status: Number(text.slice(9, 12)), informational, headers: fields, body: rest, trailers: {} };
  let whole = '';
  for (let size = -1; size !== 0; ) {
    const lineEnd = rest.indexOf('\r\n');
    size = Number.parseInt(rest.slice(0, lineEnd), 16);
    whole += rest.slice(lineEnd + 2, lineEnd + 2 + size);
    rest = rest.slice(lineEnd + 2 + (size === 0 ? 0 : size + 2));
  }
  return { status: Number(text.slice(9, 12)), informational, headers: fields, body: whole, trailers: fieldsOf(`\r\n${rest}`) };
}

/** Fields by name; those of one name joined by `; `. */
function fieldsOf(head: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const line of head.split('\r\n').slice(1)) {
    const colon = line.indexOf(':');
    if (colon < 0) continue;
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    fields[name] = fields[name] === undefined ? value : `${fields[name]}; ${value}`;
  }
  return fields;
}

async function overHttp2(setup: Setup, ask: Ask): Promise<Seen> {
  const answer = await setup.client.ask('/', ask);
  const cookies = answer.headers['set-cookie'];
  return { ...answer, headers: { ...answer.headers, ...(cookies === undefined ? {} : { 'set-cookie': cookies.join('; ') }) } };
}

const certificate = await makeTestCertificate('backend.example');
const large: Partial<HarnessOptions> = { config: { maxHeaderBytes: 131_072 } };

for (const [name, ask] of [
  ['HTTP/1.1', overHttp1],
  ['HTTP/2', overHttp2],
] as const) {
  describe(`between a client of ${name} and an HTTP/2 backend`, () => {
    async function answered(
      onRequest: (request: FrameRequest) => void,
      request: Ask = {},
      more: Partial<HarnessOptions> = {},
    ): Promise<[Seen, FrameRequest]> {
      await using backend = await FrameBackend.start({ onRequest });
      await using setup = await Setup.start([backend], {}, more);
      const seen = await ask(setup, request);
      const [received] = backend.requests;
      await eventually(() => setup.active === 0, 'no request');
      await setup.untilPool(1, 0, 0);
      await setup.expectNothingLeft(backend);
      return [seen, received!];
    }

    test('103 goes before the answer, 100 does not', async () => {
      const [seen] = await answered(({ connection, stream }) => {
        connection.headers(stream, [[':status', '100']]);
        connection.headers(stream, [
          [':status', '103'],
          ['link', '</style.css>; rel=preload'],
        ]);
        connection.answer(stream, 'hello');
      });
      assert.deepEqual(seen.informational, [103]);
      assert.equal(seen.body, 'hello');
    });

    test('trailers of an answer pass, with a content-length too where the client knows how', async () => {
      for (const more of [[], [['content-length', '5']]] as readonly RawField[][]) {
        const [seen] = await answered(({ connection, stream }) => {
          connection.headers(stream, [[':status', '200'], ...more]);
          connection.data(stream, 'hello');
          connection.headers(stream, [['x-sum', '5']], endStream);
        });
        assert.equal(seen.body, 'hello');
        // A body of known length has no trailers in HTTP/1.1.
        assert.equal(seen.trailers['x-sum'], name === 'HTTP/1.1' && more.length > 0 ? undefined : '5');
      }
    });

    test('trailers of a request pass', async () => {
      const request = { method: 'POST', body: 'some body', trailers: { 'x-sum': '9' } };
      const [seen, received] = await answered(({ connection, stream }) => connection.answer(stream), request);
      assert.equal(seen.status, 200);
      assert.equal(bodyOf(received).toString(), 'some body');
      assert.equal(received.trailers?.['x-sum'], '9');
      assert.equal(received.fields['content-length'], undefined);
      assert.equal(received.fields['transfer-encoding'], undefined);
      assert.equal(received.fields.te, 'trailers');
    });

    test('a request with a content-length keeps it', async () => {
      const request = { method: 'POST', body: 'some body', headers: { 'content-length': '9' } };
      const [, received] = await answered(({ connection, stream }) => connection.answer(stream), request);
      assert.equal(received.fields['content-length'], '9');
      assert.equal(bodyOf(received).toString(), 'some body');
    });

    for (const asEmptyData of [false, true]) {
      test(`HEAD, 204 and 304 have no body${asEmptyData ? ', also when an empty DATA frame ends them' : ''}`, async () => {
        for (const [method, status] of [
          ['HEAD', 200],
          ['GET', 204],
          ['GET', 304],
        ] as const) {
          const length: readonly RawField[] = status === 204 ? [] : [['content-length', '1000']];
          const [seen] = await answered(
            ({ connection, stream }) => {
              connection.headers(stream, [[':status', String(status)], ['etag', '"x"'], ...length], asEmptyData ? 0 : endStream);
              if (asEmptyData) connection.data(stream, '', endStream);
            },
            { method },
          );
          assert.equal(`${seen.status} ${seen.body}`, `${status} `);
          assert.equal(seen.headers.etag, '"x"');
          if (status !== 204) assert.equal(seen.headers['content-length'], '1000');
        }
      });
    }

    test('heads of 60 KB pass both ways', async () => {
      const values = Array.from({ length: 15 }, (_, i) => String.fromCharCode(97 + i).repeat(4000));
      const request = { headers: Object.fromEntries(values.map((value, i) => [`x-large-${i}`, value])) };
      const [seen, received] = await answered(
        ({ connection, stream }) =>
          connection.answer(
            stream,
            'hello',
            values.map((value, i) => [`x-back-${i}`, value] as const),
          ),
        request,
        large,
      );
      assert.equal(seen.body, 'hello');
      for (const [i, value] of values.entries()) {
        assert.equal(received.fields[`x-large-${i}`], value);
        assert.equal(seen.headers[`x-back-${i}`], value);
      }
    });

    test('cookies and bytes above ASCII stay as they are', async () => {
      const request = { headers: { cookie: 'a=1; b=2', 'x-high': 'caf\xe9' } };
      const [seen, received] = await answered(
        ({ connection, stream }) =>
          connection.answer(stream, 'hello', [
            ['set-cookie', 'a=1; Path=/'],
            ['set-cookie', 'b=2'],
            ['x-high', 'caf\xe9'],
          ]),
        request,
      );
      assert.equal(received.fields.cookie, 'a=1; b=2');
      assert.equal(received.fields['x-high'], 'caf\xe9');
      assert.equal(seen.headers['set-cookie'], 'a=1; Path=/; b=2');
      assert.equal(seen.headers['x-high'], 'caf\xe9');
    });
  });
}

describe('an HTTP/2 backend over TLS', () => {
  const tls = { serverName: 'backend.example', ca: undefined, clientCertificate: undefined };
  const overTls = (): TestRoute => ({ service: { protocol: 'h2', tls }, policy: { retries: 0 } });

  test('agrees on h2, shares its connection, and is told the scheme https', async () => {
    await using backend = await Http2Backend.start((stream, { body }) => stream.end(body === '' ? 'hello' : body), { ...certificate });
    await using setup = await Setup.start([backend], overTls());
    for (const { body } of await setup.all(30)) assert.equal(body, 'hello');
    const body = 'x'.repeat(3_000_000);
    assert.ok((await setup.client.ask('/', { method: 'POST', body })).body === body);
    assert.equal(backend.connections, 1);
    const scheme = backend.requests[0]?.headers.indexOf(':scheme') ?? -1;
    assert.equal(backend.requests[0]?.headers[scheme + 1], 'https');
    await setup.untilPool(1, 0, 0);
    setup.harness.change({ routes: [] });
    await eventually(() => backend.sessions.every(({ destroyed }) => destroyed), 'the end of the connection');
    await setup.untilPool(0, 0, 0);
  });

  test('that does not select h2 is a 502, and the log says so', async () => {
    const server = createServer({ ...certificate }, (socket) => socket.on('error', () => {}));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await using setup = await Setup.start([{ port }], overTls());
    assert.equal((await setup.client.ask('/')).status, 502);
    assert.deepEqual(setup.outcomes, ['502 upstream_protocol_error the backend does not agree on h2 (ALPN)']);
    await setup.untilPool(0, 0, 0);
    await new Promise((resolve) => server.close(resolve));
  });

  test('that refuses h2 in the handshake is a 502', async () => {
    const server = createServer({ ...certificate, ALPNProtocols: ['http/1.1'] }, (socket) => socket.on('error', () => {}));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await using setup = await Setup.start([{ port }], overTls());
    assert.equal((await setup.client.ask('/')).status, 502);
    assert.match(setup.outcomes[0] ?? '', /^502 upstream_connect_failed /);
    await setup.untilPool(0, 0, 0);
    await new Promise((resolve) => server.close(resolve));
  });
});
