import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import { freePort } from '../../tools/free-port.ts';
import { forwardTo, ingress, service, smartProxyConfig, smartRoute } from '../../tools/manifests.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
import { Program } from '../../tools/program.ts';
import { endings } from '../../tools/program-books.ts';
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
