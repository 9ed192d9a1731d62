import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { describe, it, type TestContext } from 'node:test';
import { brotliDecompressSync, createGunzip, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { eventually } from '../../tools/eventually.ts';
import { forwardTo, ingress, ingressClass, service, smartRoute } from '../../tools/manifests.ts';
import { Program } from '../../tools/program.ts';
import { ScriptedBackend } from '../../tools/scripted-backend.ts';

const host = 'shop.example.com';
const words = ['amber', 'birch', 'cobalt', 'dune', 'ember', 'fjord', 'grove', 'harbour', 'iris', 'juniper', 'kelp', 'lagoon'];
const wordAt = (n: number): string => words[((n * n * 31 + n * 17) % 97) % words.length] as string;
const text = JSON.stringify(
  Array.from({ length: 500 }, (_, id) => ({ id, name: `${wordAt(id)} ${wordAt(id * 3)} ${wordAt(id * 7)}`, price: (id * 7919) % 10_007 })),
);
const json = { 'content-type': 'application/json', etag: '"one"' };
const decoders = { gzip: gunzipSync, br: brotliDecompressSync, zstd: zstdDecompressSync } as const;

interface Raw {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** Answers by path. */
function answerByPath({ url }: { readonly url: string }, response: ServerResponse): void {
  const path = url.slice(1);
  switch (path) {
    case 'small':
      response.writeHead(200, { ...json, 'content-length': '20' }).end('x'.repeat(20));
      break;
    case 'image':
      response.writeHead(200, { 'content-type': 'image/png' }).end(text);
      break;
    case 'encoded':
      response.writeHead(200, { ...json, 'content-encoding': 'gzip' }).end('as it is'.repeat(1000));
      break;
    case 'kept':
      response.writeHead(200, { ...json, 'cache-control': 'public, no-transform' }).end(text);
      break;
    case 'part':
      response.writeHead(206, { ...json, 'content-range': `bytes 0-${text.length - 1}/${text.length}` }).end(text);
      break;
    case 'none':
      response.writeHead(204, json).end();
      break;
    case 'unmodified':
      response.writeHead(304, { etag: '"one"' }).end();
      break;
    case 'csv':
      response.writeHead(200, { 'content-type': 'text/csv' }).end(text);
      break;
    default:
      response.writeHead(200, { ...json, 'content-length': String(text.length), 'accept-ranges': 'bytes', vary: 'Origin' }).end(text);
  }
}

describe('compression, objects in and real sockets out', () => {
  const start = async (t: TestContext, policy: object, answer = answerByPath, flags: readonly string[] = []) => {
    const backend = await ScriptedBackend.start(t, answer);
    const route = smartRoute('shop', { hosts: [host], policy, http: { rules: [{ name: 'all', action: forwardTo('s') }] } });
    const program = await Program.start(ingressClass + service('s', backend.port) + route, flags);
    t.after(() => program[Symbol.asyncDispose]());
    assert.deepEqual(program.problems, []);
    return program;
  };
  const ask = (program: Program, path: string, accept: string | undefined, method = 'GET', more = {}): Promise<Raw> =>
    new Promise((resolve, reject) => {
      const headers = { host, ...(accept === undefined ? {} : { 'accept-encoding': accept }), ...more };
      const request = httpRequest({ host: '127.0.0.1', port: program.httpPort, path, method, headers, agent: false });
      request.once('error', reject);
      request.once('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }));
      });
      request.end();
    });

  it('compression encodes answers as the client likes best, makes strong tags weak and tells caches', async (t) => {
    const program = await start(t, { compression: { algorithms: ['Zstd', 'Brotli', 'Gzip'] } });
    for (const [accept, coding] of [
      ['gzip', 'gzip'],
      ['gzip, deflate, br', 'br'],
      ['gzip;q=0.5, br;q=0.5, zstd', 'zstd'],
      ['zstd;q=0.1, gzip', 'gzip'],
    ] as const) {
      const { headers, body } = await ask(program, '/', accept);
      assert.equal(headers['content-encoding'], coding, accept);
      assert.equal(headers.etag, 'W/"one"');
      assert.equal(headers.vary, 'Origin, Accept-Encoding');
      assert.deepEqual([headers['content-length'], headers['accept-ranges']], [undefined, undefined]);
      assert.equal(decoders[coding](body).toString(), text);
      assert.ok(body.length < text.length / 3);
    }
    for (const accept of [undefined, 'identity', 'gzip;q=0', 'deflate']) {
      const { headers, body } = await ask(program, '/', accept);
      assert.deepEqual([headers['content-encoding'], headers.etag, headers.vary], [undefined, '"one"', 'Origin, Accept-Encoding']);
      assert.equal(body.toString(), text);
    }
    const { compressed, compressionBytesIn, compressionBytesOut, encoderBytes } = program.dataPlane.snapshot();
    assert.deepEqual(compressed, [2, 1, 1]);
    assert.ok(compressionBytesIn === 4 * text.length && compressionBytesOut > 0 && compressionBytesOut < compressionBytesIn / 3);
    assert.equal(encoderBytes, 0);
    const lines = await program.finish();
    assert.ok((lines[0]?.bytesSent as number) < text.length / 3, 'the log has what was sent');
  });

  it('compression leaves alone what is small, encoded, a part, without a body, of another type, or not to be changed', async (t) => {
    const program = await start(t, { compression: {} });
    for (const path of ['/small', '/image', '/encoded', '/kept', '/part', '/none']) {
      const { headers } = await ask(program, path, 'gzip, br, zstd');
      assert.equal(headers['content-encoding'], path === '/encoded' ? 'gzip' : undefined, path);
      assert.equal(headers.vary, undefined, path);
    }
    assert.equal((await ask(program, '/csv', 'gzip')).headers['content-encoding'], 'gzip');
    await program.apply(
      smartRoute('shop', {
        hosts: [host],
        policy: { compression: { types: ['image/png', 'application/*'], minSize: '20' } },
        http: { rules: [{ name: 'all', action: forwardTo('s') }] },
      }),
    );
    assert.equal((await ask(program, '/small', 'gzip')).headers['content-encoding'], 'gzip');
    assert.equal((await ask(program, '/image', 'gzip')).headers['content-encoding'], 'gzip');
    assert.equal((await ask(program, '/csv', 'gzip')).headers['content-encoding'], undefined);
  });

  it('answers to HEAD, and 304, say what the answer to GET does', async (t) => {
    const program = await start(t, { compression: {} });
    for (const accept of ['gzip', undefined])
      for (const path of ['/', '/small', '/image', '/encoded', '/csv']) {
        const [{ headers: whole }, { headers: head, body }] = [await ask(program, path, accept), await ask(program, path, accept, 'HEAD')];
        for (const name of ['vary', 'etag', 'content-encoding', 'accept-ranges', 'content-type'])
          assert.equal(head[name], whole[name], `${name} of ${path} for ${accept}`);
        assert.equal(body.length, 0);
      }
    const seen = async (known: string): Promise<readonly unknown[]> => {
      const { status, headers } = await ask(program, '/unmodified', 'gzip', 'GET', { 'if-none-match': known });
      return [status, headers.etag, headers.vary];
    };
    assert.deepEqual(await seen('W/"two", W/"one"'), [304, 'W/"one"', 'Accept-Encoding']);
    assert.deepEqual(await seen('"one"'), [304, '"one"', 'Accept-Encoding']);
    assert.equal((await ask(program, '/small', 'gzip', 'HEAD')).headers['content-length'], '20');
  });

  it('compression.level trades time for bytes; an empty list in a rule turns it off', async (t) => {
    const program = await start(t, { compression: { algorithms: ['Gzip'], level: 'Fast' } });
    const fast = await ask(program, '/', 'gzip');
    const at = async (level: string, policy = {}): Promise<Raw> => {
      const rules = [{ name: 'all', policy, action: forwardTo('s') }];
      await program.apply(smartRoute('shop', { hosts: [host], policy: { compression: { algorithms: ['Gzip'], level } }, http: { rules } }));
      return ask(program, '/', 'gzip');
    };
    const best = await at('Best');
    assert.ok(best.body.length < fast.body.length, `${best.body.length} ${fast.body.length}`);
    assert.equal(gunzipSync(best.body).toString(), text);
    assert.equal((await at('Balanced', { compression: { algorithms: [] } })).headers['content-encoding'], undefined);
  });

  it('an event stream comes event by event, over HTTP/1.1 and HTTP/2', async (t) => {
    const streams: ServerResponse[] = [];
    const program = await start(
      t,
      { compression: {} },
      (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.flushHeaders();
        streams.push(response);
      },
      ['--h2c'],
    );
    const events = async (body: NodeJS.ReadableStream): Promise<void> => {
      const stream = await eventually('the backend is asked', () => streams.pop());
      const decoded = body.pipe(createGunzip());
      for (const event of ['data: one\n\n', 'data: two\n\n', 'data: three\n\n']) {
        const came = once(decoded, 'data') as Promise<[Buffer]>;
        stream.write(event);
        assert.equal(String((await came)[0]), event);
      }
      const ended = once(decoded, 'end');
      decoded.resume();
      stream.end();
      await ended;
    };
    const headers = { host, 'accept-encoding': 'gzip' };
    const request = httpRequest({ host: '127.0.0.1', port: program.httpPort, headers, agent: false }).end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    assert.equal(response.headers['content-encoding'], 'gzip');
    await events(response);
    const session = connectHttp2(`http://127.0.0.1:${program.httpPort}`);
    t.after(() => session.destroy());
    const stream = session.request({ ':authority': host, ':path': '/', 'accept-encoding': 'gzip' });
    const [head] = (await once(stream, 'response')) as [Record<string, string>];
    assert.equal(head['content-encoding'], 'gzip');
    await events(stream);
  });

  for (const protocol of ['HTTP/1.1', 'HTTP/2']) {
    it(`a client that does not read holds the backend, not the memory, and gets all in the end (${protocol})`, async (t) => {
      // Nothing is gained by compression.
      const block = randomBytes(65_536);
      const blocks = 400;
      let written = 0;
      const program = await start(
        t,
        { compression: { algorithms: ['Gzip'], level: 'Fast' } },
        (request, response) => {
          if (request.url === '/other') {
            response.end();
            return;
          }
          response.writeHead(200, { 'content-type': 'text/plain' });
          const pump = (): void => {
            while (written < blocks) {
              written++;
              if (!response.write(block)) {
                response.once('drain', pump);
                return;
              }
            }
            response.end();
          };
          pump();
        },
        ['--h2c'],
      );
      const headers = { 'accept-encoding': 'gzip' };
      let body: NodeJS.ReadableStream;
      if (protocol === 'HTTP/2') {
        const session = connectHttp2(`http://127.0.0.1:${program.httpPort}`);
        t.after(() => session.destroy());
        body = session.request({ ':authority': host, ':path': '/', ...headers });
        await once(body, 'response');
      } else {
        const request = httpRequest({ host: '127.0.0.1', port: program.httpPort, headers: { host, ...headers }, agent: false }).end();
        [body] = (await once(request, 'response')) as [IncomingMessage];
      }
      // What can move does while others are answered: the backend, the program and the client share an event loop.
      await eventually('the backend has to wait', async () => {
        const before = written;
        for (let n = 0; n < 20; n++) assert.equal((await program.ask(host, '/other')).status, 200);
        return written > 0 && written === before;
      });
      assert.ok(written < blocks, 'it was stopped before the end');
      let bytes = 0;
      for await (const chunk of body.pipe(createGunzip())) bytes += (chunk as Buffer).length;
      assert.equal(bytes, blocks * block.length);
      await eventually('nothing is held', () => program.dataPlane.snapshot().encoderBytes === 0);
    });
  }

  it('a backend that breaks off in the middle, and a client that leaves, leave nothing behind', async (t) => {
    const answers: ServerResponse[] = [];
    const program = await start(t, { compression: {} }, (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' });
      response.write('x'.repeat(50_000));
      answers.push(response);
    });
    const request = httpRequest({
      host: '127.0.0.1',
      port: program.httpPort,
      headers: { host, 'accept-encoding': 'br' },
      agent: false,
    }).end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.on('error', () => {});
    response.resume();
    const aborted = new Promise((resolve) => response.once('close', resolve));
    (await eventually('it is asked', () => answers.pop())).destroy();
    await aborted;
    assert.equal(response.complete, false, 'the client sees that the answer is not whole');
    const leaving = httpRequest({
      host: '127.0.0.1',
      port: program.httpPort,
      headers: { host, 'accept-encoding': 'br' },
      agent: false,
    }).end();
    leaving.on('error', () => {});
    await once(leaving, 'response');
    leaving.socket?.resetAndDestroy();
    await eventually('nothing is held', () => program.dataPlane.snapshot().encoderBytes === 0);
    assert.deepEqual(
      (await program.finish())
        .map(({ flag }) => flag)
        .filter((flag) => flag !== undefined)
        .sort(),
      ['client_gone', 'upstream_truncated'],
    );
  });

  it('the annotation compression of an Ingress', async (t) => {
    const backend = await ScriptedBackend.start(t, answerByPath);
    const shop = (annotation: string) =>
      ingress('shop', { rules: { [host]: [['/', 'Prefix', 's']] }, annotations: { 'smartproxy.dev/compression': annotation } });
    await using program = await Program.start(ingressClass + service('s', backend.port) + shop('br, gzip'));
    assert.equal((await ask(program, '/', 'gzip, br, zstd')).headers['content-encoding'], 'br');
    await program.apply(shop('off'));
    assert.equal((await ask(program, '/', 'gzip')).headers['content-encoding'], undefined);
    await program.apply(shop('lzma'));
    assert.deepEqual(program.problems, ['InvalidAnnotation']);
  });
});
