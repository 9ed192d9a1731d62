import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { after, before, describe, test } from 'node:test';
import { buildRuleset } from '../../../src/smartproxy/nftables/build-ruleset.ts';
import { Conntrack } from '../../../src/smartproxy/nftables/conntrack.ts';
import { KernelForwarder, type KernelVerdict } from '../../../src/smartproxy/nftables/kernel-forwarder.ts';
import type { KernelRoute } from '../../../src/smartproxy/nftables/kernel-route.ts';
import { localAddresses } from '../../../src/smartproxy/nftables/local-addresses.ts';
import { Nft } from '../../../src/smartproxy/nftables/nft.ts';
import { hasShapeOf, readListing } from '../../../src/smartproxy/nftables/table-listing.ts';
import { transaction } from '../../../src/smartproxy/nftables/transaction.ts';
import { eventually } from '../../tools/eventually.ts';
import { kernelForwardingPackages } from '../../tools/kernel-forwarding.ts';
import { insideNamespace } from '../../tools/network-namespace.ts';
import { RecordedLog } from '../../tools/recorded-log.ts';
import { NftGate } from '../../tools/smartproxy/nft-gate.ts';
import { RoutedMachines } from '../../tools/smartproxy/routed-machines.ts';
import { RoutedNetwork } from '../../tools/smartproxy/routed-network.ts';
import { rulesetCases } from '../../tools/smartproxy/ruleset-cases.ts';

const table = 'smartproxy-test';
const tcpRoute: KernelRoute = {
  id: 'db/1',
  protocol: 'tcp',
  addresses: ['10.0.1.1', 'fd01::1'],
  port: 5432,
  endpoints: [
    { address: '10.0.2.2', port: 4001, slots: 1 },
    { address: '10.0.2.3', port: 4001, slots: 1 },
    { address: 'fd02::2', port: 4001, slots: 1 },
  ],
  kept: [],
  spread: 'round-robin',
  preserveSource: false,
  clients: [],
  rate: undefined,
  places: { object: 'aa01', inAll: 0, perClient: 0 },
};
const udpRoute: KernelRoute = { ...tcpRoute, id: 'dns/1', protocol: 'udp', port: 53 };
const [first, second, sixth] = tcpRoute.endpoints as readonly [
  KernelRoute['endpoints'][0],
  KernelRoute['endpoints'][0],
  KernelRoute['endpoints'][0],
];

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

  /** A forwarder of these routes; `to` changes them. Looks by itself as good as never. */
  async function forward(
    t: { after(end: () => Promise<void>): void },
    routes: readonly KernelRoute[],
    checkEveryMs = 3_600_000,
    command = 'nft',
    conntrack = new Conntrack(),
  ) {
    const log = new RecordedLog();
    let current = routes;
    let refused: KernelVerdict['refused'] = [];
    const forwarder = new KernelForwarder({
      table,
      nft: new Nft(tmpdir(), command),
      conntrack,
      routes: () => current,
      log,
      report: (verdict) => {
        refused = verdict.refused;
      },
      checkEveryMs,
    });
    t.after(() => forwarder.close());
    const to = async (next: readonly KernelRoute[]): Promise<string | undefined> => {
      current = next;
      forwarder.update();
      return await forwarder.settled();
    };
    assert.equal(await to(routes), undefined);
    return { forwarder, to, log, refused: () => refused };
  }

  async function dialled(count: number, host = '10.0.1.1'): Promise<Readonly<Record<string, number>>> {
    const greetings: Record<string, number> = {};
    for (let dial = 0; dial < count; dial++) {
      const greeting = await network.dial(host, 5432);
      greetings[greeting] = (greetings[greeting] ?? 0) + 1;
    }
    return greetings;
  }

  describe('the kernel', () => {
    test('takes every ruleset on file, and every other one after it', async (t) => {
      const nft = new Nft(tmpdir());
      t.after(() => execFileSync('nft', ['delete', 'table', 'inet', table]));
      const rulesets = rulesetCases().map(({ routes }) => buildRuleset(routes));
      for (const before of rulesets) {
        for (const next of [before, ...rulesets]) {
          const listed = await nft.list(table);
          await nft.apply(transaction(table, listed === undefined ? undefined : readListing(listed).objects, next));
          assert.ok(hasShapeOf(readListing(String(await nft.list(table))), next));
        }
      }
    });

    test('takes nothing of a transaction whose last command it refuses', async (t) => {
      const { to } = await forward(t, [tcpRoute]);
      const nft = new Nft(tmpdir());
      const before = String(await nft.list(table));
      const { nftables } = transaction(table, readListing(before).objects, buildRuleset([udpRoute])) as { readonly nftables: object[] };
      const nowhere = { family: 'inet', table, chain: 'source', expr: [{ jump: { target: 'nowhere' } }] };
      await assert.rejects(nft.apply({ nftables: [...nftables, { add: { rule: nowhere } }] }), { code: 'KERNEL_REFUSED' });
      assert.equal(await nft.list(table), before);
      assert.match(await network.dial('10.0.1.1', 5432), /^first/);
      assert.equal(await to([udpRoute]), undefined, 'without that command it takes them');
    });

    test('forwards TCP to every endpoint in turn, over IPv4 and IPv6, with our address as the source', async (t) => {
      await forward(t, [tcpRoute]);
      assert.deepEqual(await dialled(6), { 'first 10.0.2.1': 3, 'second 10.0.2.1': 3 });
      assert.deepEqual(await dialled(2, 'fd01::1'), { 'sixth fd02::1': 2 });
    });

    test('shares by weight', async (t) => {
      await forward(t, [{ ...tcpRoute, endpoints: [{ ...first, slots: 3 }, second] }]);
      assert.deepEqual(await dialled(8), { 'first 10.0.2.1': 6, 'second 10.0.2.1': 2 });
    });

    test('lets so many connections be open, of a client and in all, on every listener of the object, and keeps the count over other rules', async (t) => {
      const places = { object: 'aa01', inAll: 3, perClient: 2 };
      const limited = { ...tcpRoute, places };
      const other = { ...limited, id: 'db/2', port: 5433 };
      const { forwarder, to } = await forward(t, [limited, other]);
      for (let closed = 0; closed < 5; closed++) assert.match(await network.dial('10.0.1.1', 5432), /10\.0\.2\.1/);
      assert.match(await network.dial('10.0.1.1', 5432, 'open 1'), /10\.0\.2\.1/);
      assert.match(await network.dial('10.0.1.1', 5433, 'open 2'), /10\.0\.2\.1/);
      assert.equal(await network.dialInVain('10.0.1.1', 5432), 'silence');
      assert.equal(await network.dial('fd01::1', 5432, 'open 3'), 'sixth fd02::1');
      assert.equal(await network.dialInVain('fd01::1', 5433), 'silence', 'one of two of this client, but three in all');
      assert.equal(await to([{ ...limited, endpoints: [second, sixth] }, other]), undefined);
      assert.equal(await network.dialInVain('10.0.1.1', 5432), 'silence');
      assert.match(await network.say('open 1', 'x'), / x$/);
      const [counts] = (await forwarder.facts()).routes;
      assert.ok((counts?.crowded.packets ?? 0) + (counts?.clientCrowded.packets ?? 0) > 0);
      assert.equal(await to([{ ...limited, places: { ...places, inAll: 0, perClient: 0 } }]), undefined);
      assert.match(await network.dial('10.0.1.1', 5432), /10\.0\.2\.1/);
    });

    test('lets so many sessions be open', async (t) => {
      await forward(t, [{ ...udpRoute, places: { object: 'aa02', inAll: 2, perClient: 0 } }]);
      for (const id of ['session 1', 'session 2']) assert.match(await network.send(id, '10.0.1.1', 53, 'x'), / x$/);
      assert.equal(await network.sendInVain('session 3', '10.0.1.1', 53, 'x'), 'silence');
      assert.match(await network.send('session 1', '10.0.1.1', 53, 'y'), / y$/);
    });

    test('keeps a client with its endpoint when its address decides', async (t) => {
      await forward(t, [{ ...tcpRoute, spread: 'client' }]);
      assert.equal(Object.keys(await dialled(6)).length, 1);
    });

    test('shows endpoints the address of the client when it is preserved', async (t) => {
      await forward(t, [{ ...tcpRoute, preserveSource: true }]);
      assert.deepEqual(await dialled(2), { 'first 10.0.1.2': 1, 'second 10.0.1.2': 1 });
      assert.deepEqual(await dialled(1, 'fd01::1'), { 'sixth fd01::2': 1 });
    });

    test('forwards UDP, and moves the sessions of an endpoint that goes', async (t) => {
      const { to } = await forward(t, [{ ...udpRoute, endpoints: [first, sixth] }]);
      assert.equal(await network.send('moving', '10.0.1.1', 53, 'a'), 'first 10.0.2.1 a');
      assert.match(await network.send('sixth', 'fd01::1', 53, 'a'), /^sixth fd02::1 a/);
      await to([{ ...udpRoute, endpoints: [second] }]);
      assert.equal(await network.send('moving', '10.0.1.1', 53, 'b'), 'second 10.0.2.1 b');
    });

    test('leaves the sessions of an endpoint that gets nothing new where they are, until it goes', async (t) => {
      const route: KernelRoute = { ...udpRoute, id: 'kept/1', port: 54 };
      const { to, forwarder } = await forward(t, [{ ...route, endpoints: [first] }]);
      assert.equal(await network.send('staying', '10.0.1.1', 54, 'a'), 'first 10.0.2.1 a');
      await to([{ ...route, endpoints: [second], kept: [first] }]);
      assert.equal(await network.send('staying', '10.0.1.1', 54, 'b'), 'first 10.0.2.1 b');
      assert.equal(await network.send('new', '10.0.1.1', 54, 'a'), 'second 10.0.2.1 a');
      const { transactions } = await forwarder.facts();
      await to([{ ...route, endpoints: [second] }]);
      assert.equal(await network.send('staying', '10.0.1.1', 54, 'c'), 'second 10.0.2.1 c');
      assert.equal((await forwarder.facts()).transactions, transactions, 'no rule changed');
    });

    test('refuses clients that the lists do not let in, and those that are in already once they no longer do', async (t) => {
      const { to, forwarder } = await forward(t, [{ ...tcpRoute, clients: [{ allow: ['10.0.1.0/24'], deny: [] }] }]);
      assert.match(await network.dial('10.0.1.1', 5432, 'listed'), /^first/);
      assert.equal(await network.dialInVain('fd01::1', 5432), 'silence');
      await to([{ ...tcpRoute, clients: [{ allow: ['10.0.1.0/24'], deny: ['10.0.1.2', '10.0.1.2/31'] }] }]);
      assert.equal(await network.dialInVain('10.0.1.1', 5432), 'silence');
      assert.equal(await network.sayInVain('listed', 'x'), 'silence');
      const { refused, connections } = (await forwarder.facts()).routes[0]!;
      assert.ok(refused.packets >= 3);
      assert.equal(connections.packets, 1);
    });

    for (const per of ['client', 'route'] as const) {
      test(`limits the rate of new connections of a ${per}`, async (t) => {
        const { forwarder, to } = await forward(t, [{ ...tcpRoute, rate: { perSecond: 1, burst: 3, per } }]);
        let answered = 0;
        for (let dial = 0; dial < 8; dial++) if ((await network.dialInVain('10.0.1.1', 5432)) !== 'silence') answered++;
        assert.ok(answered >= 3 && answered < 8, `${answered} of 8`);
        assert.ok((await forwarder.facts()).routes[0]!.limited.packets > 0);
        // The rate is as it was: what was used of it stays used. Another route has its own.
        await to([{ ...tcpRoute, rate: { perSecond: 1, burst: 3, per } }, udpRoute]);
        assert.match(await network.send('unlimited', '10.0.1.1', 53, 'a'), / a$/);
      });
    }

    test('counts connections and bytes each way through changes of endpoints, and shows those that are open', async (t) => {
      const route: KernelRoute = { ...tcpRoute, id: 'counted/1', port: 5440 };
      const { forwarder, to } = await forward(t, [route]);
      await network.dial('10.0.1.1', 5440, 'counted');
      assert.equal(await network.say('counted', 'x'.repeat(1000)), `first 10.0.2.1 ${'x'.repeat(1000)}`);
      await to([{ ...route, endpoints: [second] }]);
      assert.equal(await network.say('counted', 'y'.repeat(1000)), `first 10.0.2.1 ${'y'.repeat(1000)}`);
      assert.match(await network.dial('10.0.1.1', 5440, 'other'), /^second/);
      const facts = await forwarder.facts();
      const counts = facts.routes[0]!;
      assert.equal(facts.programmed, true);
      assert.equal(counts.connections.packets, 2);
      assert.ok(counts.received.bytes > 2000, `${counts.received.bytes}`);
      assert.ok(counts.sent.bytes > 2000, `${counts.sent.bytes}`);
      assert.equal(counts.open, 2);
    });

    test('shows those that are open to the program conntrack too, where it has no file of them', async (t) => {
      const route: KernelRoute = { ...tcpRoute, id: 'listed/1', port: 5441 };
      await forward(t, [route]);
      await network.dial('10.0.1.1', 5441, 'listed');
      await network.dial('fd01::1', 5441, 'listed six');
      const open: string[] = [];
      const isShown = await new Conntrack('/nowhere/nf_conntrack').each(({ dialled, answering, isOpen }) => {
        if (isOpen && dialled.port === 5441) open.push(answering.address);
      });
      assert.equal(isShown, true);
      assert.deepEqual(open.toSorted(), ['10.0.2.2', 'fd02::2']);
      assert.equal(await new Conntrack('/nowhere/nf_conntrack', '/nowhere/conntrack').each(() => assert.fail()), false);
    });

    test('that shows nobody what is open has counted the rest all the same', async (t) => {
      const blind = new Conntrack('/nowhere/nf_conntrack', '/nowhere/conntrack');
      const { forwarder } = await forward(t, [{ ...tcpRoute, id: 'unseen/1', port: 5442 }], undefined, 'nft', blind);
      await network.dial('10.0.1.1', 5442, 'unseen');
      const [counts] = (await forwarder.facts()).routes;
      assert.deepEqual([counts?.open, counts?.connections.packets], [undefined, 1]);
    });

    test('ends the connections of a route that goes, and keeps those of the others', async (t) => {
      const other: KernelRoute = { ...tcpRoute, id: 'mail/1', port: 25, addresses: ['10.0.1.1'] };
      const { to } = await forward(t, [tcpRoute, other]);
      await network.dial('10.0.1.1', 5432, 'going');
      await network.dial('10.0.1.1', 25, 'staying');
      await to([other]);
      assert.match(await network.say('going', 'x'), /ECONNRESET|closed/);
      assert.match(await network.say('staying', 'x'), / x$/);
      assert.equal(await network.dial('10.0.1.1', 5432), 'ECONNREFUSED');
    });

    test('has its rules restored when somebody else changes them', async (t) => {
      const { forwarder, log } = await forward(t, [tcpRoute], 100);
      await eventually('the rules are written', async () => (await forwarder.facts()).transactions === 1);
      execFileSync('nft', ['flush', 'chain', 'inet', table, 'forward/db/1']);
      await eventually('an emptied chain is restored', async () => (await forwarder.facts()).repairs === 1);
      execFileSync('nft', ['delete', 'table', 'inet', table]);
      await eventually('a deleted table is restored', async () => (await forwarder.facts()).repairs === 2);
      execFileSync('nft', ['add', 'table', 'inet', 'other']);
      assert.equal(Object.keys(await dialled(2)).length, 2);
      assert.ok(log.lines.some(({ message }) => message === 'rules of the kernel were changed by somebody else and are restored'));
      execFileSync('nft', ['delete', 'table', 'inet', 'other']);
    });

    test('has no rules of ours left when nothing is routed, and after the end', async (t) => {
      const { to, forwarder } = await forward(t, [tcpRoute]);
      assert.notEqual(await new Nft(tmpdir()).list(table), undefined);
      await to([]);
      assert.equal(await new Nft(tmpdir()).list(table), undefined);
      await to([tcpRoute]);
      await forwarder.close();
      assert.equal(await new Nft(tmpdir()).list(table), undefined);
    });

    describe('where clients have routes of their own', () => {
      const listener = 'shared';
      const inside: KernelRoute = {
        ...tcpRoute,
        id: 'shared/in',
        port: 5450,
        from: { listener, networks: ['10.0.1.3', 'fd01::3'], except: [] },
        endpoints: [first, sixth],
        preserveSource: true,
      };
      const rest: KernelRoute = {
        ...inside,
        id: 'shared/rest',
        from: { listener, networks: undefined, except: ['10.0.1.3', 'fd01::3'] },
        endpoints: [second, { ...sixth, port: 4002 }],
        preserveSource: false,
      };
      const [insider, outsider] = ['10.0.1.3', '10.0.1.2'];
      const inUdp = (routes: readonly KernelRoute[]): readonly KernelRoute[] => routes.map((route) => ({ ...route, protocol: 'udp' }));
      before(() => network.serve('tcp', 'other sixth', 'fd02::2', 4002));

      test('each goes to its own, over IPv4 and IPv6, with its own source, and is counted there', async (t) => {
        const { forwarder } = await forward(t, [rest, inside]);
        for (const port of [inside.port, inside.port]) {
          assert.equal(await network.dialFrom(insider, '10.0.1.1', port), 'first 10.0.1.3');
          assert.equal(await network.dialFrom(outsider, '10.0.1.1', port), 'second 10.0.2.1');
        }
        assert.equal(await network.dialFrom('fd01::3', 'fd01::1', inside.port, 'insider six'), 'sixth fd01::3');
        assert.equal(await network.dialFrom('fd01::2', 'fd01::1', inside.port), 'other sixth fd02::1');
        const { routes } = await forwarder.facts();
        const counted = routes.map(({ id, connections, open }) => [id, connections.packets, open]);
        assert.deepEqual(counted, [
          ['shared/rest', 3, 0],
          ['shared/in', 3, 1],
        ]);
        assert.ok(routes.every(({ received, sent }) => received.bytes > 100 && sent.bytes > 100));
      });

      test('who has none is left to whoever listens here', async (t) => {
        const worker = createServer((socket) => socket.end('worker')).listen(5451);
        t.after(() => worker.close());
        const { to } = await forward(t, [{ ...inside, port: 5451 }]);
        assert.equal(await network.dialFrom(outsider, '10.0.1.1', 5451), 'worker');
        assert.equal(await network.dialFrom(insider, '10.0.1.1', 5451), 'first 10.0.1.3');
        assert.equal(await to([{ ...rest, port: 5451 }]), undefined);
        assert.equal(await network.dialFrom(insider, '10.0.1.1', 5451), 'worker', 'a route of a worker is for it');
        assert.equal(await network.dialFrom(outsider, '10.0.1.1', 5451), 'second 10.0.2.1');
      });

      test('the first that is for a client has it, of networks that overlap', async (t) => {
        const wider = { ...rest, from: { listener, networks: ['10.0.1.0/24'], except: ['10.0.1.3', 'fd01::3'] } };
        const { to } = await forward(t, [wider, inside]);
        assert.equal(await network.dialFrom(insider, '10.0.1.1', inside.port), 'first 10.0.1.3');
        assert.equal(await network.dialFrom(outsider, '10.0.1.1', inside.port), 'second 10.0.2.1');
        const later = { ...inside, from: { listener, networks: ['10.0.1.3', 'fd01::3'], except: ['10.0.1.0/24'] } };
        assert.equal(await to([{ ...wider, from: { ...wider.from, except: [] } }, later]), undefined);
        assert.equal(await network.dialFrom(insider, '10.0.1.1', inside.port), 'second 10.0.2.1');
        assert.equal(await network.dialFrom('fd01::3', 'fd01::1', inside.port), 'sixth fd01::3');
      });

      test('UDP goes by client too, and sessions move with them', async (t) => {
        const all = inUdp([inside, rest]);
        const { to } = await forward(t, all);
        const say = (from: string) => network.sendFrom(from, `by client ${from}`, '10.0.1.1', inside.port, 'x');
        assert.deepEqual([await say(insider), await say(outsider)], ['first 10.0.1.3 x', 'second 10.0.2.1 x']);
        assert.equal(await to(inUdp([{ ...rest, from: { listener, networks: undefined, except: [] } }])), undefined);
        assert.deepEqual([await say(insider), await say(outsider)], ['second 10.0.2.1 x', 'second 10.0.2.1 x']);
        assert.equal(await to(all), undefined);
        assert.deepEqual([await say(insider), await say(outsider)], ['first 10.0.1.3 x', 'second 10.0.2.1 x']);
      });

      test("connections end when their client is another route's, and those of the others do not", async (t) => {
        const everybody = { ...rest, from: { listener, networks: ['0.0.0.0/0'], except: [] }, endpoints: [first] };
        const { to } = await forward(t, [everybody]);
        for (const from of [insider, outsider]) assert.equal(await network.dialFrom(from, '10.0.1.1', inside.port, from), 'first 10.0.2.1');
        assert.equal(await to([{ ...everybody, from: { ...everybody.from, except: [insider] } }, inside]), undefined);
        assert.match(await network.say(insider, 'x'), /ECONNRESET|closed/);
        assert.equal(await network.say(outsider, 'x'), 'first 10.0.2.1 x');
      });

      test('lists, numbers and rates are those of each route', async (t) => {
        const limited = { ...inside, places: { object: 'aa09', inAll: 1, perClient: 0 }, clients: [{ allow: [], deny: ['fd01::3'] }] };
        const { forwarder } = await forward(t, [limited, rest]);
        assert.equal(await network.dialFrom(insider, '10.0.1.1', inside.port, 'one'), 'first 10.0.1.3');
        assert.equal(await network.dialFromInVain(insider, '10.0.1.1', inside.port), 'silence');
        assert.equal(await network.dialFromInVain('fd01::3', 'fd01::1', inside.port), 'silence');
        for (let dial = 0; dial < 2; dial++) assert.equal(await network.dialFrom(outsider, '10.0.1.1', inside.port), 'second 10.0.2.1');
        const { routes } = await forwarder.facts();
        assert.deepEqual(
          routes.map(({ crowded, refused }) => [crowded.packets > 0, refused.packets > 0]),
          [
            [true, true],
            [false, false],
          ],
        );
      });
    });

    for (const { expression, field, more } of [
      { expression: '"ct count"', field: 'spec.connection.maxConnections', more: { places: { object: 'aa03', inAll: 9, perClient: 0 } } },
      { expression: '"limit"', field: 'spec.tcp.nftables.connectionRate', more: { rate: { perSecond: 9, burst: 9, per: 'client' } } },
      { expression: '"jhash"', field: 'spec.tcp.loadBalancing', more: { spread: 'client' } },
      { expression: '"masquerade"', field: 'spec.tcp.nftables.preserveSource', more: { preserveSource: false } },
    ] as const) {
      test(`without ${expression} leaves out the routes that need it, until it has it, and forwards the others`, async (t) => {
        const gate = await NftGate.closedTo(t, expression);
        const plain: KernelRoute = { ...tcpRoute, id: 'plain/1', preserveSource: true };
        const demanding: KernelRoute = { ...plain, id: 'demanding/1', port: 5433, ...more };
        const { forwarder, to, refused } = await forward(t, [demanding, plain], undefined, gate.command);
        assert.match(await network.dial('10.0.1.1', 5432), /10\.0\.1\.2$/);
        assert.equal(await network.dial('10.0.1.1', 5433), 'ECONNREFUSED');
        assert.deepEqual(
          refused().map(({ id, fields }) => [id, fields.map((found) => found.field)]),
          [['demanding/1', [field]]],
        );
        const { programmed, refused: leftOut, failures } = await forwarder.facts();
        assert.deepEqual([programmed, leftOut, failures], [false, 1, 0]);
        await gate.open();
        assert.equal(await to([demanding, plain]), undefined);
        assert.deepEqual(refused(), []);
        assert.match(await network.dial('10.0.1.1', 5433), /^(first|second) /);
        assert.equal((await forwarder.facts()).programmed, true);
      });
    }

    test('that refuses the plainest route keeps none of them back for what it needs', async (t) => {
      const gate = await NftGate.closedTo(t, '"dnat"');
      const { to, refused } = await forward(t, [], undefined, gate.command);
      assert.match(String(await to([tcpRoute])), /Cannot apply rules of the kernel: .*Could not process rule/);
      assert.deepEqual(refused(), []);
    });

    test('gets no rules while it must not forward, and gets them once it may', async (t) => {
      RoutedMachines.setForwarding(false);
      t.after(() => RoutedMachines.setForwarding(true));
      const { to } = await forward(t, []);
      const problem =
        'Cannot forward in the kernel: net.ipv4.ip_forward and net.ipv6.conf.all.forwarding is 0; set it to 1 on this machine';
      assert.equal(await to([tcpRoute]), problem);
      assert.equal(await new Nft(tmpdir()).list(table), undefined);
      RoutedMachines.setForwarding(true);
      assert.equal(await to([tcpRoute]), undefined);
    });
  });

  test('our addresses are those that others can dial', () => {
    assert.deepEqual(localAddresses(), ['10.0.1.1', '10.0.2.1', 'fd01::1', 'fd02::1']);
  });

  test('a kernel that may not be changed is told apart from a program that is not there', async () => {
    await assert.rejects(new Nft(tmpdir(), '/nowhere/nft').list(table), { code: 'KERNEL_REFUSED', message: /is not installed/ });
    const unprivileged = new Nft(tmpdir(), new URL('../../tools/smartproxy/nft-without-privilege.sh', import.meta.url).pathname);
    await assert.rejects(unprivileged.apply(transaction(table, undefined, buildRuleset([]))), {
      code: 'KERNEL_REFUSED',
      message: /NET_ADMIN/,
    });
  });
}
