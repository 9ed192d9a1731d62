import assert from 'node:assert/strict';
import { connect as connectHttp2 } from 'node:http2';
import { describe, it, type TestContext } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import { forwardTo, ingress, ingressClass, service, serviceGrant, smartRoute } from '../../tools/manifests.ts';
import { Program } from '../../tools/program.ts';
import { ScriptedBackend } from '../../tools/scripted-backend.ts';
import { DeafServer } from '../../tools/smartproxy/deaf-server.ts';

const host = 'shop.example.com';

/** What became of copies: answered, failed, busy, too large. */
function outcomes(program: Program): readonly number[] {
  return program.dataPlane.snapshot().mirrored;
}

describe('mirror, objects in and real sockets out', () => {
  const backends = async (t: TestContext) => {
    const primary = await ScriptedBackend.start(t, (_request, response) => response.end('primary'));
    const mirror = await ScriptedBackend.start(t, (_request, response) => response.writeHead(500).end('x'.repeat(10_000)));
    return { primary, mirror, services: ingressClass + service('s', primary.port) + service('m', mirror.port) };
  };
  const route = (mirror: object, more: object = {}): string =>
    smartRoute('shop', { hosts: [host], policy: { mirror, ...more }, http: { rules: [{ name: 'all', action: forwardTo('s') }] } });
  const to = (more: object = {}): object => ({ backend: { name: 'm', port: { name: 'web' } }, ...more });

  it('mirror sends a copy of each request, marked, with its body, and throws the answer away', async (t) => {
    const { primary, mirror, services } = await backends(t);
    const edits = { headers: { request: { set: [{ name: 'X-Team', value: 'blue' }] } } };
    await using program = await Program.start(services + route(to(), edits), ['--h2c']);
    assert.deepEqual(program.problems, []);
    const answer = await program.ask(host, '/a?b=c', { method: 'PUT', body: 'some body', headers: { 'x-mine': '1' } });
    assert.deepEqual([answer.status, answer.body], [200, 'primary']);
    await eventually('the copy has come', () => mirror.received.length === 1);
    const [original, copy] = [primary.received[0], mirror.received[0]];
    assert.deepEqual(
      [copy?.method, copy?.url, copy?.body, copy?.headers['x-mine'], copy?.headers['x-team'], copy?.headers.host],
      ['PUT', '/a?b=c', 'some body', '1', 'blue', host],
    );
    assert.deepEqual([copy?.headers['x-smartproxy-mirror'], original?.headers['x-smartproxy-mirror']], ['1', undefined]);
    assert.equal(copy?.headers['x-request-id'], original?.headers['x-request-id']);
    // Chunked, and over HTTP/2.
    const chunked = await program.ask(host, '/', { method: 'POST', body: 'in chunks', headers: { 'transfer-encoding': 'chunked' } });
    assert.equal(chunked.status, 200);
    await eventually('the copy has come', () => mirror.received[1]?.body === 'in chunks');
    const session = connectHttp2(`http://127.0.0.1:${program.httpPort}`);
    t.after(() => session.destroy());
    const stream = session.request({ ':authority': host, ':path': '/two', ':method': 'POST' });
    stream.end('over two');
    let body = '';
    for await (const chunk of stream.setEncoding('utf8')) body += chunk;
    assert.equal(body, 'primary');
    await eventually('the copy has come', () => mirror.received[2]?.body === 'over two');
    await eventually('all copies are done', () => outcomes(program)[0] === 3);
    assert.equal((await program.finish()).length, 3, 'a copy is no request of a client');
  });

  it('mirror.percent copies its share exactly, 0 none; a number is a port too, and a rule takes the place of the object', async (t) => {
    const { mirror, services } = await backends(t);
    const percent = (value: number) => route({ ...to({ percent: value }), backend: { name: 'm', port: { number: 80 } } });
    await using program = await Program.start(services + percent(40));
    const ask = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) assert.equal((await program.ask(host, '/')).status, 200);
    };
    await ask(10);
    await eventually('four of ten are copied', () => outcomes(program)[0] === 4);
    await program.apply(percent(0));
    await ask(5);
    const rules = [{ name: 'all', policy: { mirror: to({ percent: 100 }) }, action: forwardTo('s') }];
    await program.apply(smartRoute('shop', { hosts: [host], policy: { mirror: to({ percent: 0 }) }, http: { rules } }));
    await ask(2);
    await eventually('both are copied', () => outcomes(program)[0] === 6);
    assert.equal(mirror.received.length, 6);
  });

  it('mirror.maxBody: larger bodies are not copied, whether their length is told or not', async (t) => {
    const { mirror, services } = await backends(t);
    await using program = await Program.start(services + route(to({ maxBody: '10' })));
    const post = (body: string, headers: Readonly<Record<string, string>>) => program.ask(host, '/', { method: 'POST', body, headers });
    assert.equal((await post('x'.repeat(10), { 'content-length': '10' })).body, 'primary');
    assert.equal((await post('x'.repeat(11), { 'content-length': '11' })).body, 'primary');
    assert.equal((await post('x'.repeat(11), { 'transfer-encoding': 'chunked' })).body, 'primary');
    await eventually('one is copied, two are too large', () => outcomes(program)[0] === 1 && outcomes(program)[3] === 2);
    assert.equal(mirror.received.length, 1);
  });

  it('a mirror that accepts nothing costs no request its time, and copies in wait are bounded', async (t) => {
    const { services } = await backends(t);
    await using deaf = await DeafServer.listen();
    const objects = services + service('m', deaf.port);
    await using program = await Program.start(objects + route(to(), { timeouts: { connect: '10m' } }));
    for (let i = 0; i < 300; i += 20) {
      const answers = await Promise.all(Array.from({ length: 20 }, () => program.ask(host, '/')));
      for (const { body } of answers) assert.equal(body, 'primary');
    }
    assert.equal(outcomes(program)[2], 300 - 256, 'busy');
  });

  it('a mirror that is missing, or not permitted, is a problem and no copy; requests are served', async (t) => {
    const { mirror, services } = await backends(t);
    await using program = await Program.start(services + route({ backend: { name: 'nobody', port: { name: 'web' } } }));
    assert.deepEqual(program.problems, ['ServiceNotFound']);
    assert.equal((await program.ask(host, '/')).body, 'primary');
    await program.apply(route({ backend: { name: 'm', namespace: 'other', port: { name: 'web' } } }));
    assert.deepEqual(program.problems, ['RefNotPermitted']);
    assert.equal((await program.ask(host, '/')).body, 'primary');
    assert.deepEqual(outcomes(program), [0, 0, 0, 0]);
    await program.apply(serviceGrant('other') + service('m', mirror.port).replaceAll('namespace: default', 'namespace: other'));
    assert.deepEqual(program.problems, []);
    assert.equal((await program.ask(host, '/')).body, 'primary');
    await eventually('it is copied', () => outcomes(program)[0] === 1);
    assert.equal(mirror.received.length, 1);
  });

  it('mirror-service and mirror-percent of an Ingress', async (t) => {
    const { mirror, services } = await backends(t);
    const shop = (annotations: Readonly<Record<string, string>>) =>
      ingress('shop', { rules: { [host]: [['/', 'Prefix', 's']] }, annotations });
    await using program = await Program.start(
      services + shop({ 'smartproxy.dev/mirror-service': 'm:web', 'smartproxy.dev/mirror-percent': '50' }),
    );
    assert.deepEqual(program.problems, []);
    for (let i = 0; i < 4; i++) assert.equal((await program.ask(host, '/')).body, 'primary');
    await eventually('every second is copied', () => outcomes(program)[0] === 2);
    assert.equal(mirror.received.length, 2);
    await program.apply(shop({ 'smartproxy.dev/mirror-service': 'm:81' }));
    assert.deepEqual(program.problems, ['ServicePortNotFound']);
    assert.equal((await program.ask(host, '/')).body, 'primary');
  });
});
