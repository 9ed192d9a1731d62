// One L4 case, in a network namespace of its own: `measure-main.ts CASE FOLDER BUNDLE EFFORT`. Writes its figures as one line of JSON.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { RoutedMachines } from '../../test/tools/smartproxy/routed-machines.ts';
import { type Effort, median } from '../measure.ts';
import { stopProcess } from '../peers/peer-process.ts';
import { treeCpuSeconds } from '../process-tree.ts';
import type { Figure } from '../report.ts';
import { forgetClosedConnections, type L4Load, type L4Outcome, proxyAddress } from './l4-load.ts';
import { type L4Peer, startHaproxy, startNginx, startSmartproxy } from './l4-peers.ts';

const gibibyte = 2 ** 30;

/** One kind of load on every peer that takes it. */
interface Measure {
  /** What its figures are called. */
  readonly title: string;
  readonly load: Pick<L4Load, 'kind' | 'service' | 'parallel'>;
  readonly unit: string;
  /** Of what the load counts, one unit. */
  readonly perUnit: number;
  readonly rate: string;
}

/** Bytes over four connections. */
function bulk(title: string, service: L4Load['service']): Measure {
  return { title, load: { kind: 'bulk', service, parallel: 4 }, unit: 'CPU s / GiB', perUnit: gibibyte, rate: 'GiB / s' };
}

/** 32 connections at a time that end at once. */
function connections(title: string, service: L4Load['service']): Measure {
  return { title, load: { kind: 'connections', service, parallel: 32 }, unit: 'CPU µs / connection', perUnit: 1, rate: 'connections / s' };
}

const plain = [bulk('bulk', 'tcp'), connections('connections', 'tcp')];
const passthrough = [bulk('bulk passed through', 'passthrough'), connections('connections passed through', 'passthrough')];
const proxied = connections('connections with PROXY headers', 'proxied');
const datagrams: Measure = {
  title: 'datagrams',
  load: { kind: 'datagrams', service: 'udp', parallel: 64 },
  unit: 'CPU µs / datagram and answer',
  perUnit: 1,
  rate: 'datagrams / s',
};

type PeerStart = (dir: string, script: string) => Promise<L4Peer>;
const node: PeerStart = (dir, script) => startSmartproxy(dir, script, 'Node');
const kernel: PeerStart = (dir, script) => startSmartproxy(dir, script, 'NFTables');

const cases: Readonly<Record<string, { readonly peers: readonly PeerStart[]; readonly measures: readonly Measure[] }>> = {
  tcp: { peers: [node, startHaproxy], measures: [...plain, ...passthrough, proxied] },
  nftables: { peers: [kernel, node, startHaproxy], measures: [...plain, datagrams] },
  udp: { peers: [node, startNginx, kernel], measures: [datagrams] },
};

async function ask(client: ChildProcess, load: L4Load): Promise<L4Outcome> {
  const answer = once(client, 'message');
  client.send(load);
  return (await answer)[0] as L4Outcome;
}

/** Rounds in turn, so that a slow moment of the machine hits all peers alike. */
async function measure(client: ChildProcess, peers: readonly L4Peer[], what: Measure, effort: Effort): Promise<readonly Figure[]> {
  const { title, load, unit, perUnit, rate } = what;
  const runs = peers.flatMap((peer) => {
    const port = peer.ports[load.service];
    return port === undefined ? [] : [{ peer, port, cpu: [] as number[], rates: [] as number[] }];
  });
  for (let round = -1; round < effort.rounds; round++) {
    for (const { peer, port, cpu, rates } of runs) {
      const seconds = round < 0 ? effort.warmUpSeconds : effort.secondsPerRound;
      const before = treeCpuSeconds(peer.pid);
      const { done, failed } = await ask(client, { ...load, host: proxyAddress, port, seconds });
      if (round < 0) continue;
      if (done === 0 || failed > 0) throw new Error(`Cannot measure ${title} of ${peer.name}: ${done} came through, ${failed} failed`);
      const count = done / perUnit;
      cpu.push((treeCpuSeconds(peer.pid) - before) / count);
      rates.push(count / seconds);
    }
  }
  const scale = perUnit === 1 ? 1e6 : 1;
  return runs.flatMap(({ peer: { name }, cpu, rates }) => [
    { name: `${title}, ${name}`, unit, value: median(cpu) * scale },
    { name: `${title}, ${name}, rate`, unit: rate, value: median(rates) },
  ]);
}

const [, , caseName = '', dir = '', script = '', effortText = ''] = process.argv;
const effort = JSON.parse(effortText) as Effort;
const wanted = cases[caseName];
if (wanted === undefined) throw new Error(`Cannot measure ${caseName}: there are ${Object.keys(cases).join(', ')}`);
await using parts = new AsyncDisposableStack();
const machines = await RoutedMachines.make();
forgetClosedConnections();
parts.defer(() => machines.close());
const [client, servers] = (['client', 'servers'] as const).map((machine) =>
  machines.fork(machine, join(import.meta.dirname, machine === 'client' ? 'load-main.ts' : 'servers-main.ts')),
) as [ChildProcess, ChildProcess];
parts.defer(() => {
  client.disconnect();
  servers.disconnect();
});
await Promise.all([once(client, 'message'), once(servers, 'message')]);
const peers: L4Peer[] = [];
for (const start of wanted.peers) {
  const peer = await start(dir, script);
  parts.defer(() => stopProcess(peer.process));
  peers.push(peer);
}
const figures: Figure[] = [];
for (const one of wanted.measures) figures.push(...(await measure(client, peers, one, effort)));
process.stdout.write(`${JSON.stringify(figures)}\n`);
