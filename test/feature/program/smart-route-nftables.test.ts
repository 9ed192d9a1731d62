import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { adminChange, adminTokenFile } from '../../tools/admin-change.ts';
import { CommandMetrics } from '../../tools/command-metrics.ts';
import { kernelForwardingPackages } from '../../tools/kernel-forwarding.ts';
import { smartProxyConfig, smartRoute } from '../../tools/manifests.ts';
import { insideNamespace } from '../../tools/network-namespace.ts';
import { type RunningCommand, startRun, temporaryFolder } from '../../tools/running-command.ts';
import { NftGate } from '../../tools/smartproxy/nft-gate.ts';
import { RoutedMachines } from '../../tools/smartproxy/routed-machines.ts';
import { RoutedNetwork } from '../../tools/smartproxy/routed-network.ts';
import { TcpTalk } from '../../tools/tcp-talk.ts';

const table = 'smartproxy-smartproxy';

/** Of both families, under these conditions. */
function slices(name: string, protocol: 'TCP' | 'UDP', conditions: object, addresses: readonly string[]): readonly object[] {
  return (['IPv4', 'IPv6'] as const).map((addressType) => {
    const own = addresses.filter((address) => address.includes(':') === (addressType === 'IPv6'));
    return {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: `${name}-${Object.keys(conditions).join('-')}${addressType.toLowerCase()}`,
        namespace: 'default',
        labels: { 'kubernetes.io/service-name': name },
      },
      addressType,
      ports: [{ name: 'main', port: 4001, protocol }],
      endpoints: own.map((address) => ({ addresses: [address], conditions })),
    };
  });
}

const manifests = (objects: readonly object[]): string => objects.map((item) => `\n${JSON.stringify(item)}\n---`).join('');

/** More endpoints of a Service. @param conditions of all of them */
function moreEndpoints(name: string, protocol: 'TCP' | 'UDP', conditions: object, ...addresses: readonly string[]): string {
  return manifests(slices(name, protocol, conditions, addresses));
}

/** A Service with one port, and endpoints of both families behind it. */
function service(name: string, protocol: 'TCP' | 'UDP', ...addresses: readonly string[]): string {
  const object = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { ports: [{ name: 'main', port: 80, protocol }] },
  };
  return manifests([object, ...slices(name, protocol, {}, addresses)]);
}

const backends = (name: string): readonly object[] => [{ name, port: { name: 'main' } }];
const tcp = (nftables: object = {}, more: object = {}): string =>
  smartRoute('db', { listeners: ['db'], tcp: { engine: 'NFTables', nftables, backends: backends('db') }, ...more });
const udp = (nftables: object = {}): string =>
  smartRoute('dns', { listeners: ['dns'], udp: { engine: 'NFTables', nftables, backends: backends('dns') } });

const configOf = (more: object): string =>
  smartProxyConfig({
    listeners: [
      { name: 'db', port: 5432, protocol: 'TCP' },
      { name: 'dns', port: 53, protocol: 'UDP' },
      { name: 'quic', port: 8443, publishedPort: 443, protocol: 'UDP' },
    ],
    ...more,
  });
const config = configOf({});
const services = service('db', 'TCP', '10.0.2.2', 'fd02::2') + service('dns', 'UDP', '10.0.2.2', 'fd02::2');
const written = 'rules of the kernel written';

interface Running {
  readonly command: RunningCommand;
  /** Makes these the objects, and waits until the kernel has rules for them. */
  readonly serve: (objects: string) => Promise<void>;
  /** Makes these the objects. */
  readonly write: (objects: string) => Promise<void>;
  readonly metric: (name: string, labels?: Readonly<Record<string, string>>) => Promise<number>;
}

/** The program on these objects, whether or not the kernel takes anything. */
async function launch(
  t: TestContext,
  objects: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Pick<Running, 'command' | 'write'>> {
  let command: RunningCommand | undefined;
  // Before `startRun` kills it, which would leave the rules.
  t.after(async () => {
    command?.child.kill('SIGTERM');
    await command?.exit();
  });
  const folder = await temporaryFolder(t);
  const write = async (text: string): Promise<void> => {
    await writeFile(join(folder, 'objects.new'), text);
    await rename(join(folder, 'objects.new'), join(folder, 'objects.yaml'));
  };
  await write(objects);
  command = await startRun(t, ['--manifests', folder, '--address=::', '--nftables'], 2, env);
  return { command, write };
}

/** The same, once the kernel has rules for them. */
async function start(t: TestContext, objects: string, env: Readonly<Record<string, string>> = {}): Promise<Running> {
  const { command, write } = await launch(t, objects, env);
  const times = (): number => command.log.filter(({ msg }) => msg === written).length;
  await command.until(() => times() === 1);
  return {
    command,
    write,
    serve: async (next) => {
      const before = times();
      await write(next);
      await command.until(() => times() > before);
    },
    metric: async (name, labels) => (await CommandMetrics.scrape(await command.boundPort('status'))).sum(name, labels),
  };
}

function isTableGone(): boolean {
  const { status, stderr } = spawnSync('nft', ['list', 'table', 'inet', table], { encoding: 'utf8' });
  return status !== 0 && stderr.includes('No such file');
}

insideNamespace(import.meta.filename, [], defineTests, kernelForwardingPackages);

function defineTests(): void {
  let network: RoutedNetwork;
  before(async () => {
    network = await RoutedNetwork.make();
    for (const protocol of ['tcp', 'udp'] as const) {
      await network.serve(protocol, 'first', '10.0.2.2', 4001);
      await network.serve(protocol, 'second', '10.0.2.3', 4001);
      await network.serve(protocol, 'sixth', 'fd02::2', 4001);
    }
  });
  after(() => network.close());

  test('engine NFTables forwards TCP past the workers, follows endpoints, and leaves nothing behind', async (t) => {
    const { command, serve, metric } = await start(t, config + services + tcp());
    assert.equal(await network.dial('10.0.1.1', 5432), 'first 10.0.2.1');
    assert.equal(await network.dial('fd01::1', 5432, 'kept'), 'sixth fd02::1');
    await serve(config + service('db', 'TCP', '10.0.2.3') + tcp());
    assert.equal(await network.dial('10.0.1.1', 5432), 'second 10.0.2.1');
    assert.equal(await network.say('kept', 'x'), 'sixth fd02::1 x');

    const route = { route_kind: 'SmartRoute', route_namespace: 'default', route: 'db', listener: 'db' };
    assert.equal(await metric('smartproxy_kernel_programmed'), 1);
    assert.equal(await metric('smartproxy_kernel_connections_total', route), 3);
    assert.equal(await metric('smartproxy_kernel_connections_active', route), 1);
    assert.ok((await metric('smartproxy_kernel_bytes_total', { ...route, direction: 'sent' })) > 0);
    assert.equal(await metric('smartproxy_connections_accepted_total'), 0);

    command.child.kill('SIGTERM');
    assert.equal(await command.exit(), 0);
    assert.ok(isTableGone());
  });

  test('a program that is killed leaves its rules: the next goes on with what they count, or takes them away', async (t) => {
    const objects = config + services + tcp();
    const killed = async ({ command }: Pick<Running, 'command'>): Promise<void> => {
      command.child.kill('SIGKILL');
      await command.exit();
    };
    const first = await start(t, objects);
    assert.equal(await network.dial('10.0.1.1', 5432), 'first 10.0.2.1');
    await killed(first);
    assert.equal(await network.dial('10.0.1.1', 5432), 'first 10.0.2.1');
    const second = await start(t, objects);
    assert.equal(await network.dial('10.0.1.1', 5432), 'first 10.0.2.1');
    assert.equal(await second.metric('smartproxy_kernel_connections_total', { route: 'db' }), 3);
    await killed(second);
    assert.equal(isTableGone(), false);
    const { command } = await launch(t, config + services);
    await command.until(isTableGone);
  });

  test('what the kernel counts and tracks is in the series of routes, beside what workers forward, and stays when it forwards no more', async (t) => {
    const { command, write, metric } = await start(t, config + services + tcp() + udp());
    const seriesOf = (route: string) => ({ route_kind: 'SmartRoute', route_namespace: 'default', route, route_service: route });
    const [db, dns] = [seriesOf('db'), seriesOf('dns')];
    const bytesOf = (direction: string) => metric('smartproxy_route_connection_bytes_total', { ...db, direction });
    const activeOf = (series: typeof db) => metric('smartproxy_route_connections_active', series);
    await network.dial('10.0.1.1', 5432);
    await network.send('counted', '10.0.1.1', 53, 'x');
    // The kernel still tracks what an earlier test has left open.
    const before = await activeOf(db);
    await network.dial('fd01::1', 5432, 'counted');
    await command.until(async () => (await activeOf(db)) === before + 1);
    assert.ok((await activeOf(dns)) >= 1);
    assert.equal(await metric('smartproxy_route_connections_total', db), 2);
    assert.ok((await metric('smartproxy_route_connections_total', dns)) >= 1);
    const [received, sent] = [await bytesOf('received'), await bytesOf('sent')];
    assert.ok(received > 0 && sent > 0, `${received} ${sent}`);

    await write(config + service('db', 'TCP', '10.0.2.2') + smartRoute('db', { listeners: ['db'], tcp: { backends: backends('db') } }));
    await command.until(isTableGone);
    await command.until(async () => (await network.dial('10.0.1.1', 5432)) === 'first 10.0.2.1');
    assert.equal(await metric('smartproxy_route_connections_total', db), 3, 'two of the kernel and one of a worker');
    await command.until(async () => (await activeOf(db)) === 0);
    assert.ok((await bytesOf('received')) >= received);
    assert.ok((await bytesOf('sent')) >= sent + 'first 10.0.2.1'.length);
  });

  test('clientCIDRs choose between routes of the kernel and of workers on one listener, also after the program was killed', async (t) => {
    const route = (name: string, backend: string, engine: string, more: object = {}): string =>
      smartRoute(name, { listeners: ['db'], tcp: { engine, backends: backends(backend) }, ...more });
    const routes =
      route('inside', 'first', 'NFTables', { clientCIDRs: ['10.0.1.3/32', 'fd01::3'], priority: 1 }) +
      route('workers', 'second', 'Node', { clientCIDRs: ['fd01::/64'] }) +
      route('rest', 'second', 'NFTables');
    const objects = config + service('first', 'TCP', '10.0.2.2', 'fd02::2') + service('second', 'TCP', '10.0.2.3') + routes;
    const greetings = async (): Promise<readonly string[]> => [
      await network.dialFrom('10.0.1.3', '10.0.1.1', 5432),
      await network.dialFrom('10.0.1.2', '10.0.1.1', 5432),
      await network.dialFrom('fd01::3', 'fd01::1', 5432),
      await network.dialFrom('fd01::2', 'fd01::1', 5432),
    ];
    const expected = ['first 10.0.2.1', 'second 10.0.2.1', 'sixth fd02::1', 'second 10.0.2.1'];
    const counts = ({ metric }: Running) =>
      Promise.all(['inside', 'rest', 'workers'].map((name) => metric('smartproxy_route_connections_total', { route: name })));
    const first = await start(t, objects);
    await first.command.until(async () => (await network.dialFrom('fd01::2', 'fd01::1', 5432)) === expected[3]);
    const before = (await counts(first))[2] ?? 0;
    assert.deepEqual(await greetings(), expected);
    assert.deepEqual(await counts(first), [2, 1, before + 1]);
    assert.equal(await network.dialFrom('10.0.1.3', '10.0.1.1', 5432, 'by client'), expected[0]);

    first.command.child.kill('SIGKILL');
    await first.command.exit();
    assert.deepEqual((await greetings()).slice(0, 3), expected.slice(0, 3));
    const second = await start(t, objects);
    await second.command.until(async () => (await network.dialFrom('fd01::2', 'fd01::1', 5432)) === expected[3]);
    assert.deepEqual(await greetings(), expected);
    assert.deepEqual((await counts(second)).slice(0, 2), [7, 3]);
    assert.equal(await network.say('by client', 'x'), 'first 10.0.2.1 x');

    await second.serve(objects.replace('10.0.1.3/32', '10.0.1.9/32'));
    assert.match(await network.say('by client', 'x'), /ECONNRESET|closed/);
    assert.equal(await network.dialFrom('10.0.1.3', '10.0.1.1', 5432), 'second 10.0.2.1');
  });

  test('clientCIDRs choose between routes of UDP, and sessions move with their clients', async (t) => {
    const route = (name: string, backend: string, more: object = {}): string =>
      smartRoute(name, { listeners: ['dns'], udp: { engine: 'NFTables', backends: backends(backend) }, ...more });
    const services = service('first', 'UDP', '10.0.2.2') + service('second', 'UDP', '10.0.2.3');
    const { serve } = await start(t, config + services + route('rest', 'second'));
    const say = (from: string): Promise<string> => network.sendFrom(from, `chosen ${from}`, '10.0.1.1', 53, 'x');
    assert.deepEqual([await say('10.0.1.3'), await say('10.0.1.2')], ['second 10.0.2.1 x', 'second 10.0.2.1 x']);
    await serve(config + services + route('rest', 'second') + route('inside', 'first', { clientCIDRs: ['10.0.1.3'] }));
    assert.deepEqual([await say('10.0.1.3'), await say('10.0.1.2')], ['first 10.0.2.1 x', 'second 10.0.2.1 x']);
  });

  test('a connection that comes to a worker all the same is ended as nftables_handled', async (t) => {
    const { command, metric } = await start(t, config + services + tcp());
    await command.until(async () => {
      using talk = new TcpTalk(5432);
      await talk.untilEnd();
      return (await metric('smartproxy_connections_closed_total', { side: 'proxy', reason: 'nftables_handled' })) === 1;
    });
  });

  test('engine NFTables forwards UDP past the workers, and moves sessions with the endpoints', async (t) => {
    const { serve, metric } = await start(t, config + services + udp());
    assert.equal(await network.send('a', '10.0.1.1', 53, 'x'), 'first 10.0.2.1 x');
    assert.match(await network.send('six', 'fd01::1', 53, 'x'), /^sixth fd02::1 x/);
    await serve(config + service('dns', 'UDP', '10.0.2.3') + udp());
    assert.equal(await network.send('a', '10.0.1.1', 53, 'y'), 'second 10.0.2.1 y');
    assert.equal(await metric('smartproxy_udp_datagrams_total', { direction: 'received' }), 0);
  });

  test('UDP sessions of an endpoint that terminates, or is drained by hand, stay with it until it goes', async (t) => {
    const { command, serve, write } = await start(t, config + service('dns', 'UDP', '10.0.2.2') + udp(), {
      SMARTPROXY_ADMIN_TOKEN_FILE: await adminTokenFile(t),
    });
    const say = async (id: string): Promise<string> => (await network.send(id, '10.0.1.1', 53, 'x')).split(' ')[0] ?? '';
    assert.equal(await say('staying'), 'first');
    const terminating = { ready: false, serving: true, terminating: true };
    await serve(config + service('dns', 'UDP', '10.0.2.3') + moreEndpoints('dns', 'UDP', terminating, '10.0.2.2') + udp());
    assert.deepEqual([await say('staying'), await say('new')], ['first', 'second']);
    await write(config + service('dns', 'UDP', '10.0.2.3') + udp());
    await command.until(async () => (await say('staying')) === 'second');

    await serve(config + service('dns', 'UDP', '10.0.2.2', '10.0.2.3') + udp());
    const drained = await say('before');
    const other = drained === 'first' ? 'second' : 'first';
    const address = drained === 'first' ? '10.0.2.2' : '10.0.2.3';
    const admin = await command.boundPort('admin');
    assert.equal(await adminChange(admin, 'PUT', `/debug/drains?endpoint=${address}:4001`), 200);
    let dial = 0;
    await command.until(async () => (await say(`after ${dial++}`)) === other);
    assert.equal(await say('before'), drained);
  });

  test('preserveSource shows backends the client in place of us', async (t) => {
    await start(t, config + services + tcp({ preserveSource: true }) + udp({ preserveSource: true }));
    assert.equal(await network.dial('10.0.1.1', 5432), 'first 10.0.1.2');
    assert.equal(await network.send('shown', '10.0.1.1', 53, 'x'), 'first 10.0.1.2 x');
  });

  test('connectionRate drops what is over it, for each client or for the route', async (t) => {
    const perClient = { connectionRate: { perSecond: 1, burst: 2, per: 'Client' } };
    const perRoute = { connectionRate: { perSecond: 1, burst: 2, per: 'Route' } };
    const { metric } = await start(t, config + services + tcp(perClient) + udp(perRoute));
    let answered = 0;
    for (let dial = 0; dial < 6; dial++) if ((await network.dialInVain('10.0.1.1', 5432)) !== 'silence') answered++;
    assert.ok(answered >= 2 && answered < 6, `${answered} of 6`);
    for (let client = 0; client < 6; client++) await network.send(`limited ${client}`, '10.0.1.1', 53, 'x');
    for (const route of ['db', 'dns']) {
      const dropped = await metric('smartproxy_kernel_dropped_packets_total', { route, reason: 'rate_limited' });
      assert.ok(dropped > 0, `${route}: ${dropped}`);
    }
  });

  test('maxConnections and maxSessions hold in the kernel, and those of one address', async (t) => {
    const sessions = (limits: object): string =>
      smartRoute('dns', { listeners: ['dns'], udp: { engine: 'NFTables', ...limits, backends: backends('dns') } });
    const first = tcp({}, { connection: { maxConnections: 1 } }) + sessions({ maxSessions: 1 });
    const { serve, metric } = await start(t, config + services + first);
    assert.equal(await network.dial('10.0.1.1', 5432, 'only'), 'first 10.0.2.1');
    assert.equal(await network.dialInVain('fd01::1', 5432), 'silence');
    assert.match(await network.send('only session', '10.0.1.1', 53, 'x'), / x$/);
    assert.equal(await network.sendInVain('other', '10.0.1.1', 53, 'x'), 'silence');
    const dropped = (route: string, reason: string) => metric('smartproxy_kernel_dropped_packets_total', { route, reason });
    for (const route of ['db', 'dns']) assert.ok((await dropped(route, 'route_limit')) > 0, route);

    await serve(config + services + tcp({}, { connection: { maxConnectionsPerAddress: 1 } }) + sessions({ maxSessionsPerAddress: 1 }));
    assert.equal(await network.dial('10.0.1.1', 5432, 'counted'), 'first 10.0.2.1');
    assert.equal(await network.dialInVain('10.0.1.1', 5432), 'silence');
    assert.equal(await network.dial('fd01::1', 5432), 'sixth fd02::1');
    assert.match(await network.send('counted session', '10.0.1.1', 53, 'x'), / x$/);
    assert.equal(await network.sendInVain('another', '10.0.1.1', 53, 'x'), 'silence');
    for (const route of ['db', 'dns']) assert.ok((await dropped(route, 'ip_limit')) > 0, route);
  });

  test('the lists of clients of the policy hold in the kernel', async (t) => {
    const policy = { clients: { allow: ['10.0.1.0/24'], deny: ['10.0.1.2'] } };
    const { serve, metric } = await start(t, config + services + tcp({}, { policy }));
    assert.equal(await network.dialInVain('10.0.1.1', 5432), 'silence');
    assert.ok((await metric('smartproxy_kernel_dropped_packets_total', { reason: 'ip_blocked' })) > 0);
    await serve(config + services + tcp({}, { policy: { clients: { allow: ['10.0.1.0/24'] } } }));
    assert.equal(await network.dial('10.0.1.1', 5432), 'first 10.0.2.1');
    assert.equal(await network.dialInVain('fd01::1', 5432), 'silence');
  });

  test('the lists of the program, or those of a SmartProxyConfig in their place, hold in the kernel', async (t) => {
    const { serve, metric } = await start(t, config + services + tcp(), { SMARTPROXY_DENY_CIDRS: 'fd01::/64' });
    assert.equal(await network.dial('10.0.1.1', 5432), 'first 10.0.2.1');
    assert.equal(await network.dialInVain('fd01::1', 5432), 'silence');
    await serve(configOf({ limits: { clients: { deny: ['10.0.1.2'] } } }) + services + tcp());
    assert.equal(await network.dialInVain('10.0.1.1', 5432), 'silence');
    assert.equal(await network.dial('fd01::1', 5432), 'sixth fd02::1');
    assert.ok((await metric('smartproxy_kernel_dropped_packets_total', { reason: 'ip_blocked' })) >= 2);
  });

  test('maintenance lets nobody in but who is listed, in the kernel too', async (t) => {
    const closed = (...allow: readonly string[]): string => tcp({}, { policy: { maintenance: { enabled: true, allow } } });
    const { serve } = await start(t, config + services + closed('10.0.1.0/24'));
    assert.equal(await network.dial('10.0.1.1', 5432, 'looking'), 'first 10.0.2.1');
    assert.equal(await network.dialInVain('fd01::1', 5432), 'silence');
    await serve(config + services + closed());
    assert.equal(await network.dialInVain('10.0.1.1', 5432), 'silence');
    assert.equal(await network.sayInVain('looking', 'x'), 'silence');
    await serve(config + services + tcp());
    assert.equal(await network.dial('fd01::1', 5432), 'sixth fd02::1');
  });

  test('example nftables.yaml does what it says', async (t) => {
    const { metric } = await start(t, `${config}${services}\n${readFileSync('examples/smartroute/nftables.yaml', 'utf8')}`);
    assert.equal(await network.dial('10.0.1.1', 5432), 'first 10.0.1.2');
    assert.equal(await network.dialInVain('fd01::1', 5432), 'silence');
    assert.equal(await metric('smartproxy_kernel_connections_total', { route: 'nftables' }), 1);
  });

  test('example nftables-udp.yaml does what it says', async (t) => {
    const own = service('quic', 'UDP', '10.0.2.2', 'fd02::2');
    const { metric } = await start(t, `${config}${own}\n${readFileSync('examples/smartroute/nftables-udp.yaml', 'utf8')}`);
    for (const text of ['hello', 'again']) assert.equal(await network.send('quic', '10.0.1.1', 8443, text), `first 10.0.2.1 ${text}`);
    assert.equal(await metric('smartproxy_kernel_connections_total', { route: 'nftables-udp' }), 1);
    assert.equal(await metric('smartproxy_route_connections_total', { route: 'nftables-udp', route_service: 'quic' }), 1);
  });

  test('a route that needs what this kernel lacks is a trouble of its own that passes, while the others are forwarded', async (t) => {
    const gate = await NftGate.closedTo(t, '"ct count"');
    const counted = tcp({}, { connection: { maxConnections: 100 } });
    const { command, metric } = await start(t, config + services + counted + udp(), { PATH: gate.path });
    assert.equal(await network.send('others', '10.0.1.1', 53, 'x'), 'first 10.0.2.1 x');
    await command.until(() =>
      command.log.some(
        ({ reason, parts, detail }) =>
          reason === 'kernel-refused' &&
          String(parts) === 'kernel forwarding of SmartRoute default/db' &&
          String(detail).startsWith('SmartRoute default/db, spec.connection.maxConnections: it takes nft_connlimit'),
      ),
    );
    assert.deepEqual([await metric('smartproxy_kernel_programmed'), await metric('smartproxy_kernel_refused_routes')], [0, 1]);
    await command.until(async () => ['closed', 'ECONNRESET'].includes(await network.dial('10.0.1.1', 5432)));
    await gate.open();
    await command.until(async () => (await network.dial('10.0.1.1', 5432)) === 'first 10.0.2.1');
    assert.deepEqual([await metric('smartproxy_kernel_programmed'), await metric('smartproxy_kernel_refused_routes')], [1, 0]);
  });

  test('a kernel that must not forward is a trouble that passes', async (t) => {
    RoutedMachines.setForwarding(false);
    t.after(() => RoutedMachines.setForwarding(true));
    spawnSync('nft', ['add', 'table', 'inet', table]);
    const { command } = await launch(t, config + services + tcp());
    await command.until(() =>
      command.log.some(({ reason, detail }) => reason === 'kernel-refused' && String(detail).includes('ip_forward')),
    );
    assert.ok(isTableGone(), 'what an earlier process left goes');
    // Until a worker listens, nobody does.
    await command.until(async () => ['closed', 'ECONNRESET'].includes(await network.dial('10.0.1.1', 5432)));
    RoutedMachines.setForwarding(true);
    await command.until(() => command.log.some(({ msg }) => msg === written));
    assert.equal(await network.dial('10.0.1.1', 5432), 'first 10.0.2.1');
  });
}
