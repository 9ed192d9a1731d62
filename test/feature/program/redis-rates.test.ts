import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { WorkerCounters } from '../../../src/observability/counters/worker-counters.ts';
import { RedisRates } from '../../../src/rates/redis-rates.ts';
import { eventually } from '../../tools/eventually.ts';
import { freePort } from '../../tools/free-port.ts';
import { forwardTo, ingressClass, service, smartProxyConfig, smartRoute } from '../../tools/manifests.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
import { Program } from '../../tools/program.ts';
import { assertBooks, endings, stateOf } from '../../tools/program-books.ts';
import { RedisServer, redisObstacle } from '../../tools/redis-server.ts';
import { TcpBackend, TcpTalk } from '../../tools/tcp-talk.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';

const host = 'shop.example.com';
const obstacle = redisObstacle();
const answered = 0;
const late = 2;
const skipped = 3;

/** With CI=true it is a failure, of the server that can't be started. */
const skip = obstacle !== undefined && process.env.CI !== 'true' ? `no redis-server: ${obstacle}` : false;

describe('rate limits across replicas', { skip }, () => {
  let a: NamedBackend;

  before(async () => {
    a = await NamedBackend.start('a');
  });

  after(() => a[Symbol.asyncDispose]());

  const replica = async (t: TestContext, url: string, rateLimits: readonly object[], flags: readonly string[] = []): Promise<Program> => {
    const rules = [{ name: 'all', action: forwardTo('a') }];
    const objects = ingressClass + service('a', a.port) + smartRoute('shop', { hosts: [host], policy: { rateLimits }, http: { rules } });
    const program = await Program.start(objects, ['--redis-url', url, '--redis-timeout', '10s', ...flags]);
    t.after(() => program[Symbol.asyncDispose]());
    return program;
  };
  const connected = (program: Program): Promise<unknown> =>
    eventually('it is connected', () => program.dataPlane.snapshot().redisConnected === 1);
  const outcome = (program: Program, index: number): number => program.dataPlane.snapshot().redis[index] ?? 0;
  const status = async (program: Program, headers: Record<string, string> = {}): Promise<number> =>
    (await program.ask(host, '/', { headers })).status;
  const hourly = { requests: 3, per: 'Hour' };

  it('replicas share a rate; a refusal says when to come again; keys expire', async (t) => {
    const redis = await RedisServer.start(t);
    const [one, two] = [await replica(t, redis.url, [hourly]), await replica(t, redis.url, [hourly])];
    await connected(one);
    await connected(two);
    assert.deepEqual([await status(one), await status(two), await status(one), await status(two)], [200, 200, 200, 429]);
    const refused = await two.ask(host, '/');
    const wait = Number(refused.headers['retry-after']);
    assert.ok(wait > 1000 && wait <= 1200, String(wait));
    assert.match(await redis.command('DBSIZE'), /^:1\r\n/);
    const [, key = ''] = /\r\n(smartproxy:rate:[^\r]+)\r\n/.exec(await redis.command('KEYS smartproxy:rate:*')) ?? [];
    assert.equal(key, 'smartproxy:rate:SmartRoute default/shop 3/3600000ms burst 3 by address 127.0.0.1');
    const ttl = Number((await redis.command(`PTTL "${key}"`)).slice(1));
    assert.ok(ttl > 3_500_000 && ttl <= 3_600_000, String(ttl));
    // Its own buckets refuse without asking.
    const before = outcome(one, answered);
    assert.equal(await status(one), 429);
    assert.equal(outcome(one, answered), before + 1, 'one has spent two of three here, so it asks');
    await one.apply(
      smartRoute('shop', { hosts: [host], policy: { rateLimits: [] }, http: { rules: [{ name: 'all', action: forwardTo('a') }] } }),
    );
    assert.equal(await status(one), 200);
    assert.equal(outcome(one, answered), before + 1, 'a route without limits asks nobody');
  });

  it('a script that Redis forgot is sent again; several limits cost a token of each or none', async (t) => {
    const redis = await RedisServer.start(t);
    const limits = [
      { requests: 10, per: 'Hour', key: { type: 'Everybody' } },
      { requests: 1, per: 'Hour', key: { type: 'Header', header: 'x-key' } },
    ];
    const [one, two] = [await replica(t, redis.url, limits), await replica(t, redis.url, limits)];
    await connected(one);
    await connected(two);
    assert.equal(await status(one, { 'x-key': 'a' }), 200);
    await redis.command('SCRIPT FLUSH');
    assert.equal(await status(two, { 'x-key': 'a' }), 429);
    assert.equal(await status(two, { 'x-key': 'b' }), 200);
    const everybody = 'smartproxy:rate:SmartRoute default/shop 10/3600000ms burst 10 by everybody *';
    const ttl = Number((await redis.command(`PTTL "${everybody}"`)).slice(1));
    assert.ok(ttl > 600_000 && ttl <= 720_000, `two tokens of ten an hour, not three: ${ttl}`);
  });

  it('another limit in the place of one that is used up begins anew', async (t) => {
    const redis = await RedisServer.start(t);
    const program = await replica(t, redis.url, [hourly]);
    await connected(program);
    assert.deepEqual([await status(program), await status(program), await status(program), await status(program)], [200, 200, 200, 429]);
    const policy = { rateLimits: [{ requests: 1000, per: 'Second' }] };
    await program.apply(smartRoute('shop', { hosts: [host], policy, http: { rules: [{ name: 'all', action: forwardTo('a') }] } }));
    assert.equal(await status(program), 200);
    assert.equal(outcome(program, answered), 4, 'Redis let it in');
  });

  it('without Redis every replica has the rate for itself, and shares it again when Redis is back', async (t) => {
    const redis = await RedisServer.start(t);
    const [one, two] = [await replica(t, redis.url, [hourly]), await replica(t, redis.url, [hourly])];
    await connected(one);
    await connected(two);
    await redis.stop();
    await eventually('it is lost', () => one.dataPlane.snapshot().redisConnected + two.dataPlane.snapshot().redisConnected === 0);
    for (const program of [one, two]) {
      assert.deepEqual([await status(program), await status(program), await status(program), await status(program)], [200, 200, 200, 429]);
      assert.ok(outcome(program, skipped) >= 3);
    }
    await redis.run();
    await connected(one);
    await connected(two);
    assert.deepEqual(
      [await status(one, { 'x-forwarded-for': '1' }), await status(two)],
      [429, 429],
      'what was spent meanwhile is not forgotten',
    );
  });

  it('a Redis that says nothing costs one request its time-out, and for a second nobody waits', async (t) => {
    const redis = await RedisServer.start(t);
    const program = await replica(t, redis.url, [{ requests: 100, per: 'Hour' }], ['--redis-timeout', '100ms']);
    await connected(program);
    assert.equal(await status(program), 200);
    redis.freeze();
    try {
      assert.equal(await status(program), 200);
      assert.equal(outcome(program, late), 1);
      assert.equal(await status(program), 200);
      assert.ok(outcome(program, late) + outcome(program, skipped) >= 2);
    } finally {
      redis.thaw();
    }
    const before = outcome(program, answered);
    await eventually('it is asked again', async () => (await status(program)) === 200 && outcome(program, answered) > before);
  });

  it('a password comes from a file; a wrong one, and an address where nothing is, leave the pod alone', async (t) => {
    const dir = folderOf(t, { right: 'a secret\n', wrong: 'another' });
    const redis = await RedisServer.start(t, { password: 'a secret' });
    const right = await replica(t, redis.url, [hourly], ['--redis-password-file', join(dir, 'right')]);
    await connected(right);
    assert.equal(await status(right), 200);
    assert.equal(outcome(right, answered), 1);
    const lost = [
      await replica(t, redis.url, [hourly], ['--redis-password-file', join(dir, 'wrong')]),
      await replica(t, redis.url, [hourly], ['--redis-password-file', join(dir, 'missing')]),
      await replica(t, `redis://127.0.0.1:${await freePort()}`, [hourly]),
    ];
    for (const program of lost) {
      assert.deepEqual([await status(program), await status(program), await status(program), await status(program)], [200, 200, 200, 429]);
      assert.equal(program.dataPlane.snapshot().redisConnected, 0);
    }
  });

  describe('of connections', () => {
    const tcp = { backends: [{ name: 'echo', port: { name: 'web' } }] };
    let echo: TcpBackend;
    let listeners: string;

    before(async () => {
      echo = await TcpBackend.start((socket) => socket.pipe(socket));
      listeners = service('echo', echo.port);
    });

    after(() => echo[Symbol.asyncDispose]());

    const forwarder = async (t: TestContext, url: string, policy: object, flags: readonly string[] = []): Promise<Program> => {
      const config = smartProxyConfig({ listeners: [{ name: 'mail', port: await freePort(), protocol: 'TCP' }] });
      const route = smartRoute('mail', { listeners: ['mail'], policy, tcp });
      const program = await Program.start(config + listeners + route, ['--redis-url', url, '--redis-timeout', '10s', ...flags]);
      t.after(() => program[Symbol.asyncDispose]());
      return program;
    };
    /** Whether a new connection is answered; one that may not come in is ended. */
    const isLetIn = async (program: Program): Promise<boolean> => {
      using talk = new TcpTalk(program.ports.get('mail') ?? 0);
      talk.socket.write('hello');
      await eventually('it is answered or ended', () => talk.text === 'hello' || talk.ended || talk.closed);
      return talk.text === 'hello';
    };

    it('replicas share the rate of a route of TCP, and of the connections of an address', async (t) => {
      const redis = await RedisServer.start(t);
      const pairs = [
        await Promise.all([0, 1].map(() => forwarder(t, redis.url, { rateLimits: [hourly] }))),
        await Promise.all([0, 1].map(() => forwarder(t, redis.url, {}, ['--connection-rate', '3']))),
      ];
      for (const pair of pairs) {
        const [one, two] = pair as [Program, Program];
        await connected(one);
        await connected(two);
        const found = [await isLetIn(one), await isLetIn(two), await isLetIn(one), await isLetIn(two)];
        assert.deepEqual(found, [true, true, true, false]);
        assert.equal(endings(two)['proxy/rate_limited'], 1);
        assert.equal(outcome(one, answered) + outcome(two, answered), 4);
      }
      const keys = await redis.command('KEYS smartproxy:rate:*');
      for (const key of [
        'SmartRoute default/mail 3/3600000ms burst 3 by address 127.0.0.1',
        'connections smartproxy 3/60000ms burst 3 by address 127.0.0.1',
      ])
        assert.ok(keys.includes(key), keys);
    });

    it('the connections of an address are counted of the client that a PROXY header names, and of HTTPS before the handshake', async (t) => {
      const redis = await RedisServer.start(t);
      const rules = [{ name: 'all', action: forwardTo('a') }];
      const objects = ingressClass + service('a', a.port) + smartRoute('shop', { hosts: [host], http: { rules } });
      const flags = ['--redis-url', redis.url, '--redis-timeout', '10s', '--connection-rate', '2'];
      await using proxied = await Program.start(objects, [...flags, '--proxy-protocol-from', '127.0.0.0/8']);
      await using direct = await Program.start(objects, flags);
      await connected(proxied);
      await connected(direct);
      const via = async (client: string): Promise<string> => {
        using talk = new TcpTalk(proxied.httpPort);
        talk.socket.write(`PROXY TCP4 ${client} 127.0.0.1 1 80\r\nGET / HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
        await talk.untilEnd();
        return talk.text.slice(9, 12);
      };
      assert.deepEqual([await via('127.0.0.1'), await via('192.0.2.1')], ['200', '200']);
      assert.equal((await direct.ask(host, '/')).status, 200);
      await assert.rejects(direct.ask(host, '/', { tls: true }));
      assert.deepEqual([await via('127.0.0.1'), await via('192.0.2.1'), await via('192.0.2.1')], ['', '200', '']);
    });

    it('without Redis the word of the pod holds: at once when it is away, after the time-out when it says nothing; who leaves meanwhile is let go', async (t) => {
      const redis = await RedisServer.start(t);
      const slow = await forwarder(t, redis.url, { rateLimits: [{ requests: 100, per: 'Hour' }] }, ['--redis-timeout', '300ms']);
      const before = stateOf(slow);
      await connected(slow);
      redis.freeze();
      try {
        const leaver = new TcpTalk(slow.ports.get('mail') ?? 0);
        await eventually('it is accepted', () => slow.dataPlane.snapshot().connectionsAccepted === 1);
        leaver.socket.resetAndDestroy();
        assert.equal(await isLetIn(slow), true);
        assert.ok(outcome(slow, late) >= 1);
      } finally {
        redis.thaw();
      }
      await redis.stop();
      await eventually('it is lost', () => slow.dataPlane.snapshot().redisConnected === 0);
      const skippedBefore = outcome(slow, skipped);
      assert.equal(await isLetIn(slow), true);
      assert.equal(outcome(slow, skipped), skippedBefore + 1);
      await eventually('every connection is gone', () => assertBooks(slow).connectionsActive === 0);
      assert.ok(slow.dataPlane.deadlines <= before.deadlines + 1, 'but for the one that forgets full buckets');
    });

    it('a route that is gone when Redis answers gets no connection', async (t) => {
      const redis = await RedisServer.start(t);
      const program = await forwarder(t, redis.url, { rateLimits: [hourly] });
      await connected(program);
      redis.freeze();
      using talk = new TcpTalk(program.ports.get('mail') ?? 0);
      await eventually('it waits', () => program.dataPlane.snapshot().connectionsActive === 1);
      await program.remove('SmartRoute', 'default/mail');
      redis.thaw();
      await talk.untilEnd();
      assert.equal(endings(program)['proxy/route_removed'], 1);
    });
  });

  it('TLS is spoken to a rediss: server whose certificate a CA from a file verifies, and to no other', async (t) => {
    const [own, other] = [await makeTestCertificate('localhost'), await makeTestCertificate('localhost')];
    const dir = folderOf(t, { 'own.crt': own.cert, 'other.crt': other.cert, broken: 'no certificate' });
    const redis = await RedisServer.start(t, { certificate: own });
    const trusting = (ca: string) => replica(t, redis.url, [hourly], ['--redis-ca-file', join(dir, ca)]);
    const [one, two] = [await trusting('own.crt'), await trusting('own.crt')];
    await connected(one);
    await connected(two);
    assert.deepEqual([await status(one), await status(two), await status(one), await status(two)], [200, 200, 200, 429]);
    const strangers = [
      await trusting('other.crt'),
      await trusting('broken'),
      await trusting('missing'),
      await replica(t, redis.url, [hourly]),
    ];
    strangers.push(await replica(t, redis.url.replace('localhost', '127.0.0.1'), [hourly], ['--redis-ca-file', join(dir, 'own.crt')]));
    strangers.push(await replica(t, redis.url.replace('rediss', 'redis'), [hourly]));
    for (const program of strangers) {
      assert.deepEqual([await status(program), await status(program), await status(program), await status(program)], [200, 200, 200, 429]);
      assert.equal(program.dataPlane.snapshot().redisConnected, 0);
      assert.ok(outcome(program, skipped) >= 3);
    }
  });

  it('a user has a name and a password of its own; both are read again when they have changed, and neither is told', async (t) => {
    const dir = folderOf(t, { password: 'the first secret' });
    const redis = await RedisServer.start(t, { user: { name: 'edge', password: 'the second secret' } });
    const told: string[] = [];
    const rates = new RedisRates({
      ...{ url: redis.url, username: 'edge', passwordFile: join(dir, 'password'), caFile: undefined, timeoutMs: 1000 },
      counters: new WorkerCounters(),
      onChange: (state, detail) => told.push(`${state} ${detail ?? ''}`),
      now: () => performance.now(),
    });
    t.after(() => rates.close());
    await eventually('it is refused', () => told.length === 1);
    assert.match(told[0] ?? '', /^lost WRONGPASS/);
    writeFileSync(join(dir, 'password'), 'the second secret\n');
    await eventually('it is let in', () => told.length === 2);
    assert.deepEqual(told[1], 'connected ');
    assert.equal(
      await rates.take([{ scope: 's', requests: 1, windowMs: 1000, burst: 1, key: { kind: 'everybody' }, exempt: [] }], ['*']),
      undefined,
    );
    await redis.stop();
    await eventually('it is lost', () => told.length === 3);
    await redis.run();
    await eventually('it is back', () => told.length === 4);
    assert.ok(!told.join().includes('secret'));
  });
});

function folderOf(t: TestContext, files: Readonly<Record<string, string>>): string {
  const dir = mkdtempSync(join(tmpdir(), 'redis-files-'));
  t.after(() => rmSync(dir, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  return dir;
}
