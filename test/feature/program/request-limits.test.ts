import assert from 'node:assert/strict';
import { type ClientHttp2Stream, connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import { freePort } from '../../tools/free-port.ts';
import { HeldBackend } from '../../tools/held-backend.ts';
import { forwardTo, ingress, ingressClass, service, smartRoute } from '../../tools/manifests.ts';
import { type Answer, Program } from '../../tools/program.ts';
import { ScriptedBackend } from '../../tools/scripted-backend.ts';
import { dial, receive } from '../../tools/smartproxy/backend.ts';

const host = 'shop.example.com';
const prefix = (value: string): readonly object[] => [{ path: { type: 'Prefix', value } }];
const upgrade = `GET / HTTP/1.1\r\nhost: ${host}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n`;

describe('limits of requests under way, objects in and real sockets out', () => {
  const start = async (t: TestContext, policy: object, rules: readonly object[] = [{ name: 'all' }]): Promise<[Program, HeldBackend]> => {
    const backend = await HeldBackend.start(t);
    const http = { rules: rules.map((rule) => ({ action: forwardTo('s'), ...rule })) };
    const program = await Program.start(ingressClass + service('s', backend.port) + smartRoute('shop', { hosts: [host], policy, http }), [
      '--trusted-proxies',
      '127.0.0.0/8',
      '--h2c',
    ]);
    t.after(() => program[Symbol.asyncDispose]());
    assert.deepEqual(program.problems, []);
    return [program, backend];
  };
  const from = (client: string): { readonly headers: Record<string, string> } => ({ headers: { 'x-forwarded-for': client } });
  const untilRoom = (program: Program) => eventually('there is room', async () => (await program.ask(host, '/')).status === 200);
  const untilNothing = (program: Program) => eventually('no place is taken', () => program.dataPlane.active.size === 0);

  it('maxRequests bounds what is answered at once, of all rules of the object together; an answer makes room, and so does a client that leaves', async (t) => {
    const rules = [
      { name: 'free', matches: prefix('/free'), policy: { maxRequests: 0 } },
      { name: 'one', matches: prefix('/held') },
      { name: 'all' },
    ];
    const [program, backend] = await start(t, { maxRequests: 2 }, rules);
    const first = program.ask(host, '/held');
    const leaver = connect(program.httpPort, '127.0.0.1');
    leaver.write(`GET /held HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
    await eventually('both are under way', () => backend.held.length === 2);
    const refused = await program.ask(host, '/');
    assert.deepEqual([refused.status, refused.body], [503, '503 Too many requests at once\n']);
    assert.equal((await program.ask(host, '/free')).status, 200);
    leaver.resetAndDestroy();
    await untilRoom(program);
    for (const response of backend.held) response.end('done');
    assert.equal((await first).body, 'done');
    for (let n = 0; n < 5; n++) assert.equal((await program.ask(host, '/')).status, 200);
    await untilNothing(program);
    const flagged = (await program.finish()).filter(({ flag }) => flag === 'request_limit');
    assert.ok(flagged.length >= 1 && flagged.every(({ detail }) => detail === 'route'));
  });

  it('maxRequestsPerAddress bounds it for each client, as trusted proxies vouch for it; a rule may say more than the object', async (t) => {
    const rules = [{ name: 'two', matches: prefix('/two'), policy: { maxRequestsPerAddress: 2 } }, { name: 'all' }];
    const [program, backend] = await start(t, { maxRequestsPerAddress: 1 }, rules);
    const held: Promise<Answer>[] = [];
    const hold = async (client: string): Promise<void> => {
      held.push(program.ask(host, '/held', from(client)));
      await eventually('it is under way', () => backend.held.length === held.length);
    };
    await hold('192.0.2.1');
    await hold('2001:db8::1');
    const cases: readonly (readonly [path: string, client: string, status: number])[] = [
      ['/', '192.0.2.1', 503],
      ['/', '192.0.2.2', 200],
      ['/', '2001:db8::2', 503],
      ['/', '2001:db8:0:1::2', 200],
      ['/two', '192.0.2.1', 200],
    ];
    for (const [path, client, status] of cases)
      assert.equal((await program.ask(host, path, from(client))).status, status, `${client} ${path}`);
    for (const response of backend.held) response.end();
    await Promise.all(held);
    assert.equal((await program.ask(host, '/', from('192.0.2.1'))).status, 200);
    await untilNothing(program);
  });

  it('limit-connections of an Ingress does what ingress-nginx users know', async (t) => {
    const backend = await HeldBackend.start(t);
    const paths = [
      ['/', 'Prefix', 's'],
      ['/b', 'Prefix', 's'],
    ] as const;
    const annotations = { 'smartproxy.dev/limit-connections': '1', 'smartproxy.dev/limit-allowlist': '192.0.2.64/26' };
    await using program = await Program.start(
      ingressClass + service('s', backend.port) + ingress('shop', { rules: { [host]: paths }, annotations }),
      ['--trusted-proxies', '127.0.0.0/8'],
    );
    const held = Promise.all([program.ask(host, '/held', from('192.0.2.1')), program.ask(host, '/held', from('192.0.2.65'))]);
    await eventually('they are under way', () => backend.held.length === 2);
    assert.equal((await program.ask(host, '/b', from('192.0.2.1'))).status, 503);
    assert.equal((await program.ask(host, '/b', from('192.0.2.65'))).status, 200);
    assert.equal((await program.ask(host, '/b', from('192.0.2.2'))).status, 200);
    for (const response of backend.held) response.end();
    await held;
    assert.equal((await program.ask(host, '/b', from('192.0.2.1'))).status, 200);
  });

  it('maxRequests counts each stream of an HTTP/2 connection, and one that is cancelled no more', async (t) => {
    const [program, backend] = await start(t, { maxRequests: 2 });
    const session = connectHttp2(`http://127.0.0.1:${program.httpPort}`);
    t.after(() => session.destroy());
    const ask = (path: string): ClientHttp2Stream => session.request({ ':authority': host, ':path': path });
    const statusOf = async (stream: ClientHttp2Stream): Promise<unknown> => {
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      stream.once('response', (headers) => resolve(headers[':status'])).once('error', reject);
      const status = await promise;
      stream.resume();
      return status;
    };
    const streams = [ask('/held'), ask('/held')];
    for (const stream of streams) stream.on('error', () => {});
    await eventually('both are under way', () => backend.held.length === 2);
    assert.equal(await statusOf(ask('/')), 503);
    streams[0]?.close(8);
    await eventually('there is room', async () => (await statusOf(ask('/'))) === 200);
    session.destroy();
    await untilNothing(program);
  });

  it('maxRequests counts a WebSocket until it ends, whoever ends it and whatever becomes of its route', async (t) => {
    const [program] = await start(t, { maxRequests: 1 });
    const open = async () => {
      const client = await dial(program.httpPort);
      client.write(upgrade);
      assert.match(String(await receive(client, 12)), /^HTTP\/1\.1 101/);
      return client;
    };
    const first = await open();
    assert.equal((await program.ask(host, '/')).status, 503);
    first.destroy();
    await untilRoom(program);
    const second = await open();
    assert.equal((await program.ask(host, '/')).status, 503);
    second.end();
    await untilRoom(program);
    const third = await open();
    await program.remove('SmartRoute', 'default/shop');
    assert.equal(program.dataPlane.active.size, 1);
    assert.equal(program.dataPlane.kill({}), 1);
    third.destroy();
    await untilNothing(program);
  });

  it('the count is exact after every ending: of backends that fail, retries, answers of our own, pages, copies, and changes in between', async (t) => {
    let asked = 0;
    const backend = await ScriptedBackend.start(t, ({ url }, response) => {
      asked++;
      if (url.startsWith('/reset')) response.destroy();
      else if (url.startsWith('/half')) response.writeHead(200, { 'content-length': '100' }).write('half', () => response.destroy());
      else if (url.startsWith('/error')) response.writeHead(500).end('ill');
      else response.end('hello');
    });
    const rule = (name: string, more: object) => ({ name, matches: prefix(`/${name}`), action: forwardTo('s'), ...more });
    const page = { errorPages: [{ statuses: [500, 502], text: 'sorry' }] };
    const rules = [
      rule('reset', { policy: { retries: { attempts: 3, conditions: ['Reset'] } } }),
      rule('half', {}),
      rule('error', { policy: page }),
      rule('copied', { policy: { mirror: { backend: { name: 's', port: { name: 'web' } } } } }),
      rule('nowhere', { action: forwardTo('gone') }),
      rule('refused', { action: forwardTo('closed'), policy: { retries: { attempts: 1 } } }),
      rule('moved', { action: { redirect: { host: 'other.example.com' } } }),
      rule('said', { action: { respond: { status: 200, body: 'said' } } }),
      rule('blocked', { action: { block: {} } }),
      rule('large', { policy: { maxRequestBody: '4' } }),
      rule('waits', { policy: { buffering: { request: true } } }),
      rule('known', { policy: { cors: { allowOrigins: ['*'] } } }),
    ];
    const policy = { maxRequests: 100, maxRequestsPerAddress: 100 };
    const route = (priority: number): string => smartRoute('shop', { hosts: [host], priority, policy, http: { rules } });
    await using program = await Program.start(
      ingressClass + service('s', backend.port) + service('gone') + service('closed', await freePort()) + route(0),
    );
    const post = { method: 'POST', body: 'too much' };
    const preflight = { method: 'OPTIONS', headers: { origin: 'https://a.example.com', 'access-control-request-method': 'GET' } };
    const requests = [
      ...rules.map(
        ({ name }) =>
          () =>
            program.ask(host, `/${name}`),
      ),
      () => program.ask(host, '/large', post),
      () => program.ask(host, '/waits', post),
      () => program.ask(host, '/known', preflight),
    ];
    const statuses: (number | string)[] = [];
    for (const request of requests) {
      statuses.push(
        await request().then(
          ({ status }) => status,
          () => 'cut',
        ),
      );
      await program.apply(route(statuses.length));
    }
    assert.deepEqual(statuses, [502, 'cut', 500, 200, 503, 502, 302, 200, 403, 200, 200, 200, 413, 200, 204]);
    assert.ok(asked > requests.length - 4);
    await untilNothing(program);
  });

  it('the count is exact when clients leave at any moment', async (t) => {
    const [program, backend] = await start(t, { maxRequests: 1000, maxRequestsPerAddress: 1000, buffering: { request: true } });
    const beginnings = [
      `GET /held HTTP/1.1\r\nhost: ${host}\r\n\r\n`,
      `POST /held HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 10\r\n\r\nhal`,
      `POST /held HTTP/1.1\r\nhost: ${host}\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhal\r\n`,
      `GET / HTTP/1.1\r\nhost: ${host}\r\n\r\nGET /held HTTP/1.1\r\nhost: ${host}\r\n\r\n`,
      `POST /held HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 3\r\n\r\nwhoNONSENSE\r\n\r\n`,
      upgrade,
    ];
    for (const [index, beginning] of [...beginnings, ...beginnings].entries()) {
      const client = await dial(program.httpPort);
      client.write(beginning);
      await eventually('a place is taken, or the request is over', () => program.dataPlane.active.size > 0 || client.readableLength > 0);
      if (index < beginnings.length) client.resetAndDestroy();
      else {
        client.resume();
        client.end();
        for (const response of backend.held.splice(0)) response.end('done');
      }
    }
    for (const response of backend.held.splice(0)) response.end('done');
    const left = [...Array(3)].map(() => dial(program.httpPort));
    for (const client of await Promise.all(left)) client.destroy();
    program.dataPlane.kill({});
    await untilNothing(program);
  });
});
