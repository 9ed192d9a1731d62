// One change of 10,000 Ingresses, end to end: from the store to the moment when every worker process serves the new table.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../../src/config/config.ts';
import { resolveConfig } from '../../src/config/resolve.ts';
import { readSystem } from '../../src/config/system.ts';
import { Controller } from '../../src/controller/controller.ts';
import { LocalCa } from '../../src/local-ca/local-ca.ts';
import type { Log } from '../../src/log.ts';
import { ObjectStore } from '../../src/sources/object-store.ts';
import { Translator } from '../../src/translate/translate.ts';
import { WorkerSupervisor } from '../../src/workers/worker-supervisor.ts';
import { LatencyProbe } from '../latency-probe.ts';
import { median } from '../measure.ts';
import { benchClass, benchIngress, benchOptions, benchService, benchSlice } from '../table-objects.ts';

const count = 10_000;
const workers = 2;
const rounds = 15;
/** Between two changes: longer than the hold-off, so that each is the first after a quiet time. */
const pauseMs = 60;
const holdOffMs = 20;
const warmUpMs = 3000;
const probeMs = 1000;
/** With changes and without in turn, so that a slow moment of the machine hits both alike. */
const probeRounds = 10;
/** Between two changes while latency is measured. */
const probePauseMs = 250;

const log: Log = { debug: () => {}, info: () => {}, warn: console.warn, error: console.error };

/** A controller with real workers, as `run` puts them together. */
class Program {
  readonly store = new ObjectStore();
  readonly #supervisor: WorkerSupervisor;
  readonly #controller: Controller;
  #published: () => void = () => {};

  private constructor(supervisor: WorkerSupervisor, localCa: LocalCa) {
    this.#supervisor = supervisor;
    this.#controller = new Controller({
      source: { store: this.store, setReferencedSecrets: () => {} },
      translator: new Translator(benchOptions),
      publisher: {
        publish: (table) => {
          supervisor.publish(table);
          this.#published();
        },
      },
      certificatesFor: () => localCa.certificatesFor([]),
      holdOffMs,
      log,
    });
  }

  static async start(config: Config): Promise<{ program: Program; httpPort: number }> {
    const supervisor = new WorkerSupervisor({ config, listeners: benchOptions.listeners, log });
    const bound = await supervisor.start();
    const program = new Program(supervisor, await LocalCa.inMemory());
    program.#controller.start();
    return { program, httpPort: bound.find(({ listener }) => listener === 'http')?.port ?? 0 };
  }

  /** Milliseconds from the first line of `change` until all workers have applied the table that it makes. */
  async change(change: () => void): Promise<number> {
    const published = new Promise<void>((resolve) => {
      this.#published = resolve;
    });
    const startedAt = performance.now();
    change();
    await published;
    await this.#supervisor.applied();
    return performance.now() - startedAt;
  }

  async close(): Promise<void> {
    this.#controller.close();
    await this.#supervisor.close();
  }
}

/** Milliseconds of each of `times` changes. */
async function changes(program: Program, times: number, change: (round: number) => void): Promise<number[]> {
  const durations: number[] = [];
  for (let round = 0; round < times; round++) {
    await sleep(pauseMs);
    durations.push(await program.change(() => change(round)));
  }
  return durations;
}

function fill(store: ObjectStore, probePort: number): void {
  const indexes = Array.from({ length: count }, (_, index) => index);
  store.replaceKind('IngressClass', [benchClass]);
  store.replaceKind('Service', indexes.map(benchService));
  const slices = indexes.map((index) => benchSlice(index, 0));
  store.replaceKind('EndpointSlice', [...slices.slice(1), loopbackSlice(probePort)]);
  store.replaceKind(
    'Ingress',
    indexes.map((index) => benchIngress(index, '/')),
  );
  store.markSynced();
}

/** The slice of the Ingress whose host the probe asks for. */
function loopbackSlice(port: number): ReturnType<typeof benchSlice> {
  return {
    ...benchSlice(0, 0),
    ports: [{ name: 'http', port, protocol: 'TCP' }],
    endpoints: [{ addresses: ['127.0.0.1'], conditions: { ready: true } }],
  };
}

/** The 99th percentile of requests while `work` runs over and over, as a multiple of that in between. */
async function slowdown(probe: LatencyProbe, work: () => Promise<unknown>): Promise<number> {
  const quiet: number[] = [];
  const busy: number[] = [];
  for (let round = 0; round < probeRounds; round++) {
    quiet.push(...(await probe.latencies(probeMs)));
    const ended = new AbortController();
    const working = (async () => {
      while (!ended.signal.aborted) await work();
    })();
    busy.push(...(await probe.latencies(probeMs)));
    ended.abort();
    await working;
  }
  return percentile(busy, 0.99) / percentile(quiet, 0.99);
}

function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN;
}

export async function run(): Promise<{ name: string; unit: string; value: number }[]> {
  const { config } = resolveConfig(
    new Map([
      ['manifests', ['none-is-read']],
      ['workers', [String(workers)]],
    ]),
    await readSystem({}),
  );
  await using parts = new AsyncDisposableStack();
  const { program, httpPort } = await Program.start(config);
  parts.defer(() => program.close());
  const probe = await LatencyProbe.start();
  parts.defer(() => probe.close());
  const { store } = program;

  const first = await program.change(() => fill(store, probe.backendPort));
  const changeIngress = (round: number): unknown => store.apply(benchIngress(1 + (round % 100), `/${performance.now()}`));
  const changeEndpoint = (round: number): unknown => store.apply(benchSlice(200 + (round % 100), Math.round(performance.now())));
  await changes(program, 10, changeIngress);
  await changes(program, 10, changeEndpoint);
  const ingress = await changes(program, rounds, changeIngress);
  const endpoint = await changes(program, rounds, changeEndpoint);

  probe.ask(httpPort);
  await sleep(warmUpMs);
  let round = 0;
  const slowed = await slowdown(probe, async () => {
    await sleep(probePauseMs);
    await program.change(() => (round++ % 2 === 0 ? changeEndpoint(round) : changeIngress(round)));
  });
  return [
    { name: 'change: first table of 10,000 Ingresses in all workers', unit: 'ms', value: first },
    { name: 'change: one Ingress of 10,000 in all workers', unit: 'ms', value: median(ingress) },
    { name: 'change: one endpoint of 10,000 in all workers', unit: 'ms', value: median(endpoint) },
    { name: 'change: p99 of requests during four changes a second, to that before', unit: 'x', value: slowed },
  ];
}
