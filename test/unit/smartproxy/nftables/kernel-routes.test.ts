import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { L4Route } from '../../../../src/routes/route.ts';
import type { RouteTable } from '../../../../src/routes/route-table.ts';
import type { Endpoint } from '../../../../src/routes/service.ts';
import { kernelRouteId, kernelRoutes } from '../../../../src/smartproxy/nftables/kernel-routes.ts';
import { canBeForwarded, localAddresses } from '../../../../src/smartproxy/nftables/local-addresses.ts';
import { udpListener, udpTable } from '../../../tools/smartproxy/udp-under-test.ts';

const kernel = { preserveSource: true, connectionRate: { perSecond: 5, burst: 10, per: 'client' } } as const;
const surroundings = { localAddresses: ['192.0.2.1', '2001:db8::1'], zone: undefined, clients: { allow: [], deny: [] } };
const listener = { ...udpListener, addresses: ['::'], port: 53 };

function tableWith(endpoints: readonly Partial<Endpoint>[], changes: Partial<L4Route> = {}): RouteTable {
  const table = udpTable({ services: { dns: [] }, kernel, listener });
  const [route] = table.l4.values();
  const all = endpoints.map((endpoint) => ({
    address: '10.1.0.1',
    port: 53,
    state: 'ready' as const,
    zone: undefined,
    forZones: [],
    ...endpoint,
  }));
  return {
    ...table,
    l4: new Map([[route!.key, { ...route!, ...changes }]]),
    endpoints: new Map([['dns', { key: 'dns', endpoints: all }]]),
  };
}

test('a route of the kernel has its listener, endpoints in order by family, and what else it was given', () => {
  const table = tableWith([{ address: 'fd00::2' }, { address: '10.1.0.2' }, { address: '10.1.0.1' }, { address: 'dns.example.com' }]);
  const [route] = table.l4.values();
  assert.deepEqual(kernelRoutes(table, surroundings), [
    {
      id: kernelRouteId(route!),
      protocol: 'udp',
      addresses: ['192.0.2.1', '2001:db8::1'],
      port: 53,
      endpoints: [
        { address: '10.1.0.1', port: 53, slots: 1 },
        { address: '10.1.0.2', port: 53, slots: 1 },
        { address: 'fd00::2', port: 53, slots: 1 },
      ],
      kept: [],
      spread: 'client',
      preserveSource: true,
      clients: [],
      rate: kernel.connectionRate,
      places: { object: 'e0ff1a17', inAll: 0, perClient: 0 },
    },
  ]);
});

test('routes that workers forward are none of the kernel', () => {
  assert.deepEqual(kernelRoutes(tableWith([], { kernel: undefined }), surroundings), []);
});

test('addresses are those that a listener has and others can dial, each once', () => {
  const addressesOf = (...addresses: readonly string[]) => {
    const table = { ...tableWith([]), listeners: new Map([[listener.key, { ...listener, addresses }]]) };
    return kernelRoutes(table, surroundings)[0]?.addresses;
  };
  assert.deepEqual(addressesOf('0.0.0.0'), ['192.0.2.1']);
  assert.deepEqual(addressesOf('::', '0.0.0.0', '192.0.2.1'), ['192.0.2.1', '2001:db8::1']);
  assert.deepEqual(addressesOf('198.51.100.1', '127.0.0.1', '::1'), ['198.51.100.1']);
  assert.deepEqual(['127.1.2.3', '169.254.20.10', 'fe80::1', '::1'].filter(canBeForwarded), []);
  assert.ok(localAddresses().every(canBeForwarded));
});

test('endpoints that terminate get nothing while others are ready, and those of our zone come first', () => {
  const addressesOf = (zone: string | undefined, ...endpoints: readonly Partial<Endpoint>[]) =>
    kernelRoutes(tableWith(endpoints), { ...surroundings, zone })[0]?.endpoints.map(({ address }) => address);
  const [a, b] = [{ address: '10.1.0.1' }, { address: '10.1.0.2' }];
  assert.deepEqual(addressesOf(undefined, a, { ...b, state: 'fallback' }), ['10.1.0.1']);
  assert.deepEqual(addressesOf(undefined, { ...a, state: 'draining' }, { ...b, state: 'fallback' }), ['10.1.0.2']);
  assert.deepEqual(addressesOf('east', { ...a, forZones: ['west'] }, { ...b, forZones: ['east'] }), ['10.1.0.2']);
});

test('endpoints that are listed and get nothing new keep what they have, those of a backend without weight do not', () => {
  const keptOf = (changes: Partial<L4Route>) =>
    kernelRoutes(
      tableWith(
        [
          { address: '10.1.0.4' },
          { address: '10.1.0.3', state: 'draining' },
          { address: '::ffff:10.1.0.2', state: 'fallback' },
          { address: '10.1.0.1', forZones: ['west'] },
          { address: 'dns.example.com', state: 'draining' },
        ].map((endpoint) => ({ forZones: ['east'], ...endpoint }) as Partial<Endpoint>),
        changes,
      ),
      { ...surroundings, zone: 'east' },
    )[0]?.kept;
  const [a, b, c] = ['10.1.0.1', '10.1.0.2', '10.1.0.3'].map((address) => ({ address, port: 53 }));
  assert.deepEqual(keptOf({}), [a, b, c]);
  assert.deepEqual(keptOf({ backends: [{ service: 'dns', weight: 0 }] }), []);
});

test('what may be open is of TCP what its policy says of connections, and of UDP what the route says of sessions', () => {
  const table = tableWith([], { maxSessions: 7 });
  assert.deepEqual(kernelRoutes(table, surroundings)[0]?.places, { object: 'e0ff1a17', inAll: 7, perClient: 0 });
  const [policy] = table.policies.values();
  const [route] = table.l4.values();
  const connection = { idleMs: 0, lifetimeMs: 0, firstDataMs: 0, probeAfterMs: 0, whenRemoved: 'cut', maxConnections: 3 } as const;
  const tcp: RouteTable = {
    ...table,
    policies: new Map([[policy!.key, { ...policy!, connection: { ...connection, maxConnectionsPerAddress: 2 } }]]),
    l4: new Map([[route!.key, { ...route!, protocol: 'tcp', idleTimeoutMs: undefined }]]),
  };
  assert.deepEqual(kernelRoutes(tcp, surroundings)[0]?.places, { object: 'e0ff1a17', inAll: 3, perClient: 2 });
});

test('who may come in: the lists of the installation and those of the policy', () => {
  const own = { allow: ['10.0.0.0/8'], deny: [] };
  const all = { allow: [], deny: ['192.0.2.0/24'] };
  const table = udpTable({ services: { dns: [] }, kernel, listener, clients: own });
  assert.deepEqual(kernelRoutes(table, { ...surroundings, clients: all })[0]?.clients, [all, own]);
});

test('in maintenance only those come in who may all the same, perhaps nobody', () => {
  const table = udpTable({ services: { dns: [] }, kernel, listener });
  const [policy] = table.policies.values();
  const clientsWith = (allow: readonly string[]) => {
    const closed = { ...policy!, maintenance: { allow, answer: { kind: 'respond', status: 503, headers: [], body: '' } as const } };
    return kernelRoutes({ ...table, policies: new Map([[closed.key, closed]]) }, surroundings)[0]?.clients;
  };
  assert.deepEqual(clientsWith(['10.0.0.0/8']), [{ allow: ['10.0.0.0/8'], deny: [] }]);
  assert.deepEqual(clientsWith([]), [{ allow: [], deny: ['0.0.0.0/0', '::/0'] }]);
});

test('backends share by weight in each family by itself', () => {
  const table = udpTable({
    services: {
      a: [
        { address: '10.1.0.1', port: 53 },
        { address: 'fd00::1', port: 53 },
        { address: 'fd00::2', port: 53 },
      ],
      b: [
        { address: '10.1.0.2', port: 53 },
        { address: 'fd00::3', port: 53 },
      ],
    },
    backends: [
      { service: 'a', weight: 3 },
      { service: 'b', weight: 1 },
      { service: undefined, weight: 5 },
    ],
    kernel,
    listener,
  });
  const shares = kernelRoutes(table, surroundings)[0]?.endpoints.map(({ address, slots }) => `${address} ${slots}`);
  assert.deepEqual(shares, ['10.1.0.1 3', '10.1.0.2 1', 'fd00::1 3', 'fd00::2 3', 'fd00::3 2']);
});
