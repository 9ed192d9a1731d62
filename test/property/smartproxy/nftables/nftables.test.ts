import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AddressList } from '../../../../src/address-list.ts';
import { findL4Route } from '../../../../src/routes/find-l4-route.ts';
import type { L4Route } from '../../../../src/routes/route.ts';
import { buildRuleset } from '../../../../src/smartproxy/nftables/build-ruleset.ts';
import { disjointNetworks, type Network } from '../../../../src/smartproxy/nftables/disjoint-networks.ts';
import type { KernelRoute } from '../../../../src/smartproxy/nftables/kernel-route.ts';
import { kernelRouteId, kernelRoutes } from '../../../../src/smartproxy/nftables/kernel-routes.ts';
import { RoutesByPlace } from '../../../../src/smartproxy/nftables/routes-by-place.ts';
import { slotsOf } from '../../../../src/smartproxy/nftables/slots.ts';
import { removal, transaction } from '../../../../src/smartproxy/nftables/transaction.ts';
import { NaiveNft } from '../../../tools/smartproxy/naive-nft.ts';
import { udpListener, udpTable } from '../../../tools/smartproxy/udp-under-test.ts';

// Few different bits, so that networks cover each other often.
const ipv4 = fc.tuple(fc.constantFrom(10, 192), fc.nat(3), fc.nat(3), fc.nat(255)).map((parts) => parts.join('.'));
const ipv6 = fc.tuple(fc.nat(3), fc.nat(3)).map(([a, b]) => `fd00:${a.toString(16)}::${b.toString(16)}`);
const address = fc.oneof(ipv4, ipv6);
const network = fc.oneof(
  address,
  fc.tuple(ipv4, fc.nat(32)).map(([text, length]) => `${text}/${length}`),
  fc.tuple(ipv6, fc.nat(128)).map(([text, length]) => `${text}/${length}`),
);

const route = fc.record({
  name: fc.constantFrom('a', 'b', 'c'),
  protocol: fc.constantFrom('tcp', 'udp'),
  addresses: fc.uniqueArray(address, { maxLength: 3 }),
  endpoints: fc.array(fc.record({ address, port: fc.integer({ min: 1, max: 65_535 }), slots: fc.integer({ min: 1, max: 9 }) }), {
    maxLength: 4,
  }),
  spread: fc.constantFrom('round-robin', 'random', 'client'),
  preserveSource: fc.boolean(),
  places: fc.record({ object: fc.constantFrom('aa', 'bb'), inAll: fc.constantFrom(0, 5), perClient: fc.constantFrom(0, 2, 3) }),
  clients: fc.array(fc.record({ allow: fc.array(network, { maxLength: 3 }), deny: fc.array(network, { maxLength: 3 }) }), { maxLength: 2 }),
  rate: fc.option(
    fc.record({ perSecond: fc.constantFrom(1, 100), burst: fc.constantFrom(1, 5), per: fc.constantFrom('client', 'route') }),
    {
      nil: undefined,
    },
  ),
});
const clients = fc.array(network, { maxLength: 3 });
/** A port is that of one listener, whose routes are for some of its clients each, or for all. */
const routes = fc
  .uniqueArray(
    fc.record({ own: route, from: fc.option(fc.record({ networks: fc.option(clients, { nil: undefined }), except: clients })) }),
    {
      maxLength: 3,
      selector: ({ own }) => own.name,
    },
  )
  .map((all) =>
    all.map(({ own: { name, ...rest }, from }): KernelRoute => {
      const shared = from === null ? {} : { from: { listener: 'shared', ...from } };
      return { ...rest, ...shared, kept: [], id: `${name}/1`, port: from === null ? 1000 + name.charCodeAt(0) : 999 } as KernelRoute;
    }),
  );

test('a transaction from any ruleset to any other keeps to the rules of nft, and leaves what was wanted', () => {
  fc.assert(
    fc.property(fc.array(routes, { minLength: 1, maxLength: 5 }), (changes) => {
      const kernel = new NaiveNft();
      for (const wanted of changes) {
        const ruleset = buildRuleset(wanted);
        kernel.run(transaction('t', kernel.listing(), ruleset));
        assert.deepEqual(kernel.content(), NaiveNft.contentOf(ruleset));
      }
      kernel.run(removal('t'));
      assert.equal(kernel.listing(), undefined);
      kernel.run(removal('t'));
    }),
  );
});

test("whatever routes a listener has, the kernel has a client's just where the workers have one of the kernel for it", () => {
  const one = fc.record({ clients: fc.option(fc.array(network, { maxLength: 3 }), { nil: undefined }), isKernel: fc.boolean() });
  const base = udpTable({ services: { dns: [] }, listener: { ...udpListener, addresses: ['::'], port: 53 } });
  const [wide] = base.l4.values();
  fc.assert(
    fc.property(fc.array(one, { maxLength: 5 }), fc.array(address, { minLength: 1, maxLength: 10 }), (all, candidates) => {
      const made = all.map(({ clients: own, isKernel }, index): L4Route => {
        const narrow = own === undefined ? {} : { clients: own, rank: index };
        const kernel = isKernel ? { kernel: { preserveSource: false, connectionRate: undefined } } : {};
        return { ...wide!, ...narrow, ...kernel, key: own === undefined ? 'wide' : `narrow ${index}` };
      });
      const table = { ...base, l4: new Map(made.map((route) => [route.key, route])) };
      const places = new RoutesByPlace(
        kernelRoutes(table, { localAddresses: ['192.0.2.1'], zone: undefined, clients: { allow: [], deny: [] } }),
      );
      for (const client of candidates) {
        const meant = findL4Route(table, 'dns', 'udp', client);
        const found = places.find('udp', { address: '192.0.2.1', port: 53 }, client);
        assert.equal(found?.id, meant?.kernel === undefined ? undefined : kernelRouteId(meant), client);
      }
    }),
  );
});

test('a table with something of another sort under our names is made anew', () => {
  const ruleset = buildRuleset([]);
  const kernel = new NaiveNft();
  kernel.run({
    nftables: [
      { add: { table: { family: 'inet', name: 't' } } },
      { add: { chain: { family: 'inet', table: 't', name: 'source', type: 'nat', hook: 'postrouting', prio: 5 } } },
    ],
  });
  kernel.run(transaction('t', kernel.listing(), ruleset));
  assert.deepEqual(kernel.content(), NaiveNft.contentOf(ruleset));
});

test('counters that stay wanted are never removed', () => {
  fc.assert(
    fc.property(routes, routes, (before, after) => {
      const kernel = new NaiveNft();
      kernel.run(transaction('t', undefined, buildRuleset(before)));
      const { nftables } = transaction('t', kernel.listing(), buildRuleset(after)) as {
        readonly nftables: readonly Record<string, never>[];
      };
      const ids = new Set(after.map(({ id }) => id));
      for (const { delete: removed } of nftables as readonly { readonly delete?: { readonly counter?: { readonly name: string } } }[]) {
        const name = removed?.counter?.name;
        if (name !== undefined) assert.ok(!ids.has(name.slice(name.indexOf('/') + 1)), name);
      }
    }),
  );
});

test('disjoint networks have exactly the addresses of what they were made from, in order and without overlap', () => {
  fc.assert(
    fc.property(fc.array(network, { maxLength: 6 }), fc.array(address, { minLength: 1, maxLength: 20 }), (cidrs, addresses) => {
      const made = disjointNetworks(cidrs);
      const text = ({ address: first, length }: Network) => `${first}/${length}`;
      const list = new AddressList([...made.ipv4, ...made.ipv6].map(text));
      const naive = new AddressList(cidrs);
      for (const candidate of addresses) assert.equal(list.has(candidate), naive.has(candidate), candidate);
      for (const networks of [made.ipv4, made.ipv6]) {
        networks.forEach((one, index) => {
          const others = new AddressList(networks.filter((_, other) => other !== index).map(text));
          assert.equal(others.has(one.address), false, text(one));
        });
      }
    }),
  );
});

test('slots divide by weight between groups and evenly within one, exactly while that takes few of them', () => {
  const group = fc.record({ weight: fc.nat(100), members: fc.array(fc.string(), { maxLength: 12 }) });
  fc.assert(
    fc.property(fc.array(group, { maxLength: 4 }), (groups) => {
      const slots = slotsOf(groups.map(({ weight, members }, index) => ({ weight, members: members.map(() => index) })));
      const total = slots.reduce((sum, { slots: own }) => sum + own, 0);
      const used = groups.filter(({ weight, members }) => weight > 0 && members.length > 0);
      const weights = used.reduce((sum, { weight }) => sum + weight, 0);
      assert.equal(
        slots.length,
        used.reduce((sum, { members }) => sum + members.length, 0),
      );
      for (const { member, slots: own } of slots) {
        const { weight, members } = groups[member]!;
        assert.ok(Number.isInteger(own) && own > 0);
        const share = weight / weights / members.length;
        assert.ok(Math.abs(own / total - share) < 1e-9, `${own} of ${total} for a share of ${share}`);
      }
    }),
  );
});

test('shares that no number of slots gives exactly are rounded, and nobody is left without', () => {
  const members = (count: number) => Array.from({ length: count }, (_, index) => index);
  const slots = slotsOf([997, 991, 983, 977].map((count, index) => ({ weight: index === 0 ? 1 : 1_000_000, members: members(count) })));
  const total = slots.reduce((sum, { slots: own }) => sum + own, 0);
  assert.equal(slots.length, 997 + 991 + 983 + 977);
  assert.ok(slots.every(({ slots: own }) => Number.isInteger(own) && own >= 1));
  assert.ok(total < 2_000_000);
});
