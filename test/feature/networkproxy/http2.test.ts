import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { endStream, RawHttp2, requestFields } from '../../tools/raw-http2.ts';
import { Backend, hello } from './backend.ts';
import { Harness, type HarnessOptions } from './harness.ts';
import { answerOf, Http2Client } from './http2-client.ts';
import { eventually } from './raw-client.ts';

/** Plain HTTP/2 with prior knowledge to one backend. */
function start(backend: Backend, options: Partial<HarnessOptions> = {}): Promise<Harness> {
  return Harness.start({ routes: [{ endpoints: [backend.port] }], ...options, config: { h2c: true, ...options.config } });
}

describe('a request over HTTP/2', () => {
  test('reaches an HTTP/1.1 backend with the headers that tell of the client, and its answer comes back', async () => {
    await using backend = await Backend.answering(hello);
    await using harness = await start(backend);
    await using client = await Http2Client.connect(harness.port);
    const answer = await client.ask('/x?y=1', {
      authority: 'A.example:8080',
      headers: { 'x-forwarded-for': '1.2.3.4', 'x-real-ip': '9.9.9.9', 'x-request-id': 'mine', forwarded: 'for=1.1.1.1', accept: '*/*' },
    });
    assert.equal(answer.status, 200);
    assert.equal(answer.body, 'hello');
    assert.equal(answer.headers['content-type'], 'text/plain');
    assert.equal(answer.headers['content-length'], '5');
    const request = backend.received[0] as string;
    assert.ok(request.startsWith('GET /x?y=1 HTTP/1.1\r\nhost: A.example:8080\r\n'), request);
    assert.match(request, /\r\nx-forwarded-for: 127\.0\.0\.1\r\n/);
    assert.match(request, /\r\nx-forwarded-proto: http\r\n/);
    assert.match(request, /\r\nx-forwarded-host: A\.example:8080\r\n/);
    assert.match(request, /\r\naccept: \*\/\*\r\n/);
    assert.match(request, /\r\nx-request-id: [0-9a-f]{32}\r\n/);
    assert.doesNotMatch(request, /1\.2\.3\.4|9\.9\.9\.9|mine|forwarded: for|connection|transfer-encoding|\r\n:/i);
  });

  test('is logged as HTTP/2 with its route, sizes and the id of its connection', async () => {
    await using backend = await Backend.answering(hello);
    await using harness = await start(backend);
    await using client = await Http2Client.connect(harness.port);
    await client.ask('/path?secret=1');
    await client.ask('/up', { method: 'POST', body: '0123456789' });
    assert.equal(harness.requests.length, 2);
    const [first, second] = harness.requests;
    assert.equal(first?.protocol, 'HTTP/2');
    assert.deepEqual([first?.id, first?.status, first?.route, first?.path], ['c1', 200, 'r0', '/path']);
    assert.deepEqual([first?.bytesReceived, first?.bytesSent, first?.scheme], [0, 5, 'http']);
    assert.deepEqual([second?.id, second?.method, second?.bytesReceived], ['c1', 'POST', 10]);
    assert.notEqual(first?.requestId, second?.requestId);
    assert.equal(first?.endpoint, `127.0.0.1:${backend.port}`);
  });

  test('with a body of declared length is framed by it, and without a length as chunks', async () => {
    await using backend = await Backend.start((socket, text) => {
      if (text.includes('end of body')) socket.write(hello);
    });
    await using harness = await start(backend);
    await using client = await Http2Client.connect(harness.port);
    await client.ask('/', { method: 'POST', body: 'end of body', headers: { 'content-length': '11' } });
    assert.match(backend.received.join(''), /\r\ncontent-length: 11\r\n[\s\S]*\r\n\r\nend of body$/);
    assert.doesNotMatch(backend.received.join(''), /transfer-encoding/);
    await client.ask('/', { method: 'POST', body: 'end of body' });
    assert.match(backend.received.join(''), /\r\ntransfer-encoding: chunked\r\n[\s\S]*\r\nend of body\r\n0\r\n\r\n$/);
  });

  test('whose method is not idempotent and that has no body says so to the backend as HTTP/1.1 needs it', async () => {
    await using backend = await Backend.answering(hello);
    await using harness = await start(backend);
    await using client = await Http2Client.connect(harness.port);
    assert.equal((await client.ask('/', { method: 'POST', headers: { 'content-length': '0' } })).status, 200);
    assert.match(backend.received[0] as string, /\r\ncontent-length: 0\r\n/);
    assert.equal((await client.ask('/', { method: 'DELETE' })).status, 200);
    assert.doesNotMatch(backend.received.join(''), /transfer-encoding/);
  });

  test('for HEAD gets the length and no body; 204 and 304 have none either; the connection goes on', async () => {
    await using backend = await Backend.start((socket, text) => {
      if (text.startsWith('HEAD')) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n');
      else if (text.includes('/204')) socket.write('HTTP/1.1 204 No Content\r\n\r\n');
      else if (text.includes('/304')) socket.write('HTTP/1.1 304 Not Modified\r\netag: "x"\r\n\r\n');
      else socket.write(hello);
    });
    await using harness = await start(backend);
    await using client = await Http2Client.connect(harness.port);
    const head = await client.ask('/', { method: 'HEAD' });
    assert.deepEqual([head.status, head.headers['content-length'], head.body], [200, '1000', '']);
    assert.deepEqual([(await client.ask('/204')).status, (await client.ask('/304')).headers.etag], [204, '"x"']);
    assert.equal((await client.ask('/')).body, 'hello');
    assert.equal(harness.connections.length, 1);
  });

  test('may be sent on a hundred streams at once, all answered, in the order in which the backend does', async () => {
    const waiting: (() => void)[] = [];
    await using backend = await Backend.start((socket, text) => {
      const number = /GET \/(\d+) /.exec(text)?.[1] ?? '';
      waiting.push(() => socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${number.length}\r\n\r\n${number}`));
    });
    await using harness = await start(backend);
    await using client = await Http2Client.connect(harness.port);
    const order: string[] = [];
    const asked = Array.from({ length: 100 }, (_, i) =>
      client.ask(`/${i}`).then(({ body }) => {
        order.push(body);
        return body;
      }),
    );
    await eventually(() => waiting.length === 100, 'a hundred requests at the backend');
    for (const answer of waiting.reverse()) answer();
    assert.deepEqual(
      await Promise.all(asked),
      asked.map((_, i) => String(i)),
    );
    assert.equal(order.length, 100);
    assert.equal(harness.connections.length, 1);
    assert.equal(harness.proxy.poolStatus.active, 0);
  });

  test('with crumbs of cookies reaches the backend with one Cookie field', async () => {
    await using backend = await Backend.answering(hello);
    await using harness = await start(backend);
    using client = await RawHttp2.connect(harness.port);
    const crumbs = [
      ['cookie', 'a=1'],
      ['x-between', 'y'],
      ['cookie', 'b=2'],
      ['cookie', 'c=3; d=4'],
    ] as const;
    assert.equal(await client.get(1, '/', crumbs), 200);
    assert.match(backend.received[0] as string, /\r\ncookie: a=1; b=2; c=3; d=4\r\n/);
    assert.equal((backend.received[0] as string).split('cookie:').length, 2);
  });

  test('that expects 100-continue is told to go on when the backend is there', async () => {
    await using backend = await Backend.start((socket, _text, _index, all) => {
      if (all.includes('0123456789')) socket.write(hello);
    });
    await using harness = await start(backend);
    await using client = await Http2Client.connect(harness.port);
    const stream = client.open('/', { method: 'PUT', headers: { expect: '100-continue', 'content-length': '10' } }, false);
    const answer = answerOf(stream);
    await new Promise<void>((resolve) => stream.once('continue', () => resolve()));
    stream.end('0123456789');
    assert.deepEqual([(await answer).status, (await answer).informational], [200, [100]]);
    assert.doesNotMatch(backend.received[0] as string, /expect/);
  });
});

describe('an answer over HTTP/2', () => {
  test('loses what belongs to the HTTP/1.1 connection, and its field names are in lower case', async () => {
    await using backend = await Backend.answering(
      'HTTP/1.1 200 Fine\r\nConnection: X-Hop, keep-alive\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nTransfer-Encoding: chunked\r\nX-Kept: Value\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\n\r\n',
    );
    await using harness = await start(backend);
    await using client = await Http2Client.connect(harness.port);
    const { status, headers, body } = await client.ask('/');
    assert.deepEqual([status, body], [200, 'abcde']);
    assert.equal(headers['x-kept'], 'Value');
    assert.deepEqual(headers['set-cookie'], ['a=1', 'b=2']);
    for (const name of ['connection', 'x-hop', 'keep-alive', 'transfer-encoding']) assert.equal(headers[name], undefined, name);
  });

  test('carries trailers, and the request carried its own', async () => {
    await using backend = await Backend.start((socket, text) => {
      if (text.includes('\r\n0\r\n')) {
        socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nx-sum: 5\r\ncontent-length: 7\r\n\r\n');
      }
    });
    await using harness = await start(backend);
    await using client = await Http2Client.connect(harness.port);
    const answer = await client.ask('/', { method: 'POST', body: 'some', headers: { te: 'trailers' }, trailers: { 'x-check': '1' } });
    assert.equal(answer.body, 'abc');
    assert.equal(answer.trailers['x-sum'], '5');
    assert.equal(answer.trailers['content-length'], undefined, 'what would frame the body is no trailer');
    assert.ok(backend.received[0]?.endsWith('4\r\nsome\r\n0\r\nx-check: 1\r\n\r\n'), String(backend.received[0]));
  });

  test('with trailers and no body ends with them', async () => {
    await using backend = await Backend.answering('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\ngrpc-status: 0\r\n\r\n');
    await using harness = await start(backend);
    await using client = await Http2Client.connect(harness.port);
    const answer = await client.ask('/');
    assert.deepEqual([answer.body, answer.trailers['grpc-status']], ['', '0']);
  });

  test('is preceded by the early hints of the backend', async () => {
    await using backend = await Backend.answering(`HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\n\r\n${hello}`);
    await using harness = await start(backend);
    await using client = await Http2Client.connect(harness.port);
    const answer = await client.ask('/');
    assert.deepEqual([answer.status, answer.body, answer.informational], [200, 'hello', [103]]);
  });

  test('of our own has the status, body and flag of HTTP/1.1', async () => {
    await using backend = await Backend.answering(hello);
    await using harness = await start(backend, { routes: [{ host: 'a.example', path: '/none', endpoints: [] }] });
    await using client = await Http2Client.connect(harness.port);
    const cases = [
      ['/none', 'a.example', 503, 'no_endpoints'],
      ['/other', 'a.example', 404, 'no_path'],
      ['/', 'other.example', 404, 'no_host'],
    ] as const;
    for (const [path, authority, status, flag] of cases) {
      const answer = await client.ask(path, { authority });
      assert.equal(answer.status, status);
      assert.equal(harness.flag(flag), 1);
      assert.match(String(answer.headers['content-type']), /^text\/plain/);
      assert.equal(answer.headers['content-length'], String(answer.body.length));
      assert.notEqual(answer.headers.date, undefined);
    }
    assert.equal((await client.ask('/other', { method: 'HEAD' })).body, '');
  });

  test('that comes before the end of the request is passed on whole, and other streams go on', async () => {
    await using backend = await Backend.start((socket, text) => {
      socket.write(text.includes('POST') ? 'HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno' : hello);
    });
    await using harness = await start(backend);
    using client = await RawHttp2.connect(harness.port);
    client.headers(1, requestFields('/', [['content-length', '1000000']], 'POST'), 0);
    client.data(1, 'some', 0);
    await client.until(() => client.frames.some(({ type, stream, flags }) => type === 0 && stream === 1 && (flags & endStream) !== 0));
    assert.deepEqual([client.statuses(1), client.body(1)], [[403], 'no']);
    assert.equal(await client.get(3), 200);
    assert.ok(client.resetCode(1) === undefined || client.resetCode(1) === 0, 'NO_ERROR asks for no more of the request');
    await eventually(() => harness.proxy.poolStatus.active === 0, 'the half-used upstream connection gone');
  });
});

describe('a body over HTTP/2', () => {
  test('of 24 MiB comes down whole, through every pause of the reader', async () => {
    const total = 24 * 1024 * 1024;
    await using backend = await Backend.start((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${total}\r\n\r\n`);
      socket.write(Buffer.alloc(total, 'x'));
    });
    await using harness = await start(backend);
    await using client = await Http2Client.connect(harness.port);
    const stream = client.open('/');
    let received = 0;
    let chunks = 0;
    stream.on('data', (chunk: Buffer) => {
      received += chunk.length;
      if (++chunks % 20 !== 0) return;
      stream.pause();
      setImmediate(() => stream.resume());
    });
    await once(stream, 'end');
    assert.equal(received, total);
    await eventually(() => harness.requests.length === 1, 'the log entry');
    assert.equal(harness.requests[0]?.bytesSent, total);
  });

  test('of 8 MiB goes up whole to a backend that reads slowly', async () => {
    const total = 8 * 1024 * 1024;
    let received = 0;
    await using backend = await Backend.start((socket, text) => {
      received += text.length;
      socket.pause();
      setImmediate(() => socket.resume());
      if (text.endsWith('END')) socket.write(hello);
    });
    await using harness = await start(backend);
    await using client = await Http2Client.connect(harness.port);
    const body = Buffer.alloc(total, 'x');
    body.write('END', total - 3);
    assert.equal((await client.ask('/', { method: 'POST', body, headers: { 'content-length': String(total) } })).status, 200);
    assert.ok(received > total);
    assert.equal(harness.requests[0]?.bytesReceived, total);
  });

  test('that its reader does not take is held back at the backend, and the other streams of the connection go on', async () => {
    const total = 256 * 1024 * 1024;
    let sent = 0;
    await using backend = await Backend.start((socket, text) => {
      if (!text.includes('/big')) return void socket.write(hello);
      const chunk = Buffer.alloc(65_536, 'x');
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${total}\r\n\r\n`);
      const more = (): void => {
        while (sent < total) {
          sent += chunk.length;
          if (!socket.write(chunk)) return void socket.once('drain', more);
        }
      };
      more();
    });
    await using harness = await start(backend);
    using client = await RawHttp2.connect(harness.port, { reads: false });
    client.windowUpdate(0, 2 ** 30);
    client.headers(1, requestFields('/big'));
    await client.until(() => client.body(1).length === 65_535);
    let before = -1;
    await eventually(() => {
      const stalled = sent === before;
      before = sent;
      return stalled;
    }, 'the backend held back');
    assert.ok(sent < total / 2, 'the kernel buffers hold the rest');
    assert.equal(await client.get(3), 200, 'a stalled stream stalls no other');
    assert.equal(client.body(1).length, 65_535, 'not a byte over the window');
    assert.ok((harness.connections[0]?.socket.writableLength ?? 0) < 256 * 1024);
  });

  test('that its backend does not take is held back at the client, and the other streams of the connection go on', async () => {
    await using backend = await Backend.start((socket, text) => {
      if (text.includes('POST')) socket.pause();
      else socket.write(hello);
    });
    await using harness = await start(backend);
    await using client = await Http2Client.connect(harness.port);
    const stream = client.open('/', { method: 'POST' }, false);
    let taken = 0;
    const more = (): void => {
      taken += 65_536;
      stream.write(Buffer.alloc(65_536, 'x'), () => {
        if (taken < 256 * 1024 * 1024) more();
      });
    };
    more();
    let before = -1;
    await eventually(() => {
      const stalled = taken === before;
      before = taken;
      return stalled && taken > 65_536;
    }, 'the client held back');
    assert.ok(taken < 128 * 1024 * 1024, 'the kernel buffers hold the rest');
    for (let i = 0; i < 5; i++) assert.equal((await client.ask('/')).status, 200);
    stream.close();
  });

  test('over the limit of its route is refused by its length and by its bytes, with 413', async () => {
    await using backend = await Backend.start(() => {});
    await using harness = await start(backend, { routes: [{ endpoints: [backend.port], policy: { maxRequestBodyBytes: 1000 } }] });
    await using client = await Http2Client.connect(harness.port);
    assert.equal((await client.ask('/', { method: 'POST', body: 'x'.repeat(1001), headers: { 'content-length': '1001' } })).status, 413);
    assert.equal(backend.connections, 0);
    assert.equal((await client.ask('/', { method: 'POST', body: 'x'.repeat(1001) })).status, 413);
    assert.equal(harness.flag('body_too_large'), 2);
    assert.equal(client.session.destroyed, false);
  });
});

describe('many requests at once', () => {
  const [connections, streams] = [6, 100];

  test('begin over several turns, and all are served on cold pools', async () => {
    await using backend = await Backend.answering(hello);
    await using harness = await start(backend);
    const clients = await Promise.all(Array.from({ length: connections }, () => Http2Client.connect(harness.port)));
    const answers = await Promise.all(clients.flatMap((client) => Array.from({ length: streams }, () => client.ask('/'))));
    assert.equal(answers.filter(({ status, body }) => status === 200 && body === 'hello').length, connections * streams);
    for (const client of clients) await client[Symbol.asyncDispose]();
    await eventually(() => harness.proxy.poolStatus.active + harness.proxy.poolStatus.connecting === 0, 'no request left');
  });

  test('leave no more idle connections to the backend than may be kept', async () => {
    await using backend = await Backend.answering(hello);
    await using harness = await start(backend, { config: { upstreamIdlePerEndpoint: 10 } });
    await using client = await Http2Client.connect(harness.port);
    await Promise.all(Array.from({ length: streams }, () => client.ask('/')));
    await eventually(() => harness.proxy.poolStatus.idle === 10 && harness.proxy.poolStatus.active === 0, 'ten idle connections');
    assert.ok(backend.connections > 10, 'more were made');
    assert.equal((await client.ask('/')).status, 200);
  });

  test('whose clients leave leave nothing behind', async () => {
    await using backend = await Backend.start(() => {});
    await using harness = await start(backend);
    const clients = await Promise.all(Array.from({ length: connections }, () => Http2Client.connect(harness.port)));
    for (const client of clients) for (let i = 0; i < streams; i++) client.open('/');
    await eventually(() => harness.proxy.poolStatus.connecting + harness.proxy.poolStatus.active > 0, 'some begin');
    for (const client of clients) await client[Symbol.asyncDispose]();
    await eventually(() => {
      const { active, connecting } = harness.proxy.poolStatus;
      return harness.proxy.connectedClients + active + connecting === 0;
    }, 'no request left');
    const endpoint = harness.balancers.get('test/s0:80')?.pick();
    assert.equal(endpoint?.active, 0);
  });
});
