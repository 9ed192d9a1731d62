import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import { freePort } from '../../tools/free-port.ts';
import { get } from '../../tools/get.ts';
import { ingress, service, smartProxyConfig, smartRoute } from '../../tools/manifests.ts';
import { Program } from '../../tools/program.ts';
import { genuineHello } from '../../tools/smartproxy/client-hello-bytes.ts';
import { TcpBackend, TcpTalk } from '../../tools/tcp-talk.ts';

const host = 'shop.example.com';

/** A route of a namespace for hosts, which answers with the namespace's name. */
function routeOf(namespace: string, hosts: readonly string[], path: string, created: string): string {
  const matches = [{ path: { type: 'Prefix', value: path } }];
  const rules = [{ name: 'all', matches, action: { respond: { status: 200, body: namespace } } }];
  return smartRoute(`${namespace}/route`, { hosts, http: { rules } }, created);
}

const [early, late] = ['2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z'];

describe('whose hosts', () => {
  it('hostClaims let the namespaces that they name serve a host, tell others, and follow a change', async () => {
    const claim = (...namespaces: readonly string[]): string =>
      smartProxyConfig({ hostClaims: [{ hosts: ['**.example.com'], namespaces }] });
    const routes = routeOf('mallory', [host, 'mallory.test', '**.com'], '/', early) + routeOf('shop', [host], '/', late);
    await using program = await Program.start(claim('shop') + routes);
    assert.deepEqual(program.problems, ['HostNotPermitted', 'HostNotPermitted']);
    assert.match(program.translation.problems[0]?.message ?? '', /claims "\*\*\.example\.com" for "shop"/);
    const bodies = async (...hosts: readonly string[]): Promise<readonly string[]> =>
      Promise.all(hosts.map(async (name) => (await program.ask(name, '/')).body));
    assert.deepEqual(await bodies(host, 'mallory.test'), ['shop', 'mallory']);
    assert.equal((await program.ask('other.example.com', '/')).status, 404);
    const [mallory] = program.translation.smartRoutes.filter(({ object }) => object.namespace === 'mallory');
    assert.deepEqual(mallory?.conditions[0]?.reason, 'HostNotPermitted');

    await program.apply(claim('shop', 'mallory'));
    assert.deepEqual(await bodies(host), ['mallory']);
    await program.apply(claim());
    assert.equal((await program.ask(host, '/')).status, 404);
    await program.apply(smartProxyConfig({}));
    assert.deepEqual(await bodies(host, 'other.com'), ['mallory', 'mallory']);
  });

  it('listeners[].namespaces says whose routes may name a listener, tells others, and follows a change', async () => {
    await using backend = await TcpBackend.named('mail');
    const port = await freePort();
    const config = (namespaces?: readonly string[]): string =>
      smartProxyConfig({ listeners: [{ name: 'mail', port, protocol: 'TCP', ...(namespaces && { namespaces }) }] });
    const tcp = { backends: [{ name: 'mail', port: { name: 'web' } }] };
    const route = smartRoute('mail', { listeners: ['mail'], tcp });
    const greeting = async (): Promise<string> => {
      using talk = new TcpTalk(port);
      await eventually('an answer or the end', () => talk.text !== '' || talk.closed || talk.ended);
      return talk.text;
    };
    await using program = await Program.start(config(['shop']) + service('mail', backend.port) + route);
    assert.deepEqual(program.problems, ['ListenerNotPermitted']);
    assert.match(program.translation.problems[0]?.message ?? '', /spec\.listeners\[0\]: listener "mail" is for "shop"; use another/);
    assert.equal(program.translation.smartRoutes[0]?.conditions[0]?.reason, 'ListenerNotPermitted');
    assert.equal(await greeting(), '');
    await program.apply(config(['shop', 'default']));
    assert.deepEqual(program.problems, []);
    assert.equal(await greeting(), 'mail\n');
    await program.apply(config([]));
    assert.match(program.translation.problems[0]?.message ?? '', /is for nobody/);
    assert.equal(await greeting(), '');
    await program.apply(config());
    assert.equal(await greeting(), 'mail\n');
  });

  it('listeners[].namespaces keeps routes of others from a listener that they do not name', async () => {
    const port = await freePort();
    const config = (namespaces?: readonly string[]): string =>
      smartProxyConfig({ listeners: [{ name: 'admin', port, protocol: 'HTTP', ...(namespaces && { namespaces }) }] });
    const regex = {
      name: 'pattern',
      matches: [{ path: { type: 'Regex', value: '/p[0-9]' } }],
      action: { respond: { status: 200, body: 'p' } },
    };
    const objects =
      service('s', 1) +
      routeOf('shop', [host, '*.example.com'], '/shop', early) +
      routeOf('ops', [host], '/', late) +
      ingress('plain', { rules: { 'plain.test': [['/', 'Prefix', 's']] } }) +
      smartRoute('shop/pattern', { hosts: ['pattern.test'], http: { rules: [regex] } });
    await using program = await Program.start(objects + config(['ops']));
    assert.deepEqual(program.problems, []);
    const seen = async (on: number): Promise<readonly (string | number)[]> => {
      const answers = [get(on, host, '/shop'), get(on, host, '/x'), get(on, 'b.example.com', '/shop'), get(on, 'pattern.test', '/p1')];
      const said = (await Promise.all(answers)).map(({ status, body }) => (status === 200 ? body : status));
      return [...said, (await get(on, 'plain.test', '/')).status];
    };
    assert.deepEqual(await seen(program.httpPort), ['shop', 'ops', 'shop', 'p', 502]);
    assert.deepEqual(await seen(port), ['ops', 'ops', 404, 404, 404]);
    await program.apply(config(['shop']));
    assert.deepEqual(await seen(port), ['shop', 404, 'shop', 'p', 404]);
    await program.apply(config(['shop', 'ops', 'default']));
    assert.deepEqual(await seen(port), await seen(program.httpPort));
    await program.apply(config([]));
    assert.deepEqual(await seen(port), [404, 404, 404, 404, 404]);
    await program.apply(config());
    assert.deepEqual(await seen(port), await seen(program.httpPort));
  });

  it('tells an object that every listener which it could be served on is for others, and serves it when one is not any more', async () => {
    const port = await freePort();
    const keeping = (namespaces: readonly string[]): string =>
      smartProxyConfig({ listeners: [{ name: 'http', port, protocol: 'HTTP', namespaces }] });
    const objects = routeOf('shop', [host], '/', early) + ingress('plain', { rules: { 'plain.test': [['/', 'Prefix', 's']] } });
    await using program = await Program.start(service('s', 1) + objects + keeping(['ops']), ['--https-port', 'off']);
    assert.deepEqual(program.problems, ['ListenerNotPermitted', 'ListenerNotPermitted']);
    assert.match(program.translation.problems[0]?.message ?? '', /every listener of HTTP and HTTPS is for other namespaces/);
    assert.equal(program.translation.smartRoutes[0]?.publish, false);
    assert.deepEqual(
      program.translation.statuses.map(({ publish }) => publish),
      [false],
    );
    assert.equal((await get(port, host, '/')).status, 404);
    await program.apply(keeping(['shop', 'default']));
    assert.deepEqual(program.problems, []);
    assert.equal((await get(port, host, '/')).body, 'shop');
    assert.equal(program.translation.smartRoutes[0]?.publish, true);
  });

  it('listeners[].namespaces keeps TCP by host of others from a listener, and ends what they have there', async () => {
    await using backend = await TcpBackend.start((socket) => {
      socket.write('ready');
      socket.pipe(socket);
    });
    const port = await freePort();
    const config = (namespaces: readonly string[]): string =>
      smartProxyConfig({ listeners: [{ name: 'side', port, protocol: 'HTTPS', namespaces }] });
    const route = smartRoute('db', {
      hosts: ['db.test'],
      tls: { mode: 'Passthrough' },
      tcp: { backends: [{ name: 'db', port: { name: 'web' } }] },
    });
    await using program = await Program.start(config(['default']) + service('db', backend.port) + route);
    const opened = async (on: number): Promise<TcpTalk> => {
      const talk = new TcpTalk(on);
      talk.socket.write(await genuineHello('db.test'));
      await eventually('an answer or the end', () => talk.text !== '' || talk.closed || talk.ended);
      return talk;
    };
    using kept = await opened(port);
    using other = await opened(program.httpsPort);
    assert.ok(kept.text.startsWith('ready'));
    assert.ok(other.text.startsWith('ready'));
    await program.apply(config(['ops']));
    await eventually('what is not for its namespace ends', () => kept.closed || kept.ended);
    assert.equal(other.closed || other.ended, false);
    using refused = await opened(port);
    assert.ok(!refused.text.startsWith('ready'));
  });

  it('unclaimedHosts Oldest makes a host that of the namespace which named it first, and Shared puts routes together', async () => {
    const rule = (unclaimedHosts: string): string => smartProxyConfig({ unclaimedHosts });
    const routes = routeOf('first', [host], '/first', early) + routeOf('second', [host, 'second.test'], '/', late);
    await using program = await Program.start(rule('Oldest') + routes);
    assert.deepEqual(program.problems, ['HostNotPermitted']);
    assert.match(program.translation.problems[0]?.message ?? '', /SmartRoute first\/route named it first/);
    assert.equal((await program.ask(host, '/first')).body, 'first');
    assert.equal((await program.ask(host, '/second')).status, 404);
    assert.equal((await program.ask('second.test', '/')).body, 'second');
    await program.apply(rule('Shared'));
    assert.equal((await program.ask(host, '/second')).body, 'second');
    await program.apply(rule('Oldest'));
    await program.remove('SmartRoute', 'first/route');
    assert.equal((await program.ask(host, '/second')).body, 'second');
  });
});
