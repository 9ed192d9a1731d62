import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { describe, it, type TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { eventually } from '../../tools/eventually.ts';
import { freePort } from '../../tools/free-port.ts';
import { forwardTo, ingress, ingressClass, service, smartProxyConfig, smartRoute } from '../../tools/manifests.ts';
import { Program } from '../../tools/program.ts';
import { ScriptedBackend } from '../../tools/scripted-backend.ts';

const host = 'shop.example.com';

const route = (policy: object): string =>
  smartRoute('shop', { hosts: [host], policy, http: { rules: [{ name: 'all', action: forwardTo('s') }] } });

/** A request whose body the test writes. */
function open(program: Program, headers: Readonly<Record<string, string>> = {}): ClientRequest {
  const request = httpRequest({
    host: '127.0.0.1',
    port: program.httpPort,
    path: '/',
    method: 'POST',
    headers: { host, ...headers },
    agent: false,
  });
  request.on('error', () => {});
  return request;
}

async function answerOf(request: ClientRequest): Promise<{ readonly status: number; readonly body: string }> {
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) body += chunk;
  return { status: response.statusCode ?? 0, body };
}

describe('buffering, objects in and real sockets out', () => {
  /** A backend that echoes, and the heads that it has seen, whose bodies may be missing yet. */
  const echo = async (t: TestContext) => {
    const heads: IncomingMessage['headers'][] = [];
    const backend = await ScriptedBackend.start(
      t,
      ({ body }, response) => response.end(body),
      ({ headers }) => heads.push(headers),
    );
    return { backend, heads };
  };

  it('buffering.request: no backend is asked before the body is whole; it gets a length, over HTTP/1.1 and HTTP/2', async (t) => {
    const { backend, heads } = await echo(t);
    await using program = await Program.start(ingressClass + service('s', backend.port) + route({ buffering: { request: true } }), [
      '--h2c',
    ]);
    const slow = open(program, { 'transfer-encoding': 'chunked', expect: '100-continue' });
    slow.flushHeaders();
    await once(slow, 'continue');
    slow.write('first ');
    await eventually('it is held', () => program.dataPlane.snapshot().routeBufferBytes === 6);
    // Another request is served meanwhile, and this one has reached nobody.
    assert.equal((await program.ask(host, '/', { method: 'POST', body: 'other' })).body, 'other');
    assert.equal(heads.length, 1);
    slow.end('second');
    assert.deepEqual(await answerOf(slow), { status: 200, body: 'first second' });
    assert.deepEqual([heads[1]?.['content-length'], heads[1]?.['transfer-encoding']], ['12', undefined]);
    const session = connectHttp2(`http://127.0.0.1:${program.httpPort}`);
    t.after(() => session.destroy());
    const stream = session.request({ ':authority': host, ':path': '/', ':method': 'POST' });
    stream.write('over ');
    await eventually('it is held', () => program.dataPlane.snapshot().routeBufferBytes === 5);
    assert.equal(heads.length, 2);
    stream.end('two');
    let body = '';
    for await (const chunk of stream.setEncoding('utf8')) body += chunk;
    assert.equal(body, 'over two');
    assert.equal(program.dataPlane.snapshot().routeBufferBytes, 0);
    assert.equal((await program.ask(host, '/')).status, 200, 'a request without a body waits for nothing');
  });

  it('buffering.request: who leaves before the end has reached no backend, and leaves nothing behind', async (t) => {
    const { backend, heads } = await echo(t);
    await using program = await Program.start(ingressClass + service('s', backend.port) + route({ buffering: { request: true } }));
    const leaving = open(program, { 'content-length': '100' });
    leaving.write('begun');
    await eventually('it is held', () => program.dataPlane.snapshot().routeBufferBytes === 5);
    leaving.destroy();
    await eventually('it is given back', () => program.dataPlane.snapshot().routeBufferBytes === 0);
    assert.equal(heads.length, 0);
    assert.equal(backend.connections, 0);
  });

  it('buffering.request: what is held as a whole is tried on another endpoint, whatever its size', async (t) => {
    const { backend } = await echo(t);
    const objects = ingressClass + service('s', await freePort(), backend.port);
    await using program = await Program.start(
      objects + route({ buffering: { request: true }, retries: { attempts: 3 }, maxRequestBody: '0' }),
    );
    const body = 'x'.repeat(500_000);
    for (let i = 0; i < 4; i++) assert.equal((await program.ask(host, '/', { method: 'POST', body })).body.length, body.length);
  });

  it('buffering.maxRequest: more is 413, told or not, and no backend is bothered; no room in the worker is 503', async (t) => {
    const { backend, heads } = await echo(t);
    const policy = { buffering: { request: true, maxRequest: '10' } };
    await using program = await Program.start(ingressClass + service('s', backend.port) + route(policy));
    const post = async (body: string, headers: Readonly<Record<string, string>>): Promise<number> =>
      (await program.ask(host, '/', { method: 'POST', body, headers })).status;
    assert.equal(await post('x'.repeat(10), { 'content-length': '10' }), 200);
    assert.equal(await post('x'.repeat(11), { 'content-length': '11' }), 413);
    assert.equal(await post('x'.repeat(11), { 'transfer-encoding': 'chunked' }), 413);
    assert.equal(heads.length, 1);
    await program.apply(route({ buffering: { request: true, maxRequest: '64Mi' }, maxRequestBody: '0' }));
    const held = [open(program, { 'content-length': '67000000' }), open(program, { 'content-length': '67000000' })];
    t.after(() => {
      for (const request of held) request.destroy();
    });
    const answers = held.map(answerOf);
    const block = Buffer.alloc(1_000_000);
    for (let i = 0; i < 66; i++) for (const request of held) request.write(block);
    const { status } = await Promise.race(answers);
    assert.equal(status, 503);
    await Promise.allSettled(held.map((request) => request.destroy()));
    await Promise.allSettled(answers);
    await eventually('it is given back', () => program.dataPlane.snapshot().routeBufferBytes === 0);
  });

  /** Writes `blocks` of 64 KiB as fast as it may, and tells how many it could. */
  const bulk = async (t: TestContext, blocks: number) => {
    const progress = { written: 0, ended: false };
    const backend = await ScriptedBackend.start(t, (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' });
      const pump = (): void => {
        while (progress.written < blocks) {
          progress.written++;
          if (!response.write(Buffer.alloc(65_536, progress.written & 255))) {
            response.once('drain', pump);
            return;
          }
        }
        response.end();
        progress.ended = true;
      };
      pump();
    });
    return { backend, progress };
  };
  const readAll = async (body: AsyncIterable<Buffer>): Promise<Buffer> => {
    const chunks: Buffer[] = [];
    for await (const chunk of body) chunks.push(chunk);
    return Buffer.concat(chunks);
  };

  it('buffering.answer frees the backend however slow the client is, and nothing is lost, over HTTP/1.1 and HTTP/2', async (t) => {
    for (const protocol of ['HTTP/1.1', 'HTTP/2']) {
      const blocks = 400;
      const { backend, progress } = await bulk(t, blocks);
      const policy = { buffering: { answer: true, maxAnswer: '64Mi' } };
      await using program = await Program.start(ingressClass + service('s', backend.port) + route(policy), ['--h2c']);
      let body: AsyncIterable<Buffer>;
      if (protocol === 'HTTP/2') {
        const session = connectHttp2(`http://127.0.0.1:${program.httpPort}`);
        t.after(() => session.destroy());
        const stream = session.request({ ':authority': host, ':path': '/' });
        await once(stream, 'response');
        body = stream;
      } else {
        const [response] = (await once(open(program).end(), 'response')) as [IncomingMessage];
        body = response;
      }
      await eventually('the backend is done', () => progress.ended);
      await eventually('its connection is free', () => program.dataPlane.snapshot().upstreamIdle === 1);
      assert.ok(program.dataPlane.snapshot().routeBufferBytes > 10_000_000);
      const all = await readAll(body);
      assert.equal(all.length, blocks * 65_536);
      for (let i = 0; i < blocks; i++) assert.equal(all[i * 65_536], (i + 1) & 255, String(i));
      assert.equal(program.dataPlane.snapshot().routeBufferBytes, 0);
    }
  });

  it('buffering.maxAnswer: beyond it the backend waits for the client; compression comes before', async (t) => {
    const blocks = 1000;
    const { backend, progress } = await bulk(t, blocks);
    const policy = { buffering: { answer: true, maxAnswer: '1Mi' } };
    await using program = await Program.start(ingressClass + service('s', backend.port) + route(policy));
    const [response] = (await once(open(program).end(), 'response')) as [IncomingMessage];
    await eventually('as much is held as may be', () => program.dataPlane.snapshot().routeBufferBytes >= 1024 * 1024);
    assert.equal(progress.ended, false);
    assert.ok(program.dataPlane.snapshot().routeBufferBytes < 2 * 1024 * 1024);
    assert.equal((await readAll(response)).length, blocks * 65_536);
    progress.written = 0;
    await program.apply(route({ ...policy, compression: { algorithms: ['Gzip'] } }));
    const [encoded] = (await once(open(program, { 'accept-encoding': 'gzip' }).end(), 'response')) as [IncomingMessage];
    assert.equal(encoded.headers['content-encoding'], 'gzip');
    assert.equal(gunzipSync(await readAll(encoded)).length, blocks * 65_536);
    const { routeBufferBytes, encoderBytes } = program.dataPlane.snapshot();
    assert.deepEqual([routeBufferBytes, encoderBytes], [0, 0]);
  });

  it('maxRequestHeader answers 431 to a larger head, over HTTP/1.1 and HTTP/2', async (t) => {
    const { backend, heads } = await echo(t);
    await using program = await Program.start(ingressClass + service('s', backend.port) + route({ maxRequestHeader: '1Ki' }), ['--h2c']);
    const ask = (bytes: number) => program.ask(host, '/', { headers: { 'x-a': 'x'.repeat(bytes) } });
    assert.equal((await ask(800)).status, 200);
    assert.equal((await ask(1024)).status, 431);
    const session = connectHttp2(`http://127.0.0.1:${program.httpPort}`);
    t.after(() => session.destroy());
    const stream = session.request({ ':authority': host, ':path': '/', 'x-a': 'x'.repeat(1024) });
    const [head] = (await once(stream, 'response')) as [Record<string, unknown>];
    assert.equal(head[':status'], 431);
    assert.equal(heads.length, 1);
  });

  it('request-buffering and response-buffering of an Ingress', async (t) => {
    const { backend, heads } = await echo(t);
    const annotations = { 'smartproxy.dev/request-buffering': 'on', 'smartproxy.dev/response-buffering': 'on' };
    const shop = ingress('shop', { rules: { [host]: [['/', 'Prefix', 's']] }, annotations });
    await using program = await Program.start(ingressClass + service('s', backend.port) + shop);
    assert.deepEqual(program.problems, []);
    const request = open(program, { 'content-length': '10' });
    request.write('12345');
    await eventually('it is held', () => program.dataPlane.snapshot().routeBufferBytes === 5);
    assert.equal(heads.length, 0);
    request.end('67890');
    assert.equal((await answerOf(request)).body, '1234567890');
    const [policy] = [...program.controller.routeTable.policies.values()];
    assert.deepEqual(policy?.buffering, { requestBytes: 1024 * 1024, answerBytes: 1024 * 1024 });
  });

  it('request-buffering beside a larger max-body-size is told: bodies between the two are refused', async (t) => {
    const { backend } = await echo(t);
    const annotated = (size: string): string =>
      ingress('shop', {
        rules: { [host]: [['/', 'Prefix', 's']] },
        annotations: { 'smartproxy.dev/request-buffering': 'on', 'smartproxy.dev/max-body-size': size },
      });
    await using program = await Program.start(ingressClass + service('s', backend.port) + annotated('1m'));
    assert.deepEqual(program.problems, []);
    for (const size of ['8m', '0']) {
      await program.apply(annotated(size));
      assert.match(
        program.translation.problems.map(({ message }) => message).join(),
        /\[smartproxy\.dev\/request-buffering\]: it holds bodies of 1048576 bytes at most, so larger ones get 413 whatever max-body-size says; remove/,
      );
      assert.equal((await program.ask(host, '/', { method: 'POST', body: 'x'.repeat(1024 * 1024 + 1) })).status, 413);
    }
    const defaults = { policy: { buffering: { maxRequest: '8Mi' } } };
    await program.replace(service('s', backend.port) + smartProxyConfig({ defaults }) + annotated('8m'));
    assert.deepEqual(program.problems, []);
  });
});
