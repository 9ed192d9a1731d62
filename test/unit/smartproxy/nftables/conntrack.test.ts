import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { Conntrack } from '../../../../src/smartproxy/nftables/conntrack.ts';
import { type ConntrackEntry, readConntrackLine } from '../../../../src/smartproxy/nftables/conntrack-entry.ts';
import type { KernelRoute } from '../../../../src/smartproxy/nftables/kernel-route.ts';
import { mayHaveStale, StaleFinder } from '../../../../src/smartproxy/nftables/stale-connections.ts';

// As Linux 6.18 writes them.
const tcpLine =
  'ipv4     2 tcp      6 431999 ESTABLISHED src=10.9.0.1 dst=192.0.2.10 sport=41234 dport=5432 src=10.1.0.1 dst=192.0.2.10 sport=5433 dport=41234 [ASSURED] mark=0 zone=0 use=2';
const closingLine = tcpLine.replace('ESTABLISHED', 'TIME_WAIT');
const unrepliedLine =
  'ipv6     10 udp      17 29 src=fd00:0000:0000:0000:0000:0000:0000:0002 dst=fd00:0000:0000:0000:0000:0000:0000:0001 sport=5000 dport=53 [UNREPLIED] src=fd00:0000:0000:0000:0000:0000:0000:0001 dst=fd00:0000:0000:0000:0000:0000:0000:0002 sport=53 dport=5000 mark=0 zone=0 use=2';

const tcpEntry: ConntrackEntry = {
  protocol: 'tcp',
  client: '10.9.0.1',
  dialled: { address: '192.0.2.10', port: 5432 },
  answering: { address: '10.1.0.1', port: 5433 },
  isOpen: true,
};

const route: KernelRoute = {
  id: 'dns/1',
  protocol: 'udp',
  addresses: ['192.0.2.10'],
  port: 53,
  spread: 'round-robin',
  preserveSource: false,
  clients: [],
  rate: undefined,
  places: { object: 'aa01', inAll: 0, perClient: 0 },
  endpoints: [{ address: '10.1.0.1', port: 53, slots: 1 }],
  kept: [],
};

function answeredBy(address: string, port = 53, client = '10.9.0.2'): ConntrackEntry {
  return { protocol: 'udp', client, dialled: { address: '192.0.2.10', port: 53 }, answering: { address, port }, isOpen: true };
}

function foundBy(finder: StaleFinder, ...entries: readonly ConntrackEntry[]): readonly string[] {
  for (const entry of entries) finder.visit(entry);
  return finder.found.map(({ answering }) => answering.address);
}

test('a line of the connection table tells what was dialled and who answers', () => {
  assert.deepEqual(readConntrackLine(tcpLine), tcpEntry);
  assert.deepEqual(readConntrackLine(closingLine), { ...tcpEntry, isOpen: false });
  assert.deepEqual(readConntrackLine(unrepliedLine), {
    protocol: 'udp',
    client: 'fd00::2',
    dialled: { address: 'fd00::1', port: 53 },
    answering: { address: 'fd00::1', port: 53 },
    isOpen: true,
  });
  assert.equal(
    readConntrackLine('ipv4     2 icmp     1 29 src=10.0.0.1 dst=10.0.0.2 type=8 code=0 id=1 src=10.0.0.2 dst=10.0.0.1'),
    undefined,
  );
  assert.equal(readConntrackLine(''), undefined);
});

test('the connection table is read whole whatever pieces it comes in, and its absence is told', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'smartproxy-conntrack-'));
  try {
    const file = join(folder, 'nf_conntrack');
    writeFileSync(file, `${tcpLine}\n${closingLine}\n`.repeat(2000));
    let open = 0;
    let all = 0;
    const count = ({ isOpen }: ConntrackEntry): void => {
      all++;
      if (isOpen) open++;
    };
    assert.equal(await new Conntrack(file).each(count), true);
    assert.deepEqual([all, open], [4000, 2000]);
    assert.equal(await new Conntrack(join(folder, 'none'), join(folder, 'no-conntrack')).each(count), false);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('UDP sessions of an endpoint that has gone are stale, as are those from before there was a route; others are not', () => {
  const entries = [answeredBy('10.1.0.1'), answeredBy('10.1.0.9'), answeredBy('192.0.2.10'), answeredBy('10.1.0.9')];
  assert.deepEqual(foundBy(new StaleFinder([], [route]), ...entries), ['10.1.0.9', '192.0.2.10']);
  const elsewhere = { ...answeredBy('10.1.0.9'), dialled: { address: '10.96.0.10', port: 53 } };
  assert.deepEqual(foundBy(new StaleFinder([], [route]), elsewhere), []);
});

test('UDP sessions of an endpoint that keeps what it has are not stale, also without another', () => {
  const terminating: KernelRoute = { ...route, kept: [{ address: '10.1.0.9', port: 53 }] };
  assert.deepEqual(foundBy(new StaleFinder([], [terminating]), answeredBy('10.1.0.9'), answeredBy('10.1.0.9', 54)), ['10.1.0.9']);
  const last: KernelRoute = { ...terminating, endpoints: [] };
  assert.deepEqual(foundBy(new StaleFinder([], [last]), answeredBy('10.1.0.9'), answeredBy('10.1.0.1')), ['10.1.0.1']);
});

test('without an endpoint, sessions that workers have are not stale', () => {
  assert.deepEqual(foundBy(new StaleFinder([], [{ ...route, endpoints: [] }]), answeredBy('192.0.2.10'), answeredBy('10.1.0.1')), [
    '10.1.0.1',
  ]);
});

test('connections of a route that has gone are stale, and TCP ones only then', () => {
  const tcpRoute: KernelRoute = { ...route, protocol: 'tcp', port: 5432, endpoints: [] };
  assert.deepEqual(foundBy(new StaleFinder([tcpRoute], []), tcpEntry), ['10.1.0.1']);
  assert.deepEqual(foundBy(new StaleFinder([tcpRoute], [tcpRoute]), tcpEntry), []);
});

suite('where clients have routes of their own', () => {
  const endpoint = (address: string) => [{ address, port: 53, slots: 1 }];
  const from = (networks: readonly string[] | undefined, ...except: readonly string[]) => ({ listener: 'dns', networks, except });
  const inside: KernelRoute = { ...route, id: 'dns/in', from: from(['10.9.1.0/24']), endpoints: endpoint('10.1.0.1') };
  const rest: KernelRoute = { ...route, id: 'dns/rest', from: from(undefined, '10.9.1.0/24'), endpoints: endpoint('10.1.0.2') };
  const [insider, outsider] = ['10.9.1.7', '10.9.2.7'];

  test('sessions are held against the route of their client', () => {
    const entries = [answeredBy('10.1.0.1', 53, insider), answeredBy('10.1.0.2', 53, outsider)];
    const swapped = [answeredBy('10.1.0.2', 53, insider), answeredBy('10.1.0.1', 53, outsider)];
    assert.deepEqual(foundBy(new StaleFinder([], [inside, rest]), ...entries), []);
    assert.deepEqual(foundBy(new StaleFinder([], [inside, rest]), ...swapped), ['10.1.0.2', '10.1.0.1']);
    assert.deepEqual(foundBy(new StaleFinder([], [inside]), ...entries), ['10.1.0.2'], 'workers have the others');
  });

  test("connections whose client is another route's are stale, and TCP ones too", () => {
    const tcp = ({ id, endpoints, from: whom }: KernelRoute, networks = whom?.networks): KernelRoute => ({
      ...route,
      protocol: 'tcp',
      port: 5432,
      id,
      endpoints,
      from: { listener: 'db', networks, except: id === rest.id ? ['10.9.1.0/24'] : [] },
    });
    const entries = [insider, outsider].map((client) => ({ ...tcpEntry, client }));
    const find = (before: readonly KernelRoute[], now: readonly KernelRoute[]) => {
      const finder = new StaleFinder(before, now);
      for (const entry of entries) finder.visit(entry);
      return finder.found.map(({ client }) => client);
    };
    const all = [tcp(inside), tcp(rest)];
    assert.deepEqual(find(all, all), []);
    assert.deepEqual(
      find(
        [tcp(rest, undefined)].map((one) => ({ ...one, from: from(undefined) })),
        all,
      ),
      [insider],
    );
    assert.deepEqual(find(all, [tcp(rest)]), [insider], "it is a worker's now");
    assert.deepEqual(find(all, []), [undefined], 'all of them at once');
    assert.deepEqual(find([], [tcp(inside)]), [outsider], 'nobody knows what a killed process had');
  });

  test('clients are named only where others have connections to the same endpoint', () => {
    const gone = [insider, outsider].map((client) => answeredBy('10.1.0.9', 53, client));
    const finder = new StaleFinder([], [inside, rest]);
    for (const entry of gone) finder.visit(entry);
    assert.deepEqual(finder.found, [{ protocol: 'udp', dialled: gone[0]?.dialled, answering: gone[0]?.answering }]);
    const kept: KernelRoute = { ...inside, kept: endpoint('10.1.0.9') };
    const other = new StaleFinder([], [kept, rest]);
    for (const entry of gone) other.visit(entry);
    assert.deepEqual(
      other.found.map(({ client }) => client),
      [outsider],
    );
  });

  test('a look is due when clients change, or come to be told apart', () => {
    const tcp = (changed: KernelRoute): KernelRoute => ({ ...changed, protocol: 'tcp' });
    const narrower = { ...inside, from: from(['10.9.1.0/25']) };
    assert.equal(mayHaveStale([tcp(inside)], [tcp({ ...inside, endpoints: [] })]), false);
    assert.equal(mayHaveStale([tcp(inside)], [tcp(narrower)]), true);
    assert.equal(mayHaveStale([], [tcp(inside)]), true);
  });
});

test('a look is due after changes that can strand a connection alone', () => {
  const tcpRoute: KernelRoute = { ...route, id: 'db/1', protocol: 'tcp', port: 5432 };
  const without = (changed: KernelRoute): KernelRoute => ({ ...changed, endpoints: [] });
  assert.equal(mayHaveStale([route, tcpRoute], [route, tcpRoute]), false);
  assert.equal(mayHaveStale([route, tcpRoute], [route, without(tcpRoute)]), false);
  assert.equal(mayHaveStale([route, tcpRoute], [without(route), tcpRoute]), true);
  assert.equal(mayHaveStale([{ ...route, kept: route.endpoints }], [route]), true);
  assert.equal(mayHaveStale([route, tcpRoute], [route]), true);
  assert.equal(mayHaveStale([tcpRoute], [{ ...tcpRoute, addresses: [] }]), true);
});
