import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import { freePort } from '../../tools/free-port.ts';
import { forwardTo, ingress, service, smartProxyConfig, smartRoute, udpService } from '../../tools/manifests.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
import { Program } from '../../tools/program.ts';
import { endings } from '../../tools/program-books.ts';
import { genuineHello } from '../../tools/smartproxy/client-hello-bytes.ts';
import { UdpPeer } from '../../tools/smartproxy/udp-peer.ts';
import { TcpBackend, TcpTalk } from '../../tools/tcp-talk.ts';

describe('defaults of a SmartProxyConfig', () => {
  it('defaults.policy is inherited by SmartRoutes and Ingresses, and the inner one comes first, live', async () => {
    await using backend = await NamedBackend.start('web');
    const route = smartRoute('route', {
      hosts: ['route.test'],
      http: {
        rules: [
          {
            name: 'own',
            matches: [{ path: { type: 'Prefix', value: '/own' } }],
            policy: { maxRequestBody: '4Ki' },
            action: forwardTo('web'),
          },
          { name: 'all', action: forwardTo('web') },
        ],
      },
    });
    const paths = (host: string, annotations = {}): string =>
      ingress(host, { rules: { [`${host}.test`]: [['/', 'Prefix', 'web']] }, annotations });
    const objects = service('web', backend.port) + route + paths('plain') + paths('own', { 'smartproxy.dev/max-body-size': '4k' });
    const limit = (maxRequestBody: string): string => smartProxyConfig({ defaults: { policy: { maxRequestBody } } });
    await using program = await Program.start(objects + limit('1Ki'));
    assert.deepEqual(program.problems, []);
    const statusOf = async (host: string, path: string, bytes: number): Promise<number> =>
      (await program.ask(host, path, { method: 'POST', body: 'x'.repeat(bytes) })).status;
    for (const [host, path, most] of [
      ['route.test', '/', 1024],
      ['route.test', '/own', 4096],
      ['plain.test', '/', 1024],
      ['own.test', '/', 4096],
    ] as const) {
      assert.deepEqual([await statusOf(host, path, most), await statusOf(host, path, most + 1)], [200, 413], host + path);
    }
    await program.apply(limit('2Ki'));
    assert.deepEqual([await statusOf('plain.test', '/', 2048), await statusOf('route.test', '/', 2048)], [200, 200]);
    assert.equal(await statusOf('plain.test', '/', 2049), 413);
    await program.apply(smartProxyConfig({}));
    assert.equal(await statusOf('plain.test', '/', 4096), 200);
  });

  it('defaults.policy with a list of clients that can not be read lets nobody in but where another list holds', async () => {
    const answers = (name: string, policy?: object): string =>
      smartRoute(name, { hosts: [`${name}.test`], policy, http: { rules: [{ name: 'all', action: { respond: { status: 200 } } }] } });
    const config = smartProxyConfig({ defaults: { policy: { clients: { allow: ['10.0.0.0/80'] } } } });
    await using program = await Program.start(config + answers('a') + answers('b', { clients: { allow: ['127.0.0.1'] } }));
    assert.deepEqual(program.problems, ['InvalidAddress']);
    assert.equal((await program.ask('a.test', '/')).status, 403);
    assert.equal((await program.ask('b.test', '/')).status, 200);
  });

  it('defaults.policy.clients is left as it is by a denylist of an Ingress, and replaced by an allowlist', async () => {
    await using backend = await NamedBackend.start('web');
    const paths = (host: string, annotations: object): string =>
      ingress(host, { rules: { [`${host}.test`]: [['/', 'Prefix', 'web']] }, annotations: { ...annotations } });
    const objects =
      service('web', backend.port) +
      paths('denies', { 'smartproxy.dev/denylist-source-range': '203.0.113.9' }) +
      paths('allows', { 'smartproxy.dev/allowlist-source-range': '198.51.100.0/24' });
    const lists = (clients: object): string => smartProxyConfig({ defaults: { policy: { clients } } });
    await using program = await Program.start(objects + lists({ allow: ['203.0.113.0/24'] }), ['--trusted-proxies', '127.0.0.1']);
    const statusOf = async (host: string, client: string): Promise<number> =>
      (await program.ask(`${host}.test`, '/', { headers: { 'x-forwarded-for': client } })).status;
    assert.deepEqual([await statusOf('denies', '203.0.113.1'), await statusOf('denies', '203.0.113.9')], [200, 403]);
    assert.equal(await statusOf('denies', '198.51.100.1'), 403);
    assert.deepEqual([await statusOf('allows', '203.0.113.1'), await statusOf('allows', '198.51.100.1')], [403, 200]);
    await program.apply(lists({ allow: ['203.0.113.0/33'] }));
    assert.equal(await statusOf('denies', '203.0.113.1'), 403);
  });

  it('defaults.loadBalancing is inherited or replaced as a whole, and connections have what of it they can', async (t) => {
    const backends = [await TcpBackend.named('a'), await TcpBackend.named('b')];
    const answering = [await NamedBackend.start('a'), await NamedBackend.start('b')];
    t.after(() => Promise.all([...backends, ...answering].map((backend) => backend[Symbol.asyncDispose]())));
    const listeners = [{ name: 'mail', port: await freePort(), protocol: 'TCP' }];
    const withDefaults = (loadBalancing: object): string => smartProxyConfig({ listeners, defaults: { loadBalancing } });
    const rule = (name: string, loadBalancing?: object): object => ({
      name,
      matches: [{ path: { type: 'Prefix', value: `/${name}` } }],
      action: { forward: { backends: [{ name: 'web', port: { name: 'web' } }], loadBalancing } },
    });
    const objects =
      service('web', ...answering.map(({ port }) => port)) +
      service('tcp', ...backends.map(({ port }) => port)) +
      smartRoute('route', {
        hosts: ['route.test'],
        http: { rules: [rule('silent'), rule('other', { slowStart: '1h' }), rule('empty', {})] },
      }) +
      ingress('silent', { rules: { 'silent.test': [['/', 'Prefix', 'web']] } }) +
      ingress('own', { rules: { 'own.test': [['/', 'Prefix', 'web']] }, annotations: { 'smartproxy.dev/load-balance': 'round-robin' } }) +
      ingress('passed', { rules: { 'passed.test': [['/', 'Prefix', 'tcp']] }, annotations: { 'smartproxy.dev/tls-passthrough': 'true' } }) +
      smartRoute('mail', { listeners: ['mail'], tcp: { backends: [{ name: 'tcp', port: { name: 'web' } }] } });
    const flags = ['--load-balancing=round-robin', '--default-backend=default/web:web'];
    const session = { type: 'ConsistentHash', hash: { type: 'Header', name: 'X-User' }, sessionCookie: { name: 'sid' } };
    await using program = await Program.start(objects + withDefaults(session), flags);
    assert.deepEqual(program.problems, []);
    /** How many endpoints answer one user, and with which cookie. */
    const requests = async (host: string, path = '/'): Promise<string> => {
      const answers = [];
      for (let n = 0; n < 4; n++) answers.push(await program.ask(host, path, { headers: { 'x-user': 'one' } }));
      const cookies = answers.flatMap(({ headers }) => headers['set-cookie'] ?? []).map((text) => text.replace(/=.*/, ''));
      return [new Set(answers.map(({ body }) => body)).size, ...new Set(cookies)].join();
    };
    const connections = async (port: number, first?: Buffer): Promise<number> => {
      const names = new Set<string>();
      for (let n = 0; n < 4; n++) {
        using talk = new TcpTalk(port);
        if (first !== undefined) talk.socket.write(first);
        await talk.until('\n');
        names.add(talk.text.slice(0, 1));
      }
      return names.size;
    };
    const hello = await genuineHello('passed.test');
    const direct = async (): Promise<readonly number[]> => [
      await connections(program.ports.get('mail') ?? 0),
      await connections(program.httpsPort, hello),
    ];
    for (const [host, path, expected] of [
      ['route.test', '/silent', '1,sid'],
      ['route.test', '/other', '2'],
      ['route.test', '/empty', '2'],
      ['silent.test', '/', '1,sid'],
      ['own.test', '/', '2'],
      ['nobody.test', '/', '1,sid'],
    ] as const) {
      assert.equal(await requests(host, path), expected, host + path);
    }
    assert.deepEqual(await direct(), [2, 2], 'connections have no header');
    await program.apply(withDefaults({ type: 'ConsistentHash', hash: { type: 'ClientAddress', maxLoadPercent: 101 } }));
    assert.deepEqual(await direct(), [1, 1]);
    await program.apply(withDefaults({ sessionCookie: { mode: 'Balanced' } }));
    assert.deepEqual(await direct(), [2, 2], 'connections have no cookie');
  });

  it('defaults.udp is inherited by UDP routes, field by field, and 0 is no limit', async () => {
    using server = await UdpPeer.server('a');
    const names = ['one', 'two', 'three'];
    const listeners: object[] = [];
    for (const name of names) listeners.push({ name, port: await freePort(), protocol: 'UDP' });
    const routeTo = (name: string, more: object): string =>
      smartRoute(name, { listeners: [name], udp: { backends: [{ name: 'dns', port: { name: 'dns' } }], ...more } });
    const withDefaults = (udp?: object): string => smartProxyConfig({ listeners, defaults: { udp } });
    const routes =
      routeTo('one', {}) + routeTo('two', { maxSessions: 0 }) + routeTo('three', { idleTimeout: '1h', maxSessionsPerAddress: 2 });
    const limited = withDefaults({ idleTimeout: '2h', maxSessions: 1 });
    await using program = await Program.start(limited + udpService('dns', server.port) + routes);
    assert.deepEqual(program.problems, []);
    const answered = async (name: string): Promise<boolean> => {
      const port = program.ports.get(name) ?? 0;
      using first = await UdpPeer.open();
      using second = await UdpPeer.open();
      await first.ask('x', port);
      const before = program.dataPlane.snapshot();
      second.send('x', port);
      const sum = (counts: readonly number[]): number => counts.reduce((all, count) => all + count, 0);
      await eventually('it is forwarded or dropped', () => {
        const { udpSessionsOpened, udpDropped } = program.dataPlane.snapshot();
        return udpSessionsOpened > before.udpSessionsOpened || sum(udpDropped) > sum(before.udpDropped);
      });
      const isThere = program.dataPlane.snapshot().udpSessionsOpened > before.udpSessionsOpened;
      program.dataPlane.kill({});
      return isThere;
    };
    const all = async (): Promise<readonly boolean[]> => [await answered('one'), await answered('two'), await answered('three')];
    assert.deepEqual(await all(), [false, true, false]);
    const times = [...program.translation.routeTable.l4.values()].map(({ listener, idleTimeoutMs }) => `${listener} ${idleTimeoutMs}`);
    assert.deepEqual(times.sort(), ['one 7200000', 'three 3600000', 'two 7200000']);
    await program.apply(withDefaults());
    assert.deepEqual(await all(), [true, true, true]);
  });

  it('defaults.connection holds for TCP routes that say nothing of it', async () => {
    await using backend = await TcpBackend.named('echo');
    const names = ['one', 'two'];
    const listeners = [];
    for (const name of names) listeners.push({ name, port: await freePort(), protocol: 'TCP' });
    const routeTo = (name: string, connection?: object): string =>
      smartRoute(name, { listeners: [name], connection, tcp: { backends: [{ name: 'echo', port: { name: 'web' } }] } });
    const config = smartProxyConfig({ listeners, defaults: { connection: { idleTimeout: '500ms' } } });
    const objects = service('echo', backend.port) + routeTo('one') + routeTo('two', { idleTimeout: '0s' });
    await using program = await Program.start(config + objects);
    using own = new TcpTalk(program.ports.get('two') ?? 0);
    await own.until('echo\n');
    using inheriting = new TcpTalk(program.ports.get('one') ?? 0);
    await inheriting.untilEnd();
    await eventually('the reason', () => endings(program)['proxy/inactivity'] === 1);
    own.socket.write('still here');
    await own.until('still here');
  });
});
